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


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHistoricalTicks:
    """Ticks of the past, from *start* on or up to *end*; one of them is empty."""

    request_id: int
    contract: Contract
    start: str
    end: str
    count: int
    what_to_show: str
    regular_hours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHeadTimestamp:
    """When the data of a contract begins."""

    request_id: int
    contract: Contract
    regular_hours: bool
    what_to_show: str
    format_date: int


@dataclass(frozen=True, slots=True)
class CancelHeadTimestamp:
    """End of :class:`RequestHeadTimestamp`."""

    request_id: int


@dataclass(frozen=True, slots=True)
class RequestHistogram:
    """Shares by price over a period such as ``3 days``."""

    request_id: int
    contract: Contract
    regular_hours: bool
    period: str


@dataclass(frozen=True, slots=True)
class CancelHistogram:
    """End of :class:`RequestHistogram`."""

    request_id: int


HistoryRequests = (
    RequestHistoricalData
    | CancelHistoricalData
    | RequestHistoricalTicks
    | RequestHeadTimestamp
    | CancelHeadTimestamp
    | RequestHistogram
    | CancelHistogram
)
