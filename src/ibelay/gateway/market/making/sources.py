"""Middle prices of a day: where quotes and prints are made from.

Rules:
1. Where a day begins is a slow wave around the usual price, at most 3 % away: a function
   of seed, symbol and date. From one day's close to the next day's beginning is a gap.
2. Seconds are a random walk tied down at the minutes at both ends.
3. What follows something else (an index its fund, a future its index, a pair two
   currencies, a bond a yield) is a function of those prices, second by second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from math import pi, sin
from typing import Protocol

from ibelay.gateway.market.hours import TradingDay
from ibelay.gateway.market.making.legs import LOYALTY, MINUTE_NS, levels, minute_of, seeded

SECONDS = 60
# (days, share) of each wave: a month, a season, two years.
_WAVES = ((31, 0.008), (127, 0.010), (731, 0.012))
_STEP_BUSY, _STEP_QUIET = 0.00006, 0.00002
_KEPT_MINUTES = 2
# A chain's options ask their underlying for the same minutes, one after the other.
_KEPT_OF_A_WALK = 400


class Source(Protocol):
    """The middle prices of something on one day."""

    @property
    def minutes(self) -> Sequence[float]:
        """Prices at the beginning of each minute, and at the end of the day."""
        ...

    def begin(self, minute: int) -> float:
        """Return the price at the beginning of *minute*, at the cost of that one."""
        ...

    def mids(self, minute: int) -> Sequence[float]:
        """Return the prices of the 60 seconds of *minute*."""
        ...

    def mid(self, minute: int, second: int) -> float:
        """Return the price of one second of *minute*, at the cost of that one."""
        ...


class Walk:
    """Rules 1 and 2: a price of its own.

    Args:
        seed: Chooses the day.
        symbol: Whose day it is.
        day: Its date and hours.
        usual: What the price is like, positive.
        swing: How much of the levels the price follows; 1 for a stock.
        loyalty: See ``legs``.
    """

    def __init__(
        self,
        seed: int,
        symbol: str,
        day: TradingDay,
        *,
        usual: float,
        swing: float = 1.0,
        loyalty: float = LOYALTY,
    ) -> None:
        self._key = (seed, symbol, day.date.isoformat())
        self._seed, self._symbol, self._day = seed, symbol, day
        self._usual, self._swing, self._loyalty = usual, swing, loyalty
        self._busy = range(minute_of(day, day.open_ns), minute_of(day, day.close_ns))
        self._kept: dict[int, list[float]] = {}

    @cached_property
    def minutes(self) -> Sequence[float]:
        """See ``Source``."""
        begin = self._usual * (1.0 + self._swing * self._wave())
        path = levels(self._seed, self._symbol, self._day, self._loyalty)
        return [begin * (1.0 + self._swing * level) for level in path]

    def begin(self, minute: int) -> float:
        """See ``Source``."""
        return self.minutes[minute]

    def mids(self, minute: int) -> Sequence[float]:
        """See ``Source``."""
        found = self._kept.get(minute)
        if found is None:
            if len(self._kept) >= _KEPT_OF_A_WALK:
                self._kept.pop(next(iter(self._kept)))
            found = self._kept[minute] = self._seconds(minute)
        return found

    def mid(self, minute: int, second: int) -> float:
        """See ``Source``."""
        return self.mids(minute)[second]

    def _seconds(self, minute: int) -> list[float]:
        chance = seeded(*self._key, minute)
        begin, end = self.minutes[minute], self.minutes[minute + 1]
        share = _STEP_BUSY if minute in self._busy else _STEP_QUIET
        step = begin * share * self._swing
        walk, total = [], 0.0
        for _ in range(SECONDS):
            walk.append(total)
            total += chance.gauss(0, step)
        return [
            begin + (end - begin) * second / SECONDS + walk[second] - total * second / SECONDS
            for second in range(SECONDS)
        ]

    def _wave(self) -> float:
        number = self._day.date.toordinal()
        phases = seeded(self._seed, self._symbol, "waves")
        return sum(
            share * sin(2 * pi * (number / days + phases.random())) for days, share in _WAVES
        )


class Following:
    """Rule 3: a function of the time (ns) and of the prices of *sources*."""

    def __init__(
        self, day: TradingDay, sources: Sequence[Source], make: Callable[..., float]
    ) -> None:
        self._day = day
        self._sources = tuple(sources)
        self._make = make
        self._kept: dict[int, list[float]] = {}

    @cached_property
    def minutes(self) -> Sequence[float]:
        """See ``Source``."""
        paths = zip(*(source.minutes for source in self._sources), strict=True)
        start_ns, make = self._day.start_ns, self._make
        return [make(start_ns + n * MINUTE_NS, *prices) for n, prices in enumerate(paths)]

    def mids(self, minute: int) -> Sequence[float]:
        """See ``Source``."""
        found = self._kept.get(minute)
        if found is None:
            if len(self._kept) >= _KEPT_MINUTES:
                self._kept.pop(next(iter(self._kept)))
            begin_ns, step_ns = self._day.start_ns + minute * MINUTE_NS, MINUTE_NS // SECONDS
            seconds = zip(*(source.mids(minute) for source in self._sources), strict=True)
            make = self._make
            found = [make(begin_ns + n * step_ns, *prices) for n, prices in enumerate(seconds)]
            self._kept[minute] = found
        return found

    def begin(self, minute: int) -> float:
        """See ``Source``."""
        at_ns = self._day.start_ns + minute * MINUTE_NS
        return self._make(at_ns, *(source.begin(minute) for source in self._sources))

    def mid(self, minute: int, second: int) -> float:
        """See ``Source``."""
        at_ns = self._day.start_ns + minute * MINUTE_NS + second * (MINUTE_NS // SECONDS)
        return self._make(at_ns, *(source.mid(minute, second) for source in self._sources))
