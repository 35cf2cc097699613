"""The broker's clock."""

from __future__ import annotations

from ibelay.machines import broker_clock
from ibelay.machines.backoff import SECOND_NS

DAY = 1_381_239_000 * SECOND_NS


def test_a_real_broker_runs_at_our_rate_in_spite_of_whole_seconds() -> None:
    """Answers are cut to whole seconds; the rate stays exactly one."""
    clock = broker_clock.begin(0, DAY)
    for n in range(1, 200):
        mono = n * 5 * SECOND_NS + 700_000_000
        clock = broker_clock.sample(clock, mono, DAY + mono // SECOND_NS * SECOND_NS)
    assert clock.rate == 1.0
    mono = 1001 * SECOND_NS
    assert abs(broker_clock.now_ns(clock, mono) - DAY - mono) <= 2 * SECOND_NS


def test_a_replay_at_60_times_is_recognised_within_a_second() -> None:
    clock = broker_clock.begin(0, DAY)
    clock = broker_clock.sample(clock, SECOND_NS, DAY + 60 * SECOND_NS)
    assert clock.rate == 60.0
    ahead = broker_clock.now_ns(clock, 2 * SECOND_NS)
    assert abs(ahead - DAY - 120 * SECOND_NS) <= 2 * SECOND_NS


def test_estimates_never_run_backwards_on_late_samples() -> None:
    clock = broker_clock.begin(0, DAY)
    before = broker_clock.now_ns(clock, 10 * SECOND_NS)
    clock = broker_clock.sample(clock, 10 * SECOND_NS, DAY + 9 * SECOND_NS)
    assert broker_clock.now_ns(clock, 10 * SECOND_NS) >= before


def test_another_replay_day_starts_the_clock_anew() -> None:
    clock = broker_clock.begin(0, DAY)
    clock = broker_clock.sample(clock, SECOND_NS, DAY - 86_400 * SECOND_NS)
    assert broker_clock.now_ns(clock, SECOND_NS) == DAY - 86_400 * SECOND_NS


def test_a_suspended_host_is_forgotten() -> None:
    """The monotonic clock stood still for an hour; the rate returns to one."""
    clock = broker_clock.begin(0, DAY)
    hour = 3600 * SECOND_NS
    for n in range(1, 60):
        mono = n * 5 * SECOND_NS
        clock = broker_clock.sample(clock, mono, DAY + mono + (hour if n > 10 else 0))
    assert clock.rate == 1.0
