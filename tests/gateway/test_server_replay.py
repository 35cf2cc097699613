"""The gateway on recorded quotes of a real day."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ib_async import Future, LimitOrder, MarketOrder, Option
from tests.gateway.conftest import SPY, Connect, Start

DATA = Path(os.environ.get("IBELAY_MARKET_DATA", Path(__file__).parents[3] / "shared/market-data"))


@pytest.mark.market_data
@pytest.mark.skipif(not (DATA / "lean").is_dir(), reason=f"no recorded quotes at {DATA}")
async def test_a_real_day_is_traded_to_its_close(start: Start, connect: Connect) -> None:
    paper = await start(
        market=f"lean:{DATA / 'lean'}", date="2013-10-08", start="15:58:00", speed=500
    )
    client = await connect(paper)
    await client.ib.qualifyContractsAsync(SPY)
    bought = client.ib.placeOrder(SPY, MarketOrder("BUY", 100))
    left = client.ib.placeOrder(SPY, LimitOrder("BUY", 100, 1.0))
    await client.until(bought.isDone)
    assert 160 < bought.orderStatus.avgFillPrice < 170  # what SPY traded at that day
    await client.until(left.isDone)
    assert left.orderStatus.status == "Cancelled"
    assert paper.floor.now_ns >= paper.floor.market.close_ns


@pytest.mark.market_data
@pytest.mark.skipif(not (DATA / "lean").is_dir(), reason=f"no recorded quotes at {DATA}")
async def test_a_recorded_future_is_found_by_its_month_and_traded(
    start: Start, connect: Connect
) -> None:
    paper = await start(
        market=f"lean:{DATA / 'lean'}", date="2013-10-08", symbols=("ES:FUT",), start="10:00"
    )
    client = await connect(paper)
    (front,) = await client.ib.qualifyContractsAsync(Future("ES", "201312", "CME"))
    assert isinstance(front, Future)
    assert (front.localSymbol, front.multiplier) == ("ESZ3", "50")
    bought = client.ib.placeOrder(front, MarketOrder("BUY", 1))
    paper.set_speed(100)
    await client.until(bought.isDone)
    assert 1640 < bought.orderStatus.avgFillPrice < 1690


@pytest.mark.market_data
@pytest.mark.skipif(not (DATA / "lean").is_dir(), reason=f"no recorded quotes at {DATA}")
async def test_a_recorded_option_is_found_by_its_terms_and_traded(
    start: Start, connect: Connect
) -> None:
    paper = await start(
        market=f"lean:{DATA / 'lean'}",
        date="2014-06-05",
        symbols=("TWX", "TWX:OPT"),
        start="10:00",
        speed=100,
    )
    client = await connect(paper)
    wanted = Option("TWX", "20140620", 70, "C", "SMART")
    (call,) = await client.ib.qualifyContractsAsync(wanted)
    assert isinstance(call, Option)
    assert call.localSymbol == "TWX   140621C00070000"
    bought = client.ib.placeOrder(call, LimitOrder("BUY", 1, 5.0))
    await client.until(bought.isDone)
    assert 0 < bought.orderStatus.avgFillPrice < 5
