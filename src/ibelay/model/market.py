"""Prices: a top-of-book quote and a bar."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Top of book; None where there is no such side. Times are broker time, ns, UTC."""

    at_ns: int
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last: Decimal | None = None
    last_size: Decimal | None = None
    volume: Decimal | None = None
    previous_close: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar; *at_ns* is its beginning in broker time (ns since the epoch, UTC)."""

    at_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    wap: Decimal = Decimal(0)
    count: int = 0
