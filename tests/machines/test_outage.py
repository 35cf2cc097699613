"""When an outage is told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ibelay.machines.outage import AGAIN_NS, FIRST_NS, SECOND_NS, WORSE_NS, Outage, alarm, due_ns


def told(seconds: float, every_s: float = 1.0) -> list[tuple[int, bool]]:
    """Return (seconds, critical) of each alarm in an outage looked at now and then."""
    outage, alarms, now = Outage(0), list[tuple[int, bool]](), 0.0
    while now < seconds:
        now += every_s
        outage, due = alarm(outage, int(now * SECOND_NS))
        if due is not None:
            alarms.append((int(now), due.critical))
    return alarms


def test_a_short_outage_is_not_told() -> None:
    assert told(29) == []


def test_it_is_told_after_half_a_minute_then_critically_then_every_hour() -> None:
    assert told(8000) == [(30, False), (300, True), (3900, True), (7500, True)]


def test_a_process_that_stood_still_tells_once_and_not_all_it_missed() -> None:
    assert told(10_000, every_s=10_000) == [(10_000, True)]


@given(st.integers(0, 10**15), st.integers(0, 20))
def test_the_next_alarm_is_always_later(since_ns: int, count: int) -> None:
    outage = Outage(since_ns, count)
    after, alarming = alarm(outage, due_ns(outage))
    assert alarming is not None
    assert due_ns(after) > due_ns(outage)
    assert min(FIRST_NS, WORSE_NS, AGAIN_NS) > 0
