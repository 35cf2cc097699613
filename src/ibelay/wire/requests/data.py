"""Prices as they come: top of book and bars."""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.model.contract import Contract


@dataclass(frozen=True, slots=True)
class RequestMarketData:
    """Top of book, streaming or once."""

    request_id: int
    contract: Contract
    snapshot: bool = False
    generic_ticks: str = ""


@dataclass(frozen=True, slots=True)
class CancelMarketData:
    """End of :class:`RequestMarketData`."""

    request_id: int


@dataclass(frozen=True, slots=True)
class RequestMarketDataType:
    """1 live, 2 frozen, 3 delayed, 4 delayed frozen."""

    market_data_type: int


@dataclass(frozen=True, slots=True)
class RequestRealTimeBars:
    """Bars of 5 seconds as they close."""

    request_id: int
    contract: Contract
    what_to_show: str
    regular_hours: bool


@dataclass(frozen=True, slots=True)
class CancelRealTimeBars:
    """End of :class:`RequestRealTimeBars`."""

    request_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTickByTick:
    """Every tick of one *kind* (IB's name), *past* of them from before."""

    request_id: int
    contract: Contract
    kind: str
    past: int
    ignore_size: bool


@dataclass(frozen=True, slots=True)
class CancelTickByTick:
    """End of :class:`RequestTickByTick`."""

    request_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMarketDepth:
    """The book behind the top, *rows* a side; *smart* of all venues together."""

    request_id: int
    contract: Contract
    rows: int
    smart: bool


@dataclass(frozen=True, slots=True)
class CancelMarketDepth:
    """End of :class:`RequestMarketDepth`."""

    request_id: int


DataRequests = (
    RequestMarketData
    | CancelMarketData
    | RequestMarketDataType
    | RequestRealTimeBars
    | CancelRealTimeBars
    | RequestTickByTick
    | CancelTickByTick
    | RequestMarketDepth
    | CancelMarketDepth
)
