"""No state of the connection but READY, and those a person chose, may last for ever."""

from __future__ import annotations

import asyncio

import pytest
from tests.runtime.staging import MS_NS, Diary, staged

from ibelay.machines.link_events import LinkState, Lost, UpstreamLost
from ibelay.machines.liveness import Heartbeat

QUICK = Heartbeat(
    interval_ns=100 * MS_NS,
    miss_floor_ns=100 * MS_NS,
    suspect_interval_ns=50 * MS_NS,
    dead_after_ns=500 * MS_NS,
)


async def test_a_gateway_that_streams_and_answers_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A link that cannot be asked anything cannot be reconciled with."""
    async with staged(Diary(tries=0), heartbeat=QUICK) as stage:
        await stage.until(lambda: stage.ready and stage.state.bars > 2, "READY with bars")
        link = stage.bot.session.link
        assert link is not None
        monkeypatch.setattr(link, "probe", asyncio.get_running_loop().create_future)
        await stage.until(lambda: not stage.ready, "suspect")
        bars = stage.state.bars
        await stage.until(lambda: stage.ready and stage.bot.session.connects == 2, "READY again")
        assert stage.state.bars > bars + 2, "it was not given up for its silence"


async def test_an_upstream_whose_return_nobody_tells_of_is_asked_about() -> None:
    """1101 and 1102 can be lost; a fresh link says how things stand."""
    async with staged(Diary(tries=0), isolated_max_ns=400 * MS_NS) as stage:
        await stage.until(lambda: stage.ready, "READY")
        session = stage.bot.session
        session.feed(UpstreamLost(1100))
        assert session.value.state is LinkState.ISOLATED
        await stage.until(lambda: stage.ready and session.connects == 2, "READY again")


async def test_every_word_of_a_lost_upstream_is_one_more_wait_for_its_return() -> None:
    """1100 repeats in a long outage: somebody still says how IB's servers are."""
    async with staged(Diary(tries=0)) as stage:
        await stage.until(lambda: stage.ready, "READY")
        session = stage.bot.session
        session.feed(UpstreamLost(1100))
        first = session._isolation
        assert first is not None
        session.feed(UpstreamLost(1100))
        assert first.cancelled()
        assert session._isolation is not None
        assert session.value.state is LinkState.ISOLATED


async def test_a_session_that_was_cancelled_begins_nothing_when_its_link_ends() -> None:
    """The last word of a link comes after the process that had it began to die."""
    async with staged(Diary(tries=0)) as stage:
        await stage.until(lambda: stage.ready, "READY")
        life = next(task for task in asyncio.all_tasks() if "Stage.live" in repr(task))
        life.cancel()
        await stage.ended.wait()
        stage.bot.session.feed(Lost("closed while dying"))
        assert stage.bot.session._retry is None
