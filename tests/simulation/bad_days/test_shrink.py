"""Shrinking: what is not needed goes, what is needed becomes as small as people can read."""

from __future__ import annotations

import pytest

from ibelay.model.faults import Restart, Stall, Unplug
from ibelay.testing.simulation.bad_days import plan as plans
from ibelay.testing.simulation.bad_days.plan import Plan
from ibelay.testing.simulation.bad_days.shrink import BreaksNothingError, shrink
from ibelay.testing.simulation.campaign import moment_of

SECOND_NS = 1_000_000_000


def planned(*steps: str, seconds: int = 600) -> Plan:
    """Return a plan of *steps*."""
    return Plan(
        seed=1,
        profile="hostile",
        span_ns=seconds * SECOND_NS,
        steps=tuple(plans.read(step) for step in steps),
    )


def written(plan: Plan) -> list[str]:
    """Return the steps of *plan* as text."""
    return [plans.write(step) for step in plan.steps]


def words(plan: Plan) -> list[str]:
    """Return the words of *plan*'s commands."""
    return [step.command.word for step in plan.steps]


NOISE = [f"+{10 * second}.000000s: rst" for second in range(1, 20)]


def test_steps_that_are_not_needed_are_left_out() -> None:
    def breaks(plan: Plan) -> int | None:
        return 300 * SECOND_NS if {"kill", "fin"} <= set(words(plan)) else None

    steps = sorted([*NOISE, "+55.000000s: kill", "+101.000000s: fin"], key=lambda s: float(s[1:8]))
    shrunk = shrink(planned(*steps), breaks)
    assert sorted(words(shrunk.plan)) == ["fin", "kill"]
    assert not shrunk.spent


def test_what_comes_after_the_breach_goes_at_once() -> None:
    played: list[Plan] = []

    def breaks(plan: Plan) -> int | None:
        played.append(plan)
        return 5 * SECOND_NS

    shrunk = shrink(planned(*NOISE), breaks)
    assert shrunk.plan.steps == ()
    assert shrunk.plan.span_ns <= 5 * SECOND_NS
    assert played[1].steps == ()


def test_lengths_and_counts_become_the_least_that_will_do() -> None:
    def breaks(plan: Plan) -> int | None:
        unplug = next((s.command for s in plan.steps if isinstance(s.command, Unplug)), None)
        restart = next((s.command for s in plan.steps if isinstance(s.command, Restart)), None)
        if unplug is None or restart is None or unplug.span.ns < 21 * SECOND_NS:
            return None
        return 400 * SECOND_NS if restart.roll_back >= 2 else None

    shrunk = shrink(
        planned("+7.500000s: unplug 57.123s", "+100.250000s: restart 88.5s roll-back=3"), breaks
    )
    assert written(shrunk.plan) == [
        "+0.000000s: unplug 21s",
        "+0.000000s: restart span=1s roll-back=2",
    ]


def test_a_step_that_need_not_wait_for_its_event_does_not() -> None:
    plan = planned("+12.000000s on sent +1.700ms: kill")
    shrunk = shrink(plan, lambda candidate: 60 * SECOND_NS if candidate.steps else None)
    assert written(shrunk.plan) == ["+0.000000s: kill"]


def test_a_step_that_must_wait_waits_as_short_as_will_do() -> None:
    def breaks(plan: Plan) -> int | None:
        needed = [step for step in plan.steps if step.on and step.after_ns >= 1_230_000]
        return 60 * SECOND_NS if needed else None

    shrunk = shrink(planned("+12.000000s on sent +2.700ms: kill"), breaks)
    assert written(shrunk.plan) == ["+0.000000s on sent +1.300ms: kill"]


def test_no_more_runs_are_spent_than_allowed() -> None:
    played: list[Plan] = []

    def breaks(plan: Plan) -> int | None:
        played.append(plan)
        return 300 * SECOND_NS if len(plan.steps) >= 10 else None

    shrunk = shrink(planned(*NOISE), breaks, most_runs=7)
    assert shrunk.spent
    assert shrunk.runs == len(played) == 7
    assert len(shrunk.plan.steps) >= 10


def test_what_was_found_when_somebody_lost_patience_is_not_lost() -> None:
    runs = iter(range(8))

    def breaks(plan: Plan) -> int | None:
        if next(runs, None) is None:
            raise KeyboardInterrupt
        return 300 * SECOND_NS if len(plan.steps) >= 10 else None

    shrunk = shrink(planned(*NOISE), breaks)
    assert shrunk.interrupted
    assert 10 <= len(shrunk.plan.steps) < len(NOISE)


def test_a_plan_that_breaks_nothing_is_not_shrunk() -> None:
    with pytest.raises(BreaksNothingError, match="breaks nothing"):
        shrink(planned(*NOISE), lambda _: None)


def test_a_real_failure_shrinks_to_what_causes_it() -> None:
    """The gateway moves to another port for good: that alone keeps the bot away."""
    plan = planned(
        "+5.000000s: stall 2s",
        "+9.000000s: rst",
        "+30.000000s: port-changed 4999",
        "+50.000000s: unplug 10s",
        seconds=60,
    )
    shrunk = shrink(plan, lambda candidate: moment_of("I14", candidate), most_runs=30)
    assert words(shrunk.plan) == ["port-changed"]
    assert not any(isinstance(step.command, Stall) for step in shrunk.plan.steps)
