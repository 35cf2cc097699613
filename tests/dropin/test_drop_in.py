"""The drop-in against a real gateway over a real line that is cut, refused and frozen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import ib_async
import pytest

from ibelay import IB
from ibelay.app.arena import Child
from ibelay.dropin.keeper import KeeperConfig
from ibelay.journal.records import DropInIntent
from ibelay.machines.backoff import SECOND_NS, Schedule
from ibelay.machines.liveness import Heartbeat
from ibelay.proxy.line import Cut
from ibelay.proxy.line_proxy import LineProxy
from ibelay.store.sqlite import open_journal

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(120)]

QUICK = KeeperConfig(
    schedule=Schedule(base_ns=SECOND_NS // 20, cap_ns=SECOND_NS // 5, jitter=0.0),
    heartbeat=Heartbeat(
        interval_ns=SECOND_NS // 2,
        miss_floor_ns=SECOND_NS // 4,
        suspect_interval_ns=SECOND_NS // 4,
        dead_after_ns=2 * SECOND_NS,
    ),
)


@asynccontextmanager
async def drop_in(folder: Path) -> AsyncIterator[tuple[IB, LineProxy]]:
    """Yield a connected drop-in and the line it is connected over."""
    log = folder / "gateway.log"
    arguments = ["--port", "0", "--symbols", "SPY", "--speed", "10", "--start", "09:31"]
    gateway = await Child.start("gateway", "gateway", *arguments, log=log)
    try:
        said = await gateway.announced("listening on", log)
        async with LineProxy("127.0.0.1", int(said.rsplit(":", 1)[1])) as line:
            ib = IB(journal=folder / "intents.db", keeper=QUICK)
            await ib.connectAsync("127.0.0.1", line.port, clientId=5)
            try:
                yield ib, line
            finally:
                ib.disconnect()
    finally:
        await gateway.stop()


async def qualified(ib: IB) -> ib_async.Contract:
    """Return SPY as the gateway knows it."""
    contract = ib_async.Stock("SPY", "SMART", "USD")
    await ib.qualifyContractsAsync(contract)
    return contract


async def met(condition: object, limit_s: float = 20.0) -> None:
    """Wait until *condition*, a function of nothing, is true."""
    assert callable(condition)
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110  # no one event tells of all these facts
            await asyncio.sleep(0.02)


async def away(ib: IB, line: LineProxy) -> None:
    """Cut the line and keep it down until the drop-in has noticed."""
    await line.refuse()
    await line.cut(Cut.RST)
    await met(lambda: not ib.isConnected())


async def test_a_fill_during_the_outage_fires_the_held_trades_events_once(tmp_path: Path) -> None:
    """The Trade from before is the Trade after: status, fills and events."""
    async with drop_in(tmp_path) as (ib, line):
        contract = await qualified(ib)
        ticker = ib.reqMktData(contract)
        await met(lambda: ticker.ask == ticker.ask and ticker.ask > 0)
        # Bought as soon as the price comes back by a tick or two: while we are away.
        order = ib_async.LimitOrder("BUY", 10, round(ticker.bid - 0.02, 2))
        trade = ib.placeOrder(contract, order)
        await met(lambda: trade.orderStatus.status == "Submitted")
        fills: list[ib_async.Fill] = []
        filled: list[ib_async.Trade] = []
        trade.fillEvent += lambda _trade, fill: fills.append(fill)
        trade.filledEvent += filled.append
        watcher = ib_async.IB()
        await away(ib, line)
        await watcher.connectAsync("127.0.0.1", line._target[1], clientId=77)
        await met(watcher.positions)
        watcher.disconnect()
        await line.accept()
        await met(ib.isConnected)
        await met(lambda: bool(filled))
        assert [fill.execution.shares for fill in fills] == [10]
        assert filled == [trade]
        assert trade.orderStatus.status == "Filled"
        assert trade.order.permId == fills[0].execution.permId
        assert ib.trades() == [trade], "one order, one object"


async def test_streams_go_on_in_the_objects_the_bot_holds(tmp_path: Path) -> None:
    async with drop_in(tmp_path) as (ib, line):
        contract = await qualified(ib)
        ticker = ib.reqMktData(contract)
        bars = ib.reqRealTimeBars(contract, 5, "TRADES", False)
        await met(lambda: len(bars) >= 1 and ticker.bid > 0)
        await away(ib, line)
        await line.accept()
        await met(ib.isConnected)
        ticks: list[ib_async.Ticker] = []
        more: list[bool] = []
        ticker.updateEvent += ticks.append
        bars.updateEvent += lambda _bars, new: more.append(new)
        await met(lambda: bool(ticks) and bool(more))


async def test_an_order_during_the_outage_is_refused_before_any_byte(tmp_path: Path) -> None:
    async with drop_in(tmp_path) as (ib, line):
        contract = await qualified(ib)
        await away(ib, line)
        with pytest.raises(ConnectionError, match="was not sent"):
            ib.placeOrder(contract, ib_async.MarketOrder("BUY", 1))
        await line.accept()
        await met(ib.isConnected)
        assert ib.openTrades() == []


async def test_a_frozen_gateway_is_noticed_and_left(tmp_path: Path) -> None:
    """ib_async alone never notices."""
    async with drop_in(tmp_path) as (ib, line):
        lost: list[bool] = []
        ib.disconnectedEvent += lambda: lost.append(True)
        line.freeze()
        await met(lambda: bool(lost), limit_s=5)
        line.thaw()
        await met(ib.isConnected)


async def test_every_order_is_on_disk_with_an_id_above_all_before(tmp_path: Path) -> None:
    """Also after a restart of the program: ids go on, references are never used twice."""
    async with drop_in(tmp_path) as (ib, _line):
        contract = await qualified(ib)
        for _ in range(2):
            ib.placeOrder(contract, ib_async.LimitOrder("BUY", 1, 10.0))
        await met(lambda: all(t.orderStatus.status == "Submitted" for t in ib.openTrades()))
        references = {trade.order.orderRef for trade in ib.openTrades()}
    async with drop_in(tmp_path) as (ib, _line):
        contract = await qualified(ib)
        trade = ib.placeOrder(contract, ib_async.LimitOrder("BUY", 1, 10.0))
        references.add(trade.order.orderRef)
    journal = open_journal(tmp_path / "intents.db", bot="ib5", read_only=True)
    try:
        intents = [e.record for e in journal.replay() if isinstance(e.record, DropInIntent)]
    finally:
        journal.close()
    assert {intent.order_ref for intent in intents} == references
    ids = [intent.order_id for intent in intents]
    assert ids == sorted(set(ids))
    assert intents[0].order["lmtPrice"] == "10.0"
