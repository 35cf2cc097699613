"""What to do when the bot's process ends. Pure: time and the past are arguments.

Rules:
1. Exit code 0 is a clean end and stops; 78 is a configuration error, which no restart can
   cure, and stops too.
2. Every other end is followed by a restart after ``delay_ns``. A bot that dies at once
   (lived less than ``quick_ns``) waits twice as long each time, up to ``delay_max_ns``. A
   ``delay_ns`` of 0 makes the first restart immediate and lets the growth begin at 5 s.
3. Every end but 0, 75 and 78 is a crash. 75 ("try again") is the bot's own wish to be
   started again, so it does not count towards the latch.
4. ``latch_crashes`` crashes within ``window_ns`` start the bot in safe mode; ``give_up_crashes``
   stop the restarts. The latch looks only at the window: what outlives it is the bot's
   own durable safe mode, which a person clears.
5. ``restarts_max`` limits all restarts of one supervisor's life, whatever their reason.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import IntEnum

SECOND_NS = 1_000_000_000
_GROWTH_BASE_NS = 5 * SECOND_NS


class ExitCode(IntEnum):
    """What a bot's process says by its exit code (names and numbers of sysexits.h)."""

    DONE = 0
    INTERNAL = 70
    TRY_AGAIN = 75
    CONFIGURATION = 78


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPolicy:
    """The settings of the restart decision; durations in nanoseconds."""

    delay_ns: int = 5 * SECOND_NS
    delay_max_ns: int = 60 * SECOND_NS
    quick_ns: int = 10 * SECOND_NS
    restarts_max: int = 100
    window_ns: int = 900 * SECOND_NS
    latch_crashes: int = 5
    give_up_crashes: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One end of the bot's process.

    Attributes:
        code: Exit code, or minus the signal number that killed it.
        lived_ns: How long the process lived.
        at_ns: Monotonic time of the end.
    """

    code: int
    lived_ns: int
    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the decision remembers: restarts so far, quick deaths in a row, crash times."""

    restarts: int = 0
    quick_deaths: int = 0
    crashes_ns: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Restart:
    """Start the bot again after *after_ns*."""

    after_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class RestartInSafeMode:
    """Start the bot again after *after_ns*, told not to open positions."""

    after_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The bot ended for good, as it should or for a cause only a person can cure."""

    exit_code: int
    reason: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Restarting does not help; a person must look."""

    reason: str


Decision = Restart | RestartInSafeMode | Stop | GiveUp


def describe_exit(code: int) -> str:
    """Say how a process ended: ``exit code 1`` or ``killed by SIGKILL``."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def restart_delay_ns(quick_deaths: int, policy: RestartPolicy) -> int:
    """Return how long to wait before the next start.

    5, 10, 20, 40, 60, 60 … s at defaults; 0, 5, 10, 20 … s with a delay of 0.

    Args:
        quick_deaths: How many times in a row the bot died at once; 0 if it did not.
        policy: The settings.
    """
    if quick_deaths <= 1:
        return policy.delay_ns
    if policy.delay_ns == 0:
        grown = _GROWTH_BASE_NS << min(quick_deaths - 2, 32)
    else:
        grown = policy.delay_ns << min(quick_deaths - 1, 32)
    return min(grown, max(policy.delay_max_ns, policy.delay_ns))


def decide(history: History, ended: Ended, policy: RestartPolicy) -> tuple[History, Decision]:
    """Return what to do after *ended*, and the history for the next decision."""
    how = describe_exit(ended.code)
    if ended.code == ExitCode.DONE:
        return history, Stop(ExitCode.DONE, f"the bot ended by itself ({how})")
    if ended.code == ExitCode.CONFIGURATION:
        reason = f"the bot cannot run as it is configured ({how}); correct it and start again"
        return history, Stop(ExitCode.CONFIGURATION, reason)
    after = _remember(history, ended, policy)
    if history.restarts >= policy.restarts_max:
        reason = f"the bot was restarted {history.restarts} times, the limit, and ended again"
        return history, GiveUp(f"{reason} ({how})")
    crashes = len(after.crashes_ns)
    minutes = policy.window_ns // (60 * SECOND_NS)
    counted = f"the bot crashed {crashes} times in {minutes} minutes (last: {how})"
    if crashes >= policy.give_up_crashes:
        return after, GiveUp(f"{counted}; it is not started again")
    wait_ns = restart_delay_ns(after.quick_deaths, policy)
    if crashes >= policy.latch_crashes:
        return after, RestartInSafeMode(wait_ns, f"{counted}; it is started in safe mode")
    return after, Restart(wait_ns, f"the bot ended with {how}")


def _remember(history: History, ended: Ended, policy: RestartPolicy) -> History:
    """Return *history* with *ended* added and everything outside the window forgotten."""
    crashes = history.crashes_ns
    if ended.code != ExitCode.TRY_AGAIN:
        crashes = (*crashes, ended.at_ns)
    quick = history.quick_deaths + 1 if ended.lived_ns < policy.quick_ns else 0
    return History(
        restarts=history.restarts + 1,
        quick_deaths=quick,
        crashes_ns=tuple(at for at in crashes if at > ended.at_ns - policy.window_ns),
    )


@dataclass(frozen=True, slots=True)
class SilenceWatch:
    """Tells a hung child from a supervisor that was itself held up. Pure.

    A verdict needs silence over time this watch has seen pass: if two looks lie more than
    three periods apart, we were stopped ourselves and the child gets its full time again.

    Attributes:
        hang_ns: Silence that means "hung".
        period_ns: Time between two looks when nothing holds us up.
        looked_ns: Monotonic time of the last look.
        since_ns: Monotonic time from which silence counts.
    """

    hang_ns: int
    period_ns: int
    looked_ns: int
    since_ns: int

    def look(self, now_ns: int, heard_ns: int) -> tuple[SilenceWatch, bool]:
        """Return the watch after a look at *now_ns*, and whether the child is hung."""
        since_ns = max(self.since_ns, heard_ns)
        if now_ns - self.looked_ns > 3 * self.period_ns:
            since_ns = now_ns
        after = SilenceWatch(self.hang_ns, self.period_ns, now_ns, since_ns)
        return after, now_ns - since_ns >= self.hang_ns
