"""One socket of a link: the client's, or the gateway's."""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

from ibelay.control import resetting
from ibelay.control.keepalive import keep_alive


class Between(Protocol):
    """The link a side belongs to."""

    def made(self, side: Side) -> None:
        """Hear that a side is connected."""
        ...

    def received(self, side: Side, data: bytes) -> None:
        """Hear what arrived."""
        ...

    def lost(self, side: Side, error: Exception | None) -> None:
        """Hear that a side is gone."""
        ...

    def pump(self) -> None:
        """Pass on what can be passed on."""
        ...


class Side(asyncio.Protocol):
    """What a link knows of one of its sockets.

    Attributes:
        ended: Whether the other end has said all it will.
        eof_sent: Whether we have.
        gone: Whether the socket is closed.
        paused: Whether the socket takes no more for now.
    """

    def __init__(self, link: Between) -> None:
        self.ended = self.eof_sent = self.gone = self.paused = False
        self._link = link
        self._transport: asyncio.Transport | None = None
        self._reading = True
        self._resets = False

    # What asyncio says ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        keep_alive(transport)
        self._link.made(self)

    def data_received(self, data: bytes) -> None:
        """Hand on what arrived."""
        self._link.received(self, data)

    def eof_received(self) -> bool:
        """Hear a FIN; our own is sent when the other side's has come."""
        self.ended = True
        self._link.pump()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Be gone."""
        over = self._resets or exc is not None or self.done
        self.gone = True
        if self._transport is not None and over:
            resetting.close_lost(self._transport)
        self._link.lost(self, exc)

    def pause_writing(self) -> None:
        """Write no more for now."""
        self.paused = True

    def resume_writing(self) -> None:
        """Write on."""
        self.paused = False
        self._link.pump()

    # What the link does -----------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether there is a socket that was not closed."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def exists(self) -> bool:
        """Whether there ever was a socket."""
        return self._transport is not None

    @property
    def flows(self) -> bool:
        """Whether it is read and can be written, and neither end has said its last word."""
        return self._reading and not self.ended and self.writable

    @property
    def done(self) -> bool:
        """Whether both ends have said all."""
        return self.gone or (self.eof_sent and self.ended)

    @property
    def writable(self) -> bool:
        """Whether something can be written now."""
        return self.connected and not self.paused and not self.eof_sent

    def write(self, data: bytes) -> None:
        """Write."""
        if self._transport is not None:
            self._transport.write(data)

    def finish(self) -> None:
        """Send a FIN after what was written; where that cannot be done alone, close."""
        if self.eof_sent or self._transport is None or not self.connected:
            return
        self.eof_sent = True
        try:
            if self._transport.can_write_eof():
                self._transport.write_eof()
            else:
                self._transport.close()
        except OSError:  # reset by its other end, which the loop has not told us yet
            self._transport.abort()

    def read(self, *, on: bool) -> None:
        """Read on, or let what comes wait."""
        if self._transport is None or on is self._reading or not self.connected:
            return
        self._reading = on
        if on:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def close(self) -> None:
        """Close, after what was written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def reset(self) -> None:
        """Close with an RST, whatever is still unsent."""
        if self._transport is None or self.gone:
            return
        if self.connected:
            self._resets = True
            resetting.reset(self._transport)
        else:
            self._transport.abort()
