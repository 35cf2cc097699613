"""Runs: invariants are asked, peace follows, and a failure says what happened."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from ibelay.cli.main import main
from ibelay.testing.simulation.bad_days import script
from ibelay.testing.simulation.bad_days.plan import Plan, read
from ibelay.testing.simulation.bad_days.profiles import PROFILES
from ibelay.testing.simulation.campaign import campaign
from ibelay.testing.simulation.observed import Observation
from ibelay.testing.simulation.run import run, setting_of

MINUTE_NS = 60_000_000_000


def planned(*steps: str, minutes: int = 3, seed: int = 1) -> Plan:
    """Return a plan of *steps*."""
    return Plan(
        seed=seed,
        profile="hostile",
        span_ns=minutes * MINUTE_NS,
        steps=tuple(read(step) for step in steps),
    )


def test_a_bad_quarter_of_an_hour_is_survived() -> None:
    outcome = run(
        planned(
            "+31.000000s on sent +0.300ms: kill",
            "+80.000000s: unplug 20s",
            "+120.000000s on fill +0.100ms: rst",
        )
    )
    assert outcome.breach is None
    assert outcome.timeline == ()
    assert outcome.done >= 2


def test_a_bot_that_keeps_the_clock_from_moving_is_found() -> None:
    """It would never end, and say nothing."""

    def busy_from_a_minute_on(seen: Observation) -> None:
        if seen.at_ns >= MINUTE_NS:
            loop = asyncio.get_running_loop()
            loop.call_soon(busy_from_a_minute_on, seen)

    outcome = run(planned(minutes=2), watch=busy_from_a_minute_on)
    assert outcome.breach is not None
    assert outcome.breach.invariant == "headway"
    assert "busy_from_a_minute_on" in outcome.breach.sentence


def test_a_line_that_ends_while_an_answer_is_late_keeps_nobody_busy() -> None:
    """The client stands still and hears no FIN; the answer that comes due is for nobody."""
    outcome = run(
        planned(
            "+20.000000s: delay currentTime 8s count=1",
            "+27.500000s: stall 20s",
            "+27.600000s: fin",
            minutes=1,
        )
    )
    assert outcome.breach is None


def test_the_same_plan_is_the_same_run() -> None:
    plan = planned("+40.000000s: kill", minutes=2)
    assert run(plan).digest == run(plan).digest


def test_the_store_of_production_gives_the_same_run_as_rows_in_memory() -> None:
    """So what the many runs in memory show holds for the store that people use."""
    plan = planned(
        "+31.000000s on intent +0.300ms: kill",
        "+80.000000s on sent +0.100ms: power-cut",
        "+120.000000s on boot +2.000ms: kill",
        minutes=4,
    )
    setting = PROFILES["hostile"].setting
    runs = [run(plan, replace(setting, sqlite=sqlite)) for sqlite in (False, True)]
    assert [one.breach for one in runs] == [None, None]
    assert runs[0].digest == runs[1].digest


def test_every_twentieth_seed_trades_on_the_gateways_own_market() -> None:
    assert [s for s in range(1, 41) if setting_of(planned(seed=s)).sparse is None] == [9, 29]


def test_every_tenth_seed_writes_to_the_store_of_production() -> None:
    assert [seed for seed in range(1, 31) if setting_of(planned(seed=seed)).sqlite] == [10, 20, 30]


def test_a_gateway_that_never_comes_back_breaks_liveness() -> None:
    """Nothing says that this ends: a second plan step would have to, and there is none."""
    outcome = run(planned("+30.000000s: port-changed 4999"))
    assert outcome.breach is not None
    assert outcome.breach.invariant == "I14"
    assert any("FAULT" in line for line in outcome.timeline) or outcome.timeline


def test_a_campaign_logs_nothing_and_leaves_logs_as_they_were(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ran in campaign([1], "hostile", 0.05, jobs=1):
        pass
    assert caplog.records == []
    logging.getLogger("ibelay").warning("heard again")
    assert [record.message for record in caplog.records] == ["heard again"]


def test_a_campaign_runs_each_seed_once_in_any_number_of_processes() -> None:
    alone = {
        one.outcome.plan.seed: one.outcome.digest for one in campaign([1, 2], "calm", 0.02, jobs=1)
    }
    together = {
        one.outcome.plan.seed: one.outcome.digest for one in campaign([1, 2], "calm", 0.02, jobs=2)
    }
    assert alone == together
    assert set(alone) == {1, 2}


def test_the_command_reports_and_exits_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--seeds", "1", "--hours", "0.02", "--jobs", "1"]) == 0
    assert "every invariant held" in capsys.readouterr().out


STUCK = """seed 1
profile hostile
span 60s
+10.000000s: stall 2s
+30.000000s: port-changed 4999
"""


def test_the_command_plays_a_plan_shrinks_it_and_saves_what_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, left = tmp_path / "given.plan", tmp_path / "left.plan"
    given.write_text(STUCK)
    assert main(["simulate", "--plan", str(given), "--shrink", "--save", str(left)]) == 1
    said = capsys.readouterr().out
    assert "2 steps shrank to 1" in said
    assert f"again: ibelay simulate --plan {left}" in said
    assert [step.command.word for step in script.read(left.read_text()).steps] == ["port-changed"]
    assert main(["simulate", "--plan", str(left), "--lines", "5"]) == 1
    assert "broke I14" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "does not say its seed: expected a line each"),
        ("\ufeffseed 1\nspan 9s\n", "does not say its profile"),
        ("seed x\nprofile calm\nspan 9s\n", "the plan has seed 'x': expected up to 18 digits"),
        ("seed 1\nprofile calm\nspan -9s\n", "the plan has span '-9s': expected seconds"),
        ("seed 1\nprofile calm\nspan 9s\n+10.000000s: rst\n", "would come after its span of 9s"),
        (
            "seed 1\nprofile calm\nbot dropin\nsettings x.toml\nspan 9s\n",
            "expected them with a strategy, for bot runtime",
        ),
        (STUCK.replace("hostile", "sunny"), "expected one of calm"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_in_a_sentence(
    text: str, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "some.plan"
    file.write_text(text, encoding="utf-8")
    assert main(["simulate", "--plan", str(file)]) == 78
    assert problem in " ".join(capsys.readouterr().err.split())


def test_a_plan_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "--plan", str(tmp_path / "none.plan")]) == 78
    assert "none.plan" in "".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("option", "value"), [("--seeds", "0"), ("--hours", "-1"), ("--jobs", "1000")]
)
def test_nonsense_is_refused_in_a_sentence(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", option, value]) == 78
    assert "expected" in capsys.readouterr().err
