"""What people run instead of a bot of ibelay, in the same world: three ways to keep a script up.

``ib_async`` alone connects again after ``disconnectedEvent``; its ``Watchdog`` restarts the
gateway instead; ``from ibelay import IB`` is the drop-in, with the same script on it.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from ib_async import IB, Stock
from ib_async.ibcontroller import Watchdog

from ibelay.dropin import ib as dropin
from ibelay.gateway.session.line.pacing import Pacing
from ibelay.machines.link_events import LinkState
from ibelay.model.faults import Command, Kill, Performer, PowerCut, Restart, Span, Stall
from ibelay.testing.matrix.actors.script import Script
from ibelay.testing.matrix.evidence import Diary
from ibelay.testing.matrix.fault import Fault
from ibelay.testing.matrix.plan import Act, Reconnect
from ibelay.testing.simulation.observed import Booted, Broke, Ended, LinkChanged
from ibelay.testing.simulation.setting import CLIENT_ID, Setting
from ibelay.testing.simulation.world import BOT, World
from ibelay.testing.virtual import Host, HostClock
from ibelay.testing.virtual.wall import virtual_wall

REBOOT_S = 1.0
GATEWAY_RESTART_S = 20
APP_STARTUP_S = 30.0


class ScriptActor:
    """One run's script.

    Args:
        fault: What is run.
        name: ``ib_async``, ``watchdog`` or ``dropin``.
    """

    def __init__(self, fault: Fault, name: str) -> None:
        self.name = name
        self.diary = Diary()
        self.restarts = 0
        self._fault = fault
        self._world: World
        self._host = Host(BOT)
        self._boots = 0
        self._done: set[int] = set()
        self._script: Script | None = None
        self._task: asyncio.Task[None] | None = None
        self._connected = False
        self._open = ExitStack()
        self._runner: asyncio.Task[None] | None = None

    def world(self, seed: int) -> World:
        """Return the world it lives in, not yet begun."""
        setting = self._fault.setting
        self._world = World(
            seed,
            Setting(
                symbols=setting.symbols,
                date=setting.date,
                days=setting.days,
                start=setting.start,
                skip_nights=False,
                proxied=True,
                pacing=Pacing(setting.pacing),
                boots=False,
            ),
        )
        return self._world

    def __enter__(self) -> Self:
        """Let the libraries live in virtual time."""
        self._clock = HostClock(self._world.loop, self._world.gateway.floor.now_ns)
        self._open.enter_context(virtual_wall(self._world.loop, self._clock))
        self._journal = Path(self._open.enter_context(tempfile.TemporaryDirectory()))
        return self

    def __exit__(self, *_error: object) -> None:
        """Give the libraries their own time back."""
        self._open.close()

    def begin(self) -> None:
        """Start the script's process."""
        world = self._world
        self._boots += 1
        self._host = Host(BOT)
        world.network.power_up(BOT)
        world.see(Booted(world.loop.now_ns(), self._boots))
        context = self._host.context()
        self._task = world.loop.create_task(self._live(), context=context, name="script")

    def do(self, command: Command) -> str:
        """Do what befalls the process; leave the rest to the world."""
        world = self._world
        match command:
            case Kill() | PowerCut():
                self._end(power=isinstance(command, PowerCut))
                world.loop.call_later(REBOOT_S, self.begin)
                said = "the script's process is killed"
            case Stall(span):
                world.loop.stall(self._host, span.ns / 1e9)
                said = "the script's process stands still"
            case _:
                return world.do(command, by=Performer.GATEWAY)
        world.see(Broke(world.loop.now_ns(), command, said))
        return said

    def obey(self, act: Act) -> None:
        """Do what a person does."""
        script = self._script
        if script is None:
            return
        context = self._host.context()
        context.run(script.obey, act)
        if isinstance(act, Reconnect) and self.name == "dropin":  # its disconnect is for good
            context.run(script.spawn, script.connect(*self._place))

    def close(self) -> None:
        """Write down what it believes at the end."""
        if self._script is not None:
            self._script.close()
        self._host.dead = True
        self._cancel()

    # -- the process -------------------------------------------------------------------------

    async def _live(self) -> None:
        ib = self._library()
        script = self._script = Script(
            ib,
            self._fault.plan,
            self._fault.setting.symbols,
            diary=self.diary,
            now_ns=self._world.loop.now_ns,
            done=self._done,
            tell=self._tell,
        )
        place = self._place
        ib.disconnectedEvent += lambda: self._tell(False)
        if self.name == "watchdog":
            self._watch(ib, script)
        else:
            script.spawn(script.connect(*place))
            if self.name == "ib_async":
                ib.disconnectedEvent += lambda: self._again(script, place)
            else:
                ib.connectedEvent += lambda: self._tell(True)
        await script.live()

    @property
    def _place(self) -> tuple[str, int, int]:
        address = self._world.address
        return address.host, address.port, int(CLIENT_ID)

    def _again(self, script: Script, place: tuple[str, int, int]) -> None:
        """Connect again, as a careful user's handler does."""
        if not self._host.dead:
            script.spawn(_connect_later(script, place))

    def _library(self) -> IB:
        if self.name == "dropin":
            return dropin.IB(journal=self._journal, clock=self._clock)
        return IB()

    def _watch(self, ib: IB, script: Script) -> None:
        address = self._world.address
        controller: Any = _Controller(self._restart)
        watchdog = Watchdog(
            controller,
            ib,
            address.host,
            address.port,
            int(CLIENT_ID),
            appStartupTime=APP_STARTUP_S if self._boots > 1 else 0.0,
            probeContract=Stock("SPY", "SMART", "USD"),
        )
        watchdog.startedEvent += lambda _dog: script.spawn(script.stream())
        self._runner = watchdog.start()  # type: ignore[no-untyped-call]  # ib_async's
        watchdog.appStartupTime = APP_STARTUP_S

    def _restart(self) -> None:
        """Restart the gateway, as a controller of processes does."""
        if self._host.dead:
            return
        self.restarts += 1
        self._world.at_gateway(Restart(Span(GATEWAY_RESTART_S * 10**9)))

    def _tell(self, connected: bool) -> None:
        """Let the link be seen as the library tells it."""
        if connected is self._connected or self._host.dead:
            return
        self._connected = connected
        now = self._world.loop.now_ns()
        states = (LinkState.CONNECTING, LinkState.READY)
        before, after = states if connected else (LinkState.READY, LinkState.DOWN)
        self._world.see(LinkChanged(now, before, after, "as the library says"))

    def _end(self, *, power: bool) -> None:
        if self._task is None:
            return
        self._tell(False)
        self._host.dead = True
        self._world.network.sever(BOT, silently=power)
        self._cancel()
        if self.name == "dropin" and self._script is not None:
            self._script.ib.disconnect()  # lets go of its journal, as the death of a process does
        self._world.see(Ended(self._world.loop.now_ns(), self._boots, "killed"))

    def _cancel(self) -> None:
        """Tidy up what ran in the process."""
        for task in (self._task, self._runner, *(self._script.work if self._script else ())):
            if task is not None:
                task.cancel()
        self._task = self._runner = None


class _Controller:
    """What a Watchdog commands: a gateway that is restarted when it is to terminate."""

    def __init__(self, restart: Callable[[], None]) -> None:
        self._restart = restart

    async def startAsync(self) -> None:  # noqa: N802  # ib_async's
        """Begin nothing: the gateway comes back by itself."""

    async def terminateAsync(self) -> None:  # noqa: N802  # the same
        """Restart the gateway."""
        self._restart()


async def _connect_later(script: Script, place: tuple[str, int, int]) -> None:
    await asyncio.sleep(5.0)
    if not script.ib.isConnected():
        await script.connect(*place)
