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
import hashlib
import random
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Self

from ibelay.gateway.exchange.events import ExchangeEvent
from ibelay.gateway.main import build_floor, floor_on
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.server import PaperGateway
from ibelay.gateway.session.floor import Floor
from ibelay.journal.ledger import Ledger
from ibelay.model.faults import Clear, Command, Kill, PowerCut, Stall, Unplug
from ibelay.model.ids import ClientId
from ibelay.ports.broker import Address
from ibelay.runtime.config import BotConfig, SessionConfig
from ibelay.store.memory import MemoryDisk
from ibelay.testing.simulation.market.sparse import SparseMarket
from ibelay.testing.simulation.observed import Broke, Calmed, Observation, Over, Settled, Truth
from ibelay.testing.simulation.process import BotProcess
from ibelay.testing.simulation.setting import BOT_NAME, Setting
from ibelay.testing.simulation.taps import SocketTap
from ibelay.testing.virtual import Host, Network, VirtualDoor, VirtualLoop
from ibelay.testing.virtual.stream import End

BOT, GATEWAY = "bot", "gateway"
GATEWAY_PORT = 4002
CLIENT_ID = ClientId(1)


class World:
    """One simulated world; a context manager that closes it.

    Args:
        seed: Draws everything that varies.
        setting: What does not.

    Attributes:
        loop: Virtual time.
        process: The bot's process.
        gateway: The paper gateway.
        watchers: Told every observation.
    """

    def __init__(self, seed: int, setting: Setting | None = None) -> None:
        self.seed = seed
        self.setting = setting or Setting()
        self.watchers: list[Callable[[Observation], None]] = []
        self.loop = VirtualLoop(self._chance("ties"))
        self.network = Network(self.loop, self._chance("network"), self.setting.pace)
        self.network.on_write.append(self._wrote)
        self.network.on_read.append(self._read)
        floor = self._floor()
        floor.watch(self._heard)
        gateway = Host(GATEWAY)
        self._gateway_context = gateway.context()
        self.gateway = self._gateway_context.run(self._make_gateway, floor)
        disk_chance = self._chance("disk")
        self.disk = MemoryDisk(
            lambda done: self.loop.call_later(disk_chance.uniform(*self.setting.disk_s), done)
        )
        self.process = BotProcess(
            self.loop,
            self.network,
            self.disk,
            self._bot_config(),
            strategy=self.setting.strategy,
            restarts=self.setting.restarts,
            wall_at_start_ns=floor.now_ns,
            chance=self._chance("process"),
            see=self.see,
        )
        self._taps: dict[End, SocketTap] = {}
        self._digest = hashlib.sha256()
        self._ledger, self._folded = Ledger(), 0
        self._stop = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    # -- life ----------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Open the gateway, then boot the bot."""
        gc.collect()
        gc.disable()  # finalisers may do I/O, and when the collector runs is not in the seed
        opened = self.loop.create_future()
        self._serving = self.loop.create_task(self._serve(opened), context=self._gateway_context)
        self.loop.run_until_complete(opened)
        self.process.boot()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End everything at this instant."""
        self.watchers.clear()
        self.process.kill()
        self.process.call_off()
        self._stop.set()
        for task in asyncio.all_tasks(self.loop):
            if task is not self._serving:
                task.cancel()
        if self._serving is not None:
            self.loop.run_until_complete(asyncio.wait({self._serving}))
        self.loop.close()
        gc.enable()

    def run_for(self, seconds: float) -> None:
        """Let *seconds* of virtual time go by."""
        self.loop.run_for(seconds)

    @property
    def digest(self) -> str:
        """What has gone over the network until now, as a hash."""
        return self._digest.hexdigest()

    # -- what can be done to it ------------------------------------------------------------

    def do(self, command: Command) -> str:
        """Let something go wrong now; return what was done, in words.

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
                said = self._gateway_context.copy().run(self.gateway.operator.do, command)
        self.see(Broke(self.loop.now_ns(), command, said))
        return said

    def unplug(self, seconds: float) -> None:
        """Take the cable between bot and gateway out for *seconds*."""
        self.network.unplug(BOT, GATEWAY)
        self.loop.call_later(seconds, self.network.plug, BOT, GATEWAY)

    def calm(self) -> None:
        """Put everything right: nothing goes wrong from now on."""
        self.network.plug(BOT, GATEWAY)
        self._gateway_context.copy().run(self.gateway.operator.do, Clear())
        self.see(Calmed(self.loop.now_ns()))

    def over(self) -> None:
        """Say that the run is at its end."""
        self.see(Over(self.loop.now_ns()))

    def settled(self, *, faulty: bool) -> Settled:
        """Return the bot's books beside the broker's, and let the watchers see it."""
        bot = self.process.bot
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
        )
        self.see(seen)
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

    def _bot_config(self) -> BotConfig:
        setting = self.setting
        return BotConfig(
            name=BOT_NAME,
            session=SessionConfig(
                address=Address(host=GATEWAY, port=GATEWAY_PORT, client_id=CLIENT_ID),
                schedule=setting.schedule,
                heartbeat=setting.heartbeat,
            ),
            policy=setting.policy,
            max_quantity=setting.max_quantity,
        )

    async def _serve(self, opened: asyncio.Future[None]) -> None:
        async with self.gateway:
            opened.set_result(None)
            await self._stop.wait()

    def _heard(self, events: Sequence[ExchangeEvent]) -> None:
        now = self.loop.now_ns()
        for event in events:
            self.see(Truth(now, event))

    def _wrote(self, end: End, data: bytes) -> None:
        self._digest.update(b"%d %s\n" % (self.loop.now_ns(), end.local[0].encode()))
        self._digest.update(data)
        if end.local[0] == BOT:
            self._tap(end).wrote(data)

    def _read(self, end: End, data: bytes) -> None:
        if end.local[0] == BOT:
            self._tap(end).read(data)

    def _tap(self, end: End) -> SocketTap:
        tap = self._taps.get(end)
        if tap is None:
            self._taps = {known: one for known, one in self._taps.items() if not known.is_closing()}
            tap = self._taps[end] = SocketTap(CLIENT_ID, self.loop.now_ns, self.see)
        return tap
