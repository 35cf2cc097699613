"""The back-off schedule of C1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.machines.backoff import SECOND_NS, Schedule, delay_ns


def seconds(schedule: Schedule, count: int) -> list[float]:
    """Return the first *count* waits without jitter, in seconds."""
    return [delay_ns(schedule, n, 0.0) / SECOND_NS for n in range(1, count + 1)]


def test_the_documents_schedules_are_expressible_exactly() -> None:
    """5 s × 1.5; 1 s × 2 capped at 60 s; a fixed 30 s without limit."""
    slow = Schedule(
        base_ns=5 * SECOND_NS, factor=1.5, cap_ns=600 * SECOND_NS, jitter=0.0, max_attempts=10
    )
    assert seconds(slow, 4) == [5.0, 7.5, 11.25, 16.875]
    double = Schedule(base_ns=SECOND_NS, factor=2.0, cap_ns=60 * SECOND_NS, jitter=0.0)
    assert seconds(double, 8) == [1, 2, 4, 8, 16, 32, 60, 60]
    fixed = Schedule(base_ns=30 * SECOND_NS, factor=1.0, cap_ns=30 * SECOND_NS, jitter=0.0)
    assert seconds(fixed, 3) == [30, 30, 30]
    assert not fixed.exhausted(10_000)
    assert slow.exhausted(10)
    assert not slow.exhausted(9)


@given(
    attempt=st.integers(1, 10_000),
    draw=st.floats(0.0, 1.0, exclude_max=True),
    jitter=st.floats(0.0, 1.0),
)
def test_no_wait_is_negative_or_above_the_cap(attempt: int, draw: float, jitter: float) -> None:
    schedule = Schedule(jitter=jitter)
    assert 0 <= delay_ns(schedule, attempt, draw) <= schedule.cap_ns


@pytest.mark.parametrize(
    "wrong",
    [{"base_ns": -1}, {"factor": 0.5}, {"jitter": 1.5}, {"max_attempts": 0}, {"cap_ns": -1}],
)
def test_a_schedule_that_could_spin_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="back-off"):
        Schedule(**wrong)  # type: ignore[arg-type]  # the wrong values are the point


def test_attempts_and_draws_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="attempt must be positive"):
        delay_ns(Schedule(), 0, 0.0)
    with pytest.raises(ValueError, match="draw must be"):
        delay_ns(Schedule(), 1, 1.0)
