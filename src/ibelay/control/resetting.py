"""How a connection of asyncio ends with an RST, on every system and in every loop.

Rules:
1. Closed with SO_LINGER on, of 0 seconds, a socket sends an RST. Windows reads the two figures
   as shorts.
2. A socket that its other end has reset may refuse options (macOS: EINVAL), before the loop has
   heard of it. There is nobody left to reset then.
3. Windows' own loop shuts a socket down before it closes it: a FIN leaves before the RST, and
   where the connection is over already that is an error, which escapes and leaves the socket
   open. What is closed it leaves alone, so that such sockets are closed by us, as soon as
   ``connection_lost`` is told.

**Source**: docs/evidence/other-systems.md.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from contextlib import suppress


def linger_of(system: str) -> str:
    """Return the form of C's ``struct linger`` on a system, as ``os.name`` has it."""
    return "hh" if system == "nt" else "ii"


RESET_ON_CLOSE = struct.pack(linger_of(os.name), 1, 0)


def reset(transport: asyncio.WriteTransport) -> None:
    """Drop a connection with an RST, whatever is still unsent.

    Its protocol calls ``close_lost`` when it hears that the connection is lost.
    """
    ours: socket.socket | None = transport.get_extra_info("socket")
    if ours is not None:
        with suppress(OSError):  # rule 2, or it is closed already
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    transport.abort()


def close_lost(transport: asyncio.BaseTransport) -> None:
    """Close the socket of a connection that is reset or over, before its loop does (rule 3)."""
    ours = getattr(transport.get_extra_info("socket"), "_sock", None)
    if isinstance(ours, socket.socket):
        ours.close()
