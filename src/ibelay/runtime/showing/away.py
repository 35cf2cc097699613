"""Alarms about a bot that is away: when is said by ``machines.outage``, here they are told."""

from __future__ import annotations

from collections.abc import Callable

from ibelay.journal.records import Severity
from ibelay.machines import outage
from ibelay.machines.outage import Outage
from ibelay.ports.clock import Clock
from ibelay.runtime.link.session import Session


class AwayAlarm:
    """Tells that the bot is not ready for long (I16): silence must not look like a quiet day.

    A bot is away from its beginning until it is ready for the first time.

    Args:
        session: Whose state and reason are told.
        clock: Monotonic time.
        note: Takes a line for the event list.
    """

    def __init__(
        self, session: Session, clock: Clock, note: Callable[[str, Severity], None]
    ) -> None:
        self._session = session
        self._clock = clock
        self._note = note
        self._outage: Outage | None = Outage(clock.monotonic_ns())

    def away(self) -> None:
        """Note that the bot is not ready, if that is news."""
        self._outage = self._outage or Outage(self._clock.monotonic_ns())

    def back(self) -> None:
        """Note that it is ready."""
        self._outage = None

    def due_ns(self) -> int | None:
        """Return when the next alarm is due (monotonic); None while the bot is ready."""
        return None if self._outage is None else outage.due_ns(self._outage)

    def tell(self) -> None:
        """Tell what is due."""
        if self._outage is None:
            return
        self._outage, due = outage.alarm(self._outage, self._clock.monotonic_ns())
        if due is not None:
            severity = Severity.CRITICAL if due.critical else Severity.WARNING
            value = self._session.value
            why = value.reason or "no reason is known"
            self._note(
                f"not ready for {due.lasted_ns / 1e9:.0f} s: {value.state}, {why}; no entries are "
                "made, and exits only where the broker can be reached",
                severity,
            )
