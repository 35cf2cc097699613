"""The clock of a program that gives none: the machine's."""

from __future__ import annotations

import time


class MachineClock:
    """Both clocks of the operating system (see ``ports.clock``)."""

    def monotonic_ns(self) -> int:
        """Nanoseconds that only grow."""
        return time.monotonic_ns()  # noqa: TID251  # this class is what the others are given

    def wall_ns(self) -> int:
        """Nanoseconds since the epoch, UTC."""
        return time.time_ns()  # noqa: TID251  # this class is what the others are given
