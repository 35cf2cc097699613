"""One seed is one run: the whole system in one process and in virtual time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise

import pytest

from ibelay.machines.link_events import LinkState
from ibelay.model.faults import read
from ibelay.testing.simulation.observed import (
    Asked,
    Booted,
    Durable,
    Ended,
    LinkChanged,
    Noted,
    Observation,
    Settled,
    Truth,
)
from ibelay.testing.simulation.world import World
from ibelay.wire.requests import CancelOrder

RUN = """
import logging
from ibelay.testing.simulation.bad_days.profiles import HOUR_NS, PROFILES, draw
from ibelay.testing.simulation.run import run

logging.disable(logging.CRITICAL)
for profile, seed in (("hostile", 1), ("hostile", 2), ("calm", 3)):
    print(run(draw(seed, PROFILES[profile], HOUR_NS // 6)).digest)
"""


def played(seed: int, act: Callable[[World], object], seconds: float) -> list[Observation]:
    """Return what is seen in a world in which *act* has planned something."""
    seen: list[Observation] = []
    world = World(seed)
    world.watchers.append(seen.append)
    with world:
        act(world)
        world.run_for(seconds)
        world.settled(faulty=False)
        assert world.process.crashes == []
        assert world.loop.failures == []
    return seen


def agree(seen: list[Observation]) -> bool:
    """Return whether the bot is ready and has the broker's books, on disk too."""
    last = seen[-1]
    assert isinstance(last, Settled)
    assert last.ledger is not None
    held = {con_id: one.quantity for con_id, one in last.ledger.positions.items() if one.quantity}
    return last.state is LinkState.READY and held == last.positions and last.ledger == last.replayed


def until_it_holds(world: World) -> None:
    """Let time go by until the bot has bought or sold something."""
    while not world.gateway.floor.exchange.positions():
        world.run_for(1)


def close_by_hand(world: World) -> None:
    """Let somebody close the position in TWS."""
    (held,) = (one.position.quantity for one in world.gateway.floor.exchange.positions())
    world.do(read(f"manual-trade {'SELL' if held > 0 else 'BUY'} {abs(held)} SPY"))


def refuse_cancels(world: World) -> None:
    """Let IB refuse to cancel whatever works."""
    exchange = world.gateway.floor.exchange
    for order in exchange.working_orders():
        exchange.by_hand.refuse_cancels(order.perm_id)


def test_a_calm_stretch_trades_and_books_agree() -> None:
    seen = played(1, lambda _world: None, 600)
    assert agree(seen)
    assert sum(isinstance(one, Truth) for one in seen) > 20
    assert sum(isinstance(one, Durable) for one in seen) > 20


def test_a_position_closed_by_hand_takes_its_exits_with_it_within_seconds() -> None:
    """Of a trade in TWS the bot is told nothing but the position."""
    seen: list[Observation] = []
    world = World(1)
    with world:
        until_it_holds(world)
        world.watchers.append(seen.append)
        close_by_hand(world)
        world.run_for(5)
        assert world.gateway.floor.exchange.working_orders() == []
        world.settled(faulty=False)
    assert agree(seen)
    cancels = [one.request for one in seen if isinstance(one, Asked)]
    ids = [one.order_id for one in cancels if isinstance(one, CancelOrder)]
    assert len(ids) == len(set(ids)) > 0, "each is cancelled once"


def test_an_order_that_ib_does_not_cancel_is_tried_less_and_less_often_with_an_alarm() -> None:
    seen: list[Observation] = []
    world = World(1)
    with world:
        until_it_holds(world)
        refuse_cancels(world)
        world.watchers.append(seen.append)
        close_by_hand(world)
        world.run_for(30)
    asked = [one for one in seen if isinstance(one, Asked)]
    cancels = [one.at_ns / 1e9 for one in asked if isinstance(one.request, CancelOrder)]
    first, *_ = cancels
    tries = sorted({round(at - first) for at in cancels})
    assert len(tries) <= 6, "in half a minute"
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert waits == sorted(waits)
    alarms = [one.text for one in seen if isinstance(one, Noted) and one.severity == "critical"]
    assert sum("IB does not cancel" in text for text in alarms) == 2, "one for each order"


def test_what_is_due_while_the_bot_is_not_ready_does_not_keep_the_processor() -> None:
    """A cancel that is to be tried again, and an outage in which it cannot be."""
    world = World(1)
    with world:
        until_it_holds(world)
        refuse_cancels(world)
        close_by_hand(world)
        world.run_for(4.5)
        assert world.process.bot is not None
        kept = world.process.bot.books.ledger.open_orders()
        assert all(entry.cancel_refusals for entry in kept)
        world.unplug(60)
        world.run_for(120)


@pytest.mark.parametrize("power", [False, True])
def test_a_bot_that_dies_comes_back_with_its_books(power: bool) -> None:
    def die(world: World) -> None:
        world.loop.call_at(61.3, lambda: world.process.kill(power=power))

    seen = played(2, die, 150)
    assert [type(one) for one in seen if isinstance(one, Booted | Ended)] == [Booted, Ended, Booted]
    assert agree(seen)


def test_what_the_disk_finishes_after_a_kill_is_seen_as_durable() -> None:
    """Half of the commits under way at a kill are there, and rows never have gaps."""

    def die(world: World) -> None:
        for at in range(20, 400, 37):
            world.loop.call_at(at + 0.0003, world.process.kill)

    rows = [one for one in played(5, die, 420) if isinstance(one, Durable)]
    following = 1
    for one in rows:
        assert one.seq == following
        following += len(one.records)


def test_a_cable_that_is_out_is_noticed_and_survived() -> None:
    seen = played(3, lambda world: world.loop.call_at(50, world.unplug, 30.0), 150)
    states = [one.after for one in seen if isinstance(one, LinkChanged)]
    assert LinkState.SUSPECT in states
    assert LinkState.DOWN in states
    assert agree(seen)


def test_a_process_that_stands_still_is_not_taken_for_a_dead_gateway() -> None:
    seen = played(4, lambda world: world.loop.call_at(50, world.process.stall, 20.0), 120)
    assert LinkState.DOWN not in [one.after for one in seen if isinstance(one, LinkChanged)]
    assert agree(seen)


def test_one_seed_is_one_run_in_every_process() -> None:
    """Bit for bit, whatever the hash seed: all bytes of the network with their times."""

    def digest(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=True
        )
        assert len(set(done.stdout.split())) == 3
        return done.stdout

    assert digest("0") == digest("1") == digest("4711")


def test_other_seeds_are_other_runs() -> None:
    digests = set()
    for seed in (1, 2):
        with World(seed) as world:
            world.run_for(10)
            digests.add(world.digest)
    assert len(digests) == 2


def test_a_bot_that_dies_while_it_connects_is_cleared_away() -> None:
    """What is left of it waits for a socket that a killed process never hears of again."""
    with World(5) as world:
        world.run_for(20)
        for text in ("mute 60s", "fin"):
            world.do(read(text))
        world.run_for(3)
        world.process.kill()
    assert world.loop.is_closed()


def test_a_run_does_not_depend_on_the_worlds_before_it() -> None:
    """Caches, counters and addresses of one process are nothing that a world knows of."""
    digests = []
    for before in ((), (3,), (2, 9)):
        for seed in before:
            with World(seed) as other:
                other.loop.call_at(20, other.process.kill)
                other.run_for(40)
        with World(7) as world:
            world.loop.call_at(40, world.unplug, 3)
            world.loop.call_at(70, world.process.kill)
            world.run_for(120)
            digests.append(world.digest)
    assert len(set(digests)) == 1
