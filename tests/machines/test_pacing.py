"""The token bucket."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ibelay.machines.backoff import SECOND_NS
from ibelay.machines.pacing import Bucket, take


@given(st.lists(st.integers(1, 3), min_size=1, max_size=300))
def test_no_second_sees_more_than_fifty_and_a_burst(counts: list[int]) -> None:
    """Whoever waits as told never sends more than rate + burst in any window of a second."""
    bucket, now = Bucket(at_ns=0), 0
    sent: list[tuple[int, int]] = []
    for count in counts:
        bucket, wait = take(bucket, count, now)
        now += wait
        sent.append((now, count))
    for start, _ in sent:
        window = sum(count for at, count in sent if start <= at < start + SECOND_NS)
        assert window <= 45 + 40 + 3
