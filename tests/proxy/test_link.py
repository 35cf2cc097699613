"""Links: slow readers slow writers, ends are passed on as they are, and nothing is left over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from tests.proxy.conftest import Between, do, until

from ibelay.proxy.chaos import MAX_LINKS, ChaosProxy
from ibelay.proxy.link import HIGH_BYTES, LINGER_S
from ibelay.proxy.toxics.pipe import MAX_PULL

HOST = "127.0.0.1"
MEGABYTE = 1 << 20
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[int]:
    """Serve on a free port; give it."""
    async with await asyncio.start_server(serve, HOST, 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_a_reader_that_is_slow_slows_the_writer_and_loses_nothing(between: Between) -> None:
    sent = 0

    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        for _time in range(64):
            writer.write(bytes(MEGABYTE))
            await writer.drain()
            sent += MEGABYTE
        writer.close()

    async with serving(flood) as port:
        proxy = await between(port=port)
        reader, writer = await asyncio.open_connection(HOST, proxy.port, limit=1 << 16)
        before = -1
        while sent != before:  # until nothing more is taken
            before = sent
            await asyncio.sleep(0.1)
        link = next(iter(proxy._links.values()))
        assert sent < 32 * MEGABYTE
        assert link._to_client.pending_bytes <= HIGH_BYTES + MAX_PULL + MEGABYTE
        got = 0
        while data := await reader.read(MEGABYTE):
            got += len(data)
        assert got == 64 * MEGABYTE
        writer.close()
        await until(lambda: not proxy.sessions())


async def test_each_way_ends_by_itself(between: Between) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.read()
        writer.write(asked)
        await writer.drain()
        writer.close()

    async with serving(echo) as port:
        proxy = await between("latency 20ms", "slow-close 20ms", port=port)
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        writer.write(b"the end")
        writer.write_eof()
        assert await reader.read() == b"the end"
        writer.close()
        await until(lambda: not proxy.sessions())


@pytest.mark.parametrize("slow", [(), ("slow-close 20ms",)])
async def test_a_reset_of_either_side_is_a_reset_for_the_other(
    between: Between, slow: tuple[str, ...]
) -> None:
    ends: list[str] = []
    writers: list[asyncio.StreamWriter] = []

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            ends.append(repr(await reader.read()))
        except ConnectionResetError:
            ends.append("reset")
        finally:
            writer.close()

    async with serving(wait) as port:
        proxy = await between(*slow, port=port)
        _reader, writer = await asyncio.open_connection(HOST, proxy.port)
        await until(lambda: len(writers) == 1)
        reset(writer)
        await until(lambda: ends == ["reset"])
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        await until(lambda: len(writers) == 2)
        reset(writers[1])
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        await until(lambda: not proxy.sessions())


def reset(writer: asyncio.StreamWriter) -> None:
    """Hang up with an RST."""
    import socket  # noqa: PLC0415  # only here
    import struct  # noqa: PLC0415  # only here

    ours = writer.get_extra_info("socket")
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def test_who_comes_when_all_places_are_taken_is_cut(proxy: ChaosProxy) -> None:
    clients = [await asyncio.open_connection(HOST, proxy.port) for _ in range(MAX_LINKS)]
    await until(lambda: len(proxy.sessions()) == MAX_LINKS)
    reader, writer = await asyncio.open_connection(HOST, proxy.port)
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    for _reader, one in (*clients, (reader, writer)):
        one.transport.abort()
    await until(lambda: not proxy.sessions())


async def test_a_client_that_hangs_up_while_all_is_frozen_leaves_nothing(
    proxy: ChaosProxy,
) -> None:
    do(proxy, "freeze")
    for _time in range(3):
        _reader, writer = await asyncio.open_connection(HOST, proxy.port)
        await until(proxy.sessions)
        writer.close()
        await until(lambda: not proxy.sessions())


async def test_a_peer_that_never_hangs_up_is_left_after_a_while(
    proxy: ChaosProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ibelay.proxy.link.LINGER_S", 0.02)
    assert LINGER_S > 1
    reader, writer = await asyncio.open_connection(HOST, proxy.port)
    await until(proxy.sessions)
    do(proxy, "fin")
    assert await reader.read() == b""
    await until(lambda: not proxy.sessions())
    writer.close()


async def test_a_client_that_does_not_hang_up_after_its_gateway_is_cut(
    between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ibelay.proxy.link.HALF_CLOSED_S", 0.05)

    async def close(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serving(close) as port:
        proxy = await between(port=port)
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        assert await reader.read() == b""
        await until(lambda: not proxy.sessions())
        writer.close()


async def test_what_a_fault_keeps_waiting_is_bounded(
    between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ibelay.proxy.link.MAX_PENDING_BYTES", MEGABYTE)

    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\0\0\0\x10178\x0020250602 00\0")
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"\0\0\x10\x00" + b"49\0" + bytes(4093))
                await writer.drain()
        writer.close()

    async with serving(talk) as port:
        proxy = await between("delay currentTime 1h", port=port)
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        assert await reader.readexactly(20)
        with pytest.raises(ConnectionError):
            await reader.read()
        writer.close()
        await until(lambda: not proxy.sessions())
