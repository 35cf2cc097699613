"""Virtual time: what an event loop promises holds, and nothing waits."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator

import pytest

from ibelay.testing.virtual import Host, HostClock, StuckError, VirtualLoop


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    made = VirtualLoop()
    yield made
    made.close()


def test_a_day_of_sleep_takes_no_time(loop: VirtualLoop) -> None:
    loop.run_until_complete(asyncio.sleep(86_400))
    assert loop.time() == pytest.approx(86_400)


def test_timers_fire_at_their_own_time_and_in_order(loop: VirtualLoop) -> None:
    seen: list[tuple[str, float]] = []
    for name, at in (("late", 2.0), ("early", 0.5), ("middle", 1.0)):
        loop.call_later(at, lambda said: seen.append((said, loop.time())), name)
    loop.run_for(1.5)
    assert seen == [("early", 0.5), ("middle", 1.0)]
    assert loop.time() == 1.5
    loop.run_for(1.0)
    assert seen[2:] == [("late", 2.0)]


def test_running_to_an_instant_includes_what_is_due_then(loop: VirtualLoop) -> None:
    seen: list[str] = []
    loop.call_at(1.0, seen.append, "due")
    loop.run_to(1.0)
    assert seen == ["due"]


def test_equal_timers_keep_their_order_without_chance(loop: VirtualLoop) -> None:
    seen: list[int] = []
    for number in range(50):
        loop.call_at(1.0, seen.append, number)
    loop.run_to(1.0)
    assert seen == list(range(50))


def test_equal_timers_are_shuffled_by_chance_the_same_way_each_time() -> None:
    def order(seed: int) -> list[int]:
        loop, seen = VirtualLoop(random.Random(seed)), list[int]()  # noqa: S311  # a test
        for number in range(20):
            loop.call_at(1.0, seen.append, number)
        loop.run_to(1.0)
        loop.close()
        return seen

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert order(1) != list(range(20))


def test_callbacks_of_one_turn_keep_their_order_whatever_chance_says() -> None:
    loop, seen = VirtualLoop(random.Random(3)), list[int]()  # noqa: S311  # a test
    for number in range(20):
        loop.call_soon(seen.append, number)
    loop.run_for(0.0)
    assert seen == list(range(20))
    loop.close()


def test_a_loop_in_which_nothing_can_happen_says_so(loop: VirtualLoop) -> None:
    async def wait_for_ever() -> None:
        await loop.create_future()

    task = loop.create_task(wait_for_ever())
    with pytest.raises(StuckError, match="everybody waits"):
        loop.run_until_complete(task)
    task.cancel()
    loop.run_for(0.0)


@pytest.mark.parametrize("timers", [False, True])
def test_a_loop_in_which_work_makes_work_for_ever_says_who_does(
    loop: VirtualLoop, timers: bool
) -> None:
    """In a process of its own it would only be a busy processor, for as long as nobody looks."""

    def never_ending() -> None:
        if timers:
            loop.call_later(0, never_ending)
        else:
            loop.call_soon(never_ending)

    loop.call_later(3.5, never_ending)
    with pytest.raises(StuckError, match=r"rounds of callbacks at 3\.500000 s") as stuck:
        loop.run_for(10)
    assert ("never_ending" in str(stuck.value)) is not timers


def test_timeouts_and_task_groups_work(loop: VirtualLoop) -> None:
    async def main() -> float:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.sleep(3))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(2):
                    await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert loop.run_until_complete(main()) == pytest.approx(3.0)


def test_an_executor_runs_in_the_loop_and_passes_on_what_is_raised(loop: VirtualLoop) -> None:
    def fail() -> None:
        raise OSError("disk full")

    async def main() -> int:
        with pytest.raises(OSError, match="disk full"):
            await loop.run_in_executor(None, fail)
        return await loop.run_in_executor(None, threading.get_ident)

    assert loop.run_until_complete(main()) == threading.get_ident()


def test_a_stalled_host_does_nothing_and_then_everything_in_order(loop: VirtualLoop) -> None:
    bot, seen = Host("bot"), list[tuple[str, float]]()

    def say(what: str) -> None:
        seen.append((what, loop.time()))

    for at in (1.0, 2.0, 3.0):
        loop.call_at(at, say, f"bot {at}", context=bot.context())
        loop.call_at(at, say, f"world {at}")
    loop.call_at(1.5, loop.stall, bot, 1.25)
    loop.run_to(4.0)
    assert seen == [
        ("bot 1.0", 1.0),
        ("world 1.0", 1.0),
        ("world 2.0", 2.0),
        ("bot 2.0", 2.75),
        ("bot 3.0", 3.0),
        ("world 3.0", 3.0),
    ]


def test_stalls_that_overlap_end_with_the_last(loop: VirtualLoop) -> None:
    bot, seen = Host("bot"), list[float]()
    loop.call_at(1.0, lambda: seen.append(loop.time()), context=bot.context())
    loop.stall(bot, 2.0)
    loop.stall(bot, 5.0)
    loop.run_to(10.0)
    assert seen == [5.0]


def test_a_cancelled_timer_of_a_stalled_host_never_runs(loop: VirtualLoop) -> None:
    bot, seen = Host("bot"), list[str]()
    timer = loop.call_at(1.0, seen.append, "never", context=bot.context())
    loop.stall(bot, 2.0)
    loop.call_at(1.5, timer.cancel)
    loop.run_to(3.0)
    assert seen == []


def test_tasks_belong_to_the_host_that_started_them(loop: VirtualLoop) -> None:
    bot, seen = Host("bot"), list[float]()

    async def tick() -> None:
        while len(seen) < 3:
            await asyncio.sleep(1)
            seen.append(loop.time())

    task = loop.create_task(tick(), context=bot.context())
    loop.call_at(1.5, loop.stall, bot, 10.0)
    loop.run_until_complete(task)
    assert seen == [1.0, 11.5, 12.5]


def test_a_task_group_cancels_in_the_same_order_every_time() -> None:
    """CPython keeps the tasks of a group in a set, which by itself goes by their addresses."""

    def order() -> list[int]:
        loop, ended = VirtualLoop(), list[int]()

        async def work(number: int) -> None:
            try:
                await loop.create_future()
            finally:
                ended.append(number)

        async def main() -> None:
            async with asyncio.timeout(1), asyncio.TaskGroup() as tasks:
                for number in range(40):
                    tasks.create_task(work(number))

        with pytest.raises(TimeoutError):
            loop.run_until_complete(main())
        loop.close()
        return ended

    kept = [object() for _ in range(1000)]
    first = order()
    del kept[::3]
    assert order() == first


def test_a_host_clock_moves_with_the_loop_and_can_be_wrong(loop: VirtualLoop) -> None:
    clock = HostClock(loop, 1_700_000_000_000_000_000)
    began, wall = clock.monotonic_ns(), clock.wall_ns()
    loop.run_for(60.0)
    assert clock.monotonic_ns() - began == 60_000_000_000
    clock.off_ns = -3_600_000_000_000
    assert clock.wall_ns() - wall == 60_000_000_000 - 3_600_000_000_000


def test_real_sockets_are_refused(loop: VirtualLoop) -> None:
    with pytest.raises(NotImplementedError):
        loop.add_reader(0, print)
