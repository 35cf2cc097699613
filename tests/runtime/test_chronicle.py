"""Lines for people: what comes again and again wakes them once an hour."""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.journal.records import Severity
from ibelay.runtime.showing.chronicle import Chronicle

MINUTE_NS = 60_000_000_000


@dataclass
class Clock:
    """Both clocks, moved by hand."""

    now_ns: int = 0

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_ns(self) -> int:
        return self.now_ns


def test_an_alarm_about_one_matter_is_told_once_an_hour() -> None:
    clock = Clock()
    chronicle = Chronicle(clock)
    for minute in range(0, 121, 10):
        clock.now_ns = minute * MINUTE_NS
        chronicle.alarm("unreadable", f"message {minute} cannot be read")
    chronicle.alarm("another", "another matter")
    told = [line.text for line in chronicle.lines]
    assert told == [
        *(f"message {minute} cannot be read" for minute in (0, 60, 120)),
        "another matter",
    ]
    assert {line.severity for line in chronicle.lines} == {Severity.CRITICAL.value}
