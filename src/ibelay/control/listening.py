"""Listening sockets of asyncio: how to stop without losing who is just coming in."""

from __future__ import annotations

import asyncio


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
