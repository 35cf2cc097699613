"""A market whose prices an operator has moved: everything after a move comes moved.

Rules:
1. A move holds for one instrument from a moment on; moves add up in the order of their times.
2. What happened before a move stays as it was, so that history fits what clients saw.
3. A bar belongs to the moment it begins at; the bar a move falls into stays as it was.
4. Prices stay on the instrument's tick and are at least one tick.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from ibelay.gateway.market.api import (
    Figure,
    Instrument,
    Market,
    MarketEvent,
    Print,
    QuoteChange,
    TradingSession,
    event_time_ns,
)
from ibelay.model.ids import ConId
from ibelay.model.market import Bar

MAX_MOVES = 10_000
_MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Move:
    """From *at_ns* on a price is ``price * factor + offset``, a size ``size / factor``."""

    at_ns: int
    factor: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)


class MovedMarket:
    """*market* with the operator's moves; without any it is the same.

    Args:
        market: Where prices come from.
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        self._moves: dict[ConId, list[Move]] = {}
        self._ticks = {one.contract.con_id: one.min_tick for one in market.universe}

    def move(self, con_id: ConId, move: Move) -> bool:
        """Move one instrument; False if it was moved too often."""
        moves = self._moves.setdefault(con_id, [])
        if len(moves) >= MAX_MOVES:
            return False
        moves.append(move)
        return True

    def quote(self, con_id: ConId, at_ns: int) -> QuoteChange | None:
        """Return the last quote by *at_ns*, as moved by then."""
        events = self.standing(con_id, at_ns)
        quotes = [event for event in events if isinstance(event, QuoteChange)]
        return quotes[-1] if quotes else None

    @property
    def instruments(self) -> Sequence[Instrument]:
        """See ``Market``."""
        return self._market.instruments

    @property
    def universe(self) -> Sequence[Instrument]:
        """See ``Market``."""
        return self._market.universe

    @property
    def start_ns(self) -> int:
        """See ``Market``."""
        return self._market.start_ns

    @property
    def open_ns(self) -> int:
        """See ``Market``."""
        return self._market.open_ns

    @property
    def close_ns(self) -> int:
        """See ``Market``."""
        return self._market.close_ns

    @property
    def end_ns(self) -> int:
        """See ``Market``."""
        return self._market.end_ns

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """See ``Market``."""
        events = self._market.events(after_ns, until_ns)
        return map(self._moved, events) if self._moves else events

    def events_of(self, con_id: ConId, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """See ``Market``."""
        events = self._market.events_of(con_id, after_ns, until_ns)
        return map(self._moved, events) if con_id in self._moves else events

    def standing(self, con_id: ConId, at_ns: int) -> Iterator[MarketEvent]:
        """See ``Market``; the last quote is moved by what moved it since."""
        events = list(self._market.standing(con_id, at_ns))
        if con_id not in self._moves:
            return iter(events)
        quotes = [number for number, one in enumerate(events) if isinstance(one, QuoteChange)]
        last = quotes[-1] if quotes else -1
        return (
            self._moved(event, at_ns if number == last else None)
            for number, event in enumerate(events)
        )

    def bars(self, con_id: ConId, after_ns: int, until_ns: int, size_s: int) -> list[Bar]:
        """See ``Market``."""
        bars = self._market.bars(con_id, after_ns, until_ns, size_s)
        return [self._moved_bar(con_id, bar) for bar in bars] if con_id in self._moves else bars

    def volatility_bars(
        self, con_id: ConId, after_ns: int, until_ns: int, figure: Figure
    ) -> list[Bar]:
        """See ``Market``; a volatility is no price and stays."""
        return self._market.volatility_bars(con_id, after_ns, until_ns, figure)

    def sessions(self, con_id: ConId, after_ns: int, until_ns: int) -> list[TradingSession]:
        """See ``Market``."""
        return self._market.sessions(con_id, after_ns, until_ns)

    def history_ns(self, con_id: ConId) -> int:
        """See ``Market``."""
        return self._market.history_ns(con_id)

    def _moved(self, event: MarketEvent, as_of_ns: int | None = None) -> MarketEvent:
        con_id = event.con_id
        moves = self._since(con_id, event_time_ns(event), as_of_ns)
        if not moves:
            return event
        if isinstance(event, Print):
            price = self._price(con_id, event.price, moves)
            return replace(event, price=price or event.price, size=_size(event.size, moves))
        quote = event.quote
        moved = replace(
            quote,
            bid=self._price(con_id, quote.bid, moves),
            ask=self._price(con_id, quote.ask, moves),
            last=self._price(con_id, quote.last, moves),
            previous_close=self._price(con_id, quote.previous_close, moves),
        )
        return replace(event, quote=moved)

    def _moved_bar(self, con_id: ConId, bar: Bar) -> Bar:
        moves = self._since(con_id, bar.at_ns, None)
        if not moves:
            return bar

        def price(of: Decimal) -> Decimal:
            return self._price(con_id, of, moves) or of

        return replace(
            bar,
            open=price(bar.open),
            high=price(bar.high),
            low=price(bar.low),
            close=price(bar.close),
            wap=price(bar.wap),
            volume=_size(bar.volume, moves),
        )

    def _since(self, con_id: ConId, at_ns: int, as_of_ns: int | None) -> list[Move]:
        """Return the moves that count for what happened at *at_ns*, seen as of a later time.

        What happens at the very moment of a move happened before it.
        """
        moves = self._moves.get(con_id, ())
        if as_of_ns is not None:
            return [move for move in moves if move.at_ns <= as_of_ns]
        return [move for move in moves if move.at_ns < at_ns]

    def _price(self, con_id: ConId, price: Decimal | None, moves: list[Move]) -> Decimal | None:
        if price is None:
            return None
        for move in moves:
            price = price * move.factor + move.offset
        tick = self._ticks.get(con_id, Decimal("0.01"))
        return max(tick, (price / tick).to_integral_value(ROUND_HALF_EVEN) * tick)


def _size(size: Decimal, moves: list[Move]) -> Decimal:
    for move in moves:
        if move.factor != 1:
            size = (size / move.factor).quantize(_MICRO)
    return size
