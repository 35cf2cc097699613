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
from decimal import Decimal
from functools import cached_property

from ibelay.gateway.market.api import Instrument, MarketEvent, event_time_ns
from ibelay.gateway.market.bars import BarSeries
from ibelay.gateway.market.hours import TradingDay, trading_day
from ibelay.gateway.market.making.days import Made, MadeDay
from ibelay.gateway.market.making.halts import Halt
from ibelay.gateway.market.making.optioned import OptionSeries
from ibelay.gateway.market.making.past import Past
from ibelay.gateway.market.universe.build import listed, universe
from ibelay.gateway.market.universe.words import Word, read_words
from ibelay.model.ids import ConId
from ibelay.model.market import Bar


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

        Raises:
            KeyError: *con_id* does not exist here.
        """
        return self._series(self._instrument(con_id)).events(after_ns, until_ns)

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

        Raises:
            KeyError: *con_id* does not exist here.
            ValueError: *size_s* is not positive.
        """
        if size_s <= 0:
            raise ValueError(f"bar size {size_s} s cannot be built: expected a positive number")
        key = (con_id, size_s)
        if key not in self._bars:
            self._bars[key] = BarSeries(
                self._series(self._instrument(con_id)),
                midnight_ns=self._day.midnight_ns,
                start_ns=self.start_ns,
                end_ns=self.end_ns,
                size_s=size_s,
            )
        return self._bars[key].between(after_ns, until_ns)

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
        return self._today.series(instrument, self._previous_close(instrument))

    def _previous_close(self, instrument: Instrument) -> Decimal | None:
        return self._past.close_before(instrument)
