"""The strategy in a hurry: what it adds to the one of bars alone."""

from __future__ import annotations

from ibelay.journal.records import AnyRecord, IntentRecorded, ModifyIntended
from ibelay.testing.simulation.bad_days import plan as plans
from ibelay.testing.simulation.bad_days.plan import Plan
from ibelay.testing.simulation.observed import Durable, Observation
from ibelay.testing.simulation.run import run


def journaled(seconds: int, *steps: str) -> list[AnyRecord]:
    """Return what a bot of the profile writes down in a run that must be well."""
    records: list[AnyRecord] = []

    def watch(seen: Observation) -> None:
        if isinstance(seen, Durable):
            records.extend(seen.records)

    plan = Plan(
        seed=1,
        profile="broker",
        span_ns=seconds * 10**9,
        steps=tuple(plans.read(step) for step in steps),
    )
    assert run(plan, watch=watch).breach is None
    return records


def test_it_moves_its_stop_on_the_fill_of_its_entry() -> None:
    reasons = [one.reason for one in journaled(60) if isinstance(one, ModifyIntended)]
    assert "more room" in reasons


def test_it_turns_round_when_its_stop_has_filled() -> None:
    reasons = [one.reason for one in journaled(900) if isinstance(one, IntentRecorded)]
    assert "the other way" in reasons


def test_it_enters_again_with_the_next_bar_if_its_entry_came_to_nothing() -> None:
    records = journaled(60, "+1.000000s: reject-next 201 count=3")
    begun = [one.at_ns for one in records if isinstance(one, IntentRecorded)]
    assert any(0 < later - earlier <= 10 * 10**9 for earlier in begun for later in begun)
