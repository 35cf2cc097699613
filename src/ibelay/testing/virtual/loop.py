"""An event loop whose time is virtual: when nothing is left to run, the next timer is now.

Rules:
1. The loop is CPython's own (``BaseEventLoop``); only its turn, its clock and its doors to the
   outside are ours. Nothing waits: where CPython's would sleep, the clock moves instead.
2. Timers due at the same instant run in the order of their tie-breaks, which *chance* draws:
   CPython's heap keeps no order among them, so nothing may count on one. Without *chance* they
   run in the order in which they were set.
3. ``create_connection`` and ``create_server`` reach the virtual network alone. Threads,
   processes and real sockets are refused; ``run_in_executor`` runs its function in the loop,
   at an instant that *chance* draws.
4. A loop in which nothing can ever happen again is stuck, and says so, instead of hanging;
   so does one in which work makes work for ever and time stands still.
5. What belongs to a stalled host waits and keeps its order (``host``).
6. Each host has its own exception handler, as each process has its own loop. What escapes
   where no handler was set is kept in ``failures``.
7. Tasks are hashed by their number: CPython's task groups cancel in the order of a set.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import socket
from asyncio import base_events
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from itertools import count
from typing import Any, TypeVar, TypeVarTuple

from ibelay.errors import IbelayError
from ibelay.testing.virtual.host import HOST, Callback, Handler, Host, Timer, parked

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
EXECUTOR_MAX_S = 0.005
_RESOLUTION_S = 1e-9
_ROUNDS_MAX = 100_000  # at one instant; whole sessions take a few dozen
_TIMERS_MIN = 128  # so many may stand, cancelled or not, before those cancelled are cleared away


class StuckError(IbelayError):
    """Virtual time cannot go on: nothing is left to run, or there is no end to what runs now."""


class _Task(asyncio.Task[Any]):
    """A task whose place in a set does not depend on where it lies in memory (rule 7)."""

    def __init__(self, *args: Any, number: int, **options: Any) -> None:
        self._number = number
        super().__init__(*args, **options)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(base_events.BaseEventLoop):
    """An event loop in virtual time, beginning at 0.

    Args:
        chance: Draws the order of equal timers and the instants of executors; None keeps order.

    Attributes:
        network: Where connections go; set by ``network.Network``.
        at_ns: Virtual nanoseconds since it was made.
        failures: What callbacks let escape that belong to no host, or to one without a handler.
    """

    def __init__(self, chance: random.Random | None = None) -> None:
        super().__init__()
        self._chance = chance
        self._tie: Callable[[], float] = count().__next__ if chance is None else chance.random
        self._now = 0.0
        self.at_ns = 0
        self._stalls = 0
        self._timers: list[tuple[float, float, int, Timer]] = []
        self._numbers = count()
        self._kept_timers = _TIMERS_MIN
        self._ready: deque[Callback | Timer]
        self._stopping: bool
        self._tasks_made = count()
        self.set_task_factory(self._make_task)
        self.network: Any = None
        self.failures: list[dict[str, Any]] = []

    # -- time ----------------------------------------------------------------------------

    def time(self) -> float:
        """Return virtual seconds since the loop was made."""
        return self._now

    def now_ns(self) -> int:
        """Return virtual nanoseconds since the loop was made."""
        return self.at_ns

    def _run_once(self) -> None:  # noqa: C901  # one frame: it turns millions of times
        """Run what is ready, or what is due next, again and again until the loop is stopped.

        Raises:
            StuckError: There is neither, or no end of it at one instant (rule 4).
        """
        ready, timers, pop = self._ready, self._timers, heapq.heappop
        rounds = 0
        while True:
            while timers and timers[0][3]._cancelled:  # noqa: SLF001  # quicker than to ask
                pop(timers)
            if not ready and not self._stopping:
                if not timers:
                    raise StuckError("the simulation is stuck: everybody waits and no timer stands")
                when = timers[0][0]
                if when > self._now:
                    self._now, self.at_ns, rounds = when, int(when * 1e9), 0
            rounds += 1
            if rounds > _ROUNDS_MAX:
                raise StuckError(self._no_headway())
            due = self._now + _RESOLUTION_S
            while timers and timers[0][0] < due:
                ready.append(pop(timers)[3])
            for _ in range(len(ready)):
                handle = ready.popleft()
                if not handle._cancelled and not (self._stalls and parked(handle)):  # noqa: SLF001  # the same
                    handle._run()  # noqa: SLF001  # as the loop's own does
            if self._stopping:
                return

    def _no_headway(self) -> str:
        """Return a sentence about who keeps the clock from moving."""
        runs = sorted({repr(handle) for handle in self._ready if not handle.cancelled()})
        return (
            f"the simulation is stuck: {_ROUNDS_MAX} rounds of callbacks at {self._now:.6f} s and "
            f"more to come, now {'; '.join(runs[:3]) or 'timers that are due at once'}"
        )

    def run_for(self, seconds: float) -> None:
        """Run whatever is due in the next *seconds*, then return."""
        self.run_to(self._now + seconds)

    def run_to(self, at: float) -> None:
        """Run whatever is due until *at* (virtual seconds), then return."""
        # Infinity among ties: the end comes after everything else of that instant.
        timer = Timer(at, self.stop, (), self, None)
        self._set(at, float("inf"), timer)
        try:
            self.run_forever()
        finally:
            timer.cancel()

    # -- callbacks -----------------------------------------------------------------------

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Run *callback* after what is ready already."""
        handle = Callback(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Do the same: there are no threads here."""
        return self.call_soon(callback, *args, context=context)

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run *callback* in *delay* seconds."""
        when = self._now + delay
        timer = Timer(when, callback, args, self, context)
        self._set(when, self._tie(), timer)
        return timer

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run *callback* at *when* (virtual seconds)."""
        timer = Timer(when, callback, args, self, context)
        self._set(when, self._tie(), timer)
        return timer

    def again(self, delay: float, timer: Timer, *, earliest: float) -> float:
        """Run *timer* in *delay* seconds, too, but not before *earliest*; return when.

        One that is never cancelled serves any number of times.
        """
        when = max(self._now + delay, earliest)
        self._set(when, self._tie(), timer)
        return when

    def _set(self, when: float, tie: float, timer: Timer) -> None:
        timers = self._timers
        if len(timers) >= self._kept_timers:
            timers[:] = [one for one in timers if not one[3].cancelled()]
            heapq.heapify(timers)
            self._kept_timers = max(_TIMERS_MIN, 2 * len(timers))
        heapq.heappush(timers, (when, tie, next(self._numbers), timer))

    def _make_task(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **options: Any,
    ) -> asyncio.Task[Any]:
        return _Task(work, loop=loop, number=next(self._tasks_made), **options)

    # -- stalls --------------------------------------------------------------------------

    def stall(self, host: Host, seconds: float) -> None:
        """Let nothing of *host* run for *seconds*, as if its process were stopped."""
        host.stall()
        self._stalls += 1
        self.call_later(seconds, self._resume, host, context=Context())

    def _resume(self, host: Host) -> None:
        self._stalls -= 1
        self._ready.extend(host.resume())

    # -- failures ------------------------------------------------------------------------

    def set_exception_handler(self, handler: Handler | None) -> None:
        """Set the handler of the host whose code this is, or of the world."""
        host = HOST.get()
        if host is None:
            super().set_exception_handler(handler)
        else:
            host.on_failure = handler

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Tell the host it concerns (rule 6)."""
        host = _host_of(context)
        if host is not None and host.dead:
            return
        if host is not None and host.on_failure is not None:
            host.on_failure(self, context)
        else:
            self.failures.append(context)
            super().call_exception_handler(context)

    # -- doors to the outside ------------------------------------------------------------

    async def create_connection(  # type: ignore[override]  # TLS, sockets and the like are refused
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | None = None,
        port: int | None = None,
        **options: Any,
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """Connect over the virtual network.

        Raises:
            OSError: As the system would say.
        """
        _no_options(options)
        connected: tuple[asyncio.Transport, asyncio.BaseProtocol] = await self.network.connect(
            protocol_factory, str(host), int(port or 0)
        )
        return connected

    async def create_server(  # type: ignore[override]  # the same
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | None = None,
        port: int | None = None,
        **options: Any,
    ) -> asyncio.AbstractServer:
        """Listen on the virtual network.

        Raises:
            OSError: The port is taken.
        """
        _no_options(options)
        server: asyncio.AbstractServer = self.network.serve(
            protocol_factory, str(host), int(port or 0)
        )
        return server

    def run_in_executor(  # type: ignore[override]  # a task is a future
        self, executor: object, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run *func* in the loop itself, at an instant up to 5 ms from now (rule 3)."""
        del executor
        delay = self._chance.uniform(0, EXECUTOR_MAX_S) if self._chance else 0.0

        async def work() -> T:
            await asyncio.sleep(delay)
            return func(*args)

        return self.create_task(work())

    async def getaddrinfo(  # type: ignore[override]  # names are addresses here
        self, host: str, port: int, **_options: Any
    ) -> list[tuple[Any, ...]]:
        """Return *host* itself."""
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port))]

    def _process_events(self, event_list: list[Any]) -> None:
        """Take nothing: the selector gives nothing."""

    def _write_to_self(self) -> None:
        """Wake nobody: there are no threads here."""

    def close(self) -> None:
        """Close the loop."""
        if not self.is_closed():
            super().close()
            self._timers.clear()


def _host_of(context: dict[str, Any]) -> Host | None:
    handle = context.get("handle")
    if isinstance(handle, Callback | Timer):
        return handle._context.get(HOST)  # noqa: SLF001  # handles of this loop
    return HOST.get()


def _no_options(options: dict[str, Any]) -> None:
    given = sorted(name for name, value in options.items() if value is not None)
    known = {"backlog", "start_serving", "reuse_address", "reuse_port", "family", "flags"}
    wrong = [name for name in given if name not in known]
    if wrong:
        raise NotImplementedError(f"the virtual network has no {', '.join(wrong)}")
