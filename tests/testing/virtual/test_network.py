"""The virtual network behaves as sockets do, where it hurts as well."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.control.keepalive import keep_alive
from ibelay.testing.virtual import Host, Network, Pace, VirtualLoop
from ibelay.testing.virtual.stream import HIGH_WATER, KERNEL_BYTES
from ibelay.testing.virtual.way import WINDOW_BYTES

RESET = struct.pack("ii", 1, 0)


class Peer(asyncio.Protocol):
    """Remembers what happens to it."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.reads = 0
        self.events: list[str] = []
        self.lost: Exception | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.events.append("made")

    def data_received(self, data: bytes) -> None:
        self.data += data
        self.reads += 1

    def eof_received(self) -> None:
        self.events.append("eof")

    def connection_lost(self, exc: Exception | None) -> None:
        self.events.append("lost")
        self.lost = exc

    def pause_writing(self) -> None:
        self.events.append("pause")

    def resume_writing(self) -> None:
        self.events.append("resume")


class Stage:
    """A bot and a gateway with a connection between them."""

    def __init__(self, chance: random.Random | None = None, pace: Pace | None = None) -> None:
        self.loop = VirtualLoop(chance)
        self.network = Network(self.loop, chance, pace)
        self.bot, self.gateway = Host("bot"), Host("gateway")
        self.server = Peer()
        self.gateway.context().run(self.network.listen, lambda: self.server, "gateway", 4002)

    def connect(self) -> Peer:
        async def dial() -> Peer:
            peer = Peer()
            await self.loop.create_connection(lambda: peer, "gateway", 4002)
            return peer

        task = self.loop.create_task(dial(), context=self.bot.context())
        return self.loop.run_until_complete(task)


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.loop.close()


def test_bytes_arrive_after_the_latency_of_the_network() -> None:
    stage = Stage(pace=Pace(least_s=0.25, most_s=0.25))
    client = stage.connect()
    assert stage.loop.time() == pytest.approx(0.5)
    client.transport.write(b"hello")
    stage.loop.run_for(0.24)
    assert stage.server.data == b""
    stage.loop.run_for(0.02)
    assert stage.server.data == b"hello"
    stage.loop.close()


@given(
    st.lists(st.binary(min_size=1, max_size=2000), max_size=30),
    st.integers(0, 2**32),
    st.floats(0, 1),
)
def test_bytes_arrive_whole_and_in_order_whatever_the_pieces(
    writes: list[bytes], seed: int, cut: float
) -> None:
    stage = Stage(random.Random(seed), Pace(0.0, 0.1, cut))  # noqa: S311  # a test
    client = stage.connect()
    for data in writes:
        client.transport.write(data)
        stage.loop.run_for(0.01)
    stage.loop.run_for(10.0)
    assert bytes(stage.server.data) == b"".join(writes)
    stage.loop.close()


def test_nobody_listens_is_refused(stage: Stage) -> None:
    async def dial() -> None:
        await stage.loop.create_connection(Peer, "gateway", 4003)

    with pytest.raises(ConnectionRefusedError):
        stage.loop.run_until_complete(dial())


def test_a_close_is_a_fin_after_the_last_byte(stage: Stage) -> None:
    client = stage.connect()
    client.transport.write(b"last words")
    client.transport.close()
    stage.loop.run_for(1.0)
    assert bytes(stage.server.data) == b"last words"
    assert stage.server.events == ["made", "eof", "lost"]
    assert stage.server.lost is None
    assert client.events == ["made", "lost"]


def test_an_abort_with_linger_is_a_reset(stage: Stage) -> None:
    client = stage.connect()
    client.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.transport.abort()
    stage.loop.run_for(1.0)
    assert isinstance(stage.server.lost, ConnectionResetError)
    assert "eof" not in stage.server.events


def test_whoever_writes_to_an_end_that_is_gone_is_reset(stage: Stage) -> None:
    client = stage.connect()
    client.transport.pause_reading()
    stage.network.sever("gateway", silently=False)
    client.transport.write(b"anybody there?")
    stage.loop.run_for(1.0)
    assert isinstance(client.lost, ConnectionResetError)


def test_a_machine_without_power_resets_nobody_before_it_is_back(stage: Stage) -> None:
    client = stage.connect()
    stage.network.sever("gateway", silently=True)
    client.transport.write(b"anybody there?")
    stage.loop.run_for(5.0)
    assert client.events == ["made"]
    stage.network.power_up("gateway")
    client.transport.write(b"and now?")
    stage.loop.run_for(1.0)
    assert isinstance(client.lost, ConnectionResetError)


def test_a_process_that_is_killed_hangs_up_and_a_power_cut_does_not(stage: Stage) -> None:
    first = stage.connect()
    stage.network.sever("gateway", silently=False)
    stage.loop.run_for(1.0)
    assert first.events == ["made", "eof", "lost"]
    stage.gateway.context().run(stage.network.listen, Peer, "gateway", 4002)
    second = stage.connect()
    stage.network.sever("gateway", silently=True)
    stage.loop.run_for(3600.0)
    assert second.events == ["made"]


def test_what_is_written_while_the_cable_is_out_arrives_when_it_is_back(stage: Stage) -> None:
    client = stage.connect()
    stage.network.unplug("bot", "gateway")
    client.transport.write(b"one")
    client.transport.write(b"two")
    stage.loop.run_for(5.0)
    assert stage.server.data == b""
    stage.network.plug("bot", "gateway")
    stage.loop.run_for(1.0)
    assert bytes(stage.server.data) == b"onetwo"
    assert client.events == ["made"]


def test_what_was_in_flight_when_the_cable_went_out_is_sent_again(stage: Stage) -> None:
    client = stage.connect()
    client.transport.write(b"in flight")
    stage.network.unplug("bot", "gateway")
    stage.loop.run_for(5.0)
    assert stage.server.data == b""
    stage.network.plug("bot", "gateway")
    stage.loop.run_for(1.0)
    assert bytes(stage.server.data) == b"in flight"


def test_a_plain_socket_notices_a_dead_cable_after_a_quarter_of_an_hour(stage: Stage) -> None:
    client = stage.connect()
    stage.network.unplug("bot", "gateway")
    client.transport.write(b"order")
    stage.loop.run_for(900.0)
    assert client.events == ["made"]
    stage.loop.run_for(60.0)
    assert isinstance(client.lost, TimeoutError)


def test_an_idle_plain_socket_never_notices(stage: Stage) -> None:
    client = stage.connect()
    stage.network.unplug("bot", "gateway")
    stage.loop.run_for(86_400.0)
    assert client.events == ["made"]


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux has TCP_USER_TIMEOUT")
def test_the_user_timeout_a_program_has_set_counts(stage: Stage) -> None:
    client = stage.connect()
    sock = client.transport.get_extra_info("socket")
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 12_000)
    stage.network.unplug("bot", "gateway")
    client.transport.write(b"order")
    stage.loop.run_for(11.9)
    assert client.events == ["made"]
    stage.loop.run_for(0.2)
    assert isinstance(client.lost, TimeoutError)


def given_up(stage: Stage) -> Peer:
    """Return a client that has given up while the cable was out, and could not say so."""
    client = stage.connect()
    stage.network.unplug("bot", "gateway")
    client.transport.write(b"order")
    stage.loop.run_for(1000.0)
    assert isinstance(client.lost, TimeoutError)
    stage.network.plug("bot", "gateway")
    return client


def test_an_end_that_was_given_up_is_held_for_ever_without_keepalive(stage: Stage) -> None:
    given_up(stage)
    stage.loop.run_for(86_400.0)
    assert stage.server.events == ["made"]
    stage.server.transport.write(b"are you there?")
    stage.loop.run_for(1.0)
    assert isinstance(stage.server.lost, ConnectionResetError)


@pytest.mark.parametrize("how", ["given up", "without power"])
def test_an_end_with_keepalive_learns_that_nobody_is_there(stage: Stage, how: str) -> None:
    stage.connect()
    face = stage.server.transport.get_extra_info("socket")
    keep_alive(stage.server.transport)
    assert face.idle_s == 30
    if how == "given up":
        for end in stage.network.ends("bot"):
            end.fail(TimeoutError())
            end.peer.left_alone()
    else:
        stage.network.sever("bot", silently=True)
        stage.loop.call_later(1.0, stage.network.power_up, "bot")
    stage.loop.run_for(29.0)
    assert stage.server.events == ["made"]
    stage.loop.run_for(2.0)
    assert isinstance(stage.server.lost, ConnectionResetError)


def test_connecting_over_a_dead_cable_waits_for_it(stage: Stage) -> None:
    stage.network.unplug("bot", "gateway")
    stage.loop.call_at(30.0, stage.network.plug, "bot", "gateway")
    assert stage.connect().events == ["made"]
    assert stage.loop.time() == pytest.approx(30.0, abs=0.1)


def test_connecting_over_a_dead_cable_gives_up_in_the_end(stage: Stage) -> None:
    stage.network.unplug("bot", "gateway")
    with pytest.raises(TimeoutError):
        stage.connect()
    assert stage.loop.time() == pytest.approx(127.0)


def test_a_reader_that_does_not_read_pauses_the_writer(stage: Stage) -> None:
    client = stage.connect()
    stage.loop.run_for(0.1)
    stage.server.transport.pause_reading()
    size = WINDOW_BYTES + KERNEL_BYTES + HIGH_WATER + 1
    for start in range(0, size, 1024):
        client.transport.write(bytes(min(1024, size - start)))
    assert client.events == ["made", "pause"]
    assert client.transport.get_write_buffer_size() > HIGH_WATER
    stage.server.transport.resume_reading()
    stage.loop.run_for(1.0)
    assert client.events == ["made", "pause", "resume"]
    assert len(stage.server.data) == size


def test_a_half_close_lets_the_other_side_go_on(stage: Stage) -> None:
    client = stage.connect()
    client.transport.write(b"question")
    client.transport.write_eof()
    with pytest.raises(RuntimeError):
        client.transport.write(b"more")
    stage.loop.run_for(1.0)
    assert stage.server.events == ["made", "eof", "lost"]


def test_streams_of_asyncio_work_over_it(stage: Stage) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    async def main() -> bytes:
        server = await asyncio.start_server(echo, "gateway", 5000)
        reader, writer = await asyncio.open_connection("gateway", 5000)
        writer.write(b"hello\n")
        answer = await reader.read()
        writer.close()
        server.close()
        return answer

    assert stage.loop.run_until_complete(main()) == b"hello\n"


def test_code_of_a_connection_belongs_to_its_host(stage: Stage) -> None:
    client = stage.connect()
    stage.loop.run_for(0.1)
    stage.loop.stall(stage.gateway, 5.0)
    client.transport.write(b"are you there?")
    stage.loop.run_for(4.0)
    assert stage.server.data == b""
    stage.loop.run_for(2.0)
    assert bytes(stage.server.data) == b"are you there?"


@pytest.mark.parametrize("seed", range(10))
def test_a_connection_that_is_reset_at_once_is_made_and_lost(seed: int) -> None:
    """As between a system's connect and the loop's first read: never made and kept for ever."""

    class Unfriendly(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            face = transport.get_extra_info("socket")
            face.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            transport.abort()

    stage = Stage(random.Random(seed), Pace(0.0, 0.1))  # noqa: S311  # a test
    stage.network.stop_listening("gateway", 4002)
    stage.network.listen(Unfriendly, "gateway", 4002)
    client = stage.connect()
    stage.loop.run_for(1.0)
    assert client.events == ["made", "lost"]
    assert isinstance(client.lost, ConnectionResetError)
    stage.loop.close()


def test_a_connect_that_is_cancelled_leaves_no_half_open_end(stage: Stage) -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.00015):
                await stage.loop.create_connection(Peer, "gateway", 4002)

    stage.loop.run_until_complete(stage.loop.create_task(main(), context=stage.bot.context()))
    stage.loop.run_for(1.0)
    assert stage.network.ends("bot") == []
    assert stage.network.ends("gateway") == []


@pytest.mark.parametrize("seed", range(20))
def test_who_is_reset_before_it_was_told_of_its_connection_is_told_of_both(seed: int) -> None:
    class Unfriendly(Peer):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            peer = transport.get_extra_info("socket")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.transport.abort()

    stage = Stage(random.Random(seed), Pace(least_s=0.01, most_s=0.3))  # noqa: S311  # a test
    stage.server = Unfriendly()
    client = stage.connect()
    stage.loop.run_for(1)
    assert client.events == ["made", "lost"]
    assert isinstance(client.lost, ConnectionResetError)
    stage.loop.close()
