"""Bars made of prints, built as far as they are asked for and kept.

Rules:
1. A bar that begins at *t* holds what happened after *t* and up to its end included, the
   same half-open stretch as ``Market.events``; a replayed second counts where it ended.
2. Bars begin on multiples of their size since midnight in New York.
3. Without a print a bar stands flat at the last print, volume 0, as IB's own bars do;
   before the day's first print it is made of mid quotes, volume 0; before any price there
   is no bar.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from decimal import Decimal
from operator import attrgetter
from typing import Protocol

from ibelay.gateway.market.api import MarketEvent, Print, QuoteChange
from ibelay.gateway.market.hours import SECOND_NS
from ibelay.model.market import Bar

ZERO = Decimal(0)
_WAP_PLACES = Decimal("0.0001")
_begin_ns = attrgetter("at_ns")


class Series(Protocol):
    """The events of one instrument."""

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield events with ``after_ns < at_ns <= until_ns``, in order of time."""
        ...


class BarSeries:
    """Bars of one instrument and size.

    Args:
        series: Where the prints come from.
        midnight_ns: The grid's origin (rule 2).
        start_ns: When the data begins.
        end_ns: When it ends; no bar goes beyond.
        size_s: Seconds per bar, positive.
        before: What happened before *start_ns*: the last print and the last quote matter.
    """

    def __init__(
        self,
        series: Series,
        *,
        midnight_ns: int,
        start_ns: int,
        end_ns: int,
        size_s: int,
        before: Iterable[MarketEvent] = (),
    ) -> None:
        self._series = series
        self._size = size_s * SECOND_NS
        self._end_ns = end_ns
        self._next_ns = start_ns - (start_ns - midnight_ns) % self._size
        self._mid: Decimal | None = None
        self._last: Decimal | None = None
        self._bars: list[Bar] = []
        self._first_ns = self._next_ns
        for event in before:
            if isinstance(event, Print):
                self._last = event.price
            elif (middle := _middle(event)) is not None:
                self._mid = middle

    def begins_by(self, at_ns: int) -> bool:
        """Return whether a bar that begins at *at_ns* is one of these."""
        return self._first_ns <= at_ns

    def between(self, after_ns: int, until_ns: int) -> list[Bar]:
        """Return bars that begin at or after *after_ns* and end by *until_ns*."""
        self._build(min(until_ns, self._end_ns))
        bars, last_ns = self._bars, until_ns - self._size
        if bars and bars[-1].at_ns == last_ns and after_ns == last_ns:
            return bars[-1:]  # whoever follows the market asks for the bar that has just closed
        first = bisect_left(bars, after_ns, key=_begin_ns)
        beyond = bisect_left(bars, last_ns + 1, key=_begin_ns)
        return bars[first:beyond]

    def _build(self, until_ns: int) -> None:
        target = until_ns - (until_ns - self._next_ns) % self._size
        if target <= self._next_ns:
            return
        prices: list[Decimal] = []
        sizes: list[Decimal] = []
        mids: list[Decimal] = []
        for event in self._series.events(self._next_ns, target):
            at_ns = event.at_ns if isinstance(event, Print) else event.quote.at_ns
            while at_ns > self._next_ns + self._size:
                self._close(prices, sizes, mids)
            if isinstance(event, Print):
                prices.append(event.price)
                sizes.append(event.size)
            elif (middle := _middle(event)) is not None:
                mids.append(middle)
        while self._next_ns < target:
            self._close(prices, sizes, mids)

    def _close(self, prices: list[Decimal], sizes: list[Decimal], mids: list[Decimal]) -> None:
        """End the current bar and empty the lists for the next one."""
        if prices:
            volume = sum(sizes, ZERO)
            worth = sum((p * s for p, s in zip(prices, sizes, strict=True)), ZERO)
            wap = (worth / volume).quantize(_WAP_PLACES) if volume else prices[-1]
            self._append(prices, volume, wap, len(prices))
        elif self._last is not None:
            self._append([self._last], ZERO, self._last, 0)
        elif mids or self._mid is not None:
            path = ([] if self._mid is None else [self._mid]) + mids
            self._append(path, ZERO, path[-1], 0)
        self._last = prices[-1] if prices else self._last
        self._mid = mids[-1] if mids else self._mid
        self._next_ns += self._size
        for values in (prices, sizes, mids):
            values.clear()

    def _append(self, path: list[Decimal], volume: Decimal, wap: Decimal, count: int) -> None:
        self._bars.append(
            Bar(
                at_ns=self._next_ns,
                open=path[0],
                high=max(path),
                low=min(path),
                close=path[-1],
                volume=volume,
                wap=wap,
                count=count,
            )
        )


def _middle(change: QuoteChange) -> Decimal | None:
    bid, ask = change.quote.bid, change.quote.ask
    return None if bid is None or ask is None else (bid + ask) / 2
