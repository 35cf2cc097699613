"""The token bucket."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ibelay.machines.backoff import SECOND_NS
from ibelay.machines.pacing import Bucket, Window, enter, room_ns, take


@given(st.lists(st.integers(1, 3), min_size=1, max_size=300))
def test_no_second_sees_more_than_forty_and_one_call(counts: list[int]) -> None:
    """Whoever waits as told leaves room for orders in every second of IB's fifty messages."""
    bucket, now = Bucket(at_ns=0), 0
    sent: list[tuple[int, int]] = []
    for count in counts:
        bucket, wait = take(bucket, count, now)
        now += wait
        sent.append((now, count))
    for start, _ in sent:
        window = sum(count for at, count in sent if start <= at < start + SECOND_NS)
        assert window <= 40 + 3


@given(st.lists(st.integers(0, 30 * SECOND_NS), min_size=60, max_size=300))
def test_ten_minutes_never_see_more_requests_for_history_than_ib_answers(pauses: list[int]) -> None:
    window, now = Window(), 0
    sent: list[int] = []
    for pause in pauses:
        now += pause
        now += room_ns(window, now)
        window = enter(window, now)
        sent.append(now)
    assert len(window.sent) <= window.most
    for start in sent:
        assert sum(start <= at < start + 600 * SECOND_NS for at in sent) <= 60


def test_history_waits_only_when_it_must() -> None:
    window = Window(most=2)
    for now in (0, 5):
        assert room_ns(window, now) == 0
        window = enter(window, now)
    assert room_ns(window, 7) == window.span_ns - 7
