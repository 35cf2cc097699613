"""A market made of recorded rows of any number of instruments and days.

Rules:
1. Rows become events when asked for, those of the same moment in the order of instruments
   and, of one instrument, as they were recorded.
2. Every row within the market's stretch is played, also outside the instrument's sessions.
3. Bars are built per session, so that a night is not filled with flat bars; what is
   recorded outside the sessions makes no bars.
4. From its second session on, an instrument's quotes carry the close before: the last trade
   of that session's regular hours, else the middle of its last quote.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal

from ibelay.gateway.market.api import (
    Figure,
    Instrument,
    MarketEvent,
    Print,
    QuoteChange,
    TradingSession,
)
from ibelay.gateway.market.bars import BarSeries
from ibelay.gateway.market.calendars.sessions import NEW_YORK, at
from ibelay.gateway.market.hours import SECOND_NS
from ibelay.gateway.market.replay.rows import QuoteRow, Row, TradeRow, check_count
from ibelay.model.ids import ConId
from ibelay.model.market import Bar, Quote


class RecordedMarket:
    """Implements ``Market``; see there.

    Args:
        recordings: The rows of each instrument in order of time; each instrument has its
            ``sessions``.
        start_ns: Where the recording begins.
        end_ns: Where it ends.
    """

    def __init__(
        self, recordings: Mapping[Instrument, Sequence[Row]], *, start_ns: int, end_ns: int
    ) -> None:
        check_count(sum(map(len, recordings.values())))
        self._instruments = tuple(recordings)
        self._start_ns = start_ns
        self._end_ns = end_ns
        self._series = [_Recording(one, rows) for one, rows in recordings.items()]
        numbered = [
            (row, number) for number, rows in enumerate(recordings.values()) for row in rows
        ]
        numbered.sort(key=lambda pair: pair[0].at_ns)
        self._times = array("q", (row.at_ns for row, _number in numbered))
        self._rows = [row for row, _number in numbered]
        self._numbers = array("I", (number for _row, number in numbered))
        self._by_con_id = {one.contract.con_id: n for n, one in enumerate(self._instruments)}
        self._bars: dict[tuple[ConId, int, int], BarSeries] = {}

    @property
    def instruments(self) -> Sequence[Instrument]:
        """Everything that can be traded here."""
        return self._instruments

    @property
    def universe(self) -> Sequence[Instrument]:
        """The same: what was recorded is all there is."""
        return self._instruments

    @property
    def start_ns(self) -> int:
        """First moment of the data."""
        return self._start_ns

    @property
    def open_ns(self) -> int:
        """Beginning of the first regular session of the first instrument."""
        sessions = self._instruments[0].sessions
        return next((s.open_ns for s in sessions if s.close_ns > self._start_ns), self._start_ns)

    @property
    def close_ns(self) -> int:
        """End of the last regular session of the first instrument."""
        sessions = self._instruments[0].sessions
        closes = [s.close_ns for s in sessions if s.open_ns < self._end_ns]
        return min(closes[-1], self._end_ns) if closes else self._end_ns

    @property
    def end_ns(self) -> int:
        """Last moment of the data."""
        return self._end_ns

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield events with ``after_ns < at_ns <= until_ns``, in order of time."""
        first = bisect_right(self._times, after_ns)
        beyond = bisect_right(self._times, until_ns, lo=first)
        for row, number in zip(self._rows[first:beyond], self._numbers[first:beyond], strict=True):
            yield self._series[number].event(row)

    def events_of(self, con_id: ConId, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield the events of one instrument with ``after_ns < at_ns <= until_ns``.

        Raises:
            KeyError: *con_id* is not traded here.
        """
        return self._series[self._by_con_id[con_id]].events(after_ns, until_ns)

    def standing(self, con_id: ConId, at_ns: int) -> Iterator[MarketEvent]:
        """Yield what a board needs to show *con_id* at *at_ns*: the session's events so far.

        Raises:
            KeyError: *con_id* is not traded here.
        """
        begins = [one.begin_ns for one in self.sessions(con_id, self._start_ns, at_ns)]
        return self.events_of(con_id, begins[-1] if begins else self._start_ns, at_ns)

    def sessions(self, con_id: ConId, after_ns: int, until_ns: int) -> list[TradingSession]:
        """Return the sessions of one instrument that (after, until] touches, in order.

        Raises:
            KeyError: *con_id* is not traded here.
        """
        every = self._instruments[self._by_con_id[con_id]].sessions
        return [one for one in every if one.begin_ns <= until_ns and after_ns < one.end_ns]

    def volatility_bars(
        self,
        con_id: ConId,  # noqa: ARG002 - a recording knows none
        after_ns: int,  # noqa: ARG002 - the same
        until_ns: int,  # noqa: ARG002 - the same
        figure: Figure,  # noqa: ARG002 - the same
    ) -> list[Bar]:
        """Return nothing: a recording is too short for a volatility."""
        return []

    def history_ns(self, con_id: ConId) -> int:  # noqa: ARG002 - the same for all
        """Return where the recording begins."""
        return self._start_ns

    def bars(self, con_id: ConId, after_ns: int, until_ns: int, size_s: int) -> list[Bar]:
        """Return bars that begin at or after *after_ns* and end by *until_ns* (see ``bars``).

        Raises:
            KeyError: *con_id* is not traded here.
            ValueError: *size_s* is not positive.
        """
        if size_s <= 0:
            raise ValueError(f"bar size {size_s} s cannot be built: expected a positive number")
        number = self._by_con_id[con_id]
        found: list[Bar] = []
        for session in self._instruments[number].sessions:
            if session.begin_ns < until_ns and after_ns < session.end_ns:
                series = self._bar_series(number, session, size_s)
                found += series.between(after_ns, until_ns)
        return found

    def _bar_series(self, number: int, session: TradingSession, size_s: int) -> BarSeries:
        key = (self._instruments[number].contract.con_id, session.begin_ns, size_s)
        if key not in self._bars:
            start_ns = max(session.begin_ns, self._start_ns)
            date = datetime.fromtimestamp(start_ns // SECOND_NS, NEW_YORK).date()
            self._bars[key] = BarSeries(
                _BarSource(self._series[number]),
                midnight_ns=at(date, time(0), NEW_YORK),
                start_ns=start_ns,
                end_ns=min(session.end_ns, self._end_ns),
                size_s=size_s,
            )
        return self._bars[key]


class _Recording:
    """The rows of one instrument; implements ``bars.Series``."""

    def __init__(self, instrument: Instrument, rows: Sequence[Row]) -> None:
        self._con_id = instrument.contract.con_id
        self._rows = rows
        self._times = array("q", (row.at_ns for row in rows))
        self._closes_from: list[int] = []
        self._closes: list[Decimal | None] = [None]
        for before, session in zip(instrument.sessions, instrument.sessions[1:], strict=False):
            close = self._close_of(before)
            if close is not None:
                self._closes_from.append(session.begin_ns)
                self._closes.append(close)

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield events with ``after_ns < at_ns <= until_ns``, in order of time."""
        return map(self.event, self.rows(after_ns, until_ns))

    def rows(self, after_ns: int, until_ns: int) -> Sequence[Row]:
        """Return the rows with ``after_ns < at_ns <= until_ns``."""
        first = bisect_right(self._times, after_ns)
        return self._rows[first : bisect_right(self._times, until_ns, lo=first)]

    def event(self, row: Row) -> MarketEvent:
        """Return what *row* tells."""
        if isinstance(row, TradeRow):
            return Print(con_id=self._con_id, at_ns=row.at_ns, price=row.price, size=row.size)
        quote = Quote(
            at_ns=row.at_ns,
            bid=row.bid,
            ask=row.ask,
            bid_size=row.bid_size,
            ask_size=row.ask_size,
            previous_close=self._closes[bisect_right(self._closes_from, row.at_ns)],
        )
        return QuoteChange(con_id=self._con_id, quote=quote)

    def _close_of(self, session: TradingSession) -> Decimal | None:
        """Return where the session's regular hours ended (rule 4)."""
        first = bisect_right(self._times, session.open_ns)
        beyond = bisect_right(self._times, session.close_ns, lo=first)
        middle: Decimal | None = None
        for row in reversed(self._rows[first:beyond]):
            if isinstance(row, TradeRow):
                return row.price
            if middle is None:
                middle = _middle(row)
        return middle


class _BarSource:
    """What bars of one session are made of: its prints, and the quotes before the first."""

    def __init__(self, recording: _Recording) -> None:
        self._recording = recording
        self._printed = False

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """See ``bars.Series``; asked for in order of time, as ``BarSeries`` does."""
        for row in self._recording.rows(after_ns, until_ns):
            if isinstance(row, TradeRow):
                self._printed = True
                yield self._recording.event(row)
            elif not self._printed:
                yield self._recording.event(row)


def _middle(row: QuoteRow) -> Decimal | None:
    return None if row.bid is None or row.ask is None else (row.bid + row.ask) / 2
