"""Hostile visitors of the control port: the clients that trade notice nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.adversity.hostile import HOST, Crowd, Target, good, target
from tests.gateway.conftest import PATIENCE_S

from ibelay.control.port.http import MAX_BODY, MAX_HEAD
from ibelay.control.port.listener import MAX_VISITORS

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(240)]

MORE_MEMORY = 32 << 20


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Target]:
    async with target(tmp_path) as started:
        yield started


def request(to: Target, first: str = "GET /status", body: bytes = b"", **headers: str) -> bytes:
    """Return a good request, or one with other headers; an empty one is left out."""
    usual = {
        "host": f"{HOST}:{to.control_port}",
        "authorization": f"Bearer {to.token}",
        "content_type": "application/json",
        "content_length": str(len(body)),
        **headers,
    }
    lines = "".join(
        f"{name.replace('_', '-')}: {value}\r\n" for name, value in usual.items() if value
    )
    return f"{first} HTTP/1.1\r\n{lines}\r\n".encode() + body


async def visit(to: Target, data: bytes) -> bytes:
    """Send *data*; return what is answered, empty where the line is cut."""
    reader, writer = await asyncio.open_connection(HOST, to.control_port)
    try:
        writer.write(data)
        return await asyncio.wait_for(reader.read(), PATIENCE_S)
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort()


def attacks(to: Target) -> dict[bytes, bytes]:
    """Return hostile requests and the statuses they deserve."""
    deep = b"[" * 30_000
    return {
        request(to, host="evil.example"): b"403",
        request(to, origin="http://evil.example"): b"403",
        request(to, authorization="Bearer wrong"): b"401",
        request(to, authorization=""): b"401",
        request(to, first="GET /../../token"): b"404",
        request(to, first="DELETE /status"): b"405",
        request(to, first="POST /commands", body=b"not json"): b"400",
        request(to, first="POST /commands", body=deep): b"400",
        request(to, first="POST /commands", body=b'{"do": ["pause", "nonsense"]}'): b"400",
        request(to, first="POST /commands", content_length=str(MAX_BODY + 1)): b"413",
        request(to, first="POST /commands", content_length="-1"): b"400",
        request(to, transfer_encoding="chunked"): b"411",
        b"GET / HTTP/1.1\r\nx: " + b"y" * (MAX_HEAD + 1): b"431",
        b"\x00" * 100 + b"\r\n\r\n": b"400",
    }


async def test_no_request_hurts_those_who_trade(gateway: Target) -> None:
    async with good(gateway) as client:
        before, used = gateway.descriptors, 0
        for _ in range(20):
            for sent, status in attacks(gateway).items():
                answered = await visit(gateway, sent)
                assert answered.split()[1:2] == [status], sent[:80]
            await client.works()
            used = used or gateway.memory
        assert b'"speed"' in await visit(gateway, request(gateway, first="GET /clock"))
        await client.until_calm(before)
        assert gateway.memory - used < MORE_MEMORY


async def test_visitors_who_drip_or_say_nothing_are_closed_and_hold_up_nobody(
    gateway: Target,
) -> None:
    head = request(gateway, first="POST /commands", content_length="60000")
    async with good(gateway) as client, Crowd(gateway.control_port) as crowd:
        before = gateway.descriptors
        for _ in range(4 * MAX_VISITORS):
            await crowd.join()
        for n in range(16):
            for one in crowd.clients:
                one.writer.write(head[n : n + 1])
            await client.works()
        await client.until_calm(before)
        assert b" 200 " in await visit(gateway, request(gateway))


async def test_visitors_who_send_without_end_are_cut(gateway: Target) -> None:
    endless = b"POST /commands HTTP/1.1\r\n" + b"x: y\r\n" * (1 << 20)
    async with good(gateway) as client:
        before, used = gateway.descriptors, gateway.memory
        for _ in range(4):
            async with Crowd(gateway.control_port) as crowd:
                for _ in range(MAX_VISITORS):
                    await crowd.join(endless)
                await client.works()
            await client.until_calm(before)
        assert gateway.memory - used < MORE_MEMORY
