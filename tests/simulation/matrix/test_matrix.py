"""The fifty faults, each run in virtual time with ibelay's bot: met, or listed as owed."""

from __future__ import annotations

import pytest
from tests.simulation.matrix.results import FAULTS, result

from ibelay.testing.matrix.fault import COUNT
from ibelay.testing.matrix.owed import OWED


def owing(number: str) -> pytest.MarkDecorator | tuple[()]:
    """Return the mark of a fault: a strict expected failure if it is owed."""
    debt = OWED.get(number)
    if debt is None:
        return ()
    reason = f"owed by {', '.join(debt.requirement)}: {debt.why}"
    return pytest.mark.xfail(strict=True, raises=AssertionError, reason=reason)


def test_there_are_fifty_faults_with_a_file_each() -> None:
    assert list(FAULTS) == [f"F{number:02d}" for number in range(1, COUNT + 1)]
    assert set(OWED) <= set(FAULTS)


@pytest.mark.parametrize("number", FAULTS)
def test_everything_of_a_scenario_happens(number: str) -> None:
    assert result(number).undone == ()


@pytest.mark.parametrize("number", [pytest.param(one, marks=owing(one)) for one in FAULTS])
def test_a_user_gets_what_is_owed(number: str) -> None:
    came = result(number)
    unmet = [str(finding) for finding in came.judgement.findings if not finding.met]
    assert (unmet, came.breach) == ([], "")


@pytest.mark.parametrize("number", FAULTS)
def test_the_list_of_debts_is_exact(number: str) -> None:
    came, debt = result(number), OWED.get(number)
    checks, invariant = ([], "") if debt is None else (sorted(debt.checks), debt.invariant)
    assert sorted(came.judgement.unmet) == checks
    assert came.breach.partition(" ")[0] == invariant
