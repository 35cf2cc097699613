"""A real gateway, a line to it that can be cut, and a drop-in at its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import ib_async

from ibelay import IB
from ibelay.app.arena import Child
from ibelay.control.port.remote import Remote
from ibelay.dropin.keeper import KeeperConfig
from ibelay.journal.records import AnyRecord
from ibelay.machines.backoff import SECOND_NS, Schedule
from ibelay.machines.liveness import Heartbeat
from ibelay.proxy.line import Cut
from ibelay.proxy.line_proxy import LineProxy
from ibelay.store.sqlite import open_journal

_SCHEDULE = Schedule(base_ns=SECOND_NS // 20, cap_ns=SECOND_NS // 5, jitter=0.0)
# Where silence plays no part: a machine that is busy for a moment is not taken for silence.
CALM = KeeperConfig(schedule=_SCHEDULE)
QUICK = KeeperConfig(
    schedule=_SCHEDULE,
    heartbeat=Heartbeat(
        interval_ns=SECOND_NS // 2,
        miss_floor_ns=SECOND_NS // 4,
        suspect_interval_ns=SECOND_NS // 4,
        dead_after_ns=2 * SECOND_NS,
    ),
)

CONTROL = "control-port"


@asynccontextmanager
async def gateway(folder: Path) -> AsyncIterator[LineProxy]:
    """Yield the line to a gateway that has just been started."""
    log = folder / "gateway.log"
    arguments = ["--port", "0", "--symbols", "SPY", "--speed", "10", "--start", "09:31"]
    arguments += ["--control-port", "0", "--control-token-file", str(folder / "token")]
    child = await Child.start("gateway", "gateway", *arguments, log=log)
    try:
        said = await child.announced("listening on", log)
        control = await child.announced("control port", log)
        (folder / CONTROL).write_text(control.split(":", 1)[1].split(",")[0], encoding="ascii")
        async with LineProxy("127.0.0.1", int(said.rsplit(":", 1)[1])) as line:
            yield line
    finally:
        await child.stop()


async def market(folder: Path, *commands: str) -> None:
    """Command the gateway that was started with *folder*."""
    port = int((folder / CONTROL).read_text(encoding="ascii"))
    await asyncio.to_thread(Remote(port, folder / "token").do, commands)


@asynccontextmanager
async def drop_in(folder: Path, keeper: KeeperConfig = CALM) -> AsyncIterator[tuple[IB, LineProxy]]:
    """Yield a connected drop-in and the line it is connected over."""
    async with gateway(folder) as line:
        ib = IB(journal=folder / "intents.db", keeper=keeper)
        await ib.connectAsync("127.0.0.1", line.port, clientId=5)
        try:
            yield ib, line
        finally:
            ib.disconnect()


async def qualified(ib: IB) -> ib_async.Contract:
    """Return SPY as the gateway knows it."""
    contract = ib_async.Stock("SPY", "SMART", "USD")
    await ib.qualifyContractsAsync(contract)
    return contract


async def straddled(ib: IB, contract: ib_async.Contract) -> list[ib_async.Trade]:
    """Return two working orders of 10, one of which fills wherever the price goes next.

    They lie far enough from the price for the line to be cut first.
    """
    ticker = ib.reqMktData(contract)
    await met(lambda: ticker.bid > 0 and ticker.ask > 0)
    below = ib_async.LimitOrder("BUY", 10, round(ticker.bid - 0.15, 2))
    above = ib_async.StopOrder("BUY", 10, round(ticker.ask + 0.15, 2))
    trades = [ib.placeOrder(contract, order) for order in (below, above)]
    working = {"Submitted", "PreSubmitted"}
    await met(lambda: all(trade.orderStatus.status in working for trade in trades))
    return trades


async def met(condition: Callable[[], object], limit_s: float = 20.0) -> None:
    """Wait until *condition* is true."""
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110  # no one event tells of all these facts
            await asyncio.sleep(0.02)


async def away(ib: IB, line: LineProxy) -> None:
    """Cut the line and keep it down until the drop-in has noticed."""
    await line.refuse()
    await line.cut(Cut.RST)
    await met(lambda: not ib.isConnected())


async def back(ib: IB, line: LineProxy) -> None:
    """Let the drop-in come back, and wait until it has caught up."""
    returned = asyncio.Event()
    ib.reconnectedEvent += returned.set
    await line.accept()
    async with asyncio.timeout(20):
        await returned.wait()


@asynccontextmanager
async def onlooker(line: LineProxy, client_id: int = 77) -> AsyncIterator[ib_async.IB]:
    """Yield an ib_async of its own at the same gateway, past the line."""
    watcher = ib_async.IB()
    await watcher.connectAsync("127.0.0.1", line._target[1], clientId=client_id)
    try:
        yield watcher
    finally:
        watcher.disconnect()


def records(path: Path) -> list[AnyRecord]:
    """Return what is on disk."""
    journal = open_journal(path, bot="ib5", read_only=True)
    try:
        return [entry.record for entry in journal.replay()]
    finally:
        journal.close()
