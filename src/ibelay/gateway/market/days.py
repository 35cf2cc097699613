"""Several markets of one day each, played one after the other as one market.

Rules:
1. Days follow each other in order and do not overlap; in between nothing happens.
2. An instrument is known from the first of its days on, with the sessions of all of them.
3. From its second day on, an instrument's quotes carry the close of the day before, unless
   that day's market says it itself: the last trade of the last five minutes of the regular
   session, else the middle of the last quote in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from ibelay.gateway.market.api import (
    Figure,
    Instrument,
    Market,
    MarketEvent,
    Print,
    QuoteChange,
    TradingSession,
)
from ibelay.gateway.market.calendars.instruments import with_hours
from ibelay.gateway.market.hours import SECOND_NS
from ibelay.model.ids import ConId
from ibelay.model.market import Bar, Quote

_LAST_MINUTES_NS = 300 * SECOND_NS


class DaysMarket:
    """Implements ``Market``; see there.

    Args:
        days: One market per day, in order; at least one.
        dates: Of the first and the last.
    """

    def __init__(self, days: Sequence[Market], dates: tuple[date, date]) -> None:
        self._days = tuple(days)
        self._dates = dates
        self._instruments = _united(self._days, dates)
        self._closes: list[dict[ConId, Decimal | None]] = [{} for _day in self._days]

    @property
    def instruments(self) -> Sequence[Instrument]:
        """Everything that can be traded on one of the days."""
        return self._instruments

    @cached_property
    def universe(self) -> Sequence[Instrument]:
        """Everything that exists on one of the days, the listed first."""
        listed = {one.contract.con_id: one for one in self._instruments}
        derived = {one.contract.con_id: one for day in self._days for one in day.universe}
        rest = (one for con_id, one in derived.items() if con_id not in listed)
        return (*self._instruments, *(with_hours(one, *self._dates) for one in rest))

    @property
    def start_ns(self) -> int:
        """First moment of the first day."""
        return self._days[0].start_ns

    @property
    def open_ns(self) -> int:
        """Open of the first day."""
        return self._days[0].open_ns

    @property
    def close_ns(self) -> int:
        """Close of the last day."""
        return self._days[-1].close_ns

    @property
    def end_ns(self) -> int:
        """Last moment of the last day."""
        return self._days[-1].end_ns

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield events with ``after_ns < at_ns <= until_ns``, in order of time."""
        for number in self._between(after_ns, until_ns):
            yield from self._carried(number, self._days[number].events(after_ns, until_ns))

    def events_of(self, con_id: ConId, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield the events of one instrument with ``after_ns < at_ns <= until_ns``.

        Raises:
            KeyError: *con_id* is not traded here.
        """
        self._check(con_id)
        for number in self._between(after_ns, until_ns):
            try:
                begin_ns = self._own(number, after_ns)
                events = self._days[number].events_of(con_id, begin_ns, until_ns)
            except KeyError:
                continue  # not yet listed, or expired
            yield from self._carried(number, events)

    def bars(self, con_id: ConId, after_ns: int, until_ns: int, size_s: int) -> list[Bar]:
        """Return bars that begin at or after *after_ns* and end by *until_ns* (see ``bars``).

        Raises:
            KeyError: *con_id* is not traded here.
            ValueError: *size_s* is not positive.
        """
        self._check(con_id)
        found: list[Bar] = []
        for number in self._between(after_ns, until_ns):
            try:
                begin_ns = self._own(number, after_ns)
                found += self._days[number].bars(con_id, begin_ns, until_ns, size_s)
            except KeyError:
                continue  # not yet listed, or expired
        return found

    def standing(self, con_id: ConId, at_ns: int) -> Iterator[MarketEvent]:
        """Yield what a board needs to show *con_id* at *at_ns*, of the day it lies in.

        Raises:
            KeyError: *con_id* is not traded here.
        """
        self._check(con_id)
        for number in self._between(at_ns - 1, at_ns):
            try:
                yield from self._carried(number, self._days[number].standing(con_id, at_ns))
            except KeyError:
                continue  # not yet listed, or expired

    def sessions(self, con_id: ConId, after_ns: int, until_ns: int) -> list[TradingSession]:
        """Return the sessions of one instrument that (after, until] touches, in order.

        Raises:
            KeyError: *con_id* is not traded here.
        """
        self._check(con_id)
        found: dict[int, TradingSession] = {}
        for day in self._days:
            try:
                sessions = day.sessions(con_id, after_ns, until_ns)
            except KeyError:
                continue  # not yet listed, or expired
            found |= {one.begin_ns: one for one in sessions}
        return [found[begin_ns] for begin_ns in sorted(found)]

    def volatility_bars(
        self, con_id: ConId, after_ns: int, until_ns: int, figure: Figure
    ) -> list[Bar]:
        """Return daily bars of a volatility, per year; each day tells its own part.

        Raises:
            KeyError: *con_id* is not traded here.
        """
        self._check(con_id)
        found: list[Bar] = []
        for number in self._between(after_ns, until_ns):
            try:
                begin_ns = self._own(number, after_ns)
                found += self._days[number].volatility_bars(con_id, begin_ns, until_ns, figure)
            except KeyError:
                continue  # not yet listed, or expired
        return found

    def history_ns(self, con_id: ConId) -> int:
        """Return the first moment of which ``events_of`` and ``bars`` tell.

        Raises:
            KeyError: *con_id* is not traded here.
        """
        self._check(con_id)
        for day in self._days:
            try:
                return day.history_ns(con_id)
            except KeyError:
                continue  # not yet listed
        raise KeyError(con_id)

    def _own(self, number: int, after_ns: int) -> int:
        """Return *after_ns*, but not before the end of the day before: days know their past."""
        return max(after_ns, self._days[number - 1].end_ns) if number else after_ns

    def _check(self, con_id: ConId) -> None:
        """Raise KeyError unless one of the days knows *con_id*."""
        for day in self._days:
            try:
                day.events_of(con_id, day.start_ns, day.start_ns)
            except KeyError:
                continue
            return
        raise KeyError(con_id)

    def _between(self, after_ns: int, until_ns: int) -> list[int]:
        """Return the numbers of the days that (after, until] touches."""
        return [
            number
            for number, day in enumerate(self._days)
            if (day.start_ns <= until_ns or not number) and after_ns < day.end_ns
        ]

    def _carried(self, number: int, events: Iterator[MarketEvent]) -> Iterator[MarketEvent]:
        """Yield *events* of a day with the close of the day before (rule 3)."""
        if number == 0:
            yield from events
            return
        closes = self._closes[number]
        for event in events:
            if isinstance(event, Print) or event.quote.previous_close is not None:
                yield event
                continue
            con_id = event.con_id
            if con_id not in closes:
                closes[con_id] = self._close_of(number - 1, con_id)
            close = closes[con_id]
            yield event if close is None else _with_close(event, close)

    def _close_of(self, number: int, con_id: ConId) -> Decimal | None:
        """Return where the day's regular session ended, None if it did not trade that day."""
        day = self._days[number]
        try:
            events = day.events_of(con_id, day.close_ns - _LAST_MINUTES_NS, day.close_ns)
        except KeyError:
            return None
        middle = traded = None
        for event in events:
            if isinstance(event, Print):
                traded = event.price
            elif event.quote.bid is not None and event.quote.ask is not None:
                middle = (event.quote.bid + event.quote.ask) / 2
        return traded or middle


def _with_close(event: QuoteChange, close: Decimal) -> QuoteChange:
    quote = event.quote
    return QuoteChange(  # made anew, not replaced: this is done for every quote
        con_id=event.con_id,
        halted=event.halted,
        quote=Quote(
            at_ns=quote.at_ns,
            bid=quote.bid,
            ask=quote.ask,
            bid_size=quote.bid_size,
            ask_size=quote.ask_size,
            last=quote.last,
            last_size=quote.last_size,
            volume=quote.volume,
            previous_close=close,
        ),
    )


def _united(days: Sequence[Market], dates: tuple[date, date]) -> tuple[Instrument, ...]:
    """Return each instrument of any day once, with the hours of all days (rule 2)."""
    found: dict[ConId, Instrument] = {}
    for day in days:
        for one in day.instruments:
            known = found.get(one.contract.con_id)
            sessions = (known.sessions if known else ()) + one.sessions
            found[one.contract.con_id] = replace(known or one, sessions=sessions)
    return tuple(_timed(one, dates) for one in found.values())


def _timed(one: Instrument, dates: tuple[date, date]) -> Instrument:
    """Return *one* with each of its own sessions once, else with the usual ones of its type."""
    timed = with_hours(one, *dates)
    if not one.sessions:
        return timed
    own = sorted(set(one.sessions), key=lambda session: session.begin_ns)
    return replace(timed, sessions=tuple(own))
