"""What is told again is read once, and means the same."""

from __future__ import annotations

import pytest

from ibelay.ib import repeats
from ibelay.ib.repeats import Repeats
from ibelay.model.execution import CommissionReport
from ibelay.model.ids import ExecId

REPORT = CommissionReport(exec_id=ExecId("1"), commission=1, currency="USD", realized_pnl=None)  # type: ignore[arg-type]  # any will do


def text(*fields: str) -> bytes:
    return "".join(field + "\0" for field in fields).encode()


def test_what_was_kept_is_found_by_the_same_text_only() -> None:
    known = Repeats()
    assert known.find(text("59", "1", "a", "2.5")) is None
    known.keep(REPORT)
    assert known.find(text("59", "1", "a", "2.5")) == (REPORT, -1)
    assert known.find(text("59", "1", "a", "2.6")) is None
    assert known.find(text("101", "1", "a", "2.5")) is None


def test_an_execution_is_the_same_whoever_asked_for_it() -> None:
    known = Repeats()
    assert known.find(text("11", "-1", "7", "x")) is None
    known.keep(REPORT)
    assert known.find(text("11", "1000000", "7", "x")) == (REPORT, 1_000_000)
    assert known.find(text("11", "-1", "7", "x")) == (REPORT, -1)
    assert known.find(text("11", "-1", "8", "x")) is None


@pytest.mark.parametrize(
    "payload", [text("3", "1", "2"), text("50", "1"), text("4", "1"), b"11", b"", b"\0", b"11\0"]
)
def test_nothing_else_is_remembered(payload: bytes) -> None:
    known = Repeats()
    known.find(text("59", "1"))
    known.keep(REPORT)
    assert known.find(payload) is None


def test_memory_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "REMEMBERED_MAX", 3)
    known = Repeats()
    for number in range(4):
        assert known.find(text("101", str(number))) is None
        known.keep(REPORT)
    assert known.find(text("101", "0")) is None
    assert known.find(text("101", "3")) == (REPORT, -1)


def test_another_version_writes_other_texts() -> None:
    known = Repeats()
    known.begin(178)
    known.find(text("101", "a"))
    known.keep(REPORT)
    known.begin(178)
    assert known.find(text("101", "a")) == (REPORT, -1)
    known.begin(176)
    assert known.find(text("101", "a")) is None
