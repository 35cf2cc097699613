"""A campaign goes on meeting the situations it has met."""

from __future__ import annotations

import pytest
from tests.simulation.reach import PAGE, known, reached


@pytest.mark.timeout(900)
def test_every_situation_that_was_reached_is_reached_still() -> None:
    """What is new is welcome: ``python -m tests.simulation.reach`` writes it down."""
    met = {str(one) for one in reached()}
    missing = sorted(known() - met)
    assert not missing, f"no longer reached (see {PAGE.name}): {'; '.join(missing)}"


def test_the_file_holds_faults_in_every_phase_of_recovery() -> None:
    connections = {line.split(" | ")[1] for line in known()}
    orders = {line.split(" | ")[2] for line in known()}
    assert {"ready", "syncing", "isolated", "no process"} <= connections
    assert {"intent not durable", "sent", "exits working", "nothing"} <= orders
