"""Scenes for ps60 on the synthetic market: levels chosen where the day's path will go.

The path is a function of the seed, so a test can look ahead, as no strategy can, and pick a
seed and levels for which the price does what the test is about. All distances are dollars
per share of SPY; ``i`` counts 5-second bars from ``START``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ibelay.bots.scanner import Scanner, Setup, Side, format_scanner
from ibelay.gateway.market import synthetic
from ibelay.gateway.market.hours import SECOND_NS
from ibelay.model.market import Bar

SYMBOL = "SPY"
DATE = "2025-06-02"
START, AFTER_OPEN_S = "10:30", 3600  # after the opening leg, which goes one way
BAR_S = 5
BARS = 260
QUIET = 70  # the processes start and the strategy warms up in so many bars
SOON = 110  # a test need not wait longer than this for its break-out
QUANTITY = 100
FAR = Decimal(60)
FARTHER = Decimal(70)
NEAR_STOP = Decimal("0.04")
SEEDS = range(1, 200)

Reach = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Scene:
    """A day's seed and the one setup to trade on it."""

    seed: int
    setup: Setup

    @property
    def scanner(self) -> str:
        """The scanner file."""
        return format_scanner(Scanner(DATE, (self.setup,)))


def trend(*, reach: Decimal) -> Scene:
    """Return a day that breaks out, goes *reach* beyond minutes later, and stays there.

    The half leaves at *reach*; there is time for a crash before it.
    """
    for seed, side, pivot, after in _break_outs(likely=3):
        reached = next((i for i, (_, best) in enumerate(after) if best > reach), 0)
        stays = after[reached + 1 :]
        if 32 <= reached <= 80 and all(worst > reach / 2 for worst, _best in stays):
            return Scene(seed, _setup(side, pivot, stop=Decimal(8), partial=reach))
    raise LookupError("no seed has such a trend; look at more of them")


def reversal(*, stop: Decimal) -> Scene:
    """Return a day that breaks out and comes back by *stop* from the pivot in a minute or more."""
    for seed, side, pivot, after in _break_outs(likely=21):
        back = next((i for i, (worst, _) in enumerate(after) if worst < -stop), 0)
        if 16 <= back <= 60:
            return Scene(seed, _setup(side, pivot, stop=stop, partial=FAR / 2))
    raise LookupError("no seed has such a reversal; look at more of them")


def chop() -> Scene:
    """Return a day that crosses its pivot again and again, each time falling back behind it."""
    for seed, side, bars in _days(likely=163):
        for pivot in {bar.close for bar in bars[QUIET:SOON:8]}:
            breaks = _breaks(bars, side, pivot)
            early = sum(QUIET <= i < SOON for i in breaks)
            late = sum(i >= SOON + 40 for i in breaks)
            if early >= 2 and late >= 3:
                return Scene(seed, _setup(side, pivot, stop=NEAR_STOP, partial=FAR / 2))
    raise LookupError("no seed crosses its pivot so often; look at more of them")


def _days(likely: int) -> Iterator[tuple[int, Side, Sequence[Bar]]]:
    """Yield seed, side and bars, those of the seed that was found last time first."""
    for seed in (likely, *SEEDS):
        market = synthetic(seed, (SYMBOL,), DATE)
        con_id = market.instruments[0].contract.con_id
        start_ns = market.open_ns + AFTER_OPEN_S * SECOND_NS
        bars = market.bars(con_id, start_ns, start_ns + BARS * BAR_S * SECOND_NS, BAR_S)
        for side in Side:
            yield seed, side, bars


def _break_outs(likely: int) -> Iterator[tuple[int, Side, Decimal, list[Reach]]]:
    """Yield seed, side, a pivot nobody crosses before it is time, and what follows its break."""
    for seed, side, bars in _days(likely):
        closes = [bar.close for bar in bars[:QUIET]]
        pivot = max(closes) if side is Side.LONG else min(closes)
        broken = (i for i in range(QUIET, SOON) if side.sign * (bars[i].close - pivot) > 0)
        entry = next(broken, None)
        if entry is not None:
            yield seed, side, pivot, [_beyond(bar, side, pivot) for bar in bars[entry + 1 :]]


def _breaks(bars: Sequence[Bar], side: Side, pivot: Decimal) -> list[int]:
    """Return the bars at which a flat trader breaks out, if each trade ends at its near stop."""
    found: list[int] = []
    flat = True
    for i in range(1, len(bars)):
        before, now = (side.sign * (bar.close - pivot) for bar in bars[i - 1 : i + 1])
        worst, _best = _beyond(bars[i], side, pivot)
        if flat and before <= 0 < now:
            found.append(i)
            flat = False
        elif not flat and worst < -2 * NEAR_STOP:
            flat = True
    return found


def _beyond(bar: Bar, side: Side, pivot: Decimal) -> Reach:
    """Return how far beyond *pivot* the bar went at its worst and at its best."""
    ends = (side.sign * (bar.low - pivot), side.sign * (bar.high - pivot))
    return min(ends), max(ends)


def _setup(side: Side, pivot: Decimal, *, stop: Decimal, partial: Decimal) -> Setup:
    return Setup(
        symbol=SYMBOL,
        side=side,
        pivot=pivot,
        stop=pivot - side.sign * stop,
        partial=pivot + side.sign * partial,
        target1=pivot + side.sign * FAR,
        target2=pivot + side.sign * FARTHER,
        quantity=QUANTITY,
    )
