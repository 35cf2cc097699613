"""Who runs a proxy in a loop of their own on Windows has it on CPython's Proactor transports."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from tests.proxy.completions import Ask, in_completions

from ibelay.control import resetting
from ibelay.control.port.listener import ControlPort
from ibelay.control.port.remote import CHAOS, Remote
from ibelay.gateway.main import gateway
from ibelay.gateway.options import GatewayOptions
from ibelay.model.faults import read
from ibelay.proxy.chaos import ChaosProxy
from ibelay.wire.framing import frame

pytestmark = pytest.mark.timeout(60)
HOST = "127.0.0.1"
MEGABYTE = 1 << 20
HELLO = b"API\0" + frame(b"v157..178")
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def between(serve: Serve) -> AsyncIterator[tuple[ChaosProxy, Ask]]:
    """A proxy before a server of bytes; only the proxy is on such transports."""
    async with await asyncio.start_server(serve, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        chance = random.Random(1)  # noqa: S311  # a test's seed
        make = partial(ChaosProxy, HOST, port, chance=chance)
        async with in_completions(make) as (proxy, ask):
            yield proxy, ask


async def nobody_is_left(proxy: ChaosProxy, ask: Ask) -> None:
    """Wait until the proxy has forgotten its clients."""
    while await ask(proxy.sessions):  # noqa: ASYNC110  # its loop is another
        await asyncio.sleep(0.001)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say what is heard, until the end."""
    try:
        while data := await reader.read(MEGABYTE):
            writer.write(data)
            await writer.drain()
    except ConnectionResetError:
        pass  # as it may be
    writer.close()


async def greeted(proxy: ChaosProxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect, and hear an echo."""
    reader, writer = await asyncio.open_connection(HOST, proxy.port)
    writer.write(HELLO)
    assert await reader.readexactly(len(HELLO)) == HELLO
    return reader, writer


async def test_a_reset_is_no_end_of_stream() -> None:
    """The loop would send a FIN first."""
    async with between(echo) as (proxy, ask):
        reader, writer = await greeted(proxy)
        await ask(partial(proxy.do, read("rst")))
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        await nobody_is_left(proxy, ask)


async def test_a_reset_by_the_gateway_is_passed_on_and_nothing_escapes() -> None:
    """Of a socket that is reset the loop would let an error escape, and not close it."""

    async def slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(HELLO))
        resetting.reset(writer.transport)

    async with between(slam) as (proxy, ask):
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        writer.write(HELLO)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        await nobody_is_left(proxy, ask)


async def test_the_paper_gateway_resets_too() -> None:
    make = partial(gateway, GatewayOptions(port=0, symbols=("SPY",)))
    async with in_completions(make) as (paper, ask):
        reader, writer = await asyncio.open_connection(HOST, paper.port)
        writer.write(HELLO)
        assert await reader.readuntil(b"178")
        (session,) = await ask(paper.sessions)
        await ask(partial(paper.reset, session))
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


async def test_each_way_ends_by_itself() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.read()
        writer.write(asked[::-1])
        writer.close()

    async with between(answer) as (proxy, ask):
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        writer.write(b"GET /")
        writer.write_eof()
        assert await reader.read() == b"/ TEG"
        writer.close()
        await nobody_is_left(proxy, ask)


async def test_a_slow_reader_loses_nothing() -> None:
    said = random.Random(7).randbytes(16 * MEGABYTE)  # noqa: S311  # a test's seed

    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        writer.close()

    async with between(flood) as (proxy, ask):
        reader, writer = await asyncio.open_connection(HOST, proxy.port, limit=1 << 12)
        parts = []
        while data := await reader.read(1 << 16):
            parts.append(data)
        assert b"".join(parts) == said
        writer.close()
        await nobody_is_left(proxy, ask)


async def test_a_door_is_shut_and_opened_and_lines_that_stand_go_on() -> None:
    async with between(echo) as (proxy, ask):
        reader, writer = await greeted(proxy)
        await ask(partial(proxy.do, read("refuse")))
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HOST, proxy.port)
        await ask(partial(proxy.do, read("accept")))
        other = None
        while other is None:  # it listens a turn later
            try:
                _reader, other = await greeted(proxy)
            except ConnectionRefusedError:
                await asyncio.sleep(0.001)
        writer.write(b"still here")
        assert await reader.readexactly(10) == b"still here"
        for one in (writer, other):
            one.close()
        await nobody_is_left(proxy, ask)


async def test_a_control_port_answers(tmp_path: Path) -> None:
    token = tmp_path / "token"

    @asynccontextmanager
    async def commanded() -> AsyncIterator[ControlPort]:
        chance = random.Random(1)  # noqa: S311  # a test's seed
        async with (
            ChaosProxy(HOST, 9, chance=chance) as proxy,
            ControlPort(proxy, host=HOST, port=0, token_file=token) as port,
        ):
            yield port

    async with in_completions(commanded) as (port, _ask):
        remote = Remote(port.port, token, CHAOS)
        assert await asyncio.to_thread(remote.do, ["lose-ack"]) == ["lose-ack: done"]
