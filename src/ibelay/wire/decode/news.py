"""Messages about news."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ibelay.model.ids import ConId
from ibelay.wire.decode.table import Served, plain
from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest
from ibelay.wire.requests import news as ask


def _bulletins(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.RequestNewsBulletins(reader.flag())


def _headlines(reader: FieldReader, _version: int) -> ClientRequest:
    request_id, con_id = reader.integer(), ConId(reader.integer())
    providers, start, end = reader.text(), reader.text(), reader.text()
    return ask.RequestHistoricalNews(
        request_id=request_id,
        con_id=con_id,
        providers=providers,
        start=start,
        end=end,
        limit=reader.integer(),
    )


def _article(reader: FieldReader, _version: int) -> ClientRequest:
    return ask.RequestNewsArticle(reader.integer(), reader.text(), reader.text())


TABLE: Mapping[int, Served] = MappingProxyType(
    {
        12: Served(_bulletins),
        13: plain(ask.CancelNewsBulletins()),
        84: Served(_article, id_at=0),
        85: plain(ask.RequestNewsProviders()),
        86: Served(_headlines, id_at=0),
    }
)
