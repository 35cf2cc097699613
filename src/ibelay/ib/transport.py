"""One TCP connection to a gateway: frames in, frames out, and proof of when it ended.

Rules:
1. Bytes in, messages out, in time linear in the bytes. A frame longer than ``FRAME_MAX`` means
   the stream is out of step or the peer speaks something else: the connection ends, since
   waiting for the rest would never end.
2. Nothing is written to a socket that is closed or closing: ``LinkError`` instead.
3. The end is told once. FIN aborts at once: with unsent bytes a polite close would wait for
   a peer that reads no more.
4. Dropping a connection takes back what the kernel has not delivered (SO_LINGER 0): after an
   ordinary close it goes on retransmitting, and an order we have given up would arrive when
   the network heals minutes later.
5. The kernel is asked to notice a dead peer too: ``TCP_USER_TIMEOUT`` for data in flight
   and keepalive for an idle socket, since each alone misses the other case.

Source: shared facts section 6a; client notes section 4 (c), measured in network namespaces.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress

from ibelay.errors import LinkError, WireError
from ibelay.ports.clock import Clock
from ibelay.wire.framing import FrameDecoder

FRAME_MAX = 16 * 1024 * 1024
USER_TIMEOUT_MS = 12_000
# Windows reads the two figures of struct linger as shorts.
_TAKE_BACK = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
KEEPALIVE_IDLE_S, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT = 5, 3, 3


def fields_of(payload: bytes) -> list[str]:
    """Return the fields of a message."""
    fields = payload.decode(errors="backslashreplace").split("\0")
    fields.pop()  # what follows the last NUL
    return fields


class FramedTransport(asyncio.Protocol):
    """The socket of one link.

    Args:
        clock: Stamps the arrival of bytes.
        on_message: Called with what each frame holds; ``fields_of`` reads it.
        on_read: Called after all frames of one network read.
        on_lost: Called once with the reason when the connection is gone.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        on_message: Callable[[bytes], None],
        on_read: Callable[[], None],
        on_lost: Callable[[str], None],
    ) -> None:
        self.last_heard_ns = clock.monotonic_ns()
        self._now_ns = clock.monotonic_ns
        self._on_message: Callable[[bytes], None] | None = on_message
        self._on_read: Callable[[], None] | None = on_read
        self._on_lost: Callable[[str], None] | None = on_lost
        self._transport: asyncio.Transport | None = None
        self._gone = asyncio.Event()
        self._reason = ""
        self._frames = FrameDecoder(FRAME_MAX)

    @property
    def is_open(self) -> bool:
        """Whether bytes can be written now, as far as this end knows."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def unsent(self) -> int:
        """Bytes written by us and not yet taken by the kernel."""
        return self._transport.get_write_buffer_size() if self._transport else 0

    @property
    def reason(self) -> str:
        """Why the connection ended, or an empty string."""
        return self._reason

    async def connect(self, host: str, port: int) -> None:
        """Open the socket; a failure is the ``OSError`` of the system."""
        await asyncio.get_running_loop().create_connection(lambda: self, host, port)

    def write(self, data: bytes) -> None:
        """Hand *data* to the socket now.

        Raises:
            LinkError: The connection is closed or closing, or died under this write.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            raise LinkError(f"nothing was sent: the connection is closed ({self._why()})")
        transport.write(data)
        if transport.is_closing():
            raise LinkError("the connection broke while sending; expect the order to be absent")

    def abort(self, reason: str) -> None:
        """Drop the connection and all unsent bytes now. Idempotent."""
        self._reason = self._reason or reason
        if self._transport is None:
            return
        peer: socket.socket | None = self._transport.get_extra_info("socket")
        if peer is not None:
            with suppress(OSError):  # closed already, or no TCP socket
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _TAKE_BACK)
        self._transport.abort()

    async def closed(self) -> None:
        """Return when the socket is closed; at once if it was never open."""
        if self._transport is not None:
            await self._gone.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport and set the kernel's own watch on it."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"expected a stream transport, got {type(transport).__name__}")
        self._transport = transport
        self.last_heard_ns = self._now_ns()
        watch(transport)

    def data_received(self, data: bytes) -> None:
        """Cut *data* into frames and hand them on, then say that the read is over."""
        self.last_heard_ns = self._now_ns()
        self._frames.feed(data)
        try:
            for payload in self._frames.frames():
                if self._on_message is not None:
                    self._on_message(payload)
        except WireError as error:
            self.abort(str(error))
            return
        if self._on_read is not None:
            self._on_read()

    def eof_received(self) -> None:
        """End at once on FIN: nobody reads what may still be unsent."""
        self.abort("the gateway closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the end, once, and let go of everybody."""
        self._reason = self._reason or (str(exc) if exc else "the connection was closed")
        on_lost, self._on_lost = self._on_lost, None
        self._on_message = self._on_read = None
        self._gone.set()
        if on_lost is not None:
            on_lost(self._reason)

    def _why(self) -> str:
        return self._reason or ("closing" if self._transport else "never opened")


def watch(transport: asyncio.BaseTransport) -> None:
    """Set the options of rule 5, as far as this system has them."""
    peer: socket.socket | None = transport.get_extra_info("socket")
    if peer is None:
        return
    options = (
        (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
        (socket.IPPROTO_TCP, "TCP_KEEPIDLE", KEEPALIVE_IDLE_S),
        (socket.IPPROTO_TCP, "TCP_KEEPALIVE", KEEPALIVE_IDLE_S),
        (socket.IPPROTO_TCP, "TCP_KEEPINTVL", KEEPALIVE_INTERVAL_S),
        (socket.IPPROTO_TCP, "TCP_KEEPCNT", KEEPALIVE_COUNT),
        (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", USER_TIMEOUT_MS),
    )
    for level, name, value in options:
        option = getattr(socket, name, None)
        if option is not None:
            # A socket that is no TCP socket (a test's pair) has none of them.
            with suppress(OSError):
                peer.setsockopt(level, option, value)
