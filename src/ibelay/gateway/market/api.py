"""What every market offers, synthetic or replayed.

Times are market time: ns since the epoch, UTC. A market is deterministic: the same
arguments give the same prices, whatever the speed of the clock above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.model.market import Bar, Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A contract and what contract details tell of it."""

    contract: Contract
    long_name: str
    min_tick: Decimal = Decimal("0.01")
    trading_hours: str = ""
    liquid_hours: str = ""
    time_zone: str = "US/Eastern"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteChange:
    """The top of book of one instrument as it stands from ``quote.at_ns`` on."""

    con_id: ConId
    quote: Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """A trade of others; makes bars and last prices, fills nothing of ours by itself."""

    con_id: ConId
    at_ns: int
    price: Decimal
    size: Decimal


MarketEvent = QuoteChange | Print


class Market(Protocol):
    """A source of prices over a stretch of market time."""

    @property
    def instruments(self) -> Sequence[Instrument]:
        """Everything that can be traded here."""
        ...

    @property
    def start_ns(self) -> int:
        """First moment of the data (pre-market included)."""
        ...

    @property
    def open_ns(self) -> int:
        """Beginning of the regular session (09:30 New York)."""
        ...

    @property
    def close_ns(self) -> int:
        """End of the regular session (16:00 New York)."""
        ...

    @property
    def end_ns(self) -> int:
        """Last moment of the data."""
        ...

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield events with ``after_ns < at_ns <= until_ns``, in order of time."""
        ...

    def bars(self, con_id: ConId, after_ns: int, until_ns: int, size_s: int) -> list[Bar]:
        """Return TRADES bars that begin at or after *after_ns* and end by *until_ns*."""
        ...
