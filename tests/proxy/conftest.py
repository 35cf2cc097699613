"""A paper gateway, a chaos proxy before it, and clients of either."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from tests.gateway.conftest import PATIENCE_S, Client, Raw

from ibelay.gateway.main import gateway
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.server import PaperGateway
from ibelay.gateway.session.line.pacing import Pacing
from ibelay.model import faults
from ibelay.proxy.chaos import ChaosProxy

Between = Callable[..., Awaitable[ChaosProxy]]
Join = Callable[..., Awaitable[Client]]
Reach = Callable[..., Awaitable[Raw]]


def do(proxy: ChaosProxy, *texts: str) -> list[str]:
    """Command the proxy."""
    return [proxy.do(faults.read(text)) for text in texts]


async def until(true: Callable[[], object]) -> None:
    """Wait, turn by turn, until *true*."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110  # no one event tells of all these facts
            await asyncio.sleep(0.001)


async def started(client: Raw, client_id: int) -> Raw:
    """Let a client of bytes start its API."""
    await client.hello()
    client.send(71, 2, client_id, "")
    return client


@pytest.fixture
async def paper() -> AsyncIterator[PaperGateway]:
    """A gateway at ten o'clock of a synthetic day."""
    options = GatewayOptions(port=0, symbols=("SPY", "BAC"), start="10:00", pacing=Pacing.OFF)
    async with gateway(options) as listening:
        yield listening


@pytest.fixture
async def between(paper: PaperGateway) -> AsyncIterator[Between]:
    """Start proxies before the gateway; they stop with the test."""
    async with AsyncExitStack() as stack:

        async def proxied(*commands: str, port: int = 0, **options: Any) -> ChaosProxy:
            proxy = ChaosProxy(
                "127.0.0.1",
                port or paper.port,
                chance=random.Random(1),  # noqa: S311  # a test's seed
                faults=[faults.read(text) for text in commands],
                **options,
            )
            return await stack.enter_async_context(proxy)

        yield proxied


@pytest.fixture
async def proxy(between: Between) -> ChaosProxy:
    """A calm proxy."""
    return await between()


@pytest.fixture
async def join() -> AsyncIterator[Join]:
    """Connect ib_async with a full sync; it disconnects with the test."""
    clients: list[Client] = []

    async def connected(
        to: ChaosProxy | PaperGateway, client_id: int = 1, timeout: float = PATIENCE_S
    ) -> Client:
        client = Client()
        clients.append(client)
        await client.ib.connectAsync(
            "127.0.0.1", to.port, client_id, timeout=timeout, raiseSyncErrors=True
        )
        return client

    yield connected
    for client in clients:
        client.ib.disconnect()


@pytest.fixture
async def reach() -> AsyncIterator[Reach]:
    """Connect a client made of bytes."""
    opened: list[Raw] = []

    async def connected(to: ChaosProxy | PaperGateway) -> Raw:
        client = Raw(*await asyncio.open_connection("127.0.0.1", to.port))
        opened.append(client)
        return client

    yield connected
    for client in opened:
        client.writer.transport.abort()
