"""A market of one date, put together from one series of events per instrument."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

from ibelay.gateway.market.api import Instrument, MarketEvent, Print
from ibelay.gateway.market.bars import BarSeries, Series
from ibelay.gateway.market.hours import TradingDay
from ibelay.model.ids import ConId
from ibelay.model.market import Bar


def event_time_ns(event: MarketEvent) -> int:
    """Return when *event* happened."""
    return event.at_ns if isinstance(event, Print) else event.quote.at_ns


class DayMarket:
    """Implements ``Market``; see there. Same-time events come in the order of instruments."""

    def __init__(self, day: TradingDay, instruments: Mapping[Instrument, Series]) -> None:
        self._day = day
        self._instruments = tuple(instruments)
        self._series = {one.contract.con_id: series for one, series in instruments.items()}
        self._bars: dict[tuple[ConId, int], BarSeries] = {}

    @property
    def instruments(self) -> Sequence[Instrument]:
        """Everything that can be traded here."""
        return self._instruments

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
        """16:00 New York."""
        return self._day.close_ns

    @property
    def end_ns(self) -> int:
        """20:00 New York."""
        return self._day.end_ns

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield events with ``after_ns < at_ns <= until_ns``, in order of time."""
        streams = (series.events(after_ns, until_ns) for series in self._series.values())
        return heapq.merge(*streams, key=event_time_ns)

    def events_of(self, con_id: ConId, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield the events of one instrument with ``after_ns < at_ns <= until_ns``.

        Raises:
            KeyError: *con_id* is not traded here.
        """
        return self._series[con_id].events(after_ns, until_ns)

    def bars(self, con_id: ConId, after_ns: int, until_ns: int, size_s: int) -> list[Bar]:
        """Return bars that begin at or after *after_ns* and end by *until_ns* (see ``bars``).

        Raises:
            KeyError: *con_id* is not traded here.
            ValueError: *size_s* is not positive.
        """
        if size_s <= 0:
            raise ValueError(f"bar size {size_s} s cannot be built: expected a positive number")
        key = (con_id, size_s)
        if key not in self._bars:
            self._bars[key] = BarSeries(
                self._series[con_id],
                midnight_ns=self._day.midnight_ns,
                start_ns=self.start_ns,
                end_ns=self.end_ns,
                size_s=size_s,
            )
        return self._bars[key].between(after_ns, until_ns)
