"""Runs: invariants are asked, peace follows, and a failure says what happened."""

from __future__ import annotations

import pytest

from ibelay.cli.main import main
from ibelay.testing.simulation.bad_days.plan import Plan, read
from ibelay.testing.simulation.campaign import campaign
from ibelay.testing.simulation.run import run

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


def test_the_same_plan_is_the_same_run() -> None:
    plan = planned("+40.000000s: kill", minutes=2)
    assert run(plan).digest == run(plan).digest


def test_a_gateway_that_never_comes_back_breaks_liveness() -> None:
    """Nothing says that this ends: a second plan step would have to, and there is none."""
    outcome = run(planned("+30.000000s: port-changed 4999"))
    assert outcome.breach is not None
    assert outcome.breach.invariant == "I14"
    assert any("FAULT" in line for line in outcome.timeline) or outcome.timeline


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


@pytest.mark.parametrize(
    ("option", "value"), [("--seeds", "0"), ("--hours", "-1"), ("--jobs", "1000")]
)
def test_nonsense_is_refused_in_a_sentence(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", option, value]) == 78
    assert "expected" in capsys.readouterr().err
