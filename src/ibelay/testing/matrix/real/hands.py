"""The hands of a real run: what befalls processes and cables, what only a proxy does, a person.

Rules:
1. Each act is done at its moment of the scenario, counted from when market time began to run.
2. What is done to a cable is written down as what it stands for in the scenario, ``half-open``.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable, Coroutine
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from ibelay.control.port.remote import Remote
from ibelay.control.scenario import At, Scenario
from ibelay.errors import ConfigurationError, LinkError
from ibelay.model.faults import Command, HalfOpen, Kill, Span, Stall, write
from ibelay.testing.matrix.plan import Act, Planned, Reconnect, Watch
from ibelay.testing.matrix.real.cable import Cable
from ibelay.testing.matrix.real.cases import Way
from ibelay.testing.matrix.real.logs import last_pid
from ibelay.testing.matrix.real.parts import Did, by_proxy

_TIMEOUT_S = 10.0
_ACCEPTED = 202
_Deed = Callable[[], Coroutine[None, None, None]]


class Hands:
    """Acts on one run from outside.

    Args:
        folder: The bot's, with its settings, its token and its logs in ``logs``.
        speed: Market seconds per second.
        chaos: The proxy's control port.
        page_port: Of the bot's status page.
        wall_ns: Says what time it is.
        cable: The bot's, and what is done to it; None if it has none.

    Attributes:
        did: What was done, at wall time.
        undone: What could not be done, in words.
    """

    def __init__(
        self,
        folder: Path,
        *,
        speed: float,
        chaos: Remote,
        page_port: int,
        wall_ns: Callable[[], int],
        cable: tuple[Cable, Way] | None = None,
    ) -> None:
        self.did: list[Did] = []
        self.undone: list[str] = []
        self._folder = folder
        self._speed = speed
        self._chaos = chaos
        self._page_port = page_port
        self._wall_ns = wall_ns
        self._cable = cable

    async def play(self, scenario: Scenario, plan: tuple[Planned, ...]) -> None:
        """Do everything at its time; market time begins to run now.

        Raises:
            ConfigurationError: A step waits for something else than a time.
        """
        async with asyncio.TaskGroup() as tasks:
            for step in scenario.steps:
                if not isinstance(step.when, At) or step.when.of_day:
                    raise ConfigurationError("only steps with at = '+TIME' are played from outside")
                for command in step.do:  # begun in this order; some last while others are done
                    tasks.create_task(self._after(step.when.ns, partial(self._do, command)))
            for planned in plan:
                if isinstance(planned.act, Watch | Reconnect):
                    tasks.create_task(self._after(planned.at_ns, partial(self._ask, planned.act)))

    async def _after(self, at_ns: int, act: _Deed) -> None:
        await asyncio.sleep(at_ns / 1e9 / self._speed)
        await act()

    async def _do(self, command: Command) -> None:
        """Do what *command* says, and write it down as of when it begins."""
        did = Did(self._wall_ns(), write(command), "from outside")
        try:
            done = await self._does(command)
        except (ConfigurationError, LinkError, OSError) as error:
            self.undone.append(str(error))
            return
        if done:
            self.did.append(did)
        else:
            self.undone.append(f"nobody does {write(command)!r} for real")

    async def _does(self, command: Command) -> bool:
        """Do it; return whether anybody can."""
        match command:
            case Kill():
                os.kill(self._pid(), signal.SIGKILL)
            case Stall(span):
                await self._stall(self._pid(), span.ns / 1e9 / self._speed)
            case HalfOpen(reap=Span(ns=reap_ns)) if self._cable is not None:
                await self._break(*self._cable, reap_ns / 1e9 / self._speed)
            case _ if by_proxy(command):
                await asyncio.to_thread(self._chaos.do, [write(command)])
            case _:
                return False
        return True

    async def _stall(self, pid: int, seconds: float) -> None:
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)

    async def _break(self, cable: Cable, way: Way, seconds: float) -> None:
        begin, end = (cable.move, cable.answer) if way is Way.MOVED else (cable.pull, cable.plug)
        begin()
        await asyncio.sleep(seconds)
        end()

    def _pid(self) -> int:
        pid = last_pid(self._folder / "logs")
        if not pid:
            raise ConfigurationError("the bot has no process yet: nothing can befall it")
        return pid

    async def _ask(self, act: Act) -> None:
        """Ask the bot's HTTP API as a person at the status page does."""
        match act:
            case Watch(symbol=symbol):
                said = await asyncio.to_thread(self._post, "/api/worklist", {"symbol": symbol})
            case _:
                said = await asyncio.to_thread(self._post, "/api/reconnect", {})
        if said != _ACCEPTED:
            self.undone.append(f"the status page answered {act} with {said}")

    def _post(self, path: str, body: dict[str, str]) -> int:
        token = (self._folder / "ibelay.token").read_text(encoding="ascii").strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection = HTTPConnection("127.0.0.1", self._page_port, timeout=_TIMEOUT_S)
        try:
            connection.request("POST", path, json.dumps(body), headers)
            return connection.getresponse().status
        finally:
            connection.close()
