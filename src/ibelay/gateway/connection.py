"""A connection: one socket of the gateway and the session behind it.

What a client asks for at once is served in turns of a few milliseconds, one request at
least: between them the loop looks after everybody else, however much one client sends.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Protocol, cast

from ibelay.control import resetting
from ibelay.control.keepalive import keep_alive
from ibelay.gateway.session.client import Session
from ibelay.gateway.session.floor import Floor

TURN_NS = 5_000_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a gateway bears with a client.

    Attributes:
        max_backlog_bytes: Unread output at which a client is cut.
        start_deadline_s: Seconds a client has to start its API.
    """

    max_backlog_bytes: int = 8 << 20
    start_deadline_s: float = 10.0


class House(Protocol):
    """What a connection needs of the gateway it belongs to."""

    floor: Floor
    limits: Limits

    def market_at(self, monotonic_ns: int) -> int:
        """Return market time at *monotonic_ns* of our clock."""
        ...

    def monotonic_ns(self) -> int:
        """Return our time."""
        ...

    def served(self) -> None:
        """Send every client what serving one of them led to."""
        ...

    def admit(self, connection: Connection) -> bool:
        """Count a connection in; False if there is no room."""
        ...

    def dismiss(self, connection: Connection) -> None:
        """Count a connection out."""
        ...


class Connection(asyncio.Protocol):
    """One socket and its session."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.session = Session(house.floor)
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._next_turn: asyncio.Handle | None = None
        self._reads = True
        self._resets = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or refuse where too many are connected."""
        self._transport = cast("asyncio.Transport", transport)
        keep_alive(transport)
        if not self._house.admit(self):
            self._transport.abort()
            return
        self._expect_start()

    def data_received(self, data: bytes) -> None:
        """Serve what arrived, for a turn, then send everybody what it led to."""
        house = self._house
        our_ns = house.monotonic_ns()
        if self.session.receive(data, house.market_at(our_ns), our_ns, most=1):
            self._go_on()
        house.served()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client; its orders stay. A half-open one nobody knows to be gone."""
        _log.info("%s disconnected (%s)", self.session.name, exc or "closed")
        for planned in (self._deadline, self._next_turn):
            if planned is not None:
                planned.cancel()
        if self._transport is not None and (self._resets or exc is not None):
            resetting.close_lost(self._transport)
        if not self.session.half_open:
            self.session.leave()
        self._house.dismiss(self)

    def serve(self) -> None:
        """Serve for a turn what arrived earlier and may be served by now."""
        if self._next_turn is None:
            self._go_on()

    def flush(self) -> None:
        """Send what the session has to say; cut a client that does not read."""
        transport, session = self._transport, self.session
        if transport is None or transport.is_closing() or (self._reads and session.silent):
            return
        data = session.take(self._house.monotonic_ns())
        if data:
            transport.write(data)
        if session.half_open:
            return
        if session.closed:
            self.close()
        elif transport.get_write_buffer_size() > self._house.limits.max_backlog_bytes:
            _log.warning("%s does not read; its connection is cut", session.name)
            session.leave()
            transport.abort()
        elif session.behind:
            transport.pause_reading()
            self._reads = False
        elif not self._reads:
            transport.resume_reading()
            self._reads = True

    def close(self) -> None:
        """Close in good order: send the rest first, but not for ever."""
        if self._transport is None:
            return
        self.session.leave()
        self._transport.close()
        if self._deadline is not None:
            self._deadline.cancel()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._house.limits.start_deadline_s, self._transport.abort)

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def reset(self) -> None:
        """Cut the connection with an RST, whatever is still unsent."""
        if self._transport is None:
            return
        self.session.leave()
        self._resets = True
        resetting.reset(self._transport)

    def _go_on(self) -> None:
        """Serve until nothing is left or the turn is over; then plan the next."""
        house, more = self._house, True
        end_ns = house.monotonic_ns() + TURN_NS
        while more and house.monotonic_ns() < end_ns:
            more = self.session.serve(house.floor.now_ns, house.monotonic_ns(), most=1)
        if more and self._next_turn is None:
            self._next_turn = asyncio.get_running_loop().call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._next_turn = None
        self._go_on()
        self._house.served()

    def _expect_start(self) -> None:
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._house.limits.start_deadline_s, self._late)

    def _late(self) -> None:
        if self.session.stuck:
            self._expect_start()
        elif not self.session.started and not self.session.half_open:
            _log.info("a client did not start its API in time; its connection is closed")
            self.abort()
