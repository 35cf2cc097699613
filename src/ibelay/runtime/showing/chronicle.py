"""The chronicle of one process: connection figures (C9) and the lines a person reads."""

from __future__ import annotations

import logging
from collections import deque
from statistics import median
from typing import Protocol

from ibelay.journal.records import Severity
from ibelay.machines.link_events import LinkState
from ibelay.ports.clock import Clock
from ibelay.ports.control import EventLine
from ibelay.runtime.when import iso

log = logging.getLogger("ibelay.bot")
connection_log = logging.getLogger("ibelay.connection")

_LEVEL = {
    Severity.INFO: logging.INFO,
    Severity.WARNING: logging.WARNING,
    Severity.CRITICAL: logging.CRITICAL,
}
_LINES = 200
_ALARM_AGAIN_NS = 3_600_000_000_000
_EXCELLENT_MS, _GOOD_MS, _FAIR_MS = 50.0, 200.0, 1000.0


class Reader(Protocol):
    """Who wants to know at once."""

    def noted(self, severity: Severity, text: str) -> None:
        """Read a line."""
        ...

    def changed(self, before: LinkState, after: LinkState, reason: str) -> None:
        """Read of a change of the connection's state, before anything follows from it."""
        ...


class Chronicle:
    """Counts outages and keeps the last event lines.

    Args:
        clock: Both clocks.

    Attributes:
        readers: Told everything as it is written.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.readers: list[Reader] = []
        self.lines: deque[EventLine] = deque(maxlen=_LINES)
        self.started_mono_ns = clock.monotonic_ns()
        self.started_wall_ns = clock.wall_ns()
        self._alarmed: dict[str, int] = {}
        self.disconnections = 0
        self.outages_ns: deque[int] = deque(maxlen=1000)
        self.last_connected_ns: int | None = None
        self.last_disconnected_ns: int | None = None
        self.since_ns = clock.wall_ns()
        self._ready_since: int | None = None
        self._down_since: int = self.started_mono_ns
        self._ready_total = 0
        self.was_ready = False

    def note(self, text: str, severity: Severity = Severity.INFO) -> None:
        """Add a line for the status page and the log."""
        at = iso(self._clock.wall_ns())
        self.lines.append(EventLine(at=at, severity=severity.value, text=text))
        log.log(_LEVEL[severity], text)
        for reader in self.readers:
            reader.noted(severity, text)

    def alarm(self, matter: str, text: str) -> None:
        """Wake a person about a *matter* that comes again and again, but once an hour only.

        What is said of it may differ from time to time; one of few matters it is.
        """
        now = self._clock.monotonic_ns()
        told_ns = self._alarmed.get(matter)
        if told_ns is None or now - told_ns >= _ALARM_AGAIN_NS:
            self._alarmed[matter] = now
            self.note(text, Severity.CRITICAL)

    def state_changed(self, before: LinkState, after: LinkState, reason: str) -> int | None:
        """Count a change of state; return the outage (ns) that READY ended, if it did."""
        connection_log.info("%s -> %s: %s", before, after, reason)
        for reader in self.readers:
            reader.changed(before, after, reason)
        now = self._clock.monotonic_ns()
        self.since_ns = self._clock.wall_ns()
        if before is LinkState.READY:
            if self._ready_since is not None:
                self._ready_total += now - self._ready_since
            self._ready_since = None
            self._down_since = now
        linked = {LinkState.SYNCING, LinkState.READY, LinkState.SUSPECT, LinkState.ISOLATED}
        if before in linked and after not in linked:
            self.disconnections += 1
            self.last_disconnected_ns = self._clock.wall_ns()
        if after is not LinkState.READY:
            return None
        self._ready_since = now
        self.last_connected_ns = self._clock.wall_ns()
        outage = now - self._down_since
        if self.was_ready:
            self.outages_ns.append(outage)
        self.was_ready = True
        return outage

    def ready_seconds(self) -> float:
        """Seconds READY in the present stretch; 0 when not READY."""
        if self._ready_since is None:
            return 0.0
        return (self._clock.monotonic_ns() - self._ready_since) / 1e9

    def uptime_percent(self) -> float:
        """Share of this process's life that it was READY, 0 to 100."""
        now = self._clock.monotonic_ns()
        running = now - self._ready_since if self._ready_since is not None else 0
        life = max(1, now - self.started_mono_ns)
        return round(100.0 * (self._ready_total + running) / life, 3)

    def uptime_seconds(self) -> float:
        """Seconds since this process started."""
        return (self._clock.monotonic_ns() - self.started_mono_ns) / 1e9

    def outages(self) -> tuple[float | None, float | None, float | None]:
        """Return last, median and worst outage in seconds, None before the first."""
        if not self.outages_ns:
            return None, None, None
        seconds = [ns / 1e9 for ns in self.outages_ns]
        return seconds[-1], median(seconds), max(seconds)


def quality(latency_ms: float | None, *, ready: bool) -> str:
    """Return the connection quality word of C9 for a round trip of *latency_ms*."""
    if not ready or latency_ms is None:
        return "POOR"
    for limit, word in ((_EXCELLENT_MS, "EXCELLENT"), (_GOOD_MS, "GOOD"), (_FAIR_MS, "FAIR")):
        if latency_ms < limit:
            return word
    return "POOR"
