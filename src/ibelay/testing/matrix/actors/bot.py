"""ibelay's bot in a scenario: the whole runtime in a simulated world, under its invariants."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

import msgspec

from ibelay.gateway.session.line.pacing import Pacing
from ibelay.model.faults import Command, Performer
from ibelay.ports.control import AddSymbol
from ibelay.ports.control import Reconnect as ReconnectNow
from ibelay.testing.matrix.actors.scripted import Scripted, ScriptedState
from ibelay.testing.matrix.evidence import Diary
from ibelay.testing.matrix.fault import Fault
from ibelay.testing.matrix.plan import Act, Reconnect, Watch
from ibelay.testing.simulation.setting import Setting
from ibelay.testing.simulation.world import World

PERSON = "the scenario's operator"


class BotActor:
    """One run's bot.

    Args:
        fault: What is run.
    """

    name = "ibelay"

    def __init__(self, fault: Fault) -> None:
        self.diary = Diary()
        self._fault = fault
        self._world: World | None = None
        self._began_ns = 0

    def world(self, seed: int) -> World:
        """Return the world it lives in, not yet begun."""
        setting = self._fault.setting
        self._world = World(
            seed,
            Setting(
                symbols=setting.symbols,
                strategy=self._strategy,
                date=setting.date,
                days=setting.days,
                start=setting.start,
                skip_nights=False,
                proxied=True,
                pacing=Pacing(setting.pacing),
            ),
        )
        self._began_ns = self._world.gateway.floor.now_ns
        return self._world

    def __enter__(self) -> Self:
        """Need nothing."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave nothing."""

    def begin(self) -> None:
        """Leave the boot to the world."""

    def do(self, command: Command) -> str:
        """Leave everything to the world."""
        return self._world.do(command, by=Performer.GATEWAY) if self._world else ""

    def obey(self, act: Act) -> None:
        """Do what a person does, from outside the process."""
        bot = self._world.process.bot if self._world is not None else None
        if bot is None or self._world is None:
            return
        match act:
            case Watch(symbol=symbol):
                command: object = AddSymbol(symbol=symbol, by=PERSON)
            case Reconnect():
                command = ReconnectNow(by=PERSON)
            case _:
                return
        self._world.process.host.context().run(bot.command, msgspec.json.encode(command))

    def close(self) -> None:
        """Write down what it knows at the end, from its books and its strategy's state."""
        bot = self._world.process.bot if self._world is not None else None
        if bot is None:
            return
        ledger = bot.books.ledger
        self.diary.executions = {str(key) for key in ledger.executions}
        self.diary.believes = {
            held.contract.symbol: held.quantity
            for held in ledger.positions.values()
            if held.quantity
        }
        paid = (held.commissions for held in ledger.positions.values())
        self.diary.commissions = sum(paid, Decimal(0))
        self.diary.open_orders = len(list(ledger.open_orders()))
        state = bot.trader.memory.state
        if isinstance(state, ScriptedState):
            self.diary.fills = {symbol: Decimal(told) for symbol, told in state.fills.items()}

    def _strategy(self) -> Scripted:
        return Scripted(
            self._fault.plan,
            self._fault.setting.symbols,
            began_market_ns=self._began_ns,
            saw=self._saw,
        )

    def _saw(self, symbol: str, began_ns: int) -> None:
        now_ns = 0 if self._world is None else self._world.loop.now_ns()
        self.diary.bars.setdefault(symbol, {}).setdefault(began_ns, now_ns)
