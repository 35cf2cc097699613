"""Messages about what IB offers besides trading."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.wire.decode.table import Served, by_bare_id, by_id, plain
from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest
from ibelay.wire.requests import services as ask


def _fundamental_data(reader: FieldReader, _version: int) -> ClientRequest:
    """Read a request whose contract has seven fields instead of twelve."""
    reader.skip()
    request_id, con_id = reader.integer(), ConId(reader.integer())
    symbol, sec_type, exchange = reader.text(), reader.text(), reader.text()
    primary, currency, local_symbol = reader.text(), reader.text(), reader.text()
    contract = Contract(
        symbol=symbol,
        sec_type=sec_type,
        exchange=exchange,
        currency=currency,
        con_id=con_id,
        primary_exchange=primary,
        local_symbol=local_symbol,
    )
    return ask.RequestFundamentalData(request_id, contract, reader.text())


def _request_advisor_data(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.RequestAdvisorData(reader.integer())


def _replace_advisor_data(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    kind = reader.integer()
    reader.skip_long()  # the advisor's XML
    return ask.ReplaceAdvisorData(reader.integer() if reader.left else -1, kind)


def _subscribe(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.SubscribeToGroupEvents(reader.integer(), reader.integer())


def _update(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.UpdateDisplayGroup(reader.integer(), reader.text())


TABLE: Mapping[int, Served] = MappingProxyType(
    {
        18: Served(_request_advisor_data),
        19: Served(_replace_advisor_data),
        52: Served(_fundamental_data, id_at=1),
        53: by_id(ask.CancelFundamentalData),
        65: plain(ask.Verify(with_authentication=False)),
        66: plain(ask.Verify(with_authentication=False)),
        67: by_id(ask.QueryDisplayGroups),
        68: Served(_subscribe, id_at=1),
        69: Served(_update, id_at=1),
        70: by_id(ask.UnsubscribeFromGroupEvents),
        72: plain(ask.Verify(with_authentication=True)),
        73: plain(ask.Verify(with_authentication=True)),
        79: by_bare_id(ask.RequestSoftDollarTiers),
        100: by_bare_id(ask.RequestWshMetaData),
        101: by_bare_id(ask.CancelWshMetaData),
        102: by_bare_id(ask.RequestWshEventData),
        103: by_bare_id(ask.CancelWshEventData),
        104: by_bare_id(ask.RequestUserInfo),
    }
)
