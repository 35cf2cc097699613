"""The socket's options: the kernel watches too."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tests.ib.conftest import RealClock

from ibelay.errors import LinkError
from ibelay.ib.link import IbLink
from ibelay.ib.transport import FramedTransport


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux has all options")
def test_the_kernel_watches_data_in_flight_and_idle_sockets(link: IbLink) -> None:
    transport = link._transport._transport
    assert transport is not None
    peer: socket.socket = transport.get_extra_info("socket")
    tcp = socket.IPPROTO_TCP
    assert peer.getsockopt(tcp, socket.TCP_USER_TIMEOUT) == 12_000
    assert peer.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    assert [peer.getsockopt(tcp, option) for option in options] == [5, 3, 3]
    assert peer.getsockopt(tcp, socket.TCP_NODELAY) != 0


async def test_a_transport_that_never_opened_is_closed() -> None:
    transport = FramedTransport(
        RealClock(), on_message=lambda _: None, on_read=lambda: None, on_lost=lambda _: None
    )
    with pytest.raises(LinkError, match="never opened"):
        transport.write(b"x")
    transport.abort("no need")
    await transport.closed()
    assert (transport.is_open, transport.unsent) == (False, 0)


async def test_dropping_a_connection_takes_back_what_was_not_delivered() -> None:
    """A peer that stopped reading must not find our given-up orders when it reads again."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        transport = FramedTransport(
            RealClock(), on_message=lambda _: None, on_read=lambda: None, on_lost=lambda _: None
        )
        await loop.create_connection(lambda: transport, *server.getsockname())
        peer, _ = server.accept()
        with peer:
            sent = b"x" * (16 * 1024 * 1024)
            transport.write(sent)
            transport.abort("dead")
            await transport.closed()
            peer.settimeout(5)
            received, reset = _read_to_the_end(peer)
        assert reset, "the peer is told that the connection was reset, not that it ended well"
        assert received < len(sent)


def _read_to_the_end(peer: socket.socket) -> tuple[int, bool]:
    """Return how many bytes came, and whether the end was a reset."""
    received = 0
    try:
        while chunk := peer.recv(65536):
            received += len(chunk)
    except ConnectionResetError:
        return received, True
    return received, False
