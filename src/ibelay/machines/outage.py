"""An outage as its operator hears of it: soon, again when it lasts, and never without end. Pure.

Rules:
1. A bot that is not ready for ``FIRST_NS`` alarms, whether it has been ready before or never was
   since its process began: a gateway to which nobody has logged in must not look like a quiet day.
2. After ``WORSE_NS`` the alarm is critical, and it is repeated every ``AGAIN_NS``.
3. Being ready ends the outage; a shorter one says nothing.

**Source**: F27 (a bot refused orders for days, and its heartbeat was skipped because it was not
connected); I16.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

SECOND_NS = 1_000_000_000
FIRST_NS = 30 * SECOND_NS
WORSE_NS = 300 * SECOND_NS
AGAIN_NS = 3_600 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Outage:
    """One outage.

    Attributes:
        since_ns: Monotonic time at which it began.
        told: How many alarms there were.
    """

    since_ns: int
    told: int = 0


@dataclass(frozen=True, slots=True)
class Alarming:
    """An alarm that is due: how long it has been, and whether that is critical."""

    lasted_ns: int
    critical: bool


def due_ns(outage: Outage) -> int:
    """Return when the next alarm is due, on the monotonic clock."""
    if outage.told == 0:
        return outage.since_ns + FIRST_NS
    return outage.since_ns + WORSE_NS + (outage.told - 1) * AGAIN_NS


def alarm(outage: Outage, now_ns: int) -> tuple[Outage, Alarming | None]:
    """Return the outage after a look at *now_ns*, and what is to be told, if anything.

    Of several alarms that have become due meanwhile only one is told.
    """
    if now_ns < due_ns(outage):
        return outage, None
    lasted_ns = now_ns - outage.since_ns
    while due_ns(outage) <= now_ns:
        outage = replace(outage, told=outage.told + 1)
    return outage, Alarming(lasted_ns, lasted_ns >= WORSE_NS)
