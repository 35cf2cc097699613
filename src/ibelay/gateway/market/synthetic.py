"""Prices that never were: a seeded day of trading for any instruments.

Rules:
1. Everything is a function of (seed, instrument, date); asking in another order or in other
   pieces gives the same prices. How prices are made is told in ``making``.
2. What is listed (``universe``) has events in ``events``. What derives from it is priced
   only when ``events_of``, ``bars`` or ``standing`` name it.
3. The days before are made in the same way, as far back as ``history_ns``: the day before
   ends where its own market would have ended.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain

from ibelay.gateway.market.api import Figure, Instrument, MarketEvent, TradingSession, event_time_ns
from ibelay.gateway.market.bars import BarSeries
from ibelay.gateway.market.hours import SECOND_NS, TradingDay, trading_day
from ibelay.gateway.market.making.days import Made, MadeDay, session_on
from ibelay.gateway.market.making.halts import Halt
from ibelay.gateway.market.making.optioned import OptionSeries
from ibelay.gateway.market.past.memory import DAY_S, Past
from ibelay.gateway.market.past.rough import daily_bar
from ibelay.gateway.market.pricing.figures import historical_volatility_bars
from ibelay.gateway.market.universe.build import listed, universe
from ibelay.gateway.market.universe.words import Word, read_words
from ibelay.model.ids import ConId
from ibelay.model.market import Bar

# A client may ask for bars of every option there is; the oldest are built again when asked for.
OPTION_BARS_MAX = 200
# Thirty-one trading days before a day are never further away.
_WINDOW_NS = 60 * DAY_S * SECOND_NS


def synthetic(
    seed: int, symbols: Sequence[str], date: str, *, halts: Sequence[Halt] = ()
) -> SyntheticMarket:
    """Return a made-up market.

    Args:
        seed: Chooses the prices.
        symbols: What is traded: ``SPY``, ``ES:FUT``, ``EUR.USD:CASH``, see ``universe.words``.
        date: YYYY-MM-DD, a trading day.
        halts: When something is halted.

    Raises:
        ConfigurationError: The date or a symbol cannot be used.
    """
    return SyntheticMarket(seed, read_words(symbols), trading_day(date), tuple(halts))


class SyntheticMarket:
    """Implements ``Market``; see there."""

    def __init__(
        self, seed: int, words: tuple[Word, ...], day: TradingDay, halts: tuple[Halt, ...]
    ) -> None:
        self._day = day
        self._words = words
        self._listed = listed(words, day)
        self._past = Past(seed, day)
        self._today = MadeDay(seed, day, halts)
        self._bars: dict[tuple[ConId, int], BarSeries] = {}

    @property
    def instruments(self) -> Sequence[Instrument]:
        """What is listed: named by the market's words."""
        return self._listed

    @cached_property
    def universe(self) -> Sequence[Instrument]:
        """Everything that exists here, the listed first."""
        return universe(self._words, self._day).everything

    @property
    def start_ns(self) -> int:
        """04:00 New York."""
        return self._day.start_ns

    @property
    def open_ns(self) -> int:
        """09:30 New York."""
        return self._day.open_ns

    @property
    def close_ns(self) -> int:
        """16:00 New York, or the early close."""
        return self._day.close_ns

    @property
    def end_ns(self) -> int:
        """20:00 New York, or four hours after the early close."""
        return self._day.end_ns

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield events of what is listed with ``after_ns < at_ns <= until_ns``, in order."""
        streams = (self._series(one).events(after_ns, until_ns) for one in self._listed)
        return heapq.merge(*streams, key=event_time_ns)

    def events_of(self, con_id: ConId, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield the events of one instrument with ``after_ns < at_ns <= until_ns``.

        The days before are told of too, as far back as ``history_ns``.

        Raises:
            KeyError: *con_id* does not exist here.
        """
        one = self._instrument(con_id)
        today = self._series(one).events(after_ns, until_ns)
        if after_ns >= self.start_ns:
            return today
        return chain(self._past.events(one, after_ns, until_ns), today)

    def standing(self, con_id: ConId, at_ns: int) -> Iterator[MarketEvent]:
        """Yield, in order, what a board needs to show *con_id* at *at_ns*.

        Raises:
            KeyError: *con_id* does not exist here.
        """
        series = self._series(self._instrument(con_id))
        if isinstance(series, OptionSeries):
            return iter(series.standing(at_ns))
        return series.events(self.start_ns, at_ns)

    def bars(self, con_id: ConId, after_ns: int, until_ns: int, size_s: int) -> list[Bar]:
        """Return bars that begin at or after *after_ns* and end by *until_ns* (see ``bars``).

        Bars of 86,400 s are days: they begin at midnight and end with their day.

        Raises:
            KeyError: *con_id* does not exist here.
            ValueError: *size_s* is not positive.
        """
        if size_s <= 0:
            raise ValueError(f"bar size {size_s} s cannot be built: expected a positive number")
        one = self._instrument(con_id)
        before = after_ns < self.start_ns
        found = self._past.bars(one, after_ns, until_ns, size_s) if before else []
        if size_s == DAY_S:
            whole = after_ns <= self._day.midnight_ns and self.end_ns <= until_ns
            traded = whole and session_on(one, self._day) is not None
            return found + ([daily_bar(self._today, one)] if traded else [])
        return found + self._of_today(one, size_s, after_ns).between(after_ns, until_ns)

    def sessions(self, con_id: ConId, after_ns: int, until_ns: int) -> list[TradingSession]:
        """Return the sessions of one instrument that (after, until] touches, in order.

        Raises:
            KeyError: *con_id* does not exist here.
        """
        one = self._instrument(con_id)
        today = session_on(one, self._day)
        found = self._past.sessions(one, after_ns, until_ns)
        if today is not None and today.begin_ns <= until_ns and after_ns < today.end_ns:
            found.append(today)
        return found

    def history_ns(self, con_id: ConId) -> int:
        """Return the first moment of which ``events_of`` and ``bars`` tell.

        Raises:
            KeyError: *con_id* does not exist here.
        """
        return self._past.begins_ns(self._instrument(con_id))

    def volatility_bars(
        self, con_id: ConId, after_ns: int, until_ns: int, figure: Figure
    ) -> list[Bar]:
        """Return daily bars of the volatility of a stock, fund or index.

        Raises:
            KeyError: *con_id* does not exist here.
        """
        one = self._instrument(con_id)
        if figure is Figure.OPTION_IMPLIED_VOLATILITY:
            return self._past.implied_bars(one, after_ns, until_ns)
        begin_ns = after_ns - _WINDOW_NS
        days = self.bars(con_id, begin_ns, until_ns, DAY_S)
        return [bar for bar in historical_volatility_bars(days) if bar.at_ns >= after_ns]

    def _of_today(self, instrument: Instrument, size_s: int, after_ns: int) -> BarSeries:
        """Return the day's bars; of an option, which is priced for them, from *after_ns* on."""
        key = (instrument.contract.con_id, size_s)
        known = self._bars.get(key)
        if known is not None and known.begins_by(max(after_ns, self.start_ns)):
            return known
        series, start_ns = self._series(instrument), self.start_ns
        before: list[MarketEvent] = []
        if isinstance(series, OptionSeries) and after_ns > start_ns:
            start_ns = after_ns - (after_ns - self._day.midnight_ns) % (size_s * SECOND_NS)
            before = series.standing(start_ns)
        self._drop_bars(series)
        self._bars[key] = BarSeries(
            series,
            midnight_ns=self._day.midnight_ns,
            start_ns=start_ns,
            end_ns=self.end_ns,
            size_s=size_s,
            before=before,
        )
        return self._bars[key]

    def _drop_bars(self, wanted: Made) -> None:
        """Make room for one more series of bars, where there are too many of options."""
        if isinstance(wanted, OptionSeries):
            options = [key for key in self._bars if key[0] not in self._listed_ids]
            for key in options[: len(options) - OPTION_BARS_MAX + 1]:
                del self._bars[key]

    @cached_property
    def _listed_ids(self) -> frozenset[ConId]:
        return frozenset(one.contract.con_id for one in self._listed)

    @cached_property
    def _by_con_id(self) -> dict[ConId, Instrument]:
        return {one.contract.con_id: one for one in self.universe}

    def _instrument(self, con_id: ConId) -> Instrument:
        """Return the instrument; what is listed is found without making the universe."""
        for one in self._listed:
            if one.contract.con_id == con_id:
                return one
        return self._by_con_id[con_id]

    def _series(self, instrument: Instrument) -> Made:
        close = self._past.close_before(instrument, self._day.date)
        return self._today.series(instrument, close)
