"""The system is asked to watch sockets, where it can."""

from __future__ import annotations

import asyncio
import socket

import pytest

from ibelay.control.keepalive import COUNT, IDLE_S, INTERVAL_S, keep_alive
from ibelay.gateway.main import gateway
from ibelay.gateway.options import GatewayOptions
from ibelay.wire.framing import frame


class Listening(asyncio.Protocol):
    """Keeps the transport of the one who came."""

    def __init__(self) -> None:
        self.came: asyncio.Future[asyncio.BaseTransport] = (
            asyncio.get_running_loop().create_future()
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        keep_alive(transport)
        self.came.set_result(transport)


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="this system names it otherwise")
async def test_a_connection_is_watched_by_the_system() -> None:
    protocol = Listening()
    server = await asyncio.get_running_loop().create_server(lambda: protocol, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    ours = (await protocol.came).get_extra_info("socket")
    assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    asked = [
        ours.getsockopt(socket.IPPROTO_TCP, option)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    ]
    assert asked == [IDLE_S, INTERVAL_S, COUNT]
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()


async def test_the_gateway_watches_its_clients() -> None:
    async with gateway(GatewayOptions(port=0, symbols=("SPY",))) as paper:
        reader, writer = await asyncio.open_connection("127.0.0.1", paper.port)
        writer.write(b"API\0" + frame(b"v157..178"))
        await reader.readexactly(4)
        connection = next(iter(paper._connections))
        assert connection._transport is not None
        ours = connection._transport.get_extra_info("socket")
        assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        writer.close()
        await writer.wait_closed()
