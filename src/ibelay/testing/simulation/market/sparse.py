"""A made-up market of stocks whose quotes change every few seconds, day after day.

Rules:
1. It spans whole days, from midnight to midnight in New York, weekends between them included:
   nights are there to be lived through. How prices are made is told in ``walk``.
2. Everything is a function of (seed, symbol, time); the days before are made in the same way.
3. There is nothing but stocks: no options, no volatilities. They trade by the hours of US
   stocks or, with other *hours*, by those, around the clock if it is crypto's.
4. What was made last is kept, a few half hours of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Generic, TypeVar

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.api import (
    Figure,
    Instrument,
    MarketEvent,
    TradingSession,
    event_time_ns,
)
from ibelay.gateway.market.bars import BarSeries
from ibelay.gateway.market.calendars.sessions import NEW_YORK, Hours, at, timetable
from ibelay.gateway.market.hours import SECOND_NS, market_days, trading_day
from ibelay.gateway.market.symbols import clean_symbols, stock
from ibelay.gateway.session.desks.past.bars import together
from ibelay.model.ids import ConId
from ibelay.model.market import Bar
from ibelay.testing.simulation.market.walk import HALF_HOUR_NS, HALF_HOUR_S, Span, Walk

DAY_S = 86_400
PAST = timedelta(days=14)
_KEPT = 8
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparse:
    """How sparse a market is, and when it trades.

    Attributes:
        every_s: Seconds between the quotes of a symbol in regular hours, 1 to 1800.
        hours: By which its stocks trade.
    """

    every_s: int = 5
    hours: Hours = Hours.US_STOCKS

    def __post_init__(self) -> None:
        """Refuse a pace that nothing can keep.

        Raises:
            ConfigurationError: *every_s* is out of range.
        """
        if not 1 <= self.every_s <= HALF_HOUR_S:
            raise ConfigurationError(
                f"a quote every {self.every_s} s cannot be made: expected 1 to {HALF_HOUR_S}"
            )


class _Kept(Generic[_Value]):
    """What *make* made of the last few keys asked for."""

    def __init__(self, make: Callable[[int], _Value], most: int = _KEPT) -> None:
        self._make = make
        self._most = most
        self._found: dict[int, _Value] = {}

    def __call__(self, key: int) -> _Value:
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= self._most:
                self._found.pop(next(iter(self._found)))
            found = self._found[key] = self._make(key)
        return found


class _Flow:
    """Events in order of time, found by time; made by the half hour.

    Args:
        make: Makes the events of a half hour since the epoch.
    """

    def __init__(self, make: Callable[[int], list[MarketEvent]]) -> None:
        def timed(number: int) -> tuple[list[int], list[MarketEvent]]:
            events = make(number)
            return [event_time_ns(event) for event in events], events

        self._halves = _Kept(timed)
        self._quiet_ns = self._next_ns = 0

    def between(self, after_ns: int, until_ns: int) -> Sequence[MarketEvent]:
        """Return the events with ``after_ns < at_ns <= until_ns``.

        Whoever follows the market asks many times between two events: that stretch is kept.
        """
        if self._quiet_ns <= after_ns and until_ns < self._next_ns:
            return ()
        first, last = after_ns // HALF_HOUR_NS, until_ns // HALF_HOUR_NS
        if first != last:
            return list(self.each(after_ns, until_ns))
        times, events = self._halves(first)
        beyond = bisect_right(times, until_ns)
        self._quiet_ns = until_ns
        self._next_ns = times[beyond] if beyond < len(times) else (last + 1) * HALF_HOUR_NS
        return events[bisect_right(times, after_ns) : beyond]

    def each(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield the same, however long the stretch."""
        for number in range(after_ns // HALF_HOUR_NS, until_ns // HALF_HOUR_NS + 1):
            times, events = self._halves(number)
            yield from events[bisect_right(times, after_ns) : bisect_right(times, until_ns)]

    events = each


class SparseMarket:
    """Implements ``Market``; see there.

    Args:
        seed: Chooses the prices.
        symbols: Stocks.
        date_text: First day, YYYY-MM-DD, a trading day.
        days: How many trading days of US stocks.
        sparse: See there.

    Raises:
        ConfigurationError: A date or a symbol cannot be used.
    """

    def __init__(
        self, seed: int, symbols: Sequence[str], date_text: str, days: int, sparse: Sparse
    ) -> None:
        first_day, names = trading_day(date_text), clean_symbols(symbols)
        first, last = first_day.date, market_days(date_text, days)[-1]
        self._start_ns = first_day.midnight_ns
        self._end_ns = at(last + timedelta(days=1), time(0), NEW_YORK)
        past = timetable(sparse.hours, first - PAST, last).sessions
        own = timetable(sparse.hours, first, last)
        closes = [None, *(session.close_ns for session in past[:-1])]
        self._spans = [Span(one, close) for one, close in zip(past, closes, strict=True)]
        self._begins = [session.begin_ns for session in past]
        self._own = own.sessions
        self._instruments = tuple(
            replace(
                stock(name, first_day),
                sessions=own.sessions,
                trading_hours=own.trading_hours,
                liquid_hours=own.liquid_hours,
                time_zone=own.time_zone,
            )
            for name in names
        )
        walks = [
            (one.contract.con_id, Walk(seed, one, sparse.every_s)) for one in self._instruments
        ]
        self._flows = {con_id: _Flow(self._of(walk)) for con_id, walk in walks}
        self._all = next(iter(self._flows.values())) if len(walks) == 1 else _Flow(self._together)
        self._bars: dict[tuple[ConId, int], _Kept[BarSeries]] = {}

    @property
    def instruments(self) -> Sequence[Instrument]:
        """Its stocks."""
        return self._instruments

    @property
    def universe(self) -> Sequence[Instrument]:
        """The same: nothing derives from them here."""
        return self._instruments

    @property
    def start_ns(self) -> int:
        """Midnight before the first day, New York."""
        return self._start_ns

    @property
    def open_ns(self) -> int:
        """First open."""
        return self._own[0].open_ns

    @property
    def close_ns(self) -> int:
        """Last close."""
        return self._own[-1].close_ns

    @property
    def end_ns(self) -> int:
        """Midnight after the last day, New York."""
        return self._end_ns

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield events with ``after_ns < at_ns <= until_ns``, in order of time."""
        return iter(self._all.between(after_ns, until_ns))

    def events_of(self, con_id: ConId, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield the events of one instrument with ``after_ns < at_ns <= until_ns``.

        Raises:
            KeyError: *con_id* does not exist here.
        """
        return self._flows[con_id].each(max(after_ns, self._begins[0] - 1), until_ns)

    def standing(self, con_id: ConId, at_ns: int) -> Iterator[MarketEvent]:
        """Yield what a board needs to show *con_id* at *at_ns*: the session's events so far.

        Raises:
            KeyError: *con_id* does not exist here.
        """
        begun = bisect_right(self._begins, at_ns)
        begin_ns = self._begins[begun - 1] if begun else at_ns
        return self.events_of(con_id, begin_ns - 1, at_ns)

    def bars(self, con_id: ConId, after_ns: int, until_ns: int, size_s: int) -> list[Bar]:
        """Return bars that begin at or after *after_ns* and end by *until_ns* (see ``bars``).

        Raises:
            KeyError: *con_id* does not exist here.
            ValueError: *size_s* is not positive.
        """
        if size_s <= 0:
            raise ValueError(f"bar size {size_s} s cannot be built: expected a positive number")
        if size_s == DAY_S:
            return self._daily(con_id, after_ns, until_ns)
        series = self._bar_series(con_id, size_s)
        found: list[Bar] = []
        for session in self.sessions(con_id, after_ns, until_ns):
            if HALF_HOUR_S % size_s:
                whole = _series(self._flows[con_id], session.begin_ns, session.end_ns, size_s)
                found += whole.between(after_ns, until_ns)
                continue
            first = max(after_ns, session.begin_ns) // HALF_HOUR_NS
            beyond = -(-min(until_ns, session.end_ns) // HALF_HOUR_NS)
            for number in range(first, beyond):
                found += series(number).between(after_ns, until_ns)
        return found

    def sessions(self, con_id: ConId, after_ns: int, until_ns: int) -> list[TradingSession]:
        """Return the sessions of one instrument that (after, until] touches, in order.

        Raises:
            KeyError: *con_id* does not exist here.
        """
        self._flows[con_id]
        first = max(0, bisect_right(self._begins, after_ns) - 1)
        touched = self._spans[first : bisect_right(self._begins, until_ns)]
        return [span.session for span in touched if after_ns < span.session.end_ns]

    def volatility_bars(
        self,
        con_id: ConId,
        after_ns: int,  # noqa: ARG002 - it knows none
        until_ns: int,  # noqa: ARG002 - the same
        figure: Figure,  # noqa: ARG002 - the same
    ) -> list[Bar]:
        """Return nothing: it has none.

        Raises:
            KeyError: *con_id* does not exist here.
        """
        self._flows[con_id]
        return []

    def history_ns(self, con_id: ConId) -> int:
        """Return the first moment of which ``events_of`` and ``bars`` tell: two weeks before.

        Raises:
            KeyError: *con_id* does not exist here.
        """
        self._flows[con_id]
        return self._begins[0]

    def _bar_series(self, con_id: ConId, size_s: int) -> _Kept[BarSeries]:
        """Return the bars of each half hour, which need nothing of before (``walk``, rule 3)."""
        found = self._bars.get((con_id, size_s))
        if found is None:
            flow = self._flows[con_id]

            def of_half(number: int) -> BarSeries:
                begin_ns = number * HALF_HOUR_NS
                return _series(flow, begin_ns, begin_ns + HALF_HOUR_NS, size_s)

            found = self._bars[con_id, size_s] = _Kept(of_half)
        return found

    def _daily(self, con_id: ConId, after_ns: int, until_ns: int) -> list[Bar]:
        """Return bars of whole days: of the regular hours, and told once the day is over."""
        found: list[Bar] = []
        for session in self.sessions(con_id, after_ns, until_ns):
            midnight_ns = at(_date_of(session.open_ns), time(0), NEW_YORK)
            if after_ns <= midnight_ns and session.end_ns <= until_ns:
                parts = self.bars(con_id, session.open_ns, session.close_ns, HALF_HOUR_S)
                found.append(replace(together(parts), at_ns=midnight_ns))
        return found

    def _of(self, walk: Walk) -> Callable[[int], list[MarketEvent]]:
        def make(number: int) -> list[MarketEvent]:
            span = self._span(number * HALF_HOUR_NS)
            return [] if span is None else walk.half_hour(number, span)

        return make

    def _together(self, number: int) -> list[MarketEvent]:
        begin_ns = number * HALF_HOUR_NS
        every = [
            event
            for flow in self._flows.values()
            for event in flow.between(begin_ns - 1, begin_ns + HALF_HOUR_NS - 1)
        ]
        return sorted(every, key=event_time_ns)

    def _span(self, at_ns: int) -> Span | None:
        number = bisect_right(self._begins, at_ns) - 1
        if number < 0 or at_ns >= self._spans[number].session.end_ns:
            return None
        return self._spans[number]


def _series(flow: _Flow, begin_ns: int, end_ns: int, size_s: int) -> BarSeries:
    """Return the bars of a stretch, on multiples of their size since midnight."""
    return BarSeries(
        flow,
        midnight_ns=at(_date_of(begin_ns), time(0), NEW_YORK),
        start_ns=begin_ns,
        end_ns=end_ns,
        size_s=size_s,
    )


def _date_of(at_ns: int) -> date:
    return datetime.fromtimestamp(at_ns // SECOND_NS, NEW_YORK).date()
