"""The state machine: what Hypothesis thinks of is survived, and what is not becomes a few rules."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from ibelay.model.faults import read
from ibelay.testing.simulation.bad_days.plan import Event, Step
from ibelay.testing.simulation.machine import SimulationMachine

NIGHTLY = int(os.environ.get("IBELAY_MACHINE", "0"))
BUDGET = settings(
    max_examples=NIGHTLY or 8,
    stateful_step_count=10,
    derandomize=not NIGHTLY,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(36_000 if NIGHTLY else 300)
def test_whatever_befalls_the_bot_it_comes_back() -> None:
    run_state_machine_as_test(SimulationMachine, settings=BUDGET)


def test_a_world_of_the_machine_trades_breaks_and_recovers() -> None:
    machine = SimulationMachine()
    machine.boot(1)
    machine.time_passes(60.0)
    machine.goes_wrong("rst")
    machine.goes_wrong_when("kill", Event.SYNC, 100_000)
    machine.time_passes(60.0)
    machine.nothing_is_broken()
    assert machine.stage is not None
    assert machine.stage.done == 2
    machine.teardown()
    assert machine.stage is None


def test_what_breaks_an_invariant_is_told() -> None:
    machine = SimulationMachine()
    machine.boot(1)
    machine.time_passes(1.0)
    assert machine.stage is not None
    machine.stage.conductor.add(Step(at_ns=2 * 10**9, command=read("port-changed 4999")))
    machine.time_passes(5.0)
    with pytest.raises(AssertionError, match="I14 at"):
        machine.teardown()
