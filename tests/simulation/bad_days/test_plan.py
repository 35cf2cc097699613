"""Plans: drawn from a seed, written down and read back, done when they say so."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.calendars.sessions import NEW_YORK, Hours, session_of
from ibelay.model.faults import Command, read
from ibelay.testing.simulation.bad_days import plan as plans
from ibelay.testing.simulation.bad_days.conductor import Conductor
from ibelay.testing.simulation.bad_days.plan import Event, Plan, Step
from ibelay.testing.simulation.bad_days.profiles import HOUR_NS, PROFILES, draw
from ibelay.testing.simulation.observed import Booted
from ibelay.testing.simulation.run import setting_of
from ibelay.testing.virtual import VirtualLoop


@given(st.integers(0, 10**9), st.sampled_from(sorted(PROFILES)))
def test_every_step_can_be_written_down_and_read_back(seed: int, profile: str) -> None:
    for step in draw(seed, PROFILES[profile], 2 * HOUR_NS).steps:
        assert plans.read(plans.write(step)) == step


def test_a_seed_draws_one_plan() -> None:
    hostile = PROFILES["hostile"]
    assert draw(5, hostile, HOUR_NS) == draw(5, hostile, HOUR_NS)
    assert draw(5, hostile, HOUR_NS) != draw(6, hostile, HOUR_NS)


def test_a_longer_run_of_a_profile_has_more_bad_moments() -> None:
    hostile = PROFILES["hostile"]
    assert len(draw(5, hostile, 10 * HOUR_NS).steps) > 2 * len(draw(5, hostile, HOUR_NS).steps)


def test_nights_bring_their_restarts_at_their_hours() -> None:
    """A run that begins at 15:30 has one restart at 23:45 of each of its nights."""
    steps = draw(1, PROFILES["nightly"], 72 * HOUR_NS).steps
    restarts = [step.at_ns / HOUR_NS for step in steps if step.command.word == "restart"]
    assert restarts == pytest.approx([8.25, 32.25, 56.25], abs=0.01)


WEEK = 168 * HOUR_NS


@pytest.mark.parametrize("seed", range(len(PROFILES["weekly"].dates)))
def test_a_week_brings_its_weekend_by_the_clock_of_new_york(seed: int) -> None:
    """Also where the clocks are changed on its Sunday, so that nights have 7 or 9 hours."""
    weekly = PROFILES["weekly"]
    begin_ns = weekly.setting_of(seed, WEEK).begin_ns

    def clocks(word: str) -> list[str]:
        moments = (step for step in draw(seed, weekly, WEEK).steps if step.command.word == word)
        seconds = ((begin_ns + step.at_ns) / 1e9 for step in moments)
        return [f"{datetime.fromtimestamp(one, NEW_YORK):%a %H:%M}" for one in seconds]

    nights = ["Thu 23:45", "Fri 23:45", "Sat 16:00", "Sat 23:45", "Sun 23:45"]
    assert clocks("restart") == [*nights, "Mon 23:45", "Tue 23:45", "Wed 23:45"]
    assert "Fri 23:00" in clocks("reset")
    assert clocks("mute") == ["Sun 23:45"]


def test_the_weeks_of_a_profile_are_of_every_kind() -> None:
    """The clocks are changed in two of them, and one has a day off that is no weekend's."""
    weekly = PROFILES["weekly"]
    settings = [weekly.setting_of(seed, WEEK) for seed in range(len(weekly.dates))]
    assert len({setting.date for setting in settings}) == len(weekly.dates)
    after = [datetime.fromtimestamp((one.begin_ns + WEEK) / 1e9, NEW_YORK) for one in settings]
    assert sorted({f"{one:%a %H:%M}" for one in after}) == ["Thu 14:30", "Thu 15:30", "Thu 16:30"]
    days = (date.fromisoformat(one.date) + timedelta(days=n) for one in settings for n in range(7))
    shut = [day for day in days if day.weekday() < 5 and session_of(Hours.US_STOCKS, day) is None]
    assert len(shut) == 1


def test_every_week_comes_on_every_store_and_in_every_market() -> None:
    runs = range(1, 400)
    weeks = [setting_of(Plan(seed=seed, profile="weekly", span_ns=WEEK, steps=())) for seed in runs]
    dates = set(PROFILES["weekly"].dates)
    assert {one.date for one in weeks if one.sqlite} == dates
    assert {one.date for one in weeks if one.sparse is None} == dates


def test_a_long_run_has_days_enough() -> None:
    """The market goes on trading until the plan is over."""
    assert PROFILES["weekly"].setting_of(1, WEEK).days == 8
    assert PROFILES["nightly"].setting_of(1, 96 * HOUR_NS).days == 5
    assert PROFILES["hostile"].setting_of(1, 96 * HOUR_NS).days == 1


@pytest.mark.parametrize("text", ["kill", "+1s: kill", "+1.000000s on moon +0.000ms: kill", ""])
def test_what_is_no_step_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ConfigurationError, match="expected one such as"):
        plans.read(text)


def conducted(steps: tuple[Step, ...], events: tuple[float, ...]) -> list[tuple[float, str]]:
    """Return when a conductor did what, where boots happen at *events*."""
    loop, done = VirtualLoop(), list[tuple[float, str]]()

    def do(command: Command) -> None:
        done.append((round(loop.time(), 6), command.word))

    conductor = Conductor(
        Plan(seed=1, profile="calm", span_ns=HOUR_NS, steps=steps),
        call_at=loop.call_at,
        now_ns=loop.now_ns,
        do=do,
    )
    for at in events:
        loop.call_at(at, conductor.see, Booted(int(at * 1e9), 1))
    loop.run_to(100.0)
    conductor.stop()
    loop.run_to(200.0)
    loop.close()
    return done


def step(text: str) -> Step:
    return plans.read(text)


def test_a_step_with_a_moment_is_done_then() -> None:
    assert conducted((step("+5.000000s: kill"),), ()) == [(5.0, "kill")]


def test_a_step_with_an_event_waits_for_the_first_after_its_moment() -> None:
    steps = (step("+5.000000s on boot +2.000ms: rst"),)
    assert conducted(steps, (1.0, 4.0, 7.0, 9.0)) == [(7.002, "rst")]


def test_steps_that_wait_for_one_event_take_one_each() -> None:
    steps = (step("+1.000000s on boot +0.000ms: rst"), step("+1.000000s on boot +0.000ms: fin"))
    assert conducted(steps, (2.0, 3.0)) == [(2.0, "rst"), (3.0, "fin")]


def test_nothing_is_done_after_the_end() -> None:
    assert conducted((step("+150.000000s: kill"),), ()) == []


def test_every_event_has_its_word() -> None:
    for event in Event:
        done = Step(at_ns=0, command=read("kill"), on=event, after_ns=1000)
        assert plans.read(plans.write(done)) == done
