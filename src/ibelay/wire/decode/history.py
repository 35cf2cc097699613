"""Messages about prices of the past."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ibelay.wire import requests as ask
from ibelay.wire.decode.contract import read_contract
from ibelay.wire.decode.table import Served, by_id
from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest


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


TABLE: Mapping[int, Served] = MappingProxyType(
    {
        20: Served(_historical_data, id_at=0),
        25: by_id(ask.CancelHistoricalData),
    }
)
