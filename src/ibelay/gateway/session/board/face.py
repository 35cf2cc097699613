"""The face of one instrument: what the board shows of it.

Rules:
1. A price that changes is sent with its size, and the size once more as a tick of its own,
   as IB sends both; a size alone as a size tick. What stays the same is not sent.
2. A side that is not there is price -1 with size 0.
3. A print gives the time of the trade, last price or last size, volume, and the day's high,
   low and open where it moves them. Volume counts shares of the day. What is not traded (an
   index) has a last price without a size, and no volume.
4. Yesterday's close is the market's own if quotes carry it, else where the day before ended,
   else the day's first price.
5. A halt, and its end, is said by tick 49.
6. The first event after an instrument's session begins its next day: the close becomes the
   last day's, volume begins at 0 again, open, high and low are not known until they are made.

**Source**: IB "Available Tick Types" page.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ibelay.gateway.market.api import Halted, Print, QuoteChange, TradingSession
from ibelay.gateway.session.board.day import Day, Days
from ibelay.gateway.session.board.ticks import (
    ASK,
    ASK_SIZE,
    BID,
    BID_SIZE,
    CLOSE,
    HALTED,
    HIGH,
    LAST,
    LAST_SIZE,
    LOW,
    OPEN,
    VOLUME,
    GenericTick,
    PriceTick,
    SizeTick,
    Tick,
    TimeTick,
)
from ibelay.model.market import Quote

_ZERO = Decimal(0)
_NO_PRICE = Decimal(-1)


class Face:
    """One instrument on the board.

    Args:
        sessions: When it trades, in order of time; each is a day.
        sec_type: IB's word for what it is.
    """

    def __init__(self, sessions: Sequence[TradingSession], sec_type: str = "STK") -> None:
        self._days = Days(sessions, sec_type)
        self._day: Day | None = None
        self._prices: dict[int, Decimal] = {}
        self._sizes: dict[int, Decimal] = {}
        self._last_at_ns = 0
        self.halted = Halted.NO

    @property
    def price(self) -> Decimal | None:
        """The middle of bid and ask, else the last price, else nothing."""
        bid, ask = self._prices.get(BID, _NO_PRICE), self._prices.get(ASK, _NO_PRICE)
        if bid > 0 and ask > 0:
            return (bid + ask) / 2
        return self._prices.get(LAST)

    def quote(self, at_ns: int) -> Quote:
        """Return the top of book as it is shown, as of *at_ns*."""
        bid, ask = self._prices.get(BID, _NO_PRICE), self._prices.get(ASK, _NO_PRICE)
        return Quote(
            at_ns=at_ns,
            bid=bid if bid > 0 else None,
            ask=ask if ask > 0 else None,
            bid_size=self._sizes.get(BID_SIZE),
            ask_size=self._sizes.get(ASK_SIZE),
        )

    def quoted(self, change: QuoteChange) -> list[Tick]:
        """Show a new top of book; return what changed."""
        quote = change.quote
        ticks: list[Tick] = []
        day = self._today(ticks, quote.at_ns)
        self._side(ticks, BID, BID_SIZE, quote.bid, quote.bid_size)
        self._side(ticks, ASK, ASK_SIZE, quote.ask, quote.ask_size)
        middle = _middle(quote)
        if middle is not None:
            day.quoted(quote.at_ns, middle)
            self._extremes(ticks, day)
        close = quote.previous_close or (None if CLOSE in self._prices else middle)
        if close is not None:
            self._price(ticks, CLOSE, close)
        if change.halted is not self.halted:
            self.halted = change.halted
            ticks.append(GenericTick(HALTED, Decimal(self.halted)))
        return ticks

    def printed(self, trade: Print) -> list[Tick]:
        """Show a trade; return what changed."""
        ticks: list[Tick] = []
        day = self._today(ticks, trade.at_ns)
        ticks.append(TimeTick(trade.at_ns))
        self._last_at_ns = trade.at_ns
        self._side(ticks, LAST, LAST_SIZE, trade.price, trade.size)
        if trade.size:
            volume = self._sizes.get(VOLUME, _ZERO) + trade.size
            self._sizes[VOLUME] = volume
            ticks.append(SizeTick(VOLUME, volume))
        day.printed(trade.at_ns, trade.price)
        self._extremes(ticks, day)
        return ticks

    def shown(self) -> list[Tick]:
        """Return everything that stands on the board, for a new subscription."""
        ticks: list[Tick] = []
        for kind, size_kind in ((BID, BID_SIZE), (ASK, ASK_SIZE), (LAST, LAST_SIZE)):
            if kind == LAST and self._last_at_ns:
                ticks.append(TimeTick(self._last_at_ns))
            if kind in self._prices:
                self._both(ticks, kind, size_kind)
        if VOLUME in self._sizes:
            ticks.append(SizeTick(VOLUME, self._sizes[VOLUME]))
        rest = (HIGH, LOW, CLOSE, OPEN)
        return ticks + [
            PriceTick(kind, self._prices[kind]) for kind in rest if kind in self._prices
        ]

    def _today(self, ticks: list[Tick], at_ns: int) -> Day:
        """Return the day *at_ns* belongs to, and turn the page where it is a new one (rule 6)."""
        before = self._day
        if before is not None and at_ns <= before.end_ns:
            return before
        self._day = self._days.at(at_ns)
        if before is None:
            return self._day
        for kind in (OPEN, HIGH, LOW):
            self._prices.pop(kind, None)
        if before.close is not None:
            self._price(ticks, CLOSE, before.close)
        if VOLUME in self._sizes:
            self._sizes[VOLUME] = _ZERO
            ticks.append(SizeTick(VOLUME, _ZERO))
        return self._day

    def _extremes(self, ticks: list[Tick], day: Day) -> None:
        for kind, price in ((OPEN, day.open), (HIGH, day.high), (LOW, day.low)):
            if price is not None:
                self._price(ticks, kind, price)

    def _side(
        self,
        ticks: list[Tick],
        kind: int,
        size_kind: int,
        price: Decimal | None,
        size: Decimal | None,
    ) -> None:
        before = self._prices.get(kind), self._sizes.get(size_kind)
        self._prices[kind] = _NO_PRICE if price is None else price
        self._sizes[size_kind] = _ZERO if price is None or size is None else size
        if before[0] != self._prices[kind]:
            self._both(ticks, kind, size_kind)
        elif before[1] != self._sizes[size_kind]:
            ticks.append(SizeTick(size_kind, self._sizes[size_kind]))

    def _both(self, ticks: list[Tick], kind: int, size_kind: int) -> None:
        """Say a price with its size, and the size again (rule 1)."""
        size = self._sizes[size_kind]
        ticks.append(PriceTick(kind, self._prices[kind], size))
        if size or kind != LAST:
            ticks.append(SizeTick(size_kind, size))

    def _price(self, ticks: list[Tick], kind: int, price: Decimal) -> None:
        if self._prices.get(kind) != price:
            self._prices[kind] = price
            ticks.append(PriceTick(kind, price))


def _middle(quote: Quote) -> Decimal | None:
    if quote.bid is None or quote.ask is None:
        return None
    return (quote.bid + quote.ask) / 2
