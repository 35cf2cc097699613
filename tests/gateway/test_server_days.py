"""The gateway over several days, and on recordings of one's own."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ib_async import LimitOrder, Stock
from tests.gateway.conftest import PATIENCE_S, SPY, Connect, Start

from ibelay.gateway.market.hours import SECOND_NS, trading_day

FRIDAY, TUESDAY = trading_day("2025-01-17"), trading_day("2025-01-21")


async def test_a_long_weekend_passes_at_once_and_good_till_cancelled_outlives_it(
    start: Start, connect: Connect
) -> None:
    paper = await start(date="2025-01-17", days=2, symbols=("SPY",), start="19:58:00", speed=200)
    client = await connect(paper)
    await client.ib.qualifyContractsAsync(SPY)
    kept = client.ib.placeOrder(SPY, LimitOrder("BUY", 100, 1.0, tif="GTC"))
    day = client.ib.placeOrder(SPY, LimitOrder("BUY", 100, 1.0, tif="DAY", outsideRth=True))
    async with asyncio.timeout(PATIENCE_S):
        await paper.reached(TUESDAY.start_ns + 60 * SECOND_NS)
    await client.until(day.isDone)
    assert not kept.isDone()


async def test_a_night_is_played_at_the_clocks_own_speed_when_told_to(start: Start) -> None:
    paper = await start(
        date="2025-01-17", days=2, symbols=("SPY",), start="19:59:59", speed=1000, skip_nights=False
    )
    async with asyncio.timeout(PATIENCE_S):
        await paper.reached(FRIDAY.end_ns + 600 * SECOND_NS)
    assert paper.floor.now_ns < TUESDAY.start_ns - 3600 * SECOND_NS


async def test_a_paused_night_is_not_skipped(start: Start) -> None:
    paper = await start(date="2025-01-17", days=2, symbols=("SPY",), start="19:59:00")
    paper.pause()
    goal = paper.step(120 * SECOND_NS)
    async with asyncio.timeout(PATIENCE_S):
        await paper.reached(goal)
    assert paper.floor.now_ns == goal
    assert FRIDAY.end_ns + 60 * SECOND_NS <= goal < FRIDAY.end_ns + 61 * SECOND_NS
    paper.resume()
    async with asyncio.timeout(PATIENCE_S):
        await paper.reached(TUESDAY.start_ns)


async def test_a_recording_of_ones_own_is_traded(
    start: Start, connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "own.csv"
    path.write_text(
        "time,symbol,bid,ask,bid_size,ask_size\n"
        "2025-06-02T09:59:00,BAC,44.00,44.02,500,500\n"
        "2025-06-02T10:00:30,BAC,43.00,43.02,500,500\n"
    )
    paper = await start(market=f"csv:{path}", symbols=None, start="10:00", speed=20)
    client = await connect(paper)
    bac = Stock("BAC", "SMART", "USD")
    await client.ib.qualifyContractsAsync(bac)
    trade = client.ib.placeOrder(bac, LimitOrder("BUY", 100, 43.5))
    await client.until(trade.isDone)
    assert trade.orderStatus.avgFillPrice == 43.02
