"""All that ps60 must not lose (S1), as one durable value of bounded size.

Bounds: 20 closes per symbol; one attempt row per pivot and side of the scanner; open trades one
per symbol; the latest 50 closed trades, while the totals count them all.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from ibelay.bots.scanner import Setup, Side
from ibelay.bots.trades import ZERO, Slice, Trade
from ibelay.model.ids import UnitRef
from ibelay.model.market import Bar

CLOSES_KEPT = 20
CLOSED_TRADES_KEPT = 50  # the state is written at every turn


class Block(StrEnum):
    """Why a break-out was not traded."""

    OTHER_DATE = "other_date"
    OUTSIDE_HOURS = "outside_hours"
    OLD_BAR = "old_bar"
    DUPLICATE = "duplicate"
    MAX_ATTEMPTS = "max_attempts"
    REFUSED = "refused"


class SymbolBars(msgspec.Struct, omit_defaults=True):
    """The bars of one symbol today: how many, and the latest closes (oldest first)."""

    count: int = 0
    last_ns: int = 0
    closes: list[Decimal] = msgspec.field(default_factory=list)

    def add(self, bar: Bar) -> None:
        """Take one more bar."""
        self.count += 1
        self.last_ns = bar.at_ns
        self.closes = [*self.closes[1 - CLOSES_KEPT :], bar.close]


class Attempts(msgspec.Struct, omit_defaults=True):
    """How often a pivot was tried on one side today."""

    symbol: str
    side: Side
    pivot: Decimal
    count: int = 0


class Analytics(msgspec.Struct, omit_defaults=True):
    """Today's break-outs: what was blocked and why, what was entered and which way."""

    blocks: dict[Block, int] = msgspec.field(default_factory=dict)
    entries: dict[Side, int] = msgspec.field(default_factory=dict)


class Ps60State(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The strategy's durable state; everything but the trades belongs to ``session_date``.

    Attributes:
        started_ns: Broker time of the session's first bar, 0 before it.
        attempts: By ``Setup.key``.
        noted: ``"SPY duplicate"``: blocks already written to the log since the symbol's last
            entry, so that each is said once.
        open_trades: Held or pending, of whatever day they were entered.
        trades_today: Trades with a first entry fill today.
        daily_pnl: Realized today, gross of commission.
    """

    session_date: str
    started_ns: int = 0
    bars: dict[str, SymbolBars] = msgspec.field(default_factory=dict)
    attempts: dict[str, Attempts] = msgspec.field(default_factory=dict)
    noted: list[str] = msgspec.field(default_factory=list)
    analytics: Analytics = msgspec.field(default_factory=Analytics)
    open_trades: list[Trade] = msgspec.field(default_factory=list)
    closed_trades: list[Trade] = msgspec.field(default_factory=list)
    trades_today: int = 0
    daily_pnl: Decimal = ZERO

    def bars_of(self, symbol: str) -> SymbolBars:
        """Return the bars of a symbol, beginning them if need be."""
        return self.bars.setdefault(symbol, SymbolBars())

    def attempts_at(self, setup: Setup) -> int:
        """Return how many attempts a setup has had today."""
        row = self.attempts.get(setup.key)
        return 0 if row is None else row.count

    def count_attempt(self, setup: Setup) -> int:
        """Count one more attempt; return its number."""
        row = self.attempts.setdefault(
            setup.key, Attempts(symbol=setup.symbol, side=setup.side, pivot=setup.pivot)
        )
        row.count += 1
        return row.count

    def open_trade(self, symbol: str) -> Trade | None:
        """Return the trade held or pending in a symbol."""
        return next((trade for trade in self.open_trades if trade.symbol == symbol), None)

    def find(self, unit: UnitRef) -> tuple[Trade, Slice] | None:
        """Return the trade and slice of a unit, open or closed."""
        for trade in (*self.open_trades, *reversed(self.closed_trades)):
            part = trade.slice_of(unit)
            if part is not None:
                return trade, part
        return None

    def settle(self, trade: Trade, now_ns: int) -> None:
        """Put a trade where it belongs after a change: open, or closed.

        A closed trade whose fills come late, or whose vanished entry rises again, is open again
        until it is flat.
        """
        was_open = any(other is trade for other in self.open_trades)
        self.open_trades = [other for other in self.open_trades if other is not trade]
        self.closed_trades = [other for other in self.closed_trades if other is not trade]
        if trade.over:
            trade.closed_ns = now_ns if was_open or not trade.closed_ns else trade.closed_ns
            self.closed_trades = [*self.closed_trades, trade][-CLOSED_TRADES_KEPT:]
        else:
            trade.closed_ns = 0
            self.open_trades.append(trade)
