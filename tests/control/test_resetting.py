"""A connection that is to be reset is dropped, whatever its socket still takes."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from typing import Any

import pytest

from ibelay.control import resetting
from ibelay.proxy.side import Side


class Spent:
    """A socket whose other end has reset it: macOS takes no more options of such."""

    def setsockopt(self, *_given: object) -> None:
        """Refuse."""
        raise OSError(errno.EINVAL, "Invalid argument")


class Transport(asyncio.Transport):
    """What a loop gives, as far as it is used here."""

    aborted = False

    def __init__(self, sock: object) -> None:
        super().__init__({"socket": sock})

    def is_closing(self) -> bool:
        """Say no."""
        return False

    def abort(self) -> None:
        """Note it."""
        self.aborted = True


class Link:
    """Hears nothing."""

    def made(self, side: Side) -> None:
        """Hear of a side."""

    def received(self, side: Side, data: bytes) -> None:
        """Hear bytes."""

    def lost(self, side: Side, error: Exception | None) -> None:
        """Hear of an end."""

    def pump(self) -> None:
        """Do nothing."""


def test_a_socket_that_takes_no_options_is_dropped_all_the_same() -> None:
    transport = Transport(Spent())
    side = Side(Link())
    side.connection_made(transport)
    side.reset()
    assert transport.aborted


@pytest.mark.parametrize(("system", "size"), [("nt", 4), ("posix", 8)])
def test_the_figures_of_linger_have_the_size_of_the_system(system: str, size: int) -> None:
    assert struct.calcsize(resetting.linger_of(system)) == size
    if system == os.name:
        assert struct.pack(resetting.linger_of(system), 1, 0) == resetting.RESET_ON_CLOSE


@pytest.mark.parametrize("sock", [None, Spent()])
def test_what_is_no_socket_is_left_alone(sock: Any) -> None:
    resetting.close_lost(Transport(sock))


async def test_what_is_lost_is_closed_by_us() -> None:
    reader, writer = await asyncio.open_connection(sock=_connected())
    ours = writer.get_extra_info("socket")
    resetting.reset(writer.transport)
    resetting.close_lost(writer.transport)
    assert ours.fileno() == -1
    assert await reader.read() == b""


def _connected() -> socket.socket:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return socket.create_connection(listening.getsockname())
