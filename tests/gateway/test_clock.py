"""Market time as a function of monotonic time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.errors import ConfigurationError
from ibelay.gateway.clock import MarketClock, checked_speed

CLOCK = MarketClock(origin_ns=100, start_ns=1_000, end_ns=2_000, speed=60)
LONG = MarketClock(origin_ns=0, start_ns=0, end_ns=10**15)


def test_market_time_runs_at_its_speed_from_its_start() -> None:
    assert [CLOCK.market_ns(at) for at in (100, 101, 110)] == [1_000, 1_060, 1_600]


def test_it_neither_precedes_its_start_nor_passes_its_end() -> None:
    assert [CLOCK.market_ns(at) for at in (0, 10**9)] == [1_000, 2_000]
    assert [CLOCK.ended(at) for at in (110, 117)] == [False, True]


def test_a_slow_clock_is_possible() -> None:
    slow = MarketClock(origin_ns=0, start_ns=0, end_ns=100, speed=0.5)
    assert slow.market_ns(9) == 4


def test_a_paused_clock_stands_and_runs_on_from_there() -> None:
    paused = CLOCK.pause(105)
    assert [paused.market_ns(at) for at in (105, 106, 10**9)] == [1_300] * 3
    assert paused.pause(500) == paused.pause(500).pause(500)
    running = paused.resume(1_000)
    assert [running.market_ns(at) for at in (1_000, 1_001)] == [1_300, 1_360]


def test_resuming_a_running_clock_changes_nothing_it_says() -> None:
    again = CLOCK.resume(105)
    assert [again.market_ns(at) for at in (105, 110)] == [1_300, 1_600]


def test_a_step_moves_a_paused_clock_by_exactly_that() -> None:
    stepped = CLOCK.pause(105).step(200, 77)
    assert stepped.paused
    assert stepped.market_ns(10**9) == 1_377
    assert stepped.step(300, 10**9).market_ns(300) == CLOCK.end_ns


def test_a_step_of_a_running_clock_is_a_jump_it_runs_on_from() -> None:
    stepped = CLOCK.step(105, 100)
    assert [stepped.market_ns(at) for at in (105, 106)] == [1_400, 1_460]


def test_another_speed_holds_from_its_moment_on() -> None:
    faster = CLOCK.set_speed(102, 100)
    assert [faster.market_ns(at) for at in (102, 103)] == [1_120, 1_220]
    paused = CLOCK.pause(102).set_speed(110, 100)
    assert paused.market_ns(500) == 1_120
    assert paused.resume(500).market_ns(501) == 1_220


def test_a_market_that_lags_is_not_driven_through_what_it_missed() -> None:
    assert CLOCK.held_at(110, 1_200).market_ns(110) == 1_200
    assert CLOCK.held_at(110, 1_900).market_ns(110) == 1_600
    assert CLOCK.held_at(110, 5).market_ns(110) == CLOCK.start_ns


@pytest.mark.parametrize("speed", [0, -1, 1000.1, float("nan"), float("inf")])
def test_impossible_speeds_are_refused(speed: float) -> None:
    with pytest.raises(ConfigurationError, match=r"from 0\.001 to 1000"):
        checked_speed(speed)
    with pytest.raises(ConfigurationError, match="speed"):
        CLOCK.set_speed(100, speed)


def test_time_is_not_turned_back() -> None:
    with pytest.raises(ConfigurationError, match="turn market time back"):
        CLOCK.step(100, -1)


CHANGES: list[Callable[[MarketClock, int], MarketClock]] = [
    lambda clock, at: clock.pause(at),
    lambda clock, at: clock.resume(at),
    lambda clock, at: clock.step(at, 1_000),
    lambda clock, at: clock.set_speed(at, 1000.0),
    lambda clock, at: clock.set_speed(at, 0.5),
]


@given(st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 10**9)), max_size=20))
def test_market_time_never_goes_back_whatever_is_done_to_its_clock(
    changes: list[tuple[Callable[[MarketClock, int], MarketClock], int]],
) -> None:
    clock, monotonic_ns, said = LONG, 0, 0
    for change, wait_ns in changes:
        monotonic_ns += wait_ns
        assert clock.market_ns(monotonic_ns) >= said
        said = clock.market_ns(monotonic_ns)
        clock = change(clock, monotonic_ns)
        assert clock.market_ns(monotonic_ns) in {said, said + 1_000}
        said = clock.market_ns(monotonic_ns)
