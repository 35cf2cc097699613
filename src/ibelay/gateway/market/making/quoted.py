"""The quotes and prints of a day, made of middle prices a minute at a time, when asked for.

Rules:
1. What a minute holds is a function of (seed, name, date, minute): asking in other pieces
   gives the same events. The latest few minutes are kept.
2. One quote per step of the tempo, in its first 400 ms; prints follow within the second.
3. The opening auction prints half a millisecond after the open, before the first quote of
   the session; the closing auction exactly at the close, so that the session's last bar
   holds it. Their prices are the middle of that moment, to the tick: the official prices.
4. Outside the instrument's sessions nothing happens, and within halts only what ``halts``
   says.
5. Every quote carries the official close of the day before. An index has no quotes but one
   without sides when its day begins, which carries the close; its prints have size 0.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from random import Random

from ibelay.gateway.market.api import (
    Auction,
    Instrument,
    MarketEvent,
    Print,
    QuoteChange,
    TradingSession,
    event_time_ns,
)
from ibelay.gateway.market.hours import SECOND_NS, TradingDay
from ibelay.gateway.market.making.halts import Halt, halt_at
from ibelay.gateway.market.making.legs import MINUTE_NS, minute_of, seeded
from ibelay.gateway.market.making.sources import SECONDS, Source
from ibelay.gateway.market.making.tempo import Activity, Ticks, tempo_of
from ibelay.model.market import Quote

MS_NS = 1_000_000
_OPENING_NS = MS_NS // 2
_KEPT_MINUTES = 8
_QUIET_EVERY = 5
_AUCTION_LOTS = {Auction.OPEN: 400, Auction.CLOSE: 900, Auction.REOPEN: 100}


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What the events of an instrument on a day are made of.

    Attributes:
        key: Chance depends on it: seed, name, date.
        instrument: With its ticks.
        source: Its middle prices.
        day: The market's day.
        session: When it trades; None if it does not on this day.
        halts: In order of time.
    """

    key: tuple[object, ...]
    instrument: Instrument
    source: Source
    day: TradingDay
    session: TradingSession | None
    halts: Sequence[Halt] = ()

    @property
    def first_ns(self) -> int:
        """When the instrument's part of the day begins."""
        return (
            self.day.start_ns
            if self.session is None
            else max(self.session.begin_ns, self.day.start_ns)
        )

    @property
    def span(self) -> range:
        """The minutes of the day in which it can trade."""
        if self.session is None:
            return range(0)
        end_ns = min(self.session.end_ns, self.day.end_ns)
        return range(
            minute_of(self.day, self.first_ns), -(-(end_ns - self.day.start_ns) // MINUTE_NS)
        )

    def trades(self, at_ns: int) -> bool:
        """Return whether *at_ns* lies in the session."""
        session = self.session
        return session is not None and session.begin_ns <= at_ns < session.end_ns


class QuotedSeries:
    """The day of one instrument; implements ``bars.Series``.

    Args:
        making: What it is made of.
        previous_close: Official close of the day before.
    """

    def __init__(self, making: Making, previous_close: Decimal | None) -> None:
        self._making = making
        self._previous_close = previous_close
        self._con_id = making.instrument.contract.con_id
        self._tempo = tempo_of(making.instrument)
        self._ticks = Ticks(making.instrument.min_tick)
        self._activity = Activity(making.day)
        self._minutes: dict[int, tuple[list[int], list[MarketEvent]]] = {}

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield events with ``after_ns < at_ns <= until_ns``, in order of time."""
        day, span = self._making.day, self._making.span
        first = max(span.start, minute_of(day, after_ns))
        last = min(span.stop - 1, minute_of(day, until_ns))
        for minute in range(first, last + 1):
            times, events = self._minute(minute)
            yield from events[bisect_right(times, after_ns) : bisect_right(times, until_ns)]

    def _minute(self, minute: int) -> tuple[list[int], list[MarketEvent]]:
        known = self._minutes.get(minute)
        if known is None:
            if len(self._minutes) >= _KEPT_MINUTES:
                self._minutes.pop(next(iter(self._minutes)))
            events = self._make(minute)
            known = self._minutes[minute] = ([event_time_ns(event) for event in events], events)
        return known

    def _make(self, minute: int) -> list[MarketEvent]:
        chance = seeded(*self._making.key, minute, "flow")
        begin_ns = self._making.day.start_ns + minute * MINUTE_NS
        busy, activity = self._activity.busy(minute), self._activity.at(minute)
        mids = self._making.source.mids(minute)
        events = self._begun(begin_ns)
        step = self._tempo.every if busy else max(_QUIET_EVERY, self._tempo.every)
        for second in range(0, SECONDS, step):
            at_ns = begin_ns + second * SECOND_NS
            made = self._second(chance, at_ns, mids[second], activity)
            if self._making.trades(at_ns):
                events += made
        return self._halted(events, begin_ns) if self._making.halts else events

    def _second(self, chance: Random, at_ns: int, mid: float, activity: float) -> list[MarketEvent]:
        """Return the quote of a second and its prints."""
        draw, tempo, ticks = chance.random, self._tempo, self._ticks
        least, most = tempo.spread
        # Squeezed where much is traded, so that midday and the night are wider.
        spread = least + int((most - least + 1) * draw() ** (0.6 + activity))
        bid = max(1, ticks.nearest(mid) - spread // 2)
        events: list[MarketEvent] = []
        if tempo.quoted:
            quote = Quote(
                at_ns=at_ns + (1 + int(draw() * 400)) * MS_NS,
                bid=ticks.price(bid),
                ask=ticks.price(bid + spread),
                bid_size=self._size(draw(), 8 * activity),
                ask_size=self._size(draw(), 8 * activity),
                previous_close=self._previous_close,
            )
            events.append(QuoteChange(con_id=self._con_id, quote=quote))
        for number in range(int(draw() * (tempo.prints + 1) * (0.5 + activity / 2))):
            price = bid if draw() < 0.5 else bid + spread
            events.append(
                Print(
                    con_id=self._con_id,
                    at_ns=at_ns + (420 + 180 * number + int(draw() * 150)) * MS_NS,
                    price=ticks.price(price),
                    size=self._size(draw(), 6 * activity),
                )
            )
        return events

    def _size(self, drawn: float, most: float) -> Decimal:
        return self._lots[int(drawn * most)]

    @cached_property
    def _lots(self) -> list[Decimal]:
        return [self._tempo.lot * number for number in range(1, 10)]

    def _begun(self, begin_ns: int) -> list[MarketEvent]:
        """Return what happens once a day, if it does in the minute that begins at *begin_ns*."""
        day, con_id = self._making.day, self._con_id
        if not self._tempo.quoted and begin_ns == self._making.first_ns:
            quote = Quote(at_ns=begin_ns + MS_NS, previous_close=self._previous_close)
            return [QuoteChange(con_id=con_id, quote=quote)]
        if self._tempo.auctions and begin_ns == day.open_ns:
            return [self.auction(Auction.OPEN, day.open_ns + _OPENING_NS)]
        if self._tempo.auctions and begin_ns == day.close_ns:
            return [self.auction(Auction.CLOSE, day.close_ns)]
        return []

    def auction(self, auction: Auction, at_ns: int) -> Print:
        """Return the print of *auction* at *at_ns*, at the price of that minute's beginning."""
        minute = minute_of(self._making.day, at_ns)
        lots = _AUCTION_LOTS[auction] * (0.5 + seeded(*self._making.key, auction).random())
        return Print(
            con_id=self._con_id,
            at_ns=at_ns,
            price=self._ticks.price(self._ticks.nearest(self._making.source.minutes[minute])),
            size=self._tempo.lot * int(lots),
            auction=auction,
        )

    def _halted(self, events: list[MarketEvent], begin_ns: int) -> list[MarketEvent]:
        """Return *events* of the minute with what halts take away and add (``halts``)."""
        halts = self._making.halts
        left = [event for event in events if halt_at(halts, event_time_ns(event)) is None]
        for halt in halts:
            if begin_ns <= halt.begin_ns < begin_ns + MINUTE_NS:
                left.append(self._stopped(halt))
            if begin_ns <= halt.end_ns < begin_ns + MINUTE_NS:
                left.append(self.auction(Auction.REOPEN, halt.end_ns))
        return sorted(left, key=event_time_ns)

    def _stopped(self, halt: Halt) -> QuoteChange:
        quote = Quote(at_ns=halt.begin_ns, previous_close=self._previous_close)
        return QuoteChange(con_id=self._con_id, quote=quote, halted=halt.reason)
