"""Market time as a function of monotonic time."""

from __future__ import annotations

from ibelay.gateway.clock import MarketClock

CLOCK = MarketClock(origin_ns=100, start_ns=1_000, end_ns=2_000, speed=60)


def test_market_time_runs_at_its_speed_from_its_start() -> None:
    assert [CLOCK.market_ns(at) for at in (100, 101, 110)] == [1_000, 1_060, 1_600]


def test_it_neither_precedes_its_start_nor_passes_its_end() -> None:
    assert [CLOCK.market_ns(at) for at in (0, 10**9)] == [1_000, 2_000]
    assert [CLOCK.ended(at) for at in (110, 117)] == [False, True]


def test_a_slow_clock_is_possible() -> None:
    slow = MarketClock(origin_ns=0, start_ns=0, end_ns=100, speed=0.5)
    assert slow.market_ns(9) == 4
