"""Listening sockets of asyncio: why one cannot be had, and how to stop without losing anybody."""

from __future__ import annotations

import asyncio
import os
import socket


def reason(error: OSError) -> str:
    """Return why the system refused a socket or a file, without where, which the caller says.

    asyncio writes the address into the text of an error that it raises anew; what could not be
    resolved has numbers below zero, and a text of its own. What Winsock refuses has numbers that
    C's texts do not know ("Unknown error"); Python keeps theirs in ``socket.errorTab``.
    """
    if error.errno is not None and error.errno > 0:
        texts: dict[int, str] = getattr(socket, "errorTab", {})
        return texts.get(error.errno, os.strerror(error.errno)).rstrip(".")
    return error.strerror or str(error)


async def accept_no_more(server: asyncio.AbstractServer) -> None:
    """Let those arrive who are being accepted, and nobody after them.

    A connection is accepted in two turns of the loop; a server that is closed between them
    forgets the socket without closing it (CPython 3.11 and 3.12).
    """
    loop = asyncio.get_running_loop()
    for listening in getattr(server, "sockets", ()):
        try:
            loop.remove_reader(listening.fileno())
        except NotImplementedError:  # loops of Windows, and virtual ones, accept in another way
            return
    await asyncio.sleep(0)  # the second turn
