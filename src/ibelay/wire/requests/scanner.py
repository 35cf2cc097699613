"""The market scanner."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class RequestScannerParameters:
    """What can be scanned for, as XML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestScannerSubscription:
    """Rank what trades, now and from time to time.

    Attributes:
        rows: How many at most; None for the scanner's own limit.
        scan_code: Such as ``TOP_PERC_GAIN``.
        above_price: Dollars; None for no bound.
        below_price: Dollars; None for no bound.
        above_volume: Shares of the day; None for no bound.
    """

    request_id: int
    rows: int | None
    instrument: str
    location: str
    scan_code: str
    above_price: Decimal | None
    below_price: Decimal | None
    above_volume: Decimal | None


@dataclass(frozen=True, slots=True)
class CancelScannerSubscription:
    """End of :class:`RequestScannerSubscription`."""

    request_id: int


ScannerRequests = RequestScannerParameters | RequestScannerSubscription | CancelScannerSubscription
