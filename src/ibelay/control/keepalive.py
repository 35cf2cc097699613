"""Sockets that notice when the other side has gone without a word.

Rules:
1. A client whose line was cut for longer than it had patience for is gone and could not say so.
   Its connection would stand, and hold its client id, until something is written to it.
2. Idle for half a minute, the system asks; a machine that knows nothing of the connection says
   so at once, one that does not answer is given up half a minute later.
3. While something that was written is not acknowledged the system does not ask: it repeats, and
   gives up after a quarter of an hour. ``TCP_USER_TIMEOUT`` would make that shorter, and would
   also cut whoever reads nothing for as long, such as a program in a debugger.

**Source**: F04 (the client id is still in use); that IB Gateway reaps such connections after
some time is reported, after how long is not. A minute in all is our choice, as for ``half-open``.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

IDLE_S, INTERVAL_S, COUNT = 30, 10, 3


def keep_alive(transport: asyncio.BaseTransport) -> None:
    """Let the system watch the connection of *transport*, as far as it can."""
    ours: socket.socket | None = transport.get_extra_info("socket")
    if ours is None:
        return
    options = (
        (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
        (socket.IPPROTO_TCP, "TCP_KEEPIDLE", IDLE_S),
        (socket.IPPROTO_TCP, "TCP_KEEPALIVE", IDLE_S),  # macOS calls it so
        (socket.IPPROTO_TCP, "TCP_KEEPINTVL", INTERVAL_S),
        (socket.IPPROTO_TCP, "TCP_KEEPCNT", COUNT),
    )
    for level, name, value in options:
        option = getattr(socket, name, None)
        if option is not None:
            with suppress(OSError):  # no TCP socket, or closed already
                ours.setsockopt(level, option, value)
