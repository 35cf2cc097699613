"""The broker's clock, estimated from its answers; the only clock of the market.

Theory: ``reqCurrentTime`` answers in whole seconds, so one sample is up to a second early.
The broker's clock runs at our rate (1) unless samples prove otherwise: a replaying gateway
runs 60 times faster and says so within a second. Estimates never run backwards, except when
the broker's clock itself was set back by more than ``JUMP_NS`` (another replay day). The rate
is measured over a window, so that a suspended host (its monotonic clock stands still) is
forgotten soon.
"""

from __future__ import annotations

from msgspec import Struct

from ibelay.machines.backoff import SECOND_NS

JUMP_NS = 120 * SECOND_NS
_PROOF_NS = 2 * SECOND_NS
_WINDOW_NS = 30 * SECOND_NS


class BrokerClock(Struct, frozen=True, kw_only=True):
    """A line through the samples: an anchor, the latest sample and the rate between.

    ``rate`` is broker seconds per monotonic second.
    """

    anchor_mono_ns: int
    anchor_broker_ns: int
    last_mono_ns: int
    last_broker_ns: int
    rate: float = 1.0


def begin(mono_ns: int, broker_ns: int) -> BrokerClock:
    """Return a clock that knows one sample."""
    return BrokerClock(
        anchor_mono_ns=mono_ns,
        anchor_broker_ns=broker_ns,
        last_mono_ns=mono_ns,
        last_broker_ns=broker_ns,
    )


def now_ns(clock: BrokerClock, mono_ns: int) -> int:
    """Return broker time at monotonic time *mono_ns*."""
    elapsed = max(0, mono_ns - clock.last_mono_ns)
    return clock.last_broker_ns + int(elapsed * clock.rate)


def sample(clock: BrokerClock, mono_ns: int, broker_ns: int) -> BrokerClock:
    """Learn from a further answer *broker_ns* that arrived at *mono_ns*."""
    expected = now_ns(clock, mono_ns)
    if broker_ns < expected - JUMP_NS * max(1.0, clock.rate):
        return begin(mono_ns, broker_ns)
    elapsed = mono_ns - clock.anchor_mono_ns
    gained = broker_ns - clock.anchor_broker_ns
    rate = clock.rate
    # Rounding to whole seconds can fake at most one second of drift either way.
    if elapsed > 0 and abs(gained - elapsed) > _PROOF_NS:
        rate = max(0.0, gained / elapsed)
    elif elapsed > 0:
        rate = 1.0
    fresh = elapsed <= _WINDOW_NS
    return BrokerClock(
        anchor_mono_ns=clock.anchor_mono_ns if fresh else clock.last_mono_ns,
        anchor_broker_ns=clock.anchor_broker_ns if fresh else clock.last_broker_ns,
        last_mono_ns=max(mono_ns, clock.last_mono_ns),
        last_broker_ns=max(broker_ns, expected),
        rate=rate,
    )
