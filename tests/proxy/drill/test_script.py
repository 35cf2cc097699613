"""The bad half-hour: it can be played, each fault of the day is in it, and short ones begin it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ibelay.control.scenario import At, Scenario
from ibelay.errors import ConfigurationError
from ibelay.model.faults import Performer, write
from ibelay.model.faults.performers import PERFORMERS
from ibelay.proxy.drill.script.half_hour import RECOVERY_NS, beginning, half_hour, span_ns

WHOLE = span_ns(30)


def words(scenario: Scenario) -> list[str]:
    """Return the commands of *scenario* in order."""
    return [write(command) for step in scenario.steps for command in step.do]


def test_a_typical_bad_day_is_in_it_and_a_proxy_can_do_all_of_it() -> None:
    scenario = half_hour()
    assert {one.split()[0] for one in words(scenario)} >= {
        "latency", "rst", "fin", "freeze", "half-open", "reset", "farm", "lose-ack",
        "swallow-orders", "duplicate", "drop", "restart", "mute", "down", "competing",
    }  # fmt: skip
    commands = [command for step in scenario.steps for command in step.do]
    assert all(Performer.PROXY in PERFORMERS[type(command)] for command in commands)
    assert "reset data-lost=yes" in words(scenario)


def test_there_is_time_to_recover_between_two_acts_and_after_the_last() -> None:
    scenario = half_hour()
    moments = [step.when.ns for step in scenario.steps if isinstance(step.when, At)]
    assert len(moments) == len(scenario.steps)
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert min([*pauses, WHOLE - moments[-1]]) >= RECOVERY_NS
    assert beginning(scenario, WHOLE) == scenario


def test_a_short_drill_plays_the_beginning() -> None:
    assert words(beginning(half_hour(), span_ns(4))) == ["rst", "freeze span=20s"]
    assert words(beginning(half_hour(), span_ns(0.5))) == []


@pytest.mark.parametrize("minutes", [0, -1, 1e9, float("nan")])
def test_a_length_that_makes_no_sense_is_refused(minutes: float) -> None:
    with pytest.raises(ConfigurationError, match=r"expected 0.1 to 1440"):
        span_ns(minutes)
