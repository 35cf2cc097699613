"""What is told again is read once, and means the same."""

from __future__ import annotations

import pytest

from ibelay.ib import repeats
from ibelay.ib.repeats import Repeats
from ibelay.model.execution import CommissionReport
from ibelay.model.ids import ExecId

REPORT = CommissionReport(exec_id=ExecId("1"), commission=1, currency="USD", realized_pnl=None)  # type: ignore[arg-type]  # any will do


def test_what_was_kept_is_found_by_the_same_text_only() -> None:
    known = Repeats()
    assert known.find(["59", "1", "a", "2.5"]) is None
    known.keep(REPORT)
    assert known.find(["59", "1", "a", "2.5"]) is REPORT
    assert known.find(["59", "1", "a", "2.6"]) is None
    assert known.find(["101", "1", "a", "2.5"]) is None


def test_an_execution_is_the_same_whoever_asked_for_it() -> None:
    known = Repeats()
    assert known.find(["11", "-1", "7", "x"]) is None
    known.keep(REPORT)
    assert known.find(["11", "1000000", "7", "x"]) is REPORT


@pytest.mark.parametrize("number", ["3", "5", "50", "4"])
def test_nothing_else_is_remembered(number: str) -> None:
    known = Repeats()
    known.keep(REPORT)
    assert known.find([number, "1", "2"]) is None


def test_memory_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "REMEMBERED_MAX", 3)
    known = Repeats()
    for number in range(4):
        assert known.find(["101", str(number)]) is None
        known.keep(REPORT)
    assert known.find(["101", "0"]) is None
    assert known.find(["101", "3"]) is REPORT
