"""The simulation finds mistakes: each is planted in a copy of the code, and hunted there.

``make planted`` hunts all of them; here are those that the first seeds find.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.simulation.planted.copies import plant
from tests.simulation.planted.faults import PLANTED, Planted
from tests.simulation.planted.hunt import hunt
from tests.simulation.planted.page import PAGE

from ibelay.testing.simulation.campaign import campaign

QUICK = [fault for fault in PLANTED if fault.quick]


def named(fault: Planted) -> str:
    """Return what a test is called by."""
    return fault.name


def test_there_are_a_dozen_and_the_page_tells_of_each() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(PLANTED) >= 12
    missing = [one.name for one in PLANTED if f"\n## {one.name}\n" not in page]
    assert missing == []
    assert page.count("\n## ") == len(PLANTED)
    assert [one.name for one in PLANTED if one.mistake not in page] == []


@pytest.mark.parametrize("fault", PLANTED, ids=named)
def test_each_fits_the_code_as_it_is(fault: Planted, tmp_path: Path) -> None:
    """One that no longer fits would be hunted in sound code, and never found."""
    root = plant(fault, tmp_path)
    compile((root / "ibelay" / fault.file).read_text(), fault.file, "exec")


def test_what_no_longer_stands_in_the_code_is_refused(tmp_path: Path) -> None:
    gone = Planted(name="gone", mistake="none", file="errors.py", old="never so", new="")
    with pytest.raises(ValueError, match=r"0 times in errors\.py, expected once"):
        plant(gone, tmp_path)


@pytest.mark.parametrize("fault", QUICK, ids=named)
def test_the_first_seeds_find_it(fault: Planted) -> None:
    found = hunt(fault)
    assert found is not None, f"{fault.seeds} seeds do not find it"


def test_without_a_mistake_the_same_days_are_well() -> None:
    ran = campaign(range(1, 8), "broker", QUICK[0].hours, jobs=1)
    assert [str(one.outcome.breach) for one in ran if one.outcome.breach is not None] == []
