"""The gateway's shell: sockets around sessions, and a pump that moves market time.

Rules:
1. One loop, one thread: the floor is touched by nobody else.
2. A client never waits for another. What it does not read is kept up to a limit, then its
   connection is cut; the book keeps its orders.
3. A connection that has not started its API after ten seconds is closed. Where all places
   are taken, the oldest such gives way to whoever comes: the silent keep nobody out.
4. Market time moves when something is due, to a few milliseconds (``rest``), and before each
   message is served and each command obeyed. What plans nothing, such as a question for the
   time, is no reason to look again at what is due.
5. A machine too slow for the speed it is asked for falls behind the market's clock. Pausing
   and changing the speed forget that lag, but not the steps that were asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from types import TracebackType
from typing import Any, Self

from ibelay.control.agenda import NEVER_NS, Agenda
from ibelay.control.line.troubles import Troubles
from ibelay.control.operator import Operator
from ibelay.control.player import Place, Player
from ibelay.control.scenario import Scenario
from ibelay.errors import ConfigurationError
from ibelay.gateway.clock import MarketClock, checked_speed
from ibelay.gateway.connection import Connection, Limits
from ibelay.gateway.control.acts.book import start_afresh
from ibelay.gateway.control.acts.table import acts_of
from ibelay.gateway.control.ears import Ears
from ibelay.gateway.door import Door, MakeDoor
from ibelay.gateway.rest import Rest
from ibelay.gateway.session.client import Session
from ibelay.gateway.session.floor import Floor
from ibelay.model.faults import Command, Performer, Span
from ibelay.model.ids import ClientId

MAX_CONNECTIONS = 64
LIMITS = Limits()
PUMP_S = 0.01


class PaperGateway:
    """A listening gateway; an asynchronous context manager.

    Args:
        floor: Market, exchange and what they share.
        host: Loopback address to listen on.
        port: TCP port; 0 picks a free one, see ``port`` after entering.
        speed: Market seconds per second, to begin with.
        skip_nights: Whether market time jumps over stretches in which nothing trades.
        limits: When a client is cut.
        pump_s: Seconds between two moves of market time: how late a tick can be.
        faults: What goes wrong on purpose from the beginning.
        scenarios: What goes wrong later.
        door: Makes the port; a simulation has other ports than the system's.
    """

    def __init__(
        self,
        floor: Floor,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        speed: float = 1.0,
        skip_nights: bool = True,
        limits: Limits = LIMITS,
        pump_s: float = PUMP_S,
        faults: Sequence[Command] = (),
        scenarios: Sequence[Scenario] = (),
        door: MakeDoor = Door,
    ) -> None:
        self.floor = floor
        self.limits = limits
        self._rest = Rest(pump_s)
        self.wall_agenda = Agenda()
        acts = {kind: self._in_time(act) for kind, act in acts_of(self).items()}
        self.operator = Operator(Performer.GATEWAY, acts, lambda: floor.now_ns)
        self._faults = faults
        self._scenarios = scenarios
        self._door = door(lambda: Connection(self), host, port)
        self._speed = checked_speed(speed)
        self._skip_nights = skip_nights
        self._connections: dict[Connection, None] = {}
        self._clock = MarketClock(origin_ns=0, start_ns=floor.now_ns, end_ns=floor.now_ns)
        self._stepped_to_ns = floor.now_ns
        self._loop: asyncio.AbstractEventLoop | None = None
        self._moved = asyncio.Event()
        self._awaited: list[int] = []
        self._left = asyncio.Event()
        self._closing = False
        self._tasks = asyncio.TaskGroup()
        self._pump: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Bind the port, then let market time run.

        Raises:
            ConfigurationError: The port cannot be bound.
        """
        self._loop = asyncio.get_running_loop()
        self._clock = MarketClock(
            origin_ns=self.monotonic_ns(),
            start_ns=self.floor.now_ns,
            end_ns=self.floor.market.end_ns,
            speed=self._speed,
        )
        await self._tasks.__aenter__()
        try:
            await self._door.open(self._tasks)
            for command in self._faults:
                self.operator.do(command)
            self._play()
        except ConfigurationError:
            await self._door.close()
            await self._tasks.__aexit__(None, None, None)
            raise
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
        self._closing = True  # who is being accepted just now is not admitted any more
        await self._door.close()
        for connection in list(self._connections):
            connection.abort()
        while self._connections:  # their sockets are closed in turns of the loop to come
            self._left.clear()
            await self._left.wait()
        await self._tasks.__aexit__(exc_type, exc, traceback)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._door.port

    def market_ns(self) -> int:
        """Return what the market's clock says now; before it runs, where it will begin."""
        if self._loop is None:
            return self._clock.start_ns
        return self._clock.market_ns(self.monotonic_ns())

    def market_at(self, monotonic_ns: int) -> int:
        """Return what the market's clock says when ours says *monotonic_ns*."""
        return self._clock.market_ns(monotonic_ns)

    @property
    def performer(self) -> Performer:
        """What this is."""
        return Performer.GATEWAY

    @property
    def troubles(self) -> Troubles:
        """The faults that stand."""
        return self.floor.troubles

    @property
    def clock(self) -> MarketClock:
        """The market's clock as it is set now."""
        return self._clock

    def pause(self) -> int:
        """Stop market time; return where it stands.

        Orders are taken and answered meanwhile; what needs a price or a moment waits.
        """
        self._forget_lag()
        return self._set(self._clock.pause(self.monotonic_ns()))

    def resume(self) -> int:
        """Let market time run on at its speed; return where it stands."""
        return self._set(self._clock.resume(self.monotonic_ns()))

    def step(self, by_ns: int) -> int:
        """Move market time on by *by_ns*, paused or not; return where it will be.

        The market gets there a minute at a time: ``reached`` waits for it.

        Raises:
            ConfigurationError: *by_ns* is negative.
        """
        self._stepped_to_ns = self._set(self._clock.step(self.monotonic_ns(), by_ns))
        return self._stepped_to_ns

    def set_speed(self, speed: float) -> int:
        """Run at *speed* market seconds per second from now on; return where time stands.

        Raises:
            ConfigurationError: *speed* is not from 0.001 to 1000.
        """
        checked_speed(speed)
        self._forget_lag()
        return self._set(self._clock.set_speed(self.monotonic_ns(), speed))

    async def reached(self, market_ns: int) -> None:
        """Return once the market has got to *market_ns* and everybody was told of it."""
        self._awaited.append(market_ns)
        self._rest.nudge()
        try:
            while self.floor.now_ns < min(market_ns, self.floor.market.end_ns):
                self._moved.clear()
                await self._moved.wait()
        finally:
            self._awaited.remove(market_ns)

    def admit(self, connection: Connection) -> bool:
        """Count a new connection in; where there are too many, rule 3 makes room, or nobody."""
        if self._closing:
            return False
        if len(self._connections) >= MAX_CONNECTIONS:
            idle = [one for one in self._connections if not one.session.started]
            if not idle:
                return False
            gives_way = min(idle, key=lambda one: one.session.closed)
            gives_way.abort()
            self.dismiss(gives_way)
        self._connections[connection] = None
        return True

    def dismiss(self, connection: Connection) -> None:
        """Count a connection out."""
        self._connections.pop(connection, None)
        self._left.set()

    def sessions(self) -> list[Session]:
        """Return the sessions of all sockets, in the order in which they came."""
        return [connection.session for connection in self._connections]

    def reset(self, session: Session) -> None:
        """End a connection with an RST."""
        self._connection_of(session).reset()

    def close(self, session: Session) -> None:
        """End a connection with a FIN, after what was said."""
        connection = self._connection_of(session)
        connection.flush()
        connection.close()

    def shut(self) -> None:
        """Listen no more; connections that stand go on."""
        self._door.shut()

    def reopen(self) -> None:
        """Listen again."""
        self._door.reopen()

    def move_to(self, port: int) -> int:
        """Listen on another port from now on; return which.

        Raises:
            ConfigurationError: It cannot be used; all stays as it was.
        """
        return self._door.move_to(port)

    def later(self, span: Span, name: str, act: Callable[[], None]) -> None:
        """Do *act* once *span* has gone by on its clock."""
        if span.wall:
            self.wall_agenda.plan(self.monotonic_ns() + span.ns, act, name)
        else:
            self.floor.agenda.plan(self.floor.now_ns + span.ns, act, name)

    def forget(self, beginning: str) -> None:
        """Drop what was planned under a name with this beginning."""
        self.floor.agenda.drop(beginning)
        self.wall_agenda.drop(beginning)

    def start_afresh(self, client_ids: Collection[ClientId], roll_back: int) -> str:
        """Lose what was not transmitted, and let ids come again; return what was lost."""
        return start_afresh(self.floor.exchange, client_ids, roll_back)

    def catch_up(self) -> None:
        """Bring the floor to market time, for who is going to look at it or act on it."""
        self.floor.advance(self.market_ns())
        self._nudge_if_stirred()

    def flush(self) -> None:
        """Send every client what it has not been sent."""
        self._rest.nudge()  # what led to it may also have planned something
        self._send()

    def served(self) -> None:
        """Send every client what serving one of them led to; what plans nothing wakes nobody."""
        self._send()
        self._nudge_if_stirred()

    def monotonic_ns(self) -> int:
        """Return what our clock says, which never jumps."""
        loop = self._loop or asyncio.get_running_loop()
        return int(loop.time() * 1e9)

    def _send(self) -> None:
        for connection in tuple(self._connections):
            connection.flush()

    def _nudge_if_stirred(self) -> None:
        """Let the pump look anew at what is due, where that may have changed."""
        if not (self.floor.settled and self._calm()):
            self._rest.nudge()

    def _calm(self) -> bool:
        for connection in self._connections:  # noqa: SIM110  # a generator costs more than its turns
            if not connection.session.calm:
                return False
        return True

    def _play(self) -> None:
        """Let the scenarios begin, and hear what happens."""
        floor = self.floor
        place = Place(agenda=floor.agenda, now_ns=lambda: floor.now_ns, do=self.operator.do)
        floor.watch(Ears([Player(scenario, place) for scenario in self._scenarios]).hear)

    def _connection_of(self, session: Session) -> Connection:
        return next(one for one in self._connections if one.session is session)

    def _set(self, clock: MarketClock) -> int:
        self._clock = clock
        self._rest.nudge()
        return self.market_ns()

    def _pass_night(self) -> int:
        """Jump to the end of a night, unless somebody stopped the clock in it; return the time."""
        now_ns = self.market_ns()
        end_ns = self.floor.nights.end_of(now_ns)
        if end_ns is None or not self._skip_nights or self._clock.paused:
            return now_ns
        self._clock = self._clock.step(self.monotonic_ns(), end_ns - now_ns)
        return self.market_ns()

    def _forget_lag(self) -> None:
        """Rule 5; who only rested is not behind."""
        self.catch_up()
        got_to = max(self.floor.now_ns, self._stepped_to_ns)
        self._clock = self._clock.held_at(self.monotonic_ns(), got_to)

    async def _move(self) -> None:
        """Move market time, for ever: at once while it lags, else on the grid."""
        while True:
            now_ns = self._pass_night()
            behind = self.floor.advance(now_ns) < now_ns
            self.wall_agenda.run(self.monotonic_ns())
            for connection in tuple(self._connections):
                if connection.session.unserved:
                    connection.serve()
            self._send()
            self._moved.set()
            if behind:
                await asyncio.sleep(0)
            else:
                await self._rest.until_due(self._until_due_s())

    def _until_due_s(self) -> float:
        """Return for how many seconds nothing has to be done, if nobody says anything."""
        if not self._calm():
            return 0.0
        now_ns, clock = self.monotonic_ns(), self._clock
        wait_s = (self.wall_agenda.next_ns - now_ns) / 1e9
        if clock.paused:
            return wait_s
        due_ns = min(self.floor.due_ns(), *self._awaited, NEVER_NS)
        return min(wait_s, (due_ns - clock.market_ns(now_ns)) / 1e9 / clock.speed)

    def _in_time(self, act: Callable[[Any], str | None]) -> Callable[[Any], str | None]:
        """Return *act*, performed on a floor that has come to the present."""

        def perform(command: Command) -> str | None:
            self.catch_up()
            self.floor.stir()
            self._rest.nudge()
            return act(command)

        return perform
