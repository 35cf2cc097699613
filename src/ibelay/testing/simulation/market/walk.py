"""The way of one price, half an hour at a time: a function of seed, symbol and time alone.

Rules:
1. At the beginning of every half hour the price is near the symbol's usual one: a day's draw
   and the half hour's own decide how near. In between it walks from one such level to the
   next. So it never runs off, any stretch can be made without those before it, and where a
   session begins or ends is where the official price is.
2. A step is *every_s* seconds in regular hours and twelve times as long in extended ones. It
   has one quote, and half of the steps have a print with it, at the bid or the ask.
3. The first step of a half hour comes within its first second, and has a print: bars need
   nothing of what was before.
4. Steps of regular hours go as far as a price does in five seconds of an ordinary day
   (``STEP``), times the root of their length: strategies with stops a tenth of a percent away
   live for a minute or two. Sizes stay as they are for half an hour, but one quote in ten is
   too small for an order of ours.
5. The opening auction prints half a millisecond after the open, the closing auction at the
   close.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from random import Random

from ibelay.gateway.market.api import (
    Auction,
    Instrument,
    MarketEvent,
    Print,
    QuoteChange,
    TradingSession,
)
from ibelay.gateway.market.hours import SECOND_NS
from ibelay.gateway.market.making.tempo import Ticks
from ibelay.gateway.market.symbols import usual_price
from ibelay.model.market import Quote

HALF_HOUR_S = 1800
HALF_HOUR_NS = HALF_HOUR_S * SECOND_NS
STEP = 0.00012
QUIET = 12
_DAY_HALVES = 48
_LEVEL, _DAY_LEVEL = 0.0016, 0.006
_MS_NS = 1_000_000
_OPENING_NS = _MS_NS // 2
_LOTS = tuple(Decimal(100 * number) for number in range(1, 10))
_SMALL, _THIN = Decimal(20), 0.1
_AUCTION_SIZE = Decimal(50_000)


@dataclass(frozen=True, slots=True)
class Span:
    """A session, and where the one before it closed.

    Attributes:
        session: When it trades.
        closed_ns: The close before; None if there was none.
    """

    session: TradingSession
    closed_ns: int | None


class Walk:
    """The events of one instrument.

    Args:
        seed: Chooses the prices.
        instrument: With its tick.
        every_s: Seconds between quotes in regular hours, 1 to 1800.
    """

    def __init__(self, seed: int, instrument: Instrument, every_s: int) -> None:
        self._key = f"{seed}:{instrument.contract.symbol}"
        self._con_id = instrument.contract.con_id
        self._usual = float(usual_price(instrument.contract.symbol))
        self._ticks = Ticks(instrument.min_tick)
        self._prices: dict[int, Decimal] = {}
        self._every_s = every_s

    def official(self, at_ns: int) -> Decimal:
        """Return the price at *at_ns*, which begins a half hour."""
        return self._price(self._ticks.nearest(self._level(at_ns // HALF_HOUR_NS)))

    def half_hour(self, number: int, span: Span) -> list[MarketEvent]:
        """Return the events of the half hour *number* since the epoch, which *span* holds."""
        begin_ns, session = number * HALF_HOUR_NS, span.session
        regular = session.open_ns <= begin_ns < session.close_ns
        close = None if span.closed_ns is None else self.official(span.closed_ns)
        chance = Random(f"{self._key}:{number}")  # noqa: S311  # prices are not secrets
        every_s = self._every_s if regular else min(HALF_HOUR_S, QUIET * self._every_s)
        events = self._auction(begin_ns, session)
        usual = chance.choice(_LOTS)
        for second, price in zip(
            range(0, HALF_HOUR_S, every_s), self._path(chance, number, every_s), strict=True
        ):
            draw = chance.random
            room_ms = 900 * (min(every_s, HALF_HOUR_S - second) if second else 1)
            at_ns = begin_ns + second * SECOND_NS + (1 + int(draw() * room_ms)) * _MS_NS
            bid = self._ticks.nearest(price)
            ask = bid + 1 + int(draw() * 2)
            size = _SMALL if draw() < _THIN else usual
            quote = Quote(
                at_ns=at_ns,
                bid=self._price(bid),
                ask=self._price(ask),
                bid_size=size,
                ask_size=size,
                previous_close=close,
            )
            events.append(QuoteChange(con_id=self._con_id, quote=quote))
            traded = draw()
            if second == 0 or traded < 0.5:
                events.append(
                    Print(
                        con_id=self._con_id,
                        at_ns=at_ns,
                        price=self._price(bid if int(traded * 1000) % 2 else ask),
                        size=size,
                    )
                )
        return events

    def _path(self, chance: Random, number: int, every_s: int) -> list[float]:
        """Return the price at each step: a walk that begins and ends at the levels (rule 1)."""
        steps = -(-HALF_HOUR_S // every_s)
        pace = STEP * self._usual * sqrt(min(every_s, self._every_s) / 5)
        at, path = 0.0, []
        for _ in range(steps):
            path.append(at)
            at += chance.gauss(0, pace)
        begin = self._level(number)
        slope = (self._level(number + 1) - begin - at) / steps
        return [begin + away + slope * step for step, away in enumerate(path)]

    def _level(self, number: int) -> float:
        day = Random(f"{self._key}:day {number // _DAY_HALVES}").gauss(0, _DAY_LEVEL)  # noqa: S311  # a market of the test kit, no secret
        own = Random(f"{self._key}:level {number}").gauss(0, _LEVEL)  # noqa: S311  # as above
        return self._usual * (1 + day + own)

    def _price(self, ticks: int) -> Decimal:
        """Return the price of so many *ticks*; those of a run are few, and kept."""
        price = self._prices.get(ticks)
        if price is None:
            price = self._prices[ticks] = self._ticks.price(ticks)
        return price

    def _auction(self, begin_ns: int, session: TradingSession) -> list[MarketEvent]:
        """Return what is printed where the regular hours begin or end (rule 5)."""
        if begin_ns == session.open_ns:
            auction, at_ns = Auction.OPEN, begin_ns + _OPENING_NS
        elif begin_ns == session.close_ns < session.end_ns:
            auction, at_ns = Auction.CLOSE, begin_ns
        else:
            return []
        price = self.official(begin_ns)
        return [
            Print(
                con_id=self._con_id,
                at_ns=at_ns,
                price=price,
                size=_AUCTION_SIZE,
                auction=auction,
            )
        ]
