"""Messages about what can be traded."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ibelay.model.ids import ConId
from ibelay.wire.decode.contract import read_contract
from ibelay.wire.decode.table import Served, plain
from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest
from ibelay.wire.requests import reference as ask

ISSUER_SINCE = 176


def _contract_details(reader: FieldReader, version: int) -> ClientRequest:
    reader.skip()
    request_id, contract = reader.integer(), read_contract(reader)
    expired, sec_id_type, sec_id = reader.flag(), reader.text(), reader.text()
    issuer = reader.text() if version >= ISSUER_SINCE else ""
    return ask.RequestContractDetails(request_id, contract, expired, sec_id_type, sec_id, issuer)


def _matching_symbols(reader: FieldReader, _version: int) -> ClientRequest:
    return ask.RequestMatchingSymbols(reader.integer(), reader.text())


def _option_parameters(reader: FieldReader, _version: int) -> ClientRequest:
    request_id, symbol, exchange = reader.integer(), reader.text(), reader.text()
    return ask.RequestOptionParameters(
        request_id=request_id,
        symbol=symbol,
        exchange=exchange,
        sec_type=reader.text(),
        con_id=ConId(reader.integer()),
    )


def _market_rule(reader: FieldReader, _version: int) -> ClientRequest:
    return ask.RequestMarketRule(reader.integer())


def _smart_components(reader: FieldReader, _version: int) -> ClientRequest:
    return ask.RequestSmartComponents(reader.integer(), reader.text())


TABLE: Mapping[int, Served] = MappingProxyType(
    {
        9: Served(_contract_details, id_at=1),
        78: Served(_option_parameters, id_at=0),
        81: Served(_matching_symbols, id_at=0),
        82: plain(ask.RequestDepthExchanges()),
        83: Served(_smart_components, id_at=0),
        91: Served(_market_rule),
    }
)
