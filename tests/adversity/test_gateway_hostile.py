"""Hostile clients at a real gateway: nobody else is kept waiting, and nothing grows."""

from __future__ import annotations

import asyncio
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ib_async import Contract, Option, Stock
from tests.adversity.hostile import (
    HELLO,
    HOST,
    VERSION,
    Crowd,
    Target,
    good,
    start_api,
    target,
)
from tests.gateway.conftest import PATIENCE_S, SPY
from tests.wire.foreign import sent

from ibelay.gateway.server import MAX_CONNECTIONS
from ibelay.wire.framing import MAX_CLIENT_FRAME_BYTES, frame

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(240)]

MIB = 1 << 20
MORE_MEMORY = 64 * MIB
ALL_OPTIONS = Option("SPY", exchange="SMART", currency="USD")
DETAILS = frame(sent(lambda ib: ib.reqContractDetails(1, ALL_OPTIONS), VERSION))
HISTOGRAM = frame(sent(lambda ib: ib.reqHistogramData(1, SPY, True, "1 day"), VERSION))


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Target]:
    async with target(tmp_path) as started:
        yield started


@pytest.mark.parametrize(
    "dripped",
    [
        pytest.param((b"", HELLO), id="prefix"),
        pytest.param((HELLO, start_api(1)), id="frame"),
        pytest.param((HELLO, struct.pack(">I", MAX_CLIENT_FRAME_BYTES) + b"7" * 40), id="long"),
        pytest.param((HELLO, struct.pack(">I", 1 << 31) + b"7" * 40), id="absurd"),
    ],
)
async def test_clients_that_drip_bytes_hold_up_nobody(
    gateway: Target, dripped: tuple[bytes, bytes]
) -> None:
    at_once, slowly = dripped
    async with good(gateway) as client:
        before = gateway.descriptors
        async with Crowd(gateway.port) as crowd:
            for _ in range(MAX_CONNECTIONS - 1):
                await crowd.join(at_once)
            for n in range(16):
                for one in crowd.clients:
                    one.writer.write(slowly[n : n + 1])
                await client.works()
        await client.until_calm(before)


async def test_the_silent_keep_nobody_out_and_are_closed_in_the_end(gateway: Target) -> None:
    async with good(gateway) as client, Crowd(gateway.port) as crowd:
        before = gateway.descriptors
        for _ in range(MAX_CONNECTIONS + 20):
            await crowd.join()
        late = await crowd.join(HELLO + start_api(7))
        await late.until("15")
        await client.until_calm(before + 1)
        late.send(49, 1)
        await late.until("49", "1")


async def test_a_flood_of_connections_passes(gateway: Target) -> None:
    async with good(gateway) as client:
        before, used = gateway.descriptors, 0
        for _ in range(3):
            async with Crowd(gateway.port) as crowd:
                for n in range(4 * MAX_CONNECTIONS):
                    await crowd.join(HELLO + start_api(n))
                await client.works()
            await client.until_calm(before)
            used = used or gateway.memory
        assert gateway.memory - used < MORE_MEMORY


async def test_clients_that_leave_in_the_middle_of_an_answer_leave_nothing(
    gateway: Target,
) -> None:
    async with good(gateway) as client:
        before, used = gateway.descriptors, 0
        for _ in range(6):
            async with Crowd(gateway.port) as crowd:
                for n in range(16):
                    one = await crowd.join(HELLO + start_api(n) + subscriptions(20) + DETAILS)
                    await one.until("15")
                await client.works()
            await client.until_calm(before)
            used = used or gateway.memory
        assert gateway.memory - used < MORE_MEMORY


async def test_clients_that_never_read_are_cut(gateway: Target) -> None:
    async with good(gateway) as client:
        before, used = gateway.descriptors, 0
        for _ in range(2):
            async with asyncio.TaskGroup() as attack:
                deaf = [attack.create_task(asks_and_never_reads(gateway, n)) for n in range(3)]
                while not all(one.done() for one in deaf):
                    await client.works()
            await client.until_calm(before)
            used = used or gateway.memory
        assert gateway.memory - used < MORE_MEMORY


async def test_frames_beyond_the_limit_are_refused_and_never_kept(gateway: Target) -> None:
    huge = struct.pack(">I", 16 * MIB) + b"\x001" * (8 * MIB)
    legal = struct.pack(">I", MAX_CLIENT_FRAME_BYTES) + b"9" * MAX_CLIENT_FRAME_BYTES
    async with good(gateway) as client:
        before, used = gateway.descriptors, gateway.memory
        for start in (b"", HELLO, HELLO + start_api(1)):
            async with Crowd(gateway.port) as crowd:
                for _ in range(4):
                    await crowd.join(start + huge)
                await client.works()
                for one in crowd.clients:
                    await one.ended()
        async with Crowd(gateway.port) as crowd:
            one = await crowd.join(HELLO + start_api(1) + legal)
            await one.until("4", "2", "-1", "505")
            one.send(49, 1)
            await one.until("49", "1")
        await client.until_calm(before)
        assert gateway.memory - used < MORE_MEMORY


@pytest.mark.parametrize("asked", [frame(b"49\x001\x00"), HISTOGRAM], ids=["cheap", "dear"])
@pytest.mark.parametrize("pacing", ["pace", "off"])
async def test_clients_that_ask_as_fast_as_they_can_wait_for_themselves(
    tmp_path: Path, pacing: str, asked: bytes
) -> None:
    """Megabytes of requests at once: the others are answered while they are served."""
    async with target(tmp_path, "--pacing", pacing) as gateway, good(gateway) as client:
        before = gateway.descriptors
        async with Crowd(gateway.port) as crowd:
            for n in range(4):
                one = await crowd.join(HELLO + start_api(n))
                await one.until("15")
                one.writer.write(asked * (MIB // len(asked)))
            for _ in range(5):
                await client.works()
        await client.until_calm(before)


async def test_a_client_that_is_frozen_keeps_its_id_and_nothing_else(gateway: Target) -> None:
    """SIGSTOP stands for a half-open line: the kernel answers, and nobody reads."""
    async with good(gateway) as client:
        before = gateway.descriptors
        with frozen_client(gateway.port, 5) as stopped:
            try:
                line = await asyncio.to_thread(stopped.stdout.readline) if stopped.stdout else ""
                assert line == "started\n"
                stopped.send_signal(signal.SIGSTOP)
                for _ in range(5):
                    await client.works()
                async with Crowd(gateway.port) as crowd:
                    same = await crowd.join(HELLO + start_api(5))
                    await same.until("4", "2", "-1", "326")
            finally:
                stopped.kill()
        await client.until_calm(before)
        async with Crowd(gateway.port) as crowd:
            again = await crowd.join(HELLO + start_api(5))
            await again.until("15")


def subscriptions(count: int) -> bytes:
    """Return requests for that many streams."""
    stocks = (SPY, Stock("BAC", "SMART", "USD"))
    return b"".join(frame(stream(n, stocks[n % 2])) for n in range(10, 10 + count))


def stream(number: int, contract: Contract) -> bytes:
    """Return a request for market data."""
    return sent(lambda ib: ib.reqMktData(number, contract, "233", False, False, []), VERSION)


async def asks_and_never_reads(to: Target, client_id: int) -> None:
    """Subscribe and ask for more and more without reading, until the gateway cuts the line."""
    loop = asyncio.get_running_loop()
    with socket.socket() as deaf:
        deaf.setblocking(False)
        await loop.sock_connect(deaf, (HOST, to.port))
        await loop.sock_sendall(deaf, HELLO + start_api(client_id) + subscriptions(50))
        async with asyncio.timeout(4 * PATIENCE_S):
            try:
                while True:
                    await loop.sock_sendall(deaf, DETAILS)
            except ConnectionError:
                return


def frozen_client(port: int, client_id: int) -> subprocess.Popen[str]:
    """Return a client in a process of its own that has started and subscribed."""
    program = (
        "import socket, sys\n"
        f"line = socket.create_connection(({HOST!r}, {port}))\n"
        f"line.sendall({HELLO + start_api(client_id) + subscriptions(50) + DETAILS!r})\n"
        "line.recv(1)\n"
        "print('started', flush=True)\n"
        "sys.stdin.read()\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
