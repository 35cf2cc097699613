"""The released ib_async lives in virtual time, too."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from functools import partial

from ib_async import IB, Contract, LimitOrder, Stock, wrapper

from ibelay.gateway.main import build_floor
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.server import PaperGateway
from ibelay.testing.virtual import Host, HostClock, Network, VirtualDoor, VirtualLoop
from ibelay.testing.virtual.wall import virtual_wall

START_NS = 1_748_871_000_000_000_000


def test_the_system_tells_virtual_time_and_then_its_own_again() -> None:
    loop = VirtualLoop()
    clock = HostClock(loop, START_NS)
    module = vars(wrapper)
    before = (vars(time)["time"], module["datetime"])
    with virtual_wall(loop, clock):
        loop.run_for(60.0)
        assert vars(time)["time"]() == START_NS / 1e9 + 60
        now = module["datetime"].now(UTC)
        assert now == datetime.fromtimestamp(START_NS / 1e9 + 60, UTC)
        assert isinstance(now, module["datetime"])
    assert (vars(time)["time"], module["datetime"]) == before
    loop.close()


async def traded(loop: VirtualLoop) -> list[str]:
    """Trade with bare ib_async and return its trade's log, with times."""
    ib = IB()
    await ib.connectAsync("gateway", 4002, clientId=9)
    (contract,) = await ib.qualifyContractsAsync(Stock("SPY", "SMART", "USD"))
    assert isinstance(contract, Contract)
    trade = ib.placeOrder(contract, LimitOrder("BUY", 10, 1.0))
    await asyncio.sleep(5)
    ib.cancelOrder(trade.order)
    await asyncio.sleep(5)
    ib.disconnect()
    await asyncio.sleep(1)
    return [f"{entry.time.timestamp() - START_NS / 1e9:.6f} {entry.status}" for entry in trade.log]


def test_bare_ib_async_trades_with_the_gateway_in_virtual_time() -> None:
    logs = []
    for _ in range(2):
        loop = VirtualLoop()
        network = Network(loop)
        floor = build_floor(GatewayOptions(symbols=("SPY",), start="09:30"))
        gateway = Host("gateway")
        make = partial(PaperGateway, host="gateway", port=4002, door=partial(VirtualDoor, network))
        paper = gateway.context().run(make, floor)

        async def serve(paper: PaperGateway = paper, loop: VirtualLoop = loop) -> list[str]:
            async with paper:
                return await traded(loop)

        with virtual_wall(loop, HostClock(loop, START_NS)):
            logs.append(loop.run_until_complete(serve()))
        loop.close()
    assert logs[0] == logs[1]
    statuses = [line.split()[1] for line in logs[0]]
    assert statuses[0] == "PendingSubmit"
    assert statuses[-1] == "Cancelled"
    assert float(logs[0][-1].split()[0]) >= 5
