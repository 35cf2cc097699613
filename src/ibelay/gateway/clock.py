"""Market time: what the market's clock says, as a function of monotonic time.

Rules:
1. While it runs, market = start + (monotonic − origin) × speed; it stops at the market's end.
2. While it is paused, monotonic time does not move it.
3. Pausing, resuming, stepping and another speed begin a new straight piece where the old
   one has got to: market time never jumps back, and never forward but by a step.
4. Each of them gives a new clock; a clock itself never changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from ibelay.errors import ConfigurationError

MIN_SPEED = 0.001
MAX_SPEED = 1000.0


def checked_speed(speed: float) -> float:
    """Return *speed* if a clock can run at it.

    Args:
        speed: Market seconds per second.

    Raises:
        ConfigurationError: It is not a number from 0.001 to 1000.
    """
    if not MIN_SPEED <= speed <= MAX_SPEED:
        raise ConfigurationError(
            f"speed {speed} cannot be used: expected market seconds per second, "
            f"from {MIN_SPEED:g} to {MAX_SPEED:g}"
        )
    return speed


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketClock:
    """A clock that runs *speed* times as fast as ours, until told otherwise.

    Attributes:
        origin_ns: Monotonic time at which market time is *start_ns*.
        start_ns: Market time this piece begins at, ns since the epoch, UTC.
        end_ns: Market time at which it stands still.
        speed: Market seconds per second; positive.
        paused: Whether it stands at *start_ns*.
    """

    origin_ns: int
    start_ns: int
    end_ns: int
    speed: float = 1.0
    paused: bool = False

    def market_ns(self, monotonic_ns: int) -> int:
        """Return market time at *monotonic_ns*; never before the start nor after the end."""
        elapsed = 0 if self.paused else max(0, monotonic_ns - self.origin_ns)
        return min(self.end_ns, self.start_ns + int(elapsed * self.speed))

    def ended(self, monotonic_ns: int) -> bool:
        """Return whether the market's data is over."""
        return self.market_ns(monotonic_ns) >= self.end_ns

    def pause(self, monotonic_ns: int) -> Self:
        """Return the clock that stands still from *monotonic_ns* on; paused twice is once."""
        return replace(self._at(monotonic_ns), paused=True)

    def resume(self, monotonic_ns: int) -> Self:
        """Return the clock that runs on from *monotonic_ns*; a running one runs on anyway."""
        return replace(self._at(monotonic_ns), paused=False)

    def step(self, monotonic_ns: int, by_ns: int) -> Self:
        """Return the clock *by_ns* of market time further on, paused or running as before.

        Raises:
            ConfigurationError: *by_ns* is negative.
        """
        if by_ns < 0:
            raise ConfigurationError(
                f"a step of {by_ns} ns would turn market time back: expected a positive step"
            )
        here = self._at(monotonic_ns)
        return replace(here, start_ns=min(here.end_ns, here.start_ns + by_ns))

    def set_speed(self, monotonic_ns: int, speed: float) -> Self:
        """Return the clock that runs at *speed* from *monotonic_ns* on.

        Raises:
            ConfigurationError: See ``checked_speed``.
        """
        return replace(self._at(monotonic_ns), speed=checked_speed(speed))

    def held_at(self, monotonic_ns: int, market_ns: int) -> Self:
        """Return the clock that says at most *market_ns* at *monotonic_ns*.

        A market that could not keep up is not driven through what it missed.
        """
        here = self._at(monotonic_ns)
        return replace(here, start_ns=min(here.start_ns, max(self.start_ns, market_ns)))

    def _at(self, monotonic_ns: int) -> Self:
        """Return the same clock with its piece begun at *monotonic_ns*."""
        return replace(self, origin_ns=monotonic_ns, start_ns=self.market_ns(monotonic_ns))
