"""A plan: what goes wrong in one run, and when. It is all that chance decides beside details.

Rules:
1. A plan is drawn from the seed before the run and never changes: the same plan with fewer
   steps is a run of its own, which is what makes a failure shrink.
2. A step is done at its moment or, with *on*, at the first such event after it: narrow
   windows, as between an order and its answer, are hit on purpose and not by luck.
3. ``read(write(step)) == step``: a plan can be written down, sent and played again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from ibelay.errors import ConfigurationError
from ibelay.model import faults
from ibelay.model.faults import Command
from ibelay.testing.simulation.setting import OURS, Subject

_STEP = re.compile(r"\+(\d+\.\d{6})s(?: on ([a-z]+) \+(\d+\.\d{3})ms)?: (.+)")


class Event(StrEnum):
    """What a step may wait for."""

    INTENT = "intent"  # an order was given to the journal, which has not answered
    SENT = "sent"  # the bot wrote an order to its socket
    BOOKED = "booked"  # the broker's book changed
    FILL = "fill"  # an order filled, wholly or in part
    SYNC = "sync"  # a synchronisation begins
    BOOT = "boot"  # the bot's process starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that goes wrong.

    Attributes:
        at_ns: Virtual time since the beginning of the run.
        command: What happens.
        on: The event it waits for from then on; None happens at *at_ns* itself.
        after_ns: How long after the event.
    """

    at_ns: int
    command: Command
    on: Event | None = None
    after_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run.

    Attributes:
        seed: Draws what the plan does not say: latencies, prices, ties.
        profile: Name of the profile it was drawn by.
        span_ns: How long things may go wrong.
        steps: In order of time.
        subject: Who goes through it.
    """

    seed: int
    profile: str
    span_ns: int
    steps: tuple[Step, ...]
    subject: Subject = OURS


def write(step: Step) -> str:
    """Return *step* as text."""
    on = f" on {step.on} +{step.after_ns / 1e6:.3f}ms" if step.on else ""
    return f"+{step.at_ns / 1e9:.6f}s{on}: {faults.write(step.command)}"


def read(text: str) -> Step:
    """Return the step written as *text*.

    Raises:
        ConfigurationError: It is none.
    """
    match = _STEP.fullmatch(text.strip())
    if match is None or (match[2] and match[2] not in set(Event)):
        raise ConfigurationError(
            f"{text!r} is no step, expected one such as '+12.500000s: kill' or "
            "'+12.500000s on sent +0.200ms: rst'"
        )
    return Step(
        at_ns=round(float(match[1]) * 1e9),
        command=faults.read(match[4]),
        on=Event(match[2]) if match[2] else None,
        after_ns=round(float(match[3]) * 1e6) if match[3] else 0,
    )
