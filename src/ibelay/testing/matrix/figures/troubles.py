"""When things went wrong, and until when: read off the commands that were obeyed. Pure.

Rules:
1. What a command does for a span ends with it; what has no end of its own stands until another
   command takes it back, ``clear`` does, or the run ends.
2. Time is counted as if the market ran at the speed of our clock; the matrix never runs faster.
3. Orders, prices and people are no trouble of the line: they neither begin nor end one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ibelay.model.faults import Command, Span
from ibelay.testing.simulation.observed import Broke, Observation

_ENDED_BY = {"freeze": "thaw", "refuse": "accept", "down": "accept"}
_COUNTED = frozenset(
    {
        "delay",
        "drop",
        "duplicate",
        "lose-ack",
        "reject-data",
        "reject-next",
        "reorder",
        "retime",
        "rewrite",
        "swallow-orders",
        "truncate",
    }
)
_TOXICS = frozenset({"latency", "bandwidth", "slicer", "limit", "slow-close"})
DEAF = frozenset({"freeze", "half-open", "unplug", "timeout"})
"""Words after which nobody hears what the program says, and nobody tells it so."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One command that was obeyed, from *begin_ns* to *end_ns* of virtual time."""

    word: str
    begin_ns: int
    end_ns: int


def troubles(observations: Iterable[Observation], ended_ns: int) -> tuple[Trouble, ...]:
    """Return what went wrong, oldest first.

    Args:
        observations: Of the whole run.
        ended_ns: When the run ended.
    """
    broke = [one for one in observations if isinstance(one, Broke)]
    return tuple(
        Trouble(one.command.word, one.at_ns, min(_end_ns(one, broke[n + 1 :], ended_ns), ended_ns))
        for n, one in enumerate(broke)
    )


def first_ns(found: Iterable[Trouble]) -> int | None:
    """Return when the first of them began, None if nothing went wrong."""
    return min((one.begin_ns for one in found), default=None)


def healed_ns(found: Iterable[Trouble]) -> int | None:
    """Return when the last of them was over, None if nothing went wrong."""
    return max((one.end_ns for one in found), default=None)


def _end_ns(one: Broke, later: list[Broke], ended_ns: int) -> int:
    if one.command.word in _COUNTED and getattr(one.command, "count", None) is not None:
        return one.at_ns
    lasts = _lasts_ns(one.command)
    if lasts == 0:
        return one.at_ns
    undone = {"clear", _ENDED_BY.get(one.command.word, "clear")}
    ends = [other.at_ns for other in later if other.command.word in undone][:1]
    return min([ended_ns if lasts is None else one.at_ns + lasts, *ends])


def _lasts_ns(command: Command) -> int | None:
    """Return how long a command stands by itself; 0 for at once, None for until undone."""
    if command.word in _COUNTED:
        return None
    name = "lasting" if command.word in _TOXICS else "reap" if hasattr(command, "reap") else "span"
    if not hasattr(command, name):
        return 0
    span = getattr(command, name)
    return span.ns if isinstance(span, Span) else None
