"""The gateway on recorded quotes of a real day."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ib_async import LimitOrder, MarketOrder
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
