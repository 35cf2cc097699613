"""docs/reference/invariants.md tells of every checker, in the checker's own words."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from ibelay.machines.backoff import SECOND_NS
from ibelay.model.ids import ClientId
from ibelay.testing.simulation.invariants.breach import Bounds, Invariant
from ibelay.testing.simulation.invariants.watch import Watch

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "invariants.md").read_text(encoding="utf-8")
ROWS = {
    cells[0]: cells[1:]
    for line in PAGE.splitlines()
    if len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 4
    and cells[1] not in {"yes", "no", "runtime"}
}
OF_RUNTIME, OF_DROP_IN = (
    {each.number: each for each in watch.invariants}
    for watch in (
        Watch(bot="bot", client_id=ClientId(1)),
        Watch(bot="ib1", client_id=ClientId(1), drop_in=True),
    )
)
INVARIANTS = [*{**OF_RUNTIME, **OF_DROP_IN}.values()]


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda each: each.number)
def test_every_invariant_has_its_row(invariant: Invariant) -> None:
    sentence, judged, kept_in = ROWS[invariant.number]
    assert sentence == invariant.sentence
    assert judged
    modules = re.findall(r"`([\w/]+\.py)`", kept_in)
    assert modules
    assert [path for path in modules if not (ROOT / "src" / "ibelay" / path).exists()] == []


def test_every_row_is_an_invariant() -> None:
    numbers = {each.number for each in INVARIANTS}
    assert set(ROWS) - numbers == {"", "---"}


def test_every_bound_is_told() -> None:
    told = set(re.findall(r"\b(\d+) s\b", PAGE))
    bounds = Bounds()
    figures = [
        getattr(bounds, part.name) // SECOND_NS
        for part in fields(Bounds)
        if part.name.endswith("_ns") and part.name != "told_late_ns"
    ]
    assert [figure for figure in figures if str(figure) not in told] == []


def test_it_is_told_of_whom_each_is_claimed() -> None:
    told = {
        number: (runtime == "yes", drop_in == "yes")
        for line in PAGE.splitlines()
        if len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 4
        for numbers, runtime, drop_in, _why in [cells]
        if runtime in {"yes", "no"}
        for number in numbers.split(", ")
    }
    claimed = {
        one.number: (one.number in OF_RUNTIME, one.number in OF_DROP_IN) for one in INVARIANTS
    }
    assert told == claimed
