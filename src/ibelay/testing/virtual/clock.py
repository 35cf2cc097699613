"""Clocks of a host: the loop's time, seen as a machine sees it."""

from __future__ import annotations

from ibelay.testing.virtual.loop import VirtualLoop

BOOTED_NS = 3_600 * 1_000_000_000


class HostClock:
    """``ports.Clock`` in virtual time.

    Args:
        loop: Whose time it is.
        wall_at_start_ns: Wall time when the loop was made, ns since the epoch, UTC.

    Attributes:
        off_ns: How far the wall clock is off; a person or NTP may change it at any time.
    """

    def __init__(self, loop: VirtualLoop, wall_at_start_ns: int) -> None:
        self._loop = loop
        self._start_ns = wall_at_start_ns
        self.off_ns = 0

    def monotonic_ns(self) -> int:
        """Nanoseconds that only grow; the machine was booted an hour before."""
        return self._loop.at_ns + BOOTED_NS

    def wall_ns(self) -> int:
        """Nanoseconds since the epoch, UTC, as this machine believes."""
        return self._start_ns + self._loop.at_ns + self.off_ns
