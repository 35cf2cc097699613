"""The running gateway's clock: paused, stepped, sped up, and heard by clients."""

from __future__ import annotations

import asyncio

import pytest
from ib_async import MarketOrder
from tests.gateway.conftest import PATIENCE_S, SPY, Connect, Start

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.hours import SECOND_NS
from ibelay.gateway.server import PaperGateway


async def turns(count: int = 50) -> None:
    """Let the loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)


async def reached(paper: PaperGateway, market_ns: int) -> None:
    """Wait for the market to get there."""
    async with asyncio.timeout(PATIENCE_S):
        await paper.reached(market_ns)


async def test_a_paused_market_stands_and_still_answers(start: Start, connect: Connect) -> None:
    paper = await start(speed=1000)
    client = await connect(paper)
    stands = paper.pause()
    await reached(paper, stands)
    before = await client.ib.reqCurrentTimeAsync()
    await turns()
    assert await client.ib.reqCurrentTimeAsync() == before
    assert paper.floor.now_ns == paper.market_ns() == stands
    assert paper.clock.paused


async def test_steps_of_a_paused_market_are_exact_and_resuming_lets_it_run(start: Start) -> None:
    paper = await start()
    stands = paper.pause()
    goal = paper.step(90 * SECOND_NS)
    assert goal == stands + 90 * SECOND_NS
    await reached(paper, goal)
    await turns()
    assert paper.floor.now_ns == goal
    paper.resume()
    await reached(paper, goal + SECOND_NS // 100)


async def test_pausing_keeps_a_step_that_is_still_on_its_way(start: Start) -> None:
    paper = await start()
    goal = paper.step(3600 * SECOND_NS)
    assert paper.pause() >= goal
    await reached(paper, goal)


async def test_an_order_waits_for_a_paused_market_and_fills_with_the_next_step(
    start: Start, connect: Connect
) -> None:
    paper = await start(start="09:29:00")
    client = await connect(paper)
    paper.pause()
    await client.ib.qualifyContractsAsync(SPY)
    trade = client.ib.placeOrder(SPY, MarketOrder("BUY", 100))
    await client.until(lambda: trade.orderStatus.permId)
    assert not trade.isDone()
    paper.step(70 * SECOND_NS)
    await client.until(trade.isDone)


async def test_the_speed_changes_at_run_time(start: Start) -> None:
    paper = await start()
    before = paper.set_speed(1000)
    await reached(paper, before + 120 * SECOND_NS)
    assert paper.clock.speed == 1000
    with pytest.raises(ConfigurationError, match="speed 0 cannot be used"):
        paper.set_speed(0)
    assert paper.clock.speed == 1000


async def test_the_end_of_the_data_is_as_far_as_a_step_gets(start: Start) -> None:
    paper = await start(start="19:59:00", symbols=("SPY",))
    paper.pause()
    assert paper.step(10**15) == paper.floor.market.end_ns
    await reached(paper, 10**30)
