"""A paper gateway in a thread of its own, for tests of bots, blocking ones included.

The bot under test runs where it likes; the gateway has its own loop, so that neither can
keep the other waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

from ibelay.gateway.exchange.events import BookOrder, Executed
from ibelay.gateway.main import gateway
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.server import PaperGateway
from ibelay.model.faults import read
from ibelay.model.position import Position

PATIENCE_S = 30.0
_NS = 1_000_000_000
_NEW_YORK = ZoneInfo("America/New_York")
T = TypeVar("T")


class RunningGateway:
    """A paper gateway that listens while its ``with`` block runs.

    Every method may be called from any thread, also while a bot is connected.

    Args:
        options: What it trades and from when; the port is free unless one is given.

    Raises:
        ConfigurationError: On entering: the options cannot be served.
    """

    def __init__(self, options: GatewayOptions) -> None:
        self._options = options
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="ibelay-gateway")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._paper: PaperGateway | None = None

    @property
    def host(self) -> str:
        """Where to connect to."""
        return self._options.host

    @property
    def port(self) -> int:
        """The port to connect to."""
        return self._running.port

    @property
    def account(self) -> str:
        """The paper account, DU and digits."""
        return self._options.account

    @property
    def now(self) -> datetime:
        """Market time, in New York."""
        seconds, rest_ns = divmod(self.ask(lambda paper: paper.floor.now_ns), _NS)
        whole = datetime.fromtimestamp(seconds, _NEW_YORK)
        return whole.replace(microsecond=rest_ns // 1000)

    def working_orders(self) -> Sequence[BookOrder]:
        """Return the orders that can still fill, oldest first, of every client."""
        return self.ask(lambda paper: paper.floor.exchange.working_orders())

    def completed_orders(self) -> Sequence[BookOrder]:
        """Return the orders that ended, in that order."""
        return self.ask(lambda paper: paper.floor.exchange.completed_orders())

    def executions(self) -> Sequence[Executed]:
        """Return every fill, oldest first."""
        rows = self.ask(lambda paper: paper.floor.exchange.executions())
        return [fill for fill, _report in rows]

    def positions(self) -> dict[str, Position]:
        """Return what is held, by symbol; a contract closed today is there with quantity 0."""
        rows = self.ask(lambda paper: paper.floor.exchange.positions())
        return {row.position.contract.symbol: row.position for row in rows}

    def pause(self) -> None:
        """Stop market time, all that has happened told; requests are still answered."""

        async def pause(paper: PaperGateway) -> None:
            await paper.reached(paper.pause())

        self._call(pause)

    def resume(self) -> None:
        """Let market time run again."""
        self.ask(lambda paper: paper.resume())

    def step(self, seconds: float) -> None:
        """Let *seconds* of market time pass, and wait until they have."""

        async def step(paper: PaperGateway) -> None:
            await paper.reached(paper.step(round(seconds * _NS)))

        self._call(step)

    def do(self, *commands: str) -> list[str]:
        """Make something happen, in the words of ``ibelay gatewayctl do``; return what was done.

        Raises:
            ConfigurationError: A command cannot be read, or cannot be done as things stand.
        """
        asked = [read(command) for command in commands]

        def done(paper: PaperGateway) -> list[str]:
            said = [paper.operator.do(command) for command in asked]
            paper.flush()
            return said

        return self.ask(done)

    def ask(self, question: Callable[[PaperGateway], T]) -> T:
        """Return what *question* says of the gateway; it runs in the gateway's thread."""

        async def answer(paper: PaperGateway) -> T:
            paper.catch_up()
            return question(paper)

        return self._call(answer)

    def __enter__(self) -> Self:
        """Start the gateway; it listens when this returns."""
        started: Future[None] = Future()
        self._served = self._threads.submit(asyncio.run, self._serve(started))
        wait({started, self._served}, timeout=PATIENCE_S, return_when=FIRST_COMPLETED)
        if not started.done():
            self._threads.shutdown(wait=False)
            self._served.result(timeout=0)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the gateway and cut every client."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._served.result(timeout=PATIENCE_S)
        self._threads.shutdown()
        self._paper = None

    @property
    def _running(self) -> PaperGateway:
        if self._paper is None:
            raise RuntimeError("the gateway does not run: use it within its `with` block")
        return self._paper

    async def _serve(self, started: Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with gateway(self._options) as paper:
            self._paper = paper
            started.set_result(None)
            await self._stop.wait()

    def _call(self, what: Callable[[PaperGateway], Coroutine[None, None, T]]) -> T:
        running = self._running
        if self._loop is None:
            raise RuntimeError("the gateway does not run: use it within its `with` block")
        return asyncio.run_coroutine_threadsafe(what(running), self._loop).result(PATIENCE_S)
