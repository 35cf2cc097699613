"""Messages about prices as they come."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ibelay.wire.decode.contract import read_contract
from ibelay.wire.decode.table import Served, by_bare_id, by_id
from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest
from ibelay.wire.requests import data as ask


def _market_data(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    request_id, contract = reader.integer(), read_contract(reader)
    if contract.sec_type == "BAG":
        reader.skip(4 * reader.integer())
    if reader.flag():
        reader.skip(3)
    generic_ticks = reader.text()
    snapshot, regulatory = reader.flag(), reader.flag()
    return ask.RequestMarketData(request_id, contract, snapshot or regulatory, generic_ticks)


def _real_time_bars(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    request_id, contract = reader.integer(), read_contract(reader)
    reader.skip()  # the bar size; IB serves 5 seconds whatever is asked
    return ask.RequestRealTimeBars(request_id, contract, reader.text(), reader.flag())


def _market_data_type(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.RequestMarketDataType(reader.integer())


def _tick_by_tick(reader: FieldReader, _version: int) -> ClientRequest:
    request_id, contract = reader.integer(), read_contract(reader)
    return ask.RequestTickByTick(
        request_id=request_id,
        contract=contract,
        kind=reader.text(),
        past=reader.integer(),
        ignore_size=reader.flag(),
    )


def _market_depth(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.RequestMarketDepth(
        request_id=reader.integer(),
        contract=read_contract(reader),
        rows=reader.integer(),
        smart=reader.flag(),
    )


TABLE: Mapping[int, Served] = MappingProxyType(
    {
        1: Served(_market_data, id_at=1),
        2: by_id(ask.CancelMarketData),
        10: Served(_market_depth, id_at=1),
        11: by_id(ask.CancelMarketDepth),
        50: Served(_real_time_bars, id_at=1),
        51: by_id(ask.CancelRealTimeBars),
        59: Served(_market_data_type),
        97: Served(_tick_by_tick, id_at=0),
        98: by_bare_id(ask.CancelTickByTick),
    }
)
