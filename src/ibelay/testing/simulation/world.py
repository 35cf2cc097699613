"""A world: a market, a gateway, a network and a bot on one loop in virtual time.

Rules:
1. Everything that varies is drawn from the seed, each kind of chance from a stream of its own,
   so that one more draw of one kind changes nothing of the others.
2. Nothing of a world is shared with another: worlds of one process, one after the other, run
   like worlds of different processes.
3. What happens is told to ``watchers`` in order (``observed``), and all bytes of the network
   go into the trace: equal seeds have equal digests, whatever the hash seed of the process.
"""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from contextvars import Context
from functools import partial
from types import TracebackType
from typing import Self
from zlib import crc32

from ibelay.errors import ConfigurationError
from ibelay.gateway.exchange.events import ExchangeEvent
from ibelay.gateway.main import build_floor, floor_on
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.server import PaperGateway
from ibelay.gateway.session.floor import Floor
from ibelay.journal.ledger import Ledger
from ibelay.model.faults import (
    PERFORMERS,
    Clear,
    Command,
    Kill,
    Performer,
    PowerCut,
    Rst,
    Stall,
    Unplug,
)
from ibelay.ports.broker import Address
from ibelay.proxy.chaos import ChaosProxy
from ibelay.store.memory import MemoryDisk
from ibelay.testing.simulation.disk import Disk, SqliteDisk
from ibelay.testing.simulation.market.sparse import SparseMarket
from ibelay.testing.simulation.observed import Broke, Calmed, Observation, Over, Settled, Truth
from ibelay.testing.simulation.process import BOT_TASK, BotProcess
from ibelay.testing.simulation.programs.choice import program
from ibelay.testing.simulation.programs.drop_in import DropInProgram
from ibelay.testing.simulation.setting import CLIENT_ID, Kind, Setting
from ibelay.testing.simulation.taps import Wiretap, bars_heard
from ibelay.testing.virtual import Host, Network, VirtualDoor, VirtualLoop
from ibelay.testing.virtual.wall import virtual_wall

BOT, PROXY, GATEWAY = "bot", "proxy", "gateway"
GATEWAY_PORT, PROXY_PORT = 4002, 4003
_PATIENCE_S = 60.0


class World:
    """One simulated world; a context manager that closes it.

    Args:
        seed: Draws everything that varies.
        setting: What does not.

    Attributes:
        loop: Virtual time.
        process: The bot's process.
        gateway: The paper gateway.
        proxy: The chaos proxy between the two, or None.
        watchers: Told every observation.
    """

    def __init__(self, seed: int, setting: Setting | None = None) -> None:
        self.seed = seed
        self.setting = setting or Setting()
        self.watchers: list[Callable[[Observation], None]] = []
        self.loop = VirtualLoop(self._chance("ties"))
        self.network = Network(self.loop, self._chance("network"), self.setting.pace)
        self._tap = Wiretap(BOT, CLIENT_ID, self.loop.now_ns, self.see)
        self.network.on_write.append(self._tap.wrote)
        self.network.on_read.append(self._tap.read)
        floor = self._floor()
        floor.watch(self._heard)
        gateway = Host(GATEWAY)
        self._gateway_context = gateway.context()
        self.gateway = self._gateway_context.run(self._make_gateway, floor)
        proxy = Host(PROXY)
        self._proxy_context = proxy.context()
        self.proxy = self._proxy_context.run(self._make_proxy) if self.setting.proxied else None
        self.disk = self._make_disk()
        self.process = BotProcess(
            self.loop,
            self.network,
            self.disk,
            program(self.setting, self.address),
            restarts=self.setting.restarts,
            wall_at_start_ns=floor.now_ns,
            chance=self._chance("process"),
            see=self.see,
        )
        self._ledger, self._folded = Ledger(), 0
        self._stop = asyncio.Event()
        self._wall = ExitStack()
        self._serving: list[asyncio.Task[None]] = []

    # -- life ----------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Open the gateway, then boot the bot."""
        gc.collect()
        if self.setting.kind is Kind.DROP_IN:
            self._wall.enter_context(virtual_wall(self.loop, self.process.clock))
        gc.disable()  # finalisers may do I/O, and when the collector runs is not in the seed
        try:
            self._open(self.gateway, self._gateway_context)
            if self.proxy is not None:
                self._open(self.proxy, self._proxy_context)
            if self.setting.boots:
                self.process.boot()
        except BaseException:  # nobody else closes what was not entered
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End everything at this instant."""
        self._close()

    def _close(self) -> None:
        self.watchers.clear()
        self.process.kill()
        self.process.call_off()
        self._stop.set()
        bots = [task for task in asyncio.all_tasks(self.loop) if task.get_name() == BOT_TASK]
        for task in bots:
            task.cancel()
        self._end([*self._serving, *bots])
        self.loop.close()
        self._wall.close()
        self.disk.close()
        gc.enable()

    def _end(self, tasks: list[asyncio.Task[None]]) -> None:
        """Wait for *tasks*; what waits for a word its dead host never hears is cancelled."""
        while tasks:
            over, _left = self.loop.run_until_complete(asyncio.wait(tasks, timeout=_PATIENCE_S))
            tasks = [task for task in tasks if task not in over]
            if tasks:
                for task in asyncio.all_tasks(self.loop):
                    task.cancel()

    def run_for(self, seconds: float) -> None:
        """Let *seconds* of virtual time go by."""
        self.loop.run_for(seconds)

    @property
    def address(self) -> Address:
        """Where a client of this world connects."""
        return Address(host=self._away, port=self._port, client_id=CLIENT_ID)

    @property
    def digest(self) -> str:
        """What has gone over the network until now, as a hash."""
        return self._tap.digest

    # -- what can be done to it ------------------------------------------------------------

    def do(self, command: Command, by: Performer | None = None) -> str:
        """Let something go wrong now; return what was done, in words.

        Args:
            command: What.
            by: Who does it of those who can; left to the seed if nobody is named.

        Raises:
            ConfigurationError: It cannot be done as things stand.
        """
        match command:
            case Kill():
                self.process.kill()
                said = "the bot's process is killed"
            case PowerCut():
                self.process.kill(power=True)
                said = "the bot's machine is without power"
            case Stall(span):
                self.process.stall(span.ns / 1e9)
                said = f"the bot's process stands still for {span.ns / 1e9:g} s"
            case Unplug(span):
                self.unplug(span.ns / 1e9)
                said = f"nothing passes between bot and gateway for {span.ns / 1e9:g} s"
            case _:
                said = self._performer(command, by)(command)
        self.see(Broke(self.loop.now_ns(), command, said))
        return said

    def unplug(self, seconds: float) -> None:
        """Take the cable between bot and gateway out for *seconds*."""
        before = self._away
        self.network.unplug(BOT, before)
        self.loop.call_later(seconds, self.network.plug, BOT, before)

    @property
    def faulty(self) -> bool:
        """Whether anything is being made to go wrong at present."""
        proxy = self.proxy
        beside = proxy is not None and bool(proxy.troubles.standing() or proxy.toxics)
        cable_out = not self.network.passes(BOT, self._away)
        stands = bool(self.gateway.floor.troubles.standing())
        return beside or cable_out or stands or self.process.host.stalled

    def calm(self) -> None:
        """Put everything right: nothing goes wrong from now on.

        A drop-in compares with the broker when it reconnects, and at no other time: it gets one
        last occasion to learn what faults have kept from it.
        """
        self.network.plug(BOT, self._away)
        self.at_gateway(Clear())
        if self.proxy is not None:
            self._at_proxy(Clear())
        self.see(Calmed(self.loop.now_ns()))
        if self.setting.kind is Kind.DROP_IN:
            self.at_gateway(Rst())

    def over(self) -> None:
        """Say that the run is at its end."""
        self.see(Over(self.loop.now_ns()))

    def settled(self, *, faulty: bool) -> Settled:
        """Return the bot's books beside the broker's, and let the watchers see it."""
        bot, script = self.process.bot, self.process.program
        positions = {
            one.position.contract.con_id: one.position.quantity
            for one in self.gateway.floor.exchange.positions()
            if one.position.quantity
        }
        seen = Settled(
            self.loop.now_ns(),
            None if bot is None else bot.session.value.state,
            bot is not None and bot.session.ready,
            None if bot is None else bot.books.ledger,
            self._replayed(),
            positions,
            faulty,
            {}
            if bot is None
            else bars_heard(bot, self.gateway.floor.market, self.gateway.market_ns()),
        )
        self.see(seen)
        if isinstance(script, DropInProgram):
            self.see(script.held())
        return seen

    def _replayed(self) -> Ledger:
        """Return the fold of what is on the disk: of what was there before, it is known.

        Each boot folds all of it anew, and its books are compared with these.
        """
        for entry in self.disk.replay(self._folded):
            self._ledger.apply(entry.record)
            self._folded = entry.seq
        return self._ledger

    def see(self, seen: Observation) -> None:
        """Tell the watchers."""
        for watch in self.watchers:
            watch(seen)

    # -- parts -----------------------------------------------------------------------------

    @property
    def _away(self) -> str:
        """The host at the other end of the bot's cable."""
        return GATEWAY if self.proxy is None else PROXY

    @property
    def _port(self) -> int:
        return GATEWAY_PORT if self.proxy is None else PROXY_PORT

    def _performer(self, command: Command, by: Performer | None) -> Callable[[Command], str]:
        """Return who does *command*; where both can, the seed and the moment decide.

        Not a stream of chance: a plan with fewer steps must do the others as before.
        """
        kinds = PERFORMERS[type(command)]
        if self.proxy is None or Performer.PROXY not in kinds:
            return self.at_gateway
        if Performer.GATEWAY not in kinds:
            return self._at_proxy
        if by is not None:
            return self.at_gateway if by is Performer.GATEWAY else self._at_proxy
        what = f"{self.seed} {self.loop.now_ns()} {command.word}"
        return self._at_proxy if crc32(what.encode()) % 2 else self.at_gateway

    def at_gateway(self, command: Command) -> str:
        """Do *command* at the gateway without telling anybody: no fault, but somebody's doing."""
        return self._inside(self._gateway_context, lambda: self.gateway.operator.do(command))

    def _at_proxy(self, command: Command) -> str:
        proxy = self.proxy
        if proxy is None:
            raise ConfigurationError(f"{command.word} is done by a chaos proxy: simulate with one")
        return self._inside(self._proxy_context, lambda: proxy.do(command))

    def _inside(self, context: Context, act: Callable[[], str]) -> str:
        """Run *act* as code of a host, in the loop even if that is not running just now."""
        if self.loop.is_running():
            return context.copy().run(act)

        async def work() -> str:
            return act()

        return self.loop.run_until_complete(self.loop.create_task(work(), context=context))

    def _chance(self, about: str) -> random.Random:
        return random.Random(f"{self.seed}/{about}")  # noqa: S311  # a simulation's

    def _gateway_options(self) -> GatewayOptions:
        setting = self.setting
        return GatewayOptions(
            symbols=setting.symbols,
            date=setting.date,
            days=setting.days,
            start=setting.start,
            seed=self._chance("market").getrandbits(31),
            cash=setting.account_cash,
            pacing=setting.pacing,
        )

    def _floor(self) -> Floor:
        setting, options = self.setting, self._gateway_options()
        if setting.sparse is None:
            return build_floor(options)
        prices = SparseMarket(
            options.seed, setting.symbols, setting.date, setting.days, setting.sparse
        )
        return floor_on(prices, options)

    def _make_gateway(self, floor: Floor) -> PaperGateway:
        return PaperGateway(
            floor,
            host=GATEWAY,
            port=GATEWAY_PORT,
            skip_nights=self.setting.skip_nights,
            pump_s=self.setting.pump_s,
            door=partial(VirtualDoor, self.network),
        )

    def _make_disk(self) -> Disk:
        chance = self._chance("disk")

        def later(done: Callable[[], None]) -> object:
            return self.loop.call_later(chance.uniform(*self.setting.disk_s), done)

        return (
            SqliteDisk(self.setting.bot_name, later) if self.setting.sqlite else MemoryDisk(later)
        )

    def _make_proxy(self) -> ChaosProxy:
        return ChaosProxy(
            GATEWAY, GATEWAY_PORT, host=PROXY, port=PROXY_PORT, chance=self._chance("proxy")
        )

    def _open(self, server: PaperGateway | ChaosProxy, context: Context) -> None:
        """Let *server* listen until the end."""
        opened = self.loop.create_future()

        async def serve() -> None:
            async with server:
                opened.set_result(None)
                await self._stop.wait()

        self._serving.append(self.loop.create_task(serve(), context=context))
        self.loop.run_until_complete(opened)

    def _heard(self, events: Sequence[ExchangeEvent]) -> None:
        for event in events:
            self.see(Truth(self.loop.at_ns, event))
