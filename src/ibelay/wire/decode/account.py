"""Messages about the account."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ibelay.wire import requests as ask
from ibelay.wire.decode.table import Served, by_id, plain
from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest


def _account_updates(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.RequestAccountUpdates(reader.flag(), reader.text())


def _account_updates_multi(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.RequestAccountUpdatesMulti(reader.integer(), reader.text(), reader.text())


def _account_summary(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.RequestAccountSummary(reader.integer(), reader.text(), reader.text())


TABLE: Mapping[int, Served] = MappingProxyType(
    {
        6: Served(_account_updates),
        17: plain(ask.RequestManagedAccounts()),
        61: plain(ask.RequestPositions()),
        62: Served(_account_summary, id_at=1),
        63: by_id(ask.CancelAccountSummary),
        64: plain(ask.CancelPositions()),
        76: Served(_account_updates_multi, id_at=1),
        77: by_id(ask.CancelAccountUpdatesMulti),
    }
)
