"""A drill at a chaos proxy: wait for a bot, break its line for a while, say how it did.

Rules:
1. Time begins when the first client has been answered, so that nobody has to hurry.
2. At the end everything that goes wrong is cleared, and the report is made as things stand.
3. A drill that is stopped early has a report, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ibelay.control.scenario import Scenario
from ibelay.model.faults import Clear, Command
from ibelay.proxy.chaos import ChaosProxy
from ibelay.proxy.conversation.conversation import TO_CLIENT
from ibelay.proxy.drill.judge import Judge
from ibelay.proxy.drill.report import Report
from ibelay.proxy.drill.thresholds import Thresholds
from ibelay.proxy.drill.witness import Witness


@dataclass(frozen=True, slots=True)
class Plan:
    """What a drill plays.

    Attributes:
        scenario: What goes wrong.
        length_ns: How long it lasts, from the first answer a client gets.
        on_begin: Called when time begins.
        wait_ns: How long a client is waited for; for ever if None.
        on_nobody: Called when none has come by then.
    """

    scenario: Scenario
    length_ns: int
    on_begin: Callable[[], None] = lambda: None
    wait_ns: int | None = None
    on_nobody: Callable[[], None] = lambda: None


class Rehearsal:
    """One drill.

    Args:
        thresholds: What the bot must meet.

    Attributes:
        stop: Set to end it early.
        report: How the bot did; None before the end.
    """

    def __init__(self, thresholds: Thresholds | None = None) -> None:
        self.stop = asyncio.Event()
        self.report: Report | None = None
        self._judge = Judge(thresholds)
        self._witness = Witness(self._judge)
        self._answered = asyncio.Event()

    def watch(self, proxy: ChaosProxy) -> None:
        """Look on at *proxy* from now on: all clients that come are the bot's."""
        proxy.observers.append(self)

    @asynccontextmanager
    async def attend(
        self, plan: Plan, proxy: ChaosProxy, stop: Callable[[], None]
    ) -> AsyncIterator[None]:
        """Play *plan* at a proxy that runs, and let it stop after that.

        Whoever leaves before ends the drill early; ``report`` is there in any case.
        """
        self.watch(proxy)
        async with asyncio.TaskGroup() as group:
            drill = group.create_task(self.play(proxy, plan))
            drill.add_done_callback(lambda _drill: stop())
            yield
            self.stop.set()

    async def play(self, proxy: ChaosProxy, plan: Plan) -> Report:
        """Play *plan* at a proxy that is watched, once a client has come; return how it did."""
        if await self._wait_for_client(plan):
            plan.on_begin()
            proxy.play(plan.scenario)
            try:
                async with asyncio.timeout(plan.length_ns / 1e9):
                    await self.stop.wait()
            except TimeoutError:
                pass  # the drill has lasted as long as it should
        proxy.do(Clear())
        now_ns = proxy.now_ns()
        self._witness.finish(now_ns)
        self.report = self._judge.report(now_ns)
        return self.report

    async def _wait_for_client(self, plan: Plan) -> bool:
        """Return whether a client came in time and before somebody stopped."""
        wait_s = None if plan.wait_ns is None else plan.wait_ns / 1e9
        async with asyncio.TaskGroup() as group:
            ways = [group.create_task(one.wait()) for one in (self._answered, self.stop)]
            ended, _ = await asyncio.wait(ways, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
        if not ended:
            plan.on_nobody()
        return self._answered.is_set()

    # What the proxy tells -------------------------------------------------------------------

    def opened(self, at_ns: int, line: int) -> None:
        """A client was accepted."""
        self._witness.opened(at_ns, line)

    def closed(self, at_ns: int, line: int, by: str) -> None:
        """A client's connection ends."""
        self._witness.closed(at_ns, line, by)

    def message(  # what a message is
        self, at_ns: int, line: int, way: str, payload: bytes, version: int, *, passed: bool
    ) -> None:
        """A message passes or is lost."""
        if way == TO_CLIENT and passed:
            self._answered.set()
        self._witness.message(at_ns, line, way, payload, version, passed=passed)

    def done(self, at_ns: int, command: Command) -> None:
        """A command was done."""
        self._witness.done(at_ns, command)
