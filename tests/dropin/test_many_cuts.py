"""Half a minute of trading over a line that breaks again and again, at seeded moments."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from random import Random

import ib_async
import pytest
from tests.dropin.conftest import QUICK, drop_in, market, met, onlooker, qualified

from ibelay import IB
from ibelay.proxy.line import Cut
from ibelay.proxy.line_proxy import LineProxy

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(120)]

BREAKS = 10


async def break_often(line: LineProxy, chance: Random) -> None:
    """Cut, refuse and freeze the line."""
    for _ in range(BREAKS):
        await asyncio.sleep(chance.random())
        kind = chance.choice(["cut", "refuse", "freeze"])
        if kind == "cut":
            await line.cut(chance.choice([Cut.RST, Cut.FIN]))
        elif kind == "refuse":
            await line.refuse()
            await line.cut(Cut.RST)
            await asyncio.sleep(chance.random())
            await line.accept()
        else:
            line.freeze()
            await asyncio.sleep(3 * chance.random())  # at times beyond what is taken for dead
            line.thaw()


async def trade_on(ib: IB, ticker: ib_async.Ticker, chance: Random) -> list[ib_async.Trade]:
    """Place orders until cancelled, whether the line is up or not; return what was placed."""
    trades: list[ib_async.Trade] = []
    contract = ticker.contract
    assert contract is not None
    try:
        while True:
            limit = ib_async.LimitOrder("BUY", 1, round(ticker.bid - 0.02, 2))
            order = chance.choice([ib_async.MarketOrder("BUY", 1), limit])
            if ib.isConnected():
                try:
                    trades.append(ib.placeOrder(contract, order))
                except ConnectionError:
                    assert ib._keeper is not None
                    assert ib._keeper.suspect
            await asyncio.sleep(chance.random() / 5)
    except asyncio.CancelledError:
        return trades


@pytest.mark.parametrize("seed", [1, 2])
async def test_books_agree_after_many_breaks(tmp_path: Path, seed: int) -> None:
    """Every fill is told once, in the trade that was returned; nothing is sent twice."""
    chance = Random(seed)  # noqa: S311  # a seed, not a secret
    async with drop_in(tmp_path, QUICK) as (ib, line):
        ticker = ib.reqMktData(await qualified(ib))
        await met(lambda: ticker.bid > 0)
        told: Counter[str] = Counter()
        charged: Counter[str] = Counter()
        ib.execDetailsEvent += lambda _trade, fill: told.update([fill.execution.execId])
        ib.commissionReportEvent += lambda _trade, fill, _: charged.update([fill.execution.execId])
        async with asyncio.TaskGroup() as group:
            trading = group.create_task(trade_on(ib, ticker, chance))
            await break_often(line, chance)
            trading.cancel()
        trades = trading.result()
        await met(ib.isConnected)
        await market(tmp_path, "pause")  # the two books are of one moment from here
        async with onlooker(line) as watcher:
            await met(lambda: len(told) == len(watcher.fills()) == len(charged))
            fills = {fill.execution.execId for fill in watcher.fills()}
            working = await watcher.reqAllOpenOrdersAsync()
        assert set(told.values()) == set(charged.values()) == {1}
        assert {fill.execution.execId for trade in trades for fill in trade.fills} == fills
        references = Counter(trade.order.orderRef for trade in working)
        assert set(references.values()) <= {1}
        alive = [trade for trade in trades if trade.isActive() and not trade.advancedError]
        assert references.keys() == {trade.order.orderRef for trade in alive}
        assert ib.trades() == trades
