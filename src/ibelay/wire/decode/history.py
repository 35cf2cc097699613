"""Messages about prices of the past."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ibelay.wire.decode.contract import read_contract
from ibelay.wire.decode.table import Served, by_bare_id, by_id
from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest
from ibelay.wire.requests import history as ask


def _historical_data(reader: FieldReader, _version: int) -> ClientRequest:
    request_id, contract = reader.integer(), read_contract(reader)
    reader.skip()  # expired contracts included
    end, bar_size, duration = reader.text(), reader.text(), reader.text()
    regular, what, format_date = reader.flag(), reader.text(), reader.integer()
    if contract.sec_type == "BAG":
        reader.skip(4 * reader.integer())
    return ask.RequestHistoricalData(
        request_id=request_id,
        contract=contract,
        end=end,
        bar_size=bar_size,
        duration=duration,
        regular_hours=regular,
        what_to_show=what,
        format_date=format_date,
        keep_up_to_date=reader.flag(),
    )


def _historical_ticks(reader: FieldReader, _version: int) -> ClientRequest:
    request_id, contract = reader.integer(), read_contract(reader)
    reader.skip()  # expired contracts included
    start, end, count = reader.text(), reader.text(), reader.integer()
    return ask.RequestHistoricalTicks(
        request_id=request_id,
        contract=contract,
        start=start,
        end=end,
        count=count,
        what_to_show=reader.text(),
        regular_hours=reader.flag(),
    )


def _head_timestamp(reader: FieldReader, _version: int) -> ClientRequest:
    request_id, contract = reader.integer(), read_contract(reader)
    reader.skip()  # expired contracts included
    return ask.RequestHeadTimestamp(
        request_id=request_id,
        contract=contract,
        regular_hours=reader.flag(),
        what_to_show=reader.text(),
        format_date=reader.integer(),
    )


def _histogram(reader: FieldReader, _version: int) -> ClientRequest:
    request_id, contract = reader.integer(), read_contract(reader)
    reader.skip()  # expired contracts included
    return ask.RequestHistogram(request_id, contract, reader.flag(), reader.text())


TABLE: Mapping[int, Served] = MappingProxyType(
    {
        20: Served(_historical_data, id_at=0),
        25: by_id(ask.CancelHistoricalData),
        87: Served(_head_timestamp, id_at=0),
        88: Served(_histogram, id_at=0),
        89: by_bare_id(ask.CancelHistogram),
        90: by_bare_id(ask.CancelHeadTimestamp),
        96: Served(_historical_ticks, id_at=0),
    }
)
