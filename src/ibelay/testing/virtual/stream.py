"""One end of a connection on the virtual network, as an application holds it.

Rules:
1. What the window does not take stays with the kernel up to ``KERNEL_BYTES``, the rest in the
   transport, which then pauses its writer.
2. ``close`` ends with a FIN after the last byte. ``abort`` forgets what the kernel does not
   have; with SO_LINGER 0 also what it has, and tells the other end by a reset. Writing to an
   end that is gone is answered with a reset.
3. Where the cable is out, an end with bytes under way gives up with ETIMEDOUT after its
   TCP_USER_TIMEOUT, an idle one after its keepalive probes; without either, after a quarter of
   an hour, or never. What counts is what its program has set on the socket.

4. An end whose other end is gone and could not say so learns it when it writes, or, if it has
   keepalive set, after its idle time.

**Source**: rules 2 and 3 as measured in network namespaces (client notes, section 4 (c)); 924 s
is Linux's tcp_retries2 = 15.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import Context
from typing import Any, Protocol, cast

from ibelay.testing.virtual.socket_face import SocketFace
from ibelay.testing.virtual.way import Cable, Item, Patience, Sign, Way

KERNEL_BYTES = 256 * 1024
HIGH_WATER = 64 * 1024
READ_BYTES = 256 * 1024


class Wires(Cable, Protocol):
    """What an end needs of the network."""

    @property
    def on_write(self) -> Iterable[Callable[[End, bytes], None]]:
        """Told of bytes an application has written."""
        ...

    @property
    def on_read(self) -> Iterable[Callable[[End, bytes], None]]:
        """Told of bytes an application is about to be given."""
        ...

    def gone(self, end: End) -> None:
        """Forget an end."""
        ...


class End(asyncio.Transport):
    """One end of a connection; the network pairs it with another.

    Args:
        wires: The network.
        context: Whose code its protocol is.
        local: Host and port of this end.
        remote: Host and port of the other.

    Attributes:
        out: The way to the other end, set by ``paired``.
    """

    out: Way
    peer: End

    def __init__(
        self, wires: Wires, context: Context, local: tuple[str, int], remote: tuple[str, int]
    ) -> None:
        super().__init__({"sockname": local, "peername": remote})
        self.socket = SocketFace(local, remote)
        self.local, self.remote = local, remote
        self.context = context
        self._wires = wires
        self._loop = wires.loop
        self._protocol: asyncio.Protocol | None = None
        self._inbox: deque[Item] = deque()
        self._patience = Patience(self._loop, self._give_up, context)
        self._reading = True
        self._eof_written = self._closing = self._over = self._dead = False
        self.powerless = False
        self._error: OSError | None = None
        self._writer_paused = False
        self._high, self._low = HIGH_WATER, HIGH_WATER // 4

    # -- what an application may ask ---------------------------------------------------------

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return the socket's face, or an address."""
        return self.socket if name == "socket" else super().get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Give what arrives to *protocol* from now on."""
        self._protocol = cast("asyncio.Protocol", protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return who is given what arrives."""
        return cast("asyncio.BaseProtocol", self._protocol)

    def is_closing(self) -> bool:
        """Return whether no more can be written."""
        return self._closing

    def is_reading(self) -> bool:
        """Return whether what arrives is handed on."""
        return self._reading and not self._closing

    def pause_reading(self) -> None:
        """Let what arrives wait in the kernel."""
        self._reading = False

    def resume_reading(self) -> None:
        """Hand on again."""
        if not self._reading and not self._closing:
            self._reading = True
            if self._inbox:
                self._loop.call_soon(self._hand_on, context=self.context)

    def get_write_buffer_size(self) -> int:
        """Return the bytes the kernel has not taken."""
        return max(0, self.out.unsent_bytes - KERNEL_BYTES)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Return the low and the high water of the buffer."""
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set at which sizes of the buffer the writer is paused and resumed."""
        self._high = HIGH_WATER if high is None else high
        self._low = self._high // 4 if low is None else low

    def can_write_eof(self) -> bool:
        """Return True."""
        return True

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Send *data* when the network lets it."""
        if self._eof_written:
            raise RuntimeError("Cannot call write() after write_eof()")
        if self._closing or not data:
            return
        data, wires, out = bytes(data), self._wires, self.out
        for tell in wires.on_write:
            tell(self, data)
        out.send(data)
        if wires.out and not out.open:
            self.unplugged()
        if out.unsent_bytes > KERNEL_BYTES + self._high and not self._writer_paused:
            self._writer_paused = True
            self.get_protocol().pause_writing()

    def write_eof(self) -> None:
        """Send a FIN after what was written."""
        self._eof_written = True
        self.out.finish()

    def close(self) -> None:
        """End in good order."""
        if not self._closing:
            self._closing = True
            self._inbox.clear()
            self.out.finish()
            if self.out.fin_sent:
                self._end(None)

    def abort(self) -> None:
        """End at once (rule 2)."""
        if self._dead:
            self._tell_end()  # what is left of a killed process tidies up and goes
        if self._over:
            return
        self._closing = True
        if self.socket.resets:
            self.out.reset()
        else:
            self.out.keep(KERNEL_BYTES)
            self.out.finish()
        self._end(None)

    # -- what the network does -----------------------------------------------------------------

    def paired(self, peer: End) -> None:
        """Know the other end."""
        self.peer = peer
        hosts = (self.local[0], self.remote[0])
        self.out = Way(self._wires, hosts, peer.context, peer.take_in)

    def begin(self, protocol: asyncio.BaseProtocol) -> None:
        """Connect *protocol* to this end."""
        self.set_protocol(protocol)
        protocol.connection_made(self)
        if self._over:  # it was reset before anybody held it
            self._tell_end()
        self._hand_on()

    def take_in(self, item: Item) -> None:
        """Take what has reached this end's kernel."""
        if self._over:
            self._refuse(item)
        elif item is Sign.RST:
            self.reset_by_peer()
        else:
            self._inbox.append(item)
            if self._reading and len(self._inbox) == 1:
                self._hand_on()

    def fail(self, error: OSError) -> None:
        """End because the network says so."""
        if not self._over:
            self._closing = True
            self.out.keep(0)
            self._end(error)

    def reset_by_peer(self) -> None:
        """End by a reset of the other side."""
        self.fail(ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)))

    def die(self, *, silently: bool) -> None:
        """Stop for good, because the host did; its kernel says FIN unless it died, too."""
        self._dead = self._closing = self._over = True
        self.powerless = silently
        self.out.die(silently=silently)
        if silently:
            self.peer.left_alone()
        self._inbox.clear()
        self._patience.regain()
        self._wires.gone(self)

    def power_up(self) -> None:
        """Let a kernel answer again for what its machine has forgotten: by resets."""
        self.powerless = False

    def left_alone(self) -> None:
        """Find out, after a while, that the other end is gone and could not say so."""
        idle_s = self.socket.idle_s
        if idle_s is not None:
            self._loop.call_later(idle_s, self._ask, context=self.context)

    def plugged(self) -> None:
        """Go on: the cable is back."""
        self._patience.regain()
        self.out.plugged()

    def unplugged(self) -> None:
        """Begin to lose patience: the cable is out (rule 3)."""
        if not self._over:
            self._patience.lose(self.socket.patience_s(in_flight=self.out.waits))

    def drained(self) -> None:
        """Resume the writer and conclude a close, as far as the way has got."""
        if self._over:
            return
        if self._writer_paused and self.get_write_buffer_size() <= self._low:
            self._writer_paused = False
            self.get_protocol().resume_writing()
        if self._closing and self.out.fin_sent:
            self._end(None)

    def _hand_on(self) -> None:
        """Give the protocol what has arrived."""
        inbox = self._inbox
        while inbox and self._reading and not self._over and self._protocol is not None:
            item = inbox.popleft()
            if not isinstance(item, bytes):  # a FIN: resets do not wait here
                if not self._protocol.eof_received():
                    self.close()
                return
            data = self._gather(item) if inbox else item
            if self.peer.out.was_read(len(data)):
                self.peer.drained()
            for tell in self._wires.on_read:
                tell(self, data)
            self._protocol.data_received(data)

    def _gather(self, first: bytes) -> bytes:
        """Return *first* and the next bytes, as one read of a socket does."""
        parts, size = [first], len(first)
        while self._inbox and size < READ_BYTES:
            item = self._inbox[0]
            if not isinstance(item, bytes):
                break
            parts.append(item)
            size += len(item)
            self._inbox.popleft()
        return b"".join(parts)

    def _refuse(self, item: Item) -> None:
        """Tell whoever still talks that nobody is here; without power not even a kernel does."""
        talks = isinstance(item, bytes) or (self._dead and item is Sign.FIN)
        if talks and not self.powerless:
            self._loop.call_soon(self.peer.reset_by_peer, context=self.peer.context)

    def _give_up(self) -> None:
        self.fail(TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)))
        self.peer.left_alone()

    def _ask(self) -> None:
        """Ask a kernel that knows nothing of the connection any more (rule 4)."""
        if self._over:
            return
        if self.out.open and not self.peer.powerless:
            self.reset_by_peer()
        else:
            self.left_alone()

    def _end(self, error: OSError | None) -> None:
        if self._over:
            return
        self._over = True
        self._inbox.clear()
        self._patience.regain()
        self._error = error
        self._tell_end()
        self._wires.gone(self)

    def _tell_end(self) -> None:
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            self._loop.call_soon(protocol.connection_lost, self._error, context=self.context)
