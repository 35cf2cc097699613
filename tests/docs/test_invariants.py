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
}
INVARIANTS = Watch(bot="bot", client_id=ClientId(1)).invariants


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
