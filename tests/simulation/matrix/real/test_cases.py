"""The table of real runs says of every fault how it is played, and of every check why not."""

from __future__ import annotations

import pytest

from ibelay.testing.matrix.fault import every
from ibelay.testing.matrix.real.cases import (
    FASTER,
    GRACE_NS,
    QUICK,
    QUICK_SPEED,
    Case,
    Way,
    full_cases,
    judged,
    not_judged,
)
from ibelay.testing.matrix.real.telling import in_full, in_short

FAULTS = {fault.id: fault for fault in every()}
SECOND_NS = 10**9
FULL = full_cases(tuple(FAULTS.values()))


def limits(case: Case) -> dict[str, int]:
    """Return what is expected in *case*, by name."""
    return {one.name: one.value for one in judged(case, FAULTS[case.fault])}


def test_every_fault_is_played() -> None:
    played = {case.fault for case in FULL}
    assert played == FAULTS.keys()
    assert set(QUICK) <= played
    assert FASTER.keys() <= played


def test_names_tell_cases_apart() -> None:
    assert len({case.name for case in FULL}) == len(FULL)


def test_what_takes_longest_begins_first() -> None:
    lasts = [FAULTS[case.fault].setting.lasts_ns / case.speed for case in FULL]
    assert lasts == sorted(lasts, reverse=True)


@pytest.mark.parametrize("case", FULL, ids=lambda case: case.name)
def test_nothing_is_left_out_without_a_reason(case: Case) -> None:
    fault = FAULTS[case.fault]
    left_out = not_judged(case, fault)
    named = {one.name for one in judged(case, fault)}
    assert named | left_out.keys() == {one.name for one in fault.expect}
    assert named
    assert not named & left_out.keys()


def test_at_the_speed_of_a_clock_only_a_dead_cable_hides_anything() -> None:
    hidden = {case.name: list(not_judged(case, FAULTS[case.fault])) for case in FULL}
    slow = {case.name for case in FULL if case.speed == 1}
    assert {name: left for name, left in hidden.items() if left and name in slow} == {
        "F01-cable-out": ["orders_into_dead_link"],
        "F01-cable-moved": ["orders_into_dead_link"],
    }


def test_a_limit_below_a_second_is_a_second_and_nothing_stays_nothing() -> None:
    found = limits(Case(fault="F02"))
    assert found["suspect_within"] == SECOND_NS + GRACE_NS
    assert found["ready_within"] == 10 * SECOND_NS + GRACE_NS
    assert found["naked_at_most"] == 0


def test_in_a_faster_market_a_limit_is_one_on_the_walls_clock() -> None:
    found = limits(Case(fault="F27", speed=10.0))
    assert found["alarm_within"] == 10 * (15 * 60 * SECOND_NS + GRACE_NS)
    assert found["orders_at_broker"] == 3, "a count is a count"
    assert "attempts_at_most" not in found


def test_a_quick_run_is_judged_by_what_no_clock_decides() -> None:
    found = limits(Case(fault="F10", speed=QUICK_SPEED, quick=True))
    assert {"lost_fills", "position", "books_equal"} <= found.keys()
    assert not {"dead_within", "ready_within", "bars_missing", "noted"} & found.keys()


def test_the_page_names_what_is_not_judged() -> None:
    assert in_short(FAULTS["F01"]) == in_short(FAULTS["F10"]) == "every commit"
    assert in_short(FAULTS["F43"]) == "every night"
    told = in_full(FAULTS["F01"])
    assert "taken out" in told
    assert "another address" in told
    assert "`orders_into_dead_link`" in told
    assert Way.OUT in {case.cable for case in FULL}
    assert "10 times" in in_full(FAULTS["F27"])
