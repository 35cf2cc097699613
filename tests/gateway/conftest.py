"""A real gateway on a free port in the test's loop, and the real ib_async to talk to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from ib_async import IB, Stock

from ibelay.gateway.main import gateway
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.server import PaperGateway
from ibelay.gateway.session.line.pacing import Pacing
from ibelay.wire.framing import FrameDecoder, frame

SPY = Stock("SPY", "SMART", "USD", conId=756733)
PATIENCE_S = 30.0
Start = Callable[..., Awaitable[PaperGateway]]
Connect = Callable[..., Awaitable["Client"]]


class Client:
    """ib_async, connected, with every code it heard."""

    def __init__(self) -> None:
        self.ib = IB()
        self.ib.RaiseRequestErrors = True
        self.codes: list[tuple[int, int]] = []
        self.ib.errorEvent += self._on_error

    @property
    def wire(self) -> Any:
        """ib_async's client object, for requests by id."""
        return self.ib.client

    def _on_error(self, request_id: int, code: int, _text: str, _contract: Any) -> None:
        self.codes.append((request_id, code))

    async def until(self, true: Callable[[], object]) -> None:
        """Wait, message by message, until *true*."""
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await self.ib.updateEvent


class Raw:
    """A client made of bytes: what it sends and what it gets is up to the test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._decoder = FrameDecoder(1 << 24)
        self._waiting: list[list[str]] = []

    def send(self, *fields: object) -> None:
        """Send one framed message."""
        self.writer.write(frame("".join(f"{field}\0" for field in fields).encode()))

    async def hello(self, versions: str = "v157..178") -> list[str]:
        """Shake hands; return the server's answer."""
        self.writer.write(b"API\0" + frame(versions.encode()))
        return await self.message()

    async def message(self) -> list[str]:
        """Return the fields of the next message, [] at the end of the stream."""
        while not self._waiting:
            async with asyncio.timeout(PATIENCE_S):
                try:
                    data = await self.reader.read(65536)
                except ConnectionError:
                    return []
            if not data:
                return []
            self._decoder.feed(data)
            self._waiting = [p.decode().split("\0")[:-1] for p in self._decoder.frames()]
        return self._waiting.pop(0)

    async def until(self, *beginning: str) -> list[str]:
        """Return the next message that begins with these fields."""
        while True:
            fields = await self.message()
            assert fields, f"the stream ended before {beginning}"
            if tuple(fields[: len(beginning)]) == beginning:
                return fields

    async def ended(self) -> list[list[str]]:
        """Return what still comes until the gateway closes."""
        rest = []
        while fields := await self.message():
            rest.append(fields)
        return rest


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start gateways; they stop with the test."""
    async with AsyncExitStack() as stack:

        async def started(**options: Any) -> PaperGateway:
            usual = {"port": 0, "symbols": ("SPY", "BAC"), "start": "10:00", "pacing": Pacing.OFF}
            settings = {**usual, **options}
            return await stack.enter_async_context(gateway(GatewayOptions(**settings)))

        yield started


@pytest.fixture
async def paper(start: Start) -> PaperGateway:
    """A gateway at ten o'clock of a synthetic day, at normal speed."""
    return await start()


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Connect ib_async with a full sync; it disconnects with the test."""
    clients: list[Client] = []

    async def connected(to: PaperGateway, client_id: int = 1, *, max_version: int = 178) -> Client:
        client = Client()
        clients.append(client)
        client.wire.MaxClientVersion = max_version
        await client.ib.connectAsync(
            "127.0.0.1", to.port, client_id, timeout=PATIENCE_S, raiseSyncErrors=True
        )
        return client

    yield connected
    for client in clients:
        client.ib.disconnect()


@pytest.fixture
async def raw() -> AsyncIterator[Callable[[PaperGateway], Awaitable[Raw]]]:
    """Connect a client made of bytes."""
    opened: list[Raw] = []

    async def connected(to: PaperGateway) -> Raw:
        client = Raw(*await asyncio.open_connection("127.0.0.1", to.port))
        opened.append(client)
        return client

    yield connected
    for client in opened:
        client.writer.close()
        try:
            await client.writer.wait_closed()
        except ConnectionError:
            continue


@pytest.fixture
async def one(paper: PaperGateway, connect: Connect) -> Client:
    """Client 1 of ``paper``."""
    return await connect(paper)
