"""The fault matrix for real: the same files and the same checks, over processes and sockets.

With every commit some twenty scenarios run in a hurry; with ``IBELAY_FAULTS=all``, as
``make faults-for-real`` sets it, all of them at the speed of a clock. They mostly wait, so they
are played side by side, each with ports and a folder of its own, before the first is judged.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ibelay.errors import IbelayError
from ibelay.testing.matrix.fault import every
from ibelay.testing.matrix.owed import OWED
from ibelay.testing.matrix.real import cable
from ibelay.testing.matrix.real.cases import Case, Way, full_cases, not_judged, quick_cases
from ibelay.testing.matrix.real.stage import Played, Stage

FAULTS = {fault.id: fault for fault in every()}
ALL = os.environ.get("IBELAY_FAULTS") == "all"
CASES = {one.name: one for one in (full_cases(tuple(FAULTS.values())) if ALL else quick_cases())}
SIDE_BY_SIDE = int(os.environ.get("IBELAY_SIDE_BY_SIDE", "24" if ALL else "8"))
AT_ONCE_STARTING = 3

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(3600 if ALL else 600)]


@dataclass
class Evening:
    """What came of several cases: of each that could be played, and why the others could not."""

    played: dict[str, Played] = field(default_factory=dict)
    broken: dict[str, Exception] = field(default_factory=dict)


async def play(cases: list[Case], folder: Path) -> Evening:
    """Play *cases*, a few of them at once."""
    came = Evening()
    places, starting = asyncio.Semaphore(SIDE_BY_SIDE), asyncio.Semaphore(AT_ONCE_STARTING)
    cables = [case for case in cases if case.cable is not Way.NONE]

    async def one(case: Case) -> None:
        async with places:
            own = folder / case.name
            own.mkdir()
            number = cables.index(case) if case in cables else 0
            stage = Stage(FAULTS[case.fault], case, own, starting=starting, number=number)
            try:
                came.played[case.name] = await stage.play()
            except (OSError, IbelayError) as error:  # the others go on
                came.broken[case.name] = error

    async with asyncio.TaskGroup() as tasks:
        for case in cases:
            tasks.create_task(one(case))
    return came


@pytest.fixture(scope="module")
def needed() -> str:
    """What a cable needs and this machine has not; empty if nothing."""
    return cable.missing() if any(one.cable is not Way.NONE for one in CASES.values()) else ""


@pytest.fixture(scope="module")
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, needed: str
) -> Evening:
    """What came of those cases that a chosen test asks for."""
    asked = {
        item.callspec.params["name"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.path == request.path
        and "name" in getattr(getattr(item, "callspec", None), "params", {})
    }
    cases = [
        one
        for name, one in CASES.items()
        if name in asked and not (needed and one.cable is not Way.NONE)
    ]
    return asyncio.run(play(cases, tmp_path_factory.mktemp("faults")))


def owed(case: Case) -> list[str]:
    """Return the checks of *case* that are owed and judged."""
    debt = OWED.get(case.fault)
    left_out = not_judged(case, FAULTS[case.fault])
    return [] if debt is None else sorted(set(debt.checks) - left_out.keys())


def cases() -> list[object]:
    """Return the names of the cases, those with a debt marked as strict expected failures."""
    return [
        pytest.param(name, marks=_owing(case)) if owed(case) else name
        for name, case in CASES.items()
    ]


def _owing(case: Case) -> pytest.MarkDecorator:
    debt = OWED[case.fault]
    reason = f"owed by {', '.join(debt.requirement)}: {debt.why}"
    return pytest.mark.xfail(strict=True, raises=AssertionError, reason=reason)


@pytest.fixture
def came(name: str, played: Evening, needed: str) -> Played:
    """What came of one case."""
    if needed and CASES[name].cable is not Way.NONE:
        pytest.skip(needed)
    if name in played.broken:
        raise played.broken[name]
    return played.played[name]


@pytest.mark.parametrize("name", CASES)
def test_everything_of_a_scenario_happens(came: Played) -> None:
    assert came.undone == ()


@pytest.mark.parametrize("name", [one.name for one in CASES.values() if one.cable is not Way.NONE])
def test_a_dead_cable_is_felt(came: Played) -> None:
    """Nothing but the cable makes a bot give its line up, or find its client id in use."""
    figures = came.judgement.figures
    in_use = any("still holds a connection" in text for _severity, text in figures.heard.notes)
    assert figures.link.dead_ns is not None or in_use


@pytest.mark.parametrize("name", cases())
def test_a_user_gets_what_is_owed(came: Played) -> None:
    assert came.judgement.findings, "something is judged"
    assert [str(one) for one in came.judgement.findings if not one.met] == []


@pytest.mark.parametrize("name", CASES)
def test_nothing_else_is_unmet_than_what_is_owed(name: str, came: Played) -> None:
    """Clocks decide which of the checks of a debt a run breaks; simulation keeps the list exact."""
    assert set(came.judgement.unmet) <= set(owed(CASES[name]))
