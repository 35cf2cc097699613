"""Prices of the past."""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.model.contract import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHistoricalData:
    """Bars of the past; times, sizes and durations as the client wrote them."""

    request_id: int
    contract: Contract
    end: str
    bar_size: str
    duration: str
    regular_hours: bool
    what_to_show: str
    format_date: int
    keep_up_to_date: bool


@dataclass(frozen=True, slots=True)
class CancelHistoricalData:
    """End of :class:`RequestHistoricalData`."""

    request_id: int


HistoryRequests = RequestHistoricalData | CancelHistoricalData
