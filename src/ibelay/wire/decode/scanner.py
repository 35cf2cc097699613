"""Messages about the market scanner."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ibelay.wire.decode.table import Served, by_id, plain
from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest
from ibelay.wire.requests import scanner as ask


def _subscription(reader: FieldReader, _version: int) -> ClientRequest:
    request_id, rows = reader.integer(), reader.decimal()
    instrument, location, scan_code = reader.text(), reader.text(), reader.text()
    return ask.RequestScannerSubscription(
        request_id=request_id,
        rows=None if rows is None or rows < 0 else int(rows),
        instrument=instrument,
        location=location,
        scan_code=scan_code,
        above_price=reader.decimal(),
        below_price=reader.decimal(),
        above_volume=reader.decimal(),
    )


TABLE: Mapping[int, Served] = MappingProxyType(
    {
        22: Served(_subscription, id_at=0),
        23: by_id(ask.CancelScannerSubscription),
        24: plain(ask.RequestScannerParameters()),
    }
)
