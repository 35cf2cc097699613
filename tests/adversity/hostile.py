"""A gateway under attack: its process, clients made of bytes, and a client that behaves.

The well-behaved client trades and asks for the time between the steps of an attack. Each of
its answers has the usual patience; there is no measuring of speed.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TextIO

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own
from ib_async import LimitOrder
from tests.gateway.conftest import PATIENCE_S, SPY, Raw
from tests.wire.foreign import sent

from ibelay.wire.framing import frame

HOST = "127.0.0.1"
HELLO = b"API\0" + frame(b"v157..178")
VERSION = 178
GOOD = 500


def start_api(client_id: int) -> bytes:
    """Return the message with which a client says who it is."""
    return frame(b"71\0" + b"2\0%d\0\0" % client_id)


@dataclass
class Target:
    """A gateway in a process of its own, with its control port."""

    process: subprocess.Popen[str]
    port: int
    control_port: int
    token: str

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    @property
    def memory(self) -> int:
        """Resident bytes."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    @property
    def descriptors(self) -> int:
        """Open file descriptors."""
        return int(psutil.Process(self.process.pid).num_fds())


def _started(command: list[str], log: TextIO) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)


@asynccontextmanager
async def target(folder: Path, *options: str) -> AsyncIterator[Target]:
    """Start ``ibelay gateway`` with *options*; it must still run in the end."""
    token = folder / "token"
    command = [
        *(sys.executable, "-m", "ibelay", "gateway", "--port", "0", "--symbols", "SPY,BAC"),
        *("--start", "10:00", "--control-port", "0", "--control-token-file", str(token)),
        *options,
    ]
    with (folder / "gateway.log").open("w") as log, _started(command, log) as process:
        try:
            assert process.stdout is not None
            said = [await asyncio.to_thread(process.stdout.readline) for _ in range(2)]
            port, control = (int(line.split(",")[0].rsplit(":", 1)[1]) for line in said)
            started = Target(process, port, control, token.read_text().strip())
            yield started
            assert started.alive
        finally:
            process.kill()


@dataclass
class Crowd:
    """Connections of an attacker, closed together."""

    port: int
    clients: list[Raw] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_gone: object) -> None:
        """Cut them all."""
        for one in self.clients:
            one.writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await one.writer.wait_closed()

    async def join(self, first: bytes = b"") -> Raw:
        """Connect, and send *first*."""
        one = Raw(*await asyncio.open_connection(HOST, self.port))
        self.clients.append(one)
        one.writer.write(first)
        return one


class Good:
    """A client that behaves, and counts what it was answered."""

    def __init__(self, to: Target, client: Raw) -> None:
        self._to = to
        self._client = client
        self._next_id = 1
        self.orders = 0

    async def works(self) -> None:
        """Ask for the time; place an order and cancel it: all must be answered."""
        number, self._next_id = self._next_id, self._next_id + 1
        client = self._client
        client.send(49, 1)
        await client.until("49", "1")
        order = LimitOrder("BUY", 1, 1.0)
        client.writer.write(frame(sent(lambda ib: ib.placeOrder(number, SPY, order), VERSION)))
        await client.until("3", str(number), "Submitted")
        client.send(4, 1, number, "")
        await client.until("3", str(number), "Cancelled")
        self.orders += 1

    async def until_calm(self, descriptors: int) -> None:
        """Work until the gateway holds no more than *descriptors* again, and lost no order."""
        async with asyncio.timeout(2 * PATIENCE_S):
            while self._to.descriptors > descriptors:
                await self.works()
        self._client.send(99, 1)
        ended = 0
        while (await self._client.message())[0] != "102":
            ended += 1
        assert ended >= self.orders


@asynccontextmanager
async def good(to: Target) -> AsyncIterator[Good]:
    """Connect a client that behaves; it has worked once."""
    async with Crowd(to.port) as alone:
        client = await alone.join(HELLO + start_api(GOOD))
        behaved = Good(to, client)
        await behaved.works()
        yield behaved
        await behaved.works()
