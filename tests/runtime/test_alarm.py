"""The alarm: sleeping until something is due."""

from __future__ import annotations

import asyncio
from contextlib import closing

from ibelay.runtime.alarm import Alarm
from ibelay.testing.virtual import VirtualLoop


async def waited(loop: VirtualLoop, alarm: Alarm, seconds: float | None) -> float:
    """Return how long the alarm let us sleep."""
    began = loop.time()
    async with asyncio.timeout(60):
        await alarm.wait(seconds)
    return loop.time() - began


def test_it_wakes_when_the_time_has_come() -> None:
    with closing(VirtualLoop()) as loop:
        assert loop.run_until_complete(waited(loop, Alarm(), 5)) == 5


def test_it_wakes_when_it_is_rung_and_its_timer_is_forgotten() -> None:
    with closing(VirtualLoop()) as loop:
        alarm = Alarm()
        loop.call_later(2, alarm.ring)
        assert loop.run_until_complete(waited(loop, alarm, 5)) == 2
        assert loop.run_until_complete(waited(loop, alarm, 10)) == 10


def test_a_ring_while_nobody_sleeps_is_kept() -> None:
    """What became due between looking and falling asleep is not slept through."""
    with closing(VirtualLoop()) as loop:
        alarm = Alarm()
        alarm.ring()
        assert loop.run_until_complete(waited(loop, alarm, None)) == 0
        loop.call_later(3, alarm.ring)
        assert loop.run_until_complete(waited(loop, alarm, None)) == 3


def test_what_is_overdue_does_not_keep_the_loop_busy() -> None:
    with closing(VirtualLoop()) as loop:
        assert loop.run_until_complete(waited(loop, Alarm(), -1)) > 0
