"""What the page of the matrix says of real runs. Pure."""

from __future__ import annotations

from ibelay.testing.matrix.fault import Fault
from ibelay.testing.matrix.real.cases import (
    Case,
    Way,
    full_cases,
    not_judged,
    quick_cases,
)

_DONE = {
    Way.NONE: "over sockets",
    Way.OUT: "with a cable between network namespaces taken out",
    Way.MOVED: "with the bot's machine moved to another address",
}


def in_short(fault: Fault) -> str:
    """Return how *fault* is played for real, for a cell of a table."""
    return "every commit" if _is_quick(fault) else "every night"


def in_full(fault: Fault) -> str:
    """Return how *fault* is played for real, and what is not judged then."""
    cases = [one for one in full_cases((fault,)) if one.fault == fault.id]
    ways = [f"{_DONE[one.cable]}{_pace(one)}" for one in cases]
    hurried = "; in a hurry with every commit" if _is_quick(fault) else ""
    reasons: dict[str, str] = {}
    for case in cases:
        reasons |= not_judged(case, fault)
    left = "".join(f" Not judged: `{name}`, since {why}." for name, why in reasons.items())
    return f"yes, every night {', '.join(ways)}{hurried}.{left}"


def _is_quick(fault: Fault) -> bool:
    return any(one.fault == fault.id for one in quick_cases())


def _pace(case: Case) -> str:
    return "" if case.speed == 1 else f" in a market at {case.speed:g} times the speed"
