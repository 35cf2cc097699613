"""The socket's options: the kernel watches too."""

from __future__ import annotations

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
