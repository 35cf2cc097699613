"""One real run: a gateway, a chaos proxy and a supervised bot, each a process of its own.

Rules:
1. Market time begins to run when the bot has got past its first handshake: how long processes
   take to start is no part of a scenario.
2. When the scenario is over the bot's books are looked at, then everything ends, then the files
   are read.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from ibelay.app.arena import LOOPBACK, Child
from ibelay.app.clock import SystemClock
from ibelay.app.feed import StatusFeed
from ibelay.control.port.remote import CHAOS, Remote
from ibelay.testing.matrix.evidence import Evidence
from ibelay.testing.matrix.fault import FILES, Fault
from ibelay.testing.matrix.judgement import Judgement, judge
from ibelay.testing.matrix.real.cable import Cable
from ibelay.testing.matrix.real.cases import Case, Way, judged
from ibelay.testing.matrix.real.gather import BOT, CLIENT_ID, Books, Files, evidence, look
from ibelay.testing.matrix.real.hands import Hands
from ibelay.testing.matrix.real.logs import has_connected
from ibelay.testing.matrix.real.parts import (
    STRATEGY_VARIABLE,
    Did,
    GatewayPart,
    ProxyPart,
    StrategyPart,
    by_gateway,
    part_of,
    rows,
    said,
)
from ibelay.testing.matrix.real.processes import gateway as gateway_process
from ibelay.testing.matrix.real.processes import proxy as proxy_process
from ibelay.testing.matrix.real.processes import strategy

_START_S, _LOOK_S = 60.0, 0.1
_SETTINGS = """\
[bot]
name = "{name}"
strategy = "{strategy}"
[gateway]
host = "{host}"
port = {port}
client_id = {client_id}
[web]
port = 0
"""
_QUICK = """\
[connection]
base_delay_s = 0.02
cap_s = 0.1
[reconcile]
interval_s = 1.0
[supervisor]
delay_s = 0.0
immediate_death_s = 0.0
"""
_QUICK_HEART = """\
[heartbeat]
interval_s = 1.0
miss_s = 0.4
suspect_probe_s = 0.2
dead_s = 3.0
"""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of one run: judgement, what could not be done, and everything that was seen."""

    judgement: Judgement
    undone: tuple[str, ...]
    evidence: Evidence


class Stage:
    """One run.

    Args:
        fault: What is to go wrong.
        case: How it is played.
        folder: For everything the processes write; empty.
        starting: Held while processes start: a machine has only so many processors.
        number: Tells the cables of one process apart.
    """

    def __init__(
        self,
        fault: Fault,
        case: Case,
        folder: Path,
        *,
        starting: asyncio.Semaphore,
        number: int = 0,
    ) -> None:
        self._fault = fault
        self._case = case
        self._folder = folder
        self._files = Files(folder)
        self._path = next(FILES.glob(f"{fault.id.lower()}_*.toml"))
        self._without = () if case.cable is Way.NONE else ("half-open",)
        self._cable = None if case.cable is Way.NONE else Cable(number)
        self._starting = starting
        self._stack = AsyncExitStack()
        self._feed: StatusFeed

    async def play(self) -> Played:
        """Play the scenario and return what came of it."""
        async with self._stack:
            if self._cable is not None:
                self._stack.enter_context(self._cable)
            async with self._starting:
                gateway, hands = await self._start()
            gateway.process.send_signal(signal.SIGUSR1)
            books = await self._perform(hands)
        return self._judged(books, hands)

    async def _perform(self, hands: Hands) -> Books:
        plays = by_gateway(self._without)
        left = part_of(self._fault.scenario, lambda one: not plays(one))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hands.play(left, self._fault.plan))
            await asyncio.sleep(self._fault.setting.lasts_ns / 1e9 / self._case.speed)
        await self._feed.poll()
        return look(self._files, healthy=self._feed.ready)

    def _judged(self, books: Books, hands: Hands) -> Played:
        found = evidence(self._fault, self._files, self._case.speed, books, hands.did)
        undone = [*hands.undone, *self._left_undone()]
        return Played(judge(judged(self._case, self._fault), found), tuple(undone), found)

    def _left_undone(self) -> list[str]:
        """Return what the gateway should have done and has not."""
        asked = part_of(self._fault.scenario, by_gateway(self._without))
        wanted = sum(len(step.do) for step in asked.steps)
        done = sum(isinstance(row, Did) for row in rows(self._files.gateway))
        return [] if done == wanted else [f"the gateway has done {done} of {wanted} commands"]

    # -- processes -----------------------------------------------------------------------------

    async def _start(self) -> tuple[Child, Hands]:
        gateway, port, began_ns = await self._gateway()
        host = LOOPBACK if self._cable is None else self._cable.host
        proxy_port, chaos = await self._proxy(host, port)
        page_port = await self._bot(host, proxy_port, began_ns)
        self._feed = StatusFeed(page_port)
        hands = Hands(
            self._folder,
            speed=self._case.speed,
            chaos=chaos,
            page_port=page_port,
            wall_ns=SystemClock().wall_ns,
            cable=None if self._cable is None else (self._cable, self._case.cable),
        )
        async with asyncio.timeout(_START_S):
            while not has_connected(self._files.logs):  # noqa: ASYNC110  # its log is a file
                await asyncio.sleep(_LOOK_S)
        return gateway, hands

    async def _gateway(self) -> tuple[Child, int, int]:
        part = GatewayPart(
            fault=str(self._path),
            speed=self._case.speed,
            record=str(self._files.gateway),
            without=self._without,
        )
        gateway = await self._child("gateway", said(part), module=gateway_process.__name__)
        line = await gateway.announced(gateway_process.ANNOUNCED, self._log("gateway"))
        self._ends_with_us(gateway)
        port, began_ns = (word.rstrip(",") for word in line.split() if word.rstrip(",").isdigit())
        return gateway, int(port), int(began_ns)

    async def _proxy(self, host: str, port: int) -> tuple[int, Remote]:
        token = self._folder / "chaos.token"
        part = ProxyPart(host=host, upstream=port, record=str(self._files.proxy), token=str(token))
        proxy = await self._child("proxy", said(part), module=proxy_process.__name__)
        line = await proxy.announced("listening on", self._log("proxy"))
        control = await proxy.announced("control port", self._log("proxy"))
        self._ends_with_us(proxy)
        listens = int(line.partition(",")[0].rsplit(":", 1)[1])
        return listens, Remote(int(control.partition(",")[0].rsplit(":", 1)[1]), token, CHAOS)

    async def _bot(self, host: str, port: int, began_ns: int) -> int:
        settings = self._folder / "bot.toml"
        text = _SETTINGS.format(
            name=BOT, strategy=strategy.NAMED, host=host, port=port, client_id=CLIENT_ID
        )
        text += _QUICK if self._case.quick else ""
        text += _QUICK_HEART if self._case.quick and self._cable is not None else ""
        settings.write_text(text, encoding="utf-8")
        part = StrategyPart(
            fault=str(self._path), began_market_ns=began_ns, diary=str(self._files.diary)
        )
        bot = await self._child(
            "bot",
            *("up", str(settings)),
            environment={STRATEGY_VARIABLE: said(part)},
            within=() if self._cable is None else self._cable.within,
        )
        line = await bot.announced("status page", self._log("bot"))
        self._ends_with_us(bot)
        return int(line.split(":")[-1].split("/")[0])

    async def _child(
        self,
        name: str,
        *arguments: str,
        module: str = "ibelay",
        environment: dict[str, str] | None = None,
        within: Sequence[str] = (),
    ) -> Child:
        child = await Child.start(
            name,
            *arguments,
            log=self._log(name),
            environment=environment,
            module=module,
            within=within,
        )
        self._stack.push_async_callback(child.stop)
        return child

    def _ends_with_us(self, child: Child) -> None:
        """Read what it goes on to say, so that it never waits for a reader."""
        drain = asyncio.get_running_loop().create_task(child.drain())
        self._stack.callback(drain.cancel)

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.stderr"
