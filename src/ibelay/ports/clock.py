"""Two clocks, never mixed (DESIGN section 3)."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Time as an argument: real in production, virtual in simulation."""

    def monotonic_ns(self) -> int:
        """Nanoseconds that only grow; drives liveness, back-off, timers and timeouts."""
        ...

    def wall_ns(self) -> int:
        """Nanoseconds since the epoch, UTC; for logs and records about our own process."""
        ...
