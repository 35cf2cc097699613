"""Scanner levels derived from what traded before the open, for days without a scanner file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from ibelay.bots.scanner import LEAST_QUANTITY, Scanner, Setup, Side
from ibelay.errors import ConfigurationError
from ibelay.model.market import Bar

_SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelFactors:
    """Distances from the pivot as fractions of the range before the open.

    Each distance is rounded up to a tick and is at least one tick farther than the one before
    it, so that a dead pre-market still gives levels in the right order.
    """

    stop: Decimal = Decimal("0.30")
    partial: Decimal = Decimal("0.20")
    target1: Decimal = Decimal("0.40")
    target2: Decimal = Decimal("0.80")


def levels_from_bars(
    bars: Mapping[str, Sequence[Bar]],
    *,
    date: str,
    before_ns: int,
    window_s: float | None = None,
    quantity: int = 100,
    factors: LevelFactors | None = None,
    tick: Decimal = Decimal("0.01"),
) -> Scanner:
    """Return a scanner whose pivots are the high and the low before *before_ns*.

    Per symbol there is a long setup (pivot = resistance = the high) and a short one (pivot =
    support = the low). Symbols without a bar in the window are left out.

    Args:
        bars: Bars by symbol. A bar counts when it begins before *before_ns*; bars do not know
            their size, so give a size that ends on the open.
        date: US/Eastern session date, YYYY-MM-DD.
        before_ns: Broker time, usually the open; nothing at or after it is looked at.
        window_s: Look back only this many seconds; a shorter look gives a narrower range, hence
            pivots that break sooner (1800 breaks most symbols' within the hour). None looks at
            everything before.
        quantity: Shares per setup.
        factors: Distances of stop and targets.
        tick: Smallest price step.

    Raises:
        ConfigurationError: No symbol has a bar in the window, or *quantity* is below 4.
    """
    if quantity < LEAST_QUANTITY:
        raise ConfigurationError(f"quantity is {quantity}, expected at least {LEAST_QUANTITY}")
    from_ns = 0 if window_s is None else before_ns - int(window_s * _SECOND_NS)
    setups: list[Setup] = []
    for symbol, series in bars.items():
        seen = [bar for bar in series if from_ns <= bar.at_ns < before_ns]
        if seen:
            high = max(bar.high for bar in seen)
            low = min(bar.low for bar in seen)
            setups += _both_sides(symbol, high, low, quantity, factors or LevelFactors(), tick)
    if not setups:
        raise ConfigurationError(
            f"no levels for {date}: none of {', '.join(bars) or 'no symbols'} has a bar in the "
            "window before the open; look back farther or choose another day"
        )
    return Scanner(date, tuple(setups))


def _both_sides(
    symbol: str, high: Decimal, low: Decimal, quantity: int, factors: LevelFactors, tick: Decimal
) -> list[Setup]:
    width = high - low
    stop = _steps(width * factors.stop, tick, 1)
    partial = _steps(width * factors.partial, tick, 1)
    target1 = _steps(width * factors.target1, tick, partial + 1)
    target2 = _steps(width * factors.target2, tick, target1 + 1)
    return [
        Setup(
            symbol=symbol,
            side=side,
            pivot=pivot,
            stop=pivot - side.sign * stop * tick,
            partial=pivot + side.sign * partial * tick,
            target1=pivot + side.sign * target1 * tick,
            target2=pivot + side.sign * target2 * tick,
            quantity=quantity,
        )
        for side, pivot in ((Side.LONG, high), (Side.SHORT, low))
    ]


def _steps(distance: Decimal, tick: Decimal, least: int) -> int:
    return max(int((distance / tick).to_integral_value(ROUND_CEILING)), least)
