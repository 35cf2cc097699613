"""The table of real runs: which fault is played how, and what cannot be judged then. Pure.

Rules:
1. A fault is played at the speed of a clock, with the bot's usual settings, and judged by all its
   checks. Where it would take an hour the market runs faster; the bot does not: a limit of time
   is then one on the wall's clock, and what measures the scenario's own length is not judged.
2. A quick run has a market at twenty times the speed, and a bot that is quick about reconnecting:
   it is judged by what no clock decides. A dead cable is noticed by the bot's heart beat, so there
   the market has five times the speed, and the heart, too.
3. What is not judged is named with the reason. Nothing that is not judged counts as met.
4. Several processes, on a machine that has other work, measure to a tenth of a second, and
   nothing below a second: limits of time are given that much, but "nothing at all" is nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from ibelay.testing.matrix.checks import CHECKS, LIMIT, Expected
from ibelay.testing.matrix.fault import Fault

SECOND_NS = 10**9
GRACE_NS = SECOND_NS // 10
QUICK_SPEED = 20.0


class Way(StrEnum):
    """What befalls the line of a bot that lives in a network namespace of its own."""

    NONE = "none"
    OUT = "out"
    """The link is down and comes back: a cable, a switch, a Wi-Fi out of reach."""
    MOVED = "moved"
    """The bot's machine gets another address: another Wi-Fi, a router that forgot its table. In
    the end somebody has the old one, so that what is still sent there is answered by a RST."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to play a fault for real.

    Attributes:
        fault: Its id.
        speed: Market seconds per second.
        quick: See rule 2.
        cable: What is done in place of ``half-open``.
    """

    fault: str
    speed: float = 1.0
    quick: bool = False
    cable: Way = Way.NONE

    @property
    def name(self) -> str:
        """As tests and people call it."""
        return self.fault if self.cable is Way.NONE else f"{self.fault}-cable-{self.cable}"


FASTER: dict[str, float] = {"F27": 10.0, "F43": 10.0, "F44": 5.0, "F48": 4.0}
"""Rule 1: what would take longer than a quarter of an hour."""

CABLES = (
    Case(fault="F01", cable=Way.OUT),
    Case(fault="F01", cable=Way.MOVED),
    Case(fault="F04", cable=Way.MOVED),
)
"""A line that dies without a word, by the kernel's own doing."""

QUICK = (
    *("F02", "F06", "F09", "F10", "F21", "F22", "F24", "F25", "F30", "F33"),
    *("F34", "F35", "F36", "F38", "F39", "F41", "F45", "F50"),
)
"""Those whose meaning survives rule 2. Not F20: its advice follows the order by five seconds, a
quarter of one in a hurry, in which a busy machine may not have the order there yet."""

QUICK_CABLE = Case(fault="F01", speed=5.0, quick=True, cable=Way.OUT)
"""The same for a cable."""

_CLOCKLESS = frozenset(
    {
        "orders_at_broker",
        "orders_at_most",
        "duplicates",
        "working",
        "working_twice",
        "executions",
        "lost_fills",
        "told_wrongly",
        "position",
        "believes",
        "books_equal",
        "protected",
        "order_ids_reused",
        "cancels",
        "open_orders",
        "commissions_sane",
        "process_alive",
        "same_client_id",
        "ready_too_early",
    }
)
_LENGTHS = frozenset({"outage_at_most", "attempts_at_most"})
_UNSEEN = "what is written into a dead cable reaches no witness"
_HURRIED = "no clock decides it in a quick run"
_SHORTENED = "the scenario's own length is shortened, the bot's times are not"


def quick_cases() -> tuple[Case, ...]:
    """Return what runs with every commit."""
    return QUICK_CABLE, *(Case(fault=one, speed=QUICK_SPEED, quick=True) for one in QUICK)


def full_cases(faults: tuple[Fault, ...]) -> tuple[Case, ...]:
    """Return what runs every night of *faults*, the longest first."""
    plain = [Case(fault=one.id, speed=FASTER.get(one.id, 1.0)) for one in faults]
    lasts = {one.id: one.setting.lasts_ns for one in faults}
    cables = [one for one in CABLES if one.fault in lasts]
    return tuple(sorted((*plain, *cables), key=lambda one: -lasts[one.fault] / one.speed))


def not_judged(case: Case, fault: Fault) -> dict[str, str]:
    """Return the checks that cannot be judged in *case*, each with the reason."""
    found = {}
    for one in fault.expect:
        if case.quick and one.name not in _CLOCKLESS:
            found[one.name] = _HURRIED
        elif case.speed != 1 and one.name in _LENGTHS and one.value:
            found[one.name] = _SHORTENED
        elif case.cable is not Way.NONE and one.name == "orders_into_dead_link":
            found[one.name] = _UNSEEN
    return found


def judged(case: Case, fault: Fault) -> tuple[Expected, ...]:
    """Return what is expected of *case*."""
    left_out = not_judged(case, fault)
    return tuple(_for_real(one, case) for one in fault.expect if one.name not in left_out)


def _for_real(one: Expected, case: Case) -> Expected:
    """Return *one* by rules 1 and 4; figures are in market time."""
    if CHECKS[one.name].form is not LIMIT or one.value == 0:
        return one
    return replace(one, value=int((max(one.value, SECOND_NS) + GRACE_NS) * case.speed))
