"""One line through the proxy: a client's socket, the gateway's, and the bytes between them.

Rules:
1. One chunk of at most 16 KiB per direction is in our hands; the next is read when it has been
   written, so a slow reader slows the writer (no unbounded buffer).
2. An end of stream is passed on as one, a reset as a reset; the line adds no manners of its own.
3. While the gate is closed nothing is read and nothing more is written; sockets stay open.
4. After a FIN cut what still comes in is thrown away until both sides have hung up: closing a
   socket with unread bytes would send a reset instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from enum import StrEnum

CHUNK = 16 * 1024
_RESET = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class Cut(StrEnum):
    """How a line is dropped: by a reset, or by a clean end of stream."""

    RST = "rst"
    FIN = "fin"


class Flow:
    """Bytes passed, per direction, and the gate they pass through."""

    def __init__(self) -> None:
        self.to_gateway = 0
        self.to_client = 0
        self.gate = asyncio.Event()
        self.gate.set()


class Line:
    """A client and, once connected, the gateway behind it."""

    def __init__(self, client: socket.socket, flow: Flow) -> None:
        self._flow = flow
        self._client = client
        self._gateway = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        for end in (self._client, self._gateway):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.cut: Cut | None = None
        self.broken = False
        self.work: asyncio.Task[None] | None = None
        self.told = asyncio.Event()

    async def carry(self, host: str, port: int) -> None:
        """Connect to the gateway and carry bytes both ways until both directions ended."""
        try:
            await self._flow.gate.wait()
            await asyncio.get_running_loop().sock_connect(self._gateway, (host, port))
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry_to_gateway())
                both.create_task(self._carry_to_client())
        except* OSError:
            self.broken = True

    def half_close(self) -> None:
        """Send an end of stream both ways."""
        for end in (self._client, self._gateway):
            with contextlib.suppress(OSError):  # not connected, or reset by its other side
                end.shutdown(socket.SHUT_WR)

    async def drain(self) -> None:
        """Throw away what comes until both sides have hung up."""
        async with asyncio.TaskGroup() as both:
            both.create_task(_discard(self._client))
            both.create_task(_discard(self._gateway))

    def close(self) -> None:
        """Close both sockets; with a reset if the line was cut by one or broke."""
        for end in (self._client, self._gateway):
            if self.broken or self.cut is Cut.RST:
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.close()

    async def _carry_to_gateway(self) -> None:
        while data := await self._read(self._client):
            await self._write(self._gateway, data)
            self._flow.to_gateway += len(data)
        self._gateway.shutdown(socket.SHUT_WR)

    async def _carry_to_client(self) -> None:
        while data := await self._read(self._gateway):
            await self._write(self._client, data)
            self._flow.to_client += len(data)
        self._client.shutdown(socket.SHUT_WR)

    async def _read(self, end: socket.socket) -> bytes:
        await self._flow.gate.wait()
        data = await asyncio.get_running_loop().sock_recv(end, CHUNK)
        await self._flow.gate.wait()  # it may have been closed while we waited for bytes
        return data

    async def _write(self, end: socket.socket, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(end, data)


async def _discard(end: socket.socket) -> None:
    with contextlib.suppress(OSError):  # reset by the other side: hung up all the same
        while await asyncio.get_running_loop().sock_recv(end, CHUNK):
            pass
