"""A random mix of everything a proxy can do, before many clients: all of it ends well."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest
from ib_async import MarketOrder
from tests.gateway.conftest import PATIENCE_S, SPY, Client

from ibelay.errors import ConfigurationError
from ibelay.gateway.main import gateway
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.session.line.pacing import Pacing
from ibelay.model import faults
from ibelay.proxy.chaos import ChaosProxy

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(240)]

CLIENTS, TRADERS, COMMANDS = 32, 12, 100
BAD_DAY = (
    "rst", "fin", "rst client=3", "refuse 20ms", "down 20ms", "restart 30ms roll-back=2",
    "freeze 30ms", "freeze 20ms client=2", "mute 20ms", "half-open 50ms client=4",
    "timeout 30ms client=5", "no-accounts 20ms", "client-id-in-use 6 30ms",
    "drop orderStatus 3", "drop placeOrder", "duplicate execDetails", "delay openOrder 10ms 5",
    "reorder openOrder orderStatus", "truncate orderStatus client=7", "truncate reqPositions",
    "lose-ack", "swallow-orders 2", "reject-next", "second-perm-id SPY", "id-rollback 8",
    "reset 40ms every=10ms", "reset 20ms data-lost=yes", "farm market 20ms kill=yes",
    "competing 20ms", "notice 2110 x", "pacing client=9", "latency 5ms jitter=5ms lasting=50ms",
    "bandwidth 20000 lasting=40ms", "slicer 7 lasting=40ms", "slow-close 10ms lasting=40ms",
    "limit 500 lasting=20ms client=10", "clear",
)  # fmt: skip


async def trade(proxy: ChaosProxy, client_id: int, over: asyncio.Event) -> None:
    """Connect, ask and order, again and again, whatever comes of it."""
    while not over.is_set():
        client = Client()
        with contextlib.suppress(OSError, ValueError):
            await client.ib.connectAsync("127.0.0.1", proxy.port, client_id, timeout=0.3)
            client.ib.reqMktData(SPY)
            client.ib.placeOrder(SPY, MarketOrder("BUY", 1))
            async with asyncio.timeout(0.2):
                await client.ib.reqCurrentTimeAsync()
        with contextlib.suppress(OSError):  # ib_async says FIN to a socket that was reset
            client.ib.disconnect()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("seed", range(2))
async def test_after_any_mix_gateway_and_proxy_serve_everybody(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # a test's seed
    options = GatewayOptions(port=0, symbols=("SPY",), start="10:00", pacing=Pacing.OFF)
    over = asyncio.Event()
    async with (
        gateway(options) as paper,
        ChaosProxy("127.0.0.1", paper.port, chance=chance) as proxy,
    ):
        async with asyncio.TaskGroup() as crowd:
            for client_id in range(1, TRADERS + 1):
                crowd.create_task(trade(proxy, client_id, over))
            for _time in range(COMMANDS):
                with contextlib.suppress(ConfigurationError):
                    proxy.do(faults.read(chance.choice(BAD_DAY)))
                await asyncio.sleep(chance.random() * 0.02)
            proxy.do(faults.read("clear"))
            over.set()
        async with asyncio.timeout(PATIENCE_S):
            while proxy.sessions() or paper.sessions():  # noqa: ASYNC110  # two rooms, no event
                await asyncio.sleep(0.01)
        clients = [Client() for _client in range(CLIENTS)]
        for client_id, client in enumerate(clients, 1):
            await client.ib.connectAsync("127.0.0.1", proxy.port, client_id, timeout=PATIENCE_S)
            order = client.ib.placeOrder(SPY, MarketOrder("BUY", 1))
            await client.until(order.isDone)
        assert len(proxy.sessions()) == CLIENTS
        for client in clients:
            client.ib.disconnect()
