"""The gateway's shell: sockets around sessions, and a pump that moves market time.

Rules:
1. One loop, one thread: the floor is touched by nobody else.
2. A client never waits for another. What it does not read is kept up to a limit, then its
   connection is cut; the book keeps its orders.
3. A connection that has not started its API after ten seconds is closed.
4. Market time moves every few milliseconds, and before each message is served.
5. A machine too slow for the speed it is asked for falls behind the market's clock. Pausing
   and changing the speed forget that lag, but not the steps that were asked for.
"""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Self, cast

from ibelay.errors import ConfigurationError
from ibelay.gateway.clock import MarketClock, checked_speed
from ibelay.gateway.session.client import Session
from ibelay.gateway.session.floor import Floor
from ibelay.model.faults import Fault

MAX_BACKLOG_BYTES = 8 << 20
MAX_CONNECTIONS = 64
START_DEADLINE_S = 10.0
PUMP_S = 0.01
_log = logging.getLogger(__name__)


class _Connection(asyncio.Protocol):
    """One socket and its session."""

    def __init__(self, server: PaperGateway) -> None:
        self._server = server
        self.session = Session(server.floor)
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or refuse where too many are connected."""
        self._transport = cast("asyncio.Transport", transport)
        if not self._server.admit(self):
            self._transport.abort()
            return
        if Fault.MUTE not in self._server.floor.faults:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(self._server.start_deadline_s, self._late)

    def data_received(self, data: bytes) -> None:
        """Serve what arrived, then send everybody what it led to."""
        self.session.receive(data, self._server.market_ns())
        self._server.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client; its orders stay."""
        _log.info("%s disconnected (%s)", self.session.name, exc or "closed")
        if self._deadline is not None:
            self._deadline.cancel()
        self.session.leave()
        self._server.dismiss(self)

    def flush(self) -> None:
        """Send what the session has to say; cut a client that does not read."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        data = self.session.take()
        if data:
            transport.write(data)
        if self.session.closed:
            transport.close()  # sends the rest first, but not for ever
            self._abort_later(transport)
        elif transport.get_write_buffer_size() > self._server.max_backlog_bytes:
            _log.warning("%s does not read; its connection is cut", self.session.name)
            self.session.leave()
            transport.abort()

    def _abort_later(self, transport: asyncio.Transport) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._server.start_deadline_s, transport.abort)

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _late(self) -> None:
        if not self.session.started:
            _log.info("a client did not start its API in time; its connection is closed")
            self.abort()


class PaperGateway:
    """A listening gateway; an asynchronous context manager.

    Args:
        floor: Market, exchange and what they share.
        host: Loopback address to listen on.
        port: TCP port; 0 picks a free one, see ``port`` after entering.
        speed: Market seconds per second, to begin with.
        skip_nights: Whether market time jumps over stretches in which nothing trades.
        max_backlog_bytes: Unread output at which a client is cut.
        start_deadline_s: Seconds a client has to start its API.
    """

    def __init__(
        self,
        floor: Floor,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        speed: float = 1.0,
        skip_nights: bool = True,
        max_backlog_bytes: int = MAX_BACKLOG_BYTES,
        start_deadline_s: float = START_DEADLINE_S,
    ) -> None:
        self.floor = floor
        self.port = port
        self.max_backlog_bytes = max_backlog_bytes
        self.start_deadline_s = start_deadline_s
        self._host = host
        self._speed = checked_speed(speed)
        self._skip_nights = skip_nights
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._clock = MarketClock(origin_ns=0, start_ns=floor.now_ns, end_ns=floor.now_ns)
        self._stepped_to_ns = floor.now_ns
        self._moved = asyncio.Event()
        self._tasks = asyncio.TaskGroup()
        self._pump: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Bind the port, then let market time run.

        Raises:
            ConfigurationError: The port cannot be bound.
        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Connection(self), self._host, self.port
            )
        except OSError as error:
            raise ConfigurationError(
                f"port {self.port} of {self._host} cannot be used ({error.strerror or error}): "
                "stop the program that listens there or choose another port"
            ) from error
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._clock = MarketClock(
            origin_ns=self._monotonic_ns(),
            start_ns=self.floor.now_ns,
            end_ns=self.floor.market.end_ns,
            speed=self._speed,
        )
        await self._tasks.__aenter__()
        self._pump = self._tasks.create_task(self._move(), name="market time")
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the clock, close the port and cut every client."""
        if self._pump is not None:
            self._pump.cancel()
        for connection in list(self._connections):
            connection.abort()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        await self._tasks.__aexit__(exc_type, exc, traceback)

    def market_ns(self) -> int:
        """Return what the market's clock says now."""
        return self._clock.market_ns(self._monotonic_ns())

    @property
    def clock(self) -> MarketClock:
        """The market's clock as it is set now."""
        return self._clock

    def pause(self) -> int:
        """Stop market time; return where it stands.

        Orders are taken and answered meanwhile; what needs a price or a moment waits.
        """
        self._forget_lag()
        return self._set(self._clock.pause(self._monotonic_ns()))

    def resume(self) -> int:
        """Let market time run on at its speed; return where it stands."""
        return self._set(self._clock.resume(self._monotonic_ns()))

    def step(self, by_ns: int) -> int:
        """Move market time on by *by_ns*, paused or not; return where it will be.

        The market gets there a minute at a time: ``reached`` waits for it.

        Raises:
            ConfigurationError: *by_ns* is negative.
        """
        self._stepped_to_ns = self._set(self._clock.step(self._monotonic_ns(), by_ns))
        return self._stepped_to_ns

    def set_speed(self, speed: float) -> int:
        """Run at *speed* market seconds per second from now on; return where time stands.

        Raises:
            ConfigurationError: *speed* is not from 0.001 to 1000.
        """
        checked_speed(speed)
        self._forget_lag()
        return self._set(self._clock.set_speed(self._monotonic_ns(), speed))

    async def reached(self, market_ns: int) -> None:
        """Return once the market has got to *market_ns* and everybody was told of it."""
        while self.floor.now_ns < min(market_ns, self.floor.market.end_ns):
            self._moved.clear()
            await self._moved.wait()

    def admit(self, connection: _Connection) -> bool:
        """Count a new connection in, unless there are too many."""
        if len(self._connections) >= MAX_CONNECTIONS:
            return False
        self._connections.add(connection)
        return True

    def dismiss(self, connection: _Connection) -> None:
        """Count a connection out."""
        self._connections.discard(connection)

    def flush(self) -> None:
        """Send every client what it has not been sent."""
        for connection in list(self._connections):
            connection.flush()

    def _monotonic_ns(self) -> int:
        return int(asyncio.get_running_loop().time() * 1e9)

    def _set(self, clock: MarketClock) -> int:
        self._clock = clock
        return self.market_ns()

    def _pass_night(self) -> None:
        """Jump to the end of a night, unless somebody stopped the clock in it."""
        now_ns = self.market_ns()
        end_ns = self.floor.nights.end_of(now_ns)
        if end_ns is not None and self._skip_nights and not self._clock.paused:
            self._clock = self._clock.step(self._monotonic_ns(), end_ns - now_ns)

    def _forget_lag(self) -> None:
        """Rule 5."""
        got_to = max(self.floor.now_ns, self._stepped_to_ns)
        self._clock = self._clock.held_at(self._monotonic_ns(), got_to)

    async def _move(self) -> None:
        """Move market time, for ever: at once while it lags, else on the grid."""
        while True:
            self._pass_night()
            now_ns = self.market_ns()
            behind = self.floor.advance(now_ns) < now_ns
            self.flush()
            self._moved.set()
            await asyncio.sleep(0 if behind else PUMP_S)
