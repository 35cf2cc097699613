"""Market time: what the market's clock says, as a function of monotonic time.

market = start + (monotonic − origin) × speed, and it stops at the market's end.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketClock:
    """A clock that runs *speed* times as fast as ours.

    Attributes:
        origin_ns: Monotonic time at which market time is *start_ns*.
        start_ns: Market time to begin at, ns since the epoch, UTC.
        end_ns: Market time at which it stands still.
        speed: Market seconds per second; positive.
    """

    origin_ns: int
    start_ns: int
    end_ns: int
    speed: float = 1.0

    def market_ns(self, monotonic_ns: int) -> int:
        """Return market time at *monotonic_ns*; never before the start nor after the end."""
        elapsed = max(0, monotonic_ns - self.origin_ns)
        return min(self.end_ns, self.start_ns + int(elapsed * self.speed))

    def ended(self, monotonic_ns: int) -> bool:
        """Return whether the market's data is over."""
        return self.market_ns(monotonic_ns) >= self.end_ns
