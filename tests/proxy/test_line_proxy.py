"""The line cutter between real sockets: an echoing gateway and a plain client."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from ibelay.errors import ConfigurationError
from ibelay.proxy.line import Cut
from ibelay.proxy.line_proxy import LineProxy

SOON_S = 5.0


@dataclass
class Gateway:
    """Echoes; remembers how each of its connections ended ("eof" or "reset")."""

    port: int = 0
    echo: bool = True
    received: int = 0
    endings: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                self.received += len(data)
                if self.echo:
                    writer.write(data)
                    await writer.drain()
            self.endings.put_nowait("eof")
        except ConnectionResetError:
            self.endings.put_nowait("reset")
        finally:
            writer.close()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    book = Gateway()
    server = await asyncio.start_server(book.serve, "127.0.0.1", 0)
    book.port = server.sockets[0].getsockname()[1]
    async with server:
        yield book


@pytest.fixture
async def proxy(gateway: Gateway) -> AsyncIterator[LineProxy]:
    async with LineProxy("127.0.0.1", gateway.port) as line_proxy:
        yield line_proxy


@dataclass
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def echo(self, data: bytes) -> bytes:
        self.writer.write(data)
        async with asyncio.timeout(SOON_S):
            return await self.reader.readexactly(len(data))

    async def ending(self) -> str:
        """Return how the line ended for us, after reading what was left."""
        try:
            async with asyncio.timeout(SOON_S):
                while await self.reader.read(65536):
                    pass
        except ConnectionResetError:
            return "reset"
        return "eof"


@asynccontextmanager
async def connected(proxy: LineProxy) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


async def how_it_ended(gateway: Gateway) -> str:
    async with asyncio.timeout(SOON_S):
        return await gateway.endings.get()


async def test_bytes_pass_both_ways_and_are_counted(gateway: Gateway, proxy: LineProxy) -> None:
    async with connected(proxy) as client:
        assert await client.echo(b"hello") == b"hello"
        assert await client.echo(bytes(300_000)) == bytes(300_000)
        assert (proxy.bytes_to_gateway, proxy.bytes_to_client) == (300_005, 300_005)
        assert (proxy.open_lines, proxy.lines_accepted) == (1, 1)


async def test_several_clients_have_lines_of_their_own(proxy: LineProxy) -> None:
    async with connected(proxy) as one, connected(proxy) as two:
        assert await one.echo(b"one") == b"one"
        assert await two.echo(b"two") == b"two"
        assert await proxy.cut(Cut.RST) == 2
        assert proxy.open_lines == 0


@pytest.mark.parametrize(("how", "ending"), [(Cut.RST, "reset"), (Cut.FIN, "eof")])
async def test_a_cut_reaches_both_ends_as_what_it_is(
    gateway: Gateway, proxy: LineProxy, how: Cut, ending: str
) -> None:
    async with connected(proxy) as client:
        await client.echo(b"hello")
        assert await proxy.cut(how) == 1
        assert await client.ending() == ending
        assert await how_it_ended(gateway) == ending


async def test_a_fin_cut_stays_a_fin_while_the_other_end_still_talks(
    gateway: Gateway, proxy: LineProxy
) -> None:
    """Unread bytes in a closed socket would turn the end of stream into a reset."""
    async with connected(proxy) as client:
        await client.echo(b"hello")
        proxy.freeze()
        client.writer.write(bytes(100_000))
        await proxy.cut(Cut.FIN)
        assert await client.ending() == "eof"
        assert await how_it_ended(gateway) == "eof"


async def test_a_line_ending_politely_can_still_be_cut_hard(
    gateway: Gateway, proxy: LineProxy
) -> None:
    async with connected(proxy) as client:
        await client.echo(b"hello")
        await proxy.cut(Cut.FIN)
        assert await proxy.cut(Cut.RST) == 1
        assert proxy.open_lines == 0
        assert await proxy.cut(Cut.RST) == 0


async def test_after_a_cut_a_new_line_works(proxy: LineProxy) -> None:
    async with connected(proxy) as client:
        await client.echo(b"hello")
        await proxy.cut(Cut.RST)
    async with connected(proxy) as again:
        assert await again.echo(b"again") == b"again"


async def test_refusing_refuses_connects_and_keeps_the_lines_there_are(
    proxy: LineProxy,
) -> None:
    async with connected(proxy) as client:
        await client.echo(b"hello")
        port = proxy.port
        await proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        assert await client.echo(b"still") == b"still"
        await proxy.refuse()
        await proxy.accept()
        assert proxy.port == port
        async with connected(proxy) as other:
            assert await other.echo(b"back") == b"back"


async def test_a_refused_port_cannot_be_taken_by_another_listener(proxy: LineProxy) -> None:
    await proxy.refuse()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", proxy.port))


async def test_frozen_nothing_passes_and_thawed_nothing_was_lost(
    gateway: Gateway, proxy: LineProxy
) -> None:
    async with connected(proxy) as client:
        await client.echo(b"hello")
        proxy.freeze()
        client.writer.write(b"silence")
        async with connected(proxy) as direct_witness:
            # The witness proves that time passed: its own bytes, sent later, do not pass either.
            direct_witness.writer.write(b"witness")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await client.reader.read(1)
            assert (gateway.received, client.reader.at_eof()) == (5, False)
            proxy.thaw()
            async with asyncio.timeout(SOON_S):
                assert await client.reader.readexactly(7) == b"silence"
                assert await direct_witness.reader.readexactly(7) == b"witness"


async def test_frozen_lines_can_be_cut(gateway: Gateway, proxy: LineProxy) -> None:
    async with connected(proxy) as client:
        await client.echo(b"hello")
        proxy.freeze()
        await proxy.cut(Cut.RST)
        assert await client.ending() == "reset"
        assert await how_it_ended(gateway) == "reset"


async def test_an_end_of_stream_passes_and_the_answer_still_comes_back(
    gateway: Gateway, proxy: LineProxy
) -> None:
    async with connected(proxy) as client:
        client.writer.write(b"last words")
        client.writer.write_eof()
        assert await client.reader.read() == b"last words"
        assert await how_it_ended(gateway) == "eof"


async def test_a_clients_reset_reaches_the_gateway_as_a_reset(
    gateway: Gateway, proxy: LineProxy
) -> None:
    async with connected(proxy) as client:
        await client.echo(b"hello")
        client.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0"
        )
        client.writer.transport.abort()
        assert await how_it_ended(gateway) == "reset"


async def test_without_a_gateway_the_client_is_reset() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        async with LineProxy("127.0.0.1", port) as proxy, connected(proxy) as client:
            assert await client.ending() == "reset"


async def test_a_reader_that_stops_stops_the_writer(gateway: Gateway, proxy: LineProxy) -> None:
    """Bytes accepted are bounded by kernel buffers, whatever the writer offers."""
    offered = 64 * 1024 * 1024
    async with connected(proxy) as client:
        client.writer.transport.set_write_buffer_limits(high=0)
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        client.writer.write(bytes(offered))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await client.writer.drain()
        assert proxy.bytes_to_gateway < offered / 2
        client.writer.transport.abort()


async def test_leaving_closes_every_line_and_keeps_the_bodys_own_exception(
    gateway: Gateway,
) -> None:
    proxy = LineProxy("127.0.0.1", gateway.port)

    async def body() -> None:
        async with proxy, connected(proxy) as client:
            await client.echo(b"hello")
            proxy.freeze()
            raise LookupError

    with pytest.raises(LookupError):
        await body()
    assert proxy.open_lines == 0
    assert await how_it_ended(gateway) in {"eof", "reset"}
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", proxy.port)


async def test_a_port_in_use_is_one_sentence(gateway: Gateway) -> None:
    with pytest.raises(ConfigurationError, match="expected a free port"):
        async with LineProxy("127.0.0.1", gateway.port, port=gateway.port):
            pass


async def test_fifty_cuts_leave_nothing_behind(proxy: LineProxy) -> None:
    for number in range(50):
        async with connected(proxy) as client:
            await client.echo(b"hello")
            assert await proxy.cut((Cut.RST, Cut.FIN)[number % 2]) == 1
            await client.ending()
    assert await proxy.cut(Cut.RST) <= 1  # the last FIN's far end may still be hanging up
    assert (proxy.open_lines, proxy.lines_accepted) == (0, 50)
