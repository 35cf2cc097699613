"""What the web room needs from the supervisor, and what it makes of it.

The supervisor satisfies :class:`StatusView` as it is; tests bring their own.

Rules:
1. Numbers are live only if the process that sent them runs now and sent them lately;
   everything else is shown as stale, with the reason.
2. Account numbers are shortened before anything is decoded, so no later step can leak one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import msgspec

from ibelay.ports.control import BotStatus
from ibelay.telemetry.masking import mask_text

# A bot that is being stopped still reports, step by step.
_AT_WORK = frozenset({"running", "stopping"})


class ProcessView(Protocol):
    """The bot's process as the supervisor knows it; durations in seconds."""

    @property
    def state(self) -> str:
        """starting, running, waiting, stopping, stopped or gave up."""
        ...

    @property
    def reason(self) -> str:
        """Why it is in this state; empty if there is nothing to say."""
        ...

    @property
    def pid(self) -> int | None:
        """The process id, None while no process runs."""
        ...

    @property
    def restarts(self) -> int:
        """How often the bot was restarted."""
        ...

    @property
    def last_exit(self) -> str:
        """How the previous process ended, empty at first."""
        ...

    @property
    def next_start_in_s(self) -> float | None:
        """Seconds to the next start while waiting for it."""
        ...


class StatusView(Protocol):
    """Where status comes from and commands go to."""

    @property
    def status(self) -> bytes | None:
        """The last ``BotStatus`` as JSON, of whichever process; None if there was none."""
        ...

    @property
    def status_age_s(self) -> float | None:
        """Seconds since it arrived."""
        ...

    @property
    def is_current(self) -> bool:
        """Whether the process that sent it still runs."""
        ...

    @property
    def process(self) -> ProcessView:
        """The bot's process."""
        ...

    @property
    def revision(self) -> int:
        """Differs from an earlier value if anything changed since."""
        ...

    async def changed(self, revision: int) -> int:
        """Return the revision as soon as it differs from *revision*."""
        ...

    async def send(self, command: bytes) -> bool:
        """Pass a command to the bot; False if there is none to take it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What may be shown at this moment.

    Attributes:
        status: The last status, with accounts shortened; None if there is none to read.
        is_live: Whether its numbers may be taken for current.
        age_s: Its age in seconds.
        problem: Why it is not live, one sentence; empty if it is.
        process: The bot's process.
    """

    status: BotStatus | None
    is_live: bool
    age_s: float | None
    problem: str
    process: ProcessView


def look(view: StatusView, stale_after_s: float) -> Shown:
    """Return what *view* lets us show now; numbers older than *stale_after_s* are stale."""
    status = _decoded(view.status)
    problem = _problem(view, status, stale_after_s)
    return Shown(
        status=status,
        is_live=not problem,
        age_s=view.status_age_s,
        problem=problem,
        process=view.process,
    )


def _decoded(raw: bytes | None) -> BotStatus | None:
    if raw is None:
        return None
    try:
        return msgspec.json.decode(mask_text(raw.decode()), type=BotStatus)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _problem(view: StatusView, status: BotStatus | None, stale_after_s: float) -> str:
    process = view.process
    if process.state not in _AT_WORK:
        return _not_running(process)
    if view.status is None or not view.is_current:
        return "the bot has started and has not reported yet"
    if status is None:
        return "the bot's status cannot be read: bot and supervisor are of different versions"
    age_s = view.status_age_s or 0.0
    if age_s > stale_after_s:
        return f"no word from the bot for {age_s:.0f} s"
    return ""


def _not_running(process: ProcessView) -> str:
    parts = [f"the bot is not running ({process.state})"]
    if process.reason:
        parts.append(process.reason)
    if process.next_start_in_s is not None:
        parts.append(f"next start in {process.next_start_in_s:.0f} s")
    return "; ".join(parts)
