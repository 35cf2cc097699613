"""The bot as ``ibelay.app.child`` composes it, driven bar by bar instead of by a market.

It has everything the real process has: settings, logs, the SQLite journal, the heartbeat, the
sweeps, the protection, the status four times a second; the 0.5 ms switch interval and the
frozen, seldom-run collector too. Only the pipe to a supervisor is missing.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import msgspec

from ibelay.app.clock import SystemClock
from ibelay.app.compose import bot_config
from ibelay.app.settings import BotSettings
from ibelay.app.stores import open_store
from ibelay.ib.connector import IbConnector
from ibelay.journal.records import IntentRecorded
from ibelay.machines.link_events import LinkState
from ibelay.model import ids
from ibelay.model.contract import Contract
from ibelay.model.events import BrokerEvent
from ibelay.model.ids import ConId, OrderId
from ibelay.model.market import Bar
from ibelay.model.order import Action, Order, OrderType, Role
from ibelay.runtime.bot import Bot
from ibelay.runtime.strategy import Desk, Fill, OrderUpdate
from ibelay.runtime.trading.outbox import SendNew
from ibelay.runtime.trading.turn import TurnDesk
from ibelay.telemetry.logs import configure_logs

SPY = Contract(symbol="SPY", con_id=ConId(756733), primary_exchange="ARCA")
ONE, LOW, LOWER = Decimal(1), Decimal("1.00"), Decimal("0.50")
NAME = "bench"
_DAY_S = 300.0
_VALID_NS = 30 * 10**9


class BenchState(msgspec.Struct):
    """Changes with every order, so that every turn saves it."""

    entered: int = 0


class OnDemand:
    """Decides in its next bar what it was told to; closes what a market entry bought."""

    name = NAME
    state_type = BenchState
    decide: Callable[[Desk], None] = staticmethod(lambda _desk: None)

    def initial_state(self, session_date: str) -> BenchState:
        """Begin with nothing."""
        del session_date
        return BenchState()

    def carry_over(self, state: BenchState, session_date: str) -> BenchState:
        """Keep the count."""
        del session_date
        return state

    def contracts(self, state: BenchState) -> tuple[Contract, ...]:
        """Stream nothing: the benchmark makes the bars."""
        del state
        return ()

    def on_bar(self, state: BenchState, desk: Desk, contract: Contract, bar: Bar) -> None:
        """Do what is to be done."""
        del contract, bar
        state.entered += 1
        self.decide(desk)

    def on_fill(self, state: BenchState, desk: Desk, fill: Fill) -> None:
        """Close what was bought."""
        del state
        if fill.role is Role.ENTRY:
            desk.close(fill.unit, reason="bench")

    def on_order(self, state: BenchState, desk: Desk, update: OrderUpdate) -> None:
        """Nothing depends on order states."""

    def why_not_trading(self, state: BenchState) -> str:
        """Say what it waits for."""
        del state
        return "waiting for the benchmark"


def make() -> OnDemand:
    """Return the strategy; named in settings as ``benchmarks.timed_bot:make``."""
    return OnDemand()


def bracket(desk: Desk) -> None:
    """Enter far from the market, with a stop: two orders that rest."""
    desk.bracket(
        SPY,
        Action.BUY,
        ONE,
        stop_price=LOWER,
        target_price=None,
        entry_limit=LOW,
        reason="bench",
    )


def trade(desk: Desk) -> None:
    """Enter at market, with a stop."""
    desk.bracket(SPY, Action.BUY, ONE, stop_price=LOW, target_price=None, reason="bench")


def close(desk: Desk) -> None:
    """Take back or close everything."""
    for view in desk.units():
        desk.close(view.unit, reason="bench")


class TimedBot(Bot):
    """A bot that says when it has taken an event and when its state changed."""

    heard: Callable[[BrokerEvent], None] | None = None
    moved: Callable[[LinkState], None] | None = None
    _bars = 0

    def broker_event(self, event: BrokerEvent) -> None:
        """Take *event* as any bot does, then say so."""
        super().broker_event(event)
        if self.heard is not None:
            self.heard(event)

    def state_changed(self, before: LinkState, after: LinkState, reason: str) -> None:
        """The same for the connection's state."""
        super().state_changed(before, after, reason)
        if self.moved is not None:
            self.moved(after)

    def turn(self, decide: Callable[[Desk], None]) -> int:
        """Give the strategy a bar to *decide* in; return the highest order id afterwards."""
        strategy, ledger = self.trader.strategy, self.books.ledger
        assert isinstance(strategy, OnDemand)  # noqa: S101 - composed so below
        strategy.decide = decide
        self._bars += 1
        at_ns = ledger.epoch * 1_000_000 + self._bars
        bar = Bar(at_ns=at_ns, open=ONE, high=ONE, low=ONE, close=ONE, volume=ONE)
        self.trader.bars(SPY, [bar])
        return ledger.high_order_id

    def order(self, desk: Desk) -> None:
        """Decide one limit order without a stop, which a desk does not offer to strategies.

        It is the only way to compare one order with one; the rest of the turn is the real one.
        """
        assert isinstance(desk, TurnDesk)  # noqa: S101 - the runtime's only desk
        ledger, link = self.books.ledger, self.session.link
        offered = int(link.next_order_id) if link is not None else 1
        unit = ids.unit_ref(NAME, ledger.epoch, ledger.next_unit_number)
        order = Order(
            order_ref=ids.order_ref(unit, 0),
            unit=unit,
            role=Role.ENTRY,
            action=Action.BUY,
            quantity=ONE,
            order_type=OrderType.LIMIT,
            limit_price=LOW,
        )
        intent = IntentRecorded(
            at_ns=desk.now_ns,
            epoch=ids.Epoch(ledger.epoch),
            order_id=OrderId(max(ledger.high_order_id + 1, offered)),
            contract=SPY,
            order=order,
            expires_ns=desk.now_ns + _VALID_NS,
            reason="bench",
        )
        desk.decisions.records.append(intent)
        desk.decisions.sends.append(SendNew((order.order_ref,)))

    async def until(self, met: Callable[[], bool]) -> None:
        """Return when *met*; looked at after every event and change of state."""
        happened = asyncio.Event()
        self.heard = lambda _event: happened.set()
        self.moved = lambda _state: happened.set()
        async with asyncio.timeout(_DAY_S):
            while not met():
                happened.clear()
                await happened.wait()
        self.heard = self.moved = None

    async def at_rest(self) -> None:
        """Return when everything said so far is on disk."""
        await asyncio.wrap_future(self.books.commit(()))

    async def clear(self) -> None:
        """Cancel every working order and wait for the gateway's word."""
        self.turn(close)
        await self.until(lambda: not self.books.ledger.working)
        await self.at_rest()

    async def trade(self, units: int) -> None:
        """Buy and close *units* times one share at market, each with its stop."""
        for _ in range(units):
            self.turn(trade)
        ledger = self.books.ledger
        fills = len(ledger.executions) + 2 * units
        await self.until(lambda: len(ledger.executions) >= fills and not ledger.working)
        await self.at_rest()


def settings_of(folder: Path, port: int, **connection: float) -> BotSettings:
    """Return settings of a bot in *folder* whose reconciliations never fall into a measurement."""
    return BotSettings.model_validate(
        {
            "bot": {"name": NAME, "strategy": "benchmarks.timed_bot:make"},
            "gateway": {"port": port, "client_id": 11},
            "connection": connection,
            "reconcile": {"interval_s": 3600.0},
            "store": {"path": folder / "bench.db"},
            "logs": {"folder": folder / "logs"},
        }
    )


@asynccontextmanager
async def running(settings: BotSettings) -> AsyncIterator[TimedBot]:
    """Run the bot of *settings* as its process does; give it when it is READY."""
    sys.setswitchinterval(0.0005)
    clock = SystemClock()
    with configure_logs(settings.logs.folder, level=settings.logs.level, console=False):
        store = open_store(settings.store.path, bot=settings.bot.name)
        try:
            bot = TimedBot(
                bot_config(settings),
                strategy=make(),
                ledger=store.ledger,
                journal=store.journal,
                connector=IbConnector(clock),
                clock=clock,
                chance=random.Random(1),  # noqa: S311  # jitter, not a secret
            )
            gc.freeze()
            gc.set_threshold(50_000, 20, 100)
            async with asyncio.TaskGroup() as tasks:
                reporter = tasks.create_task(_report(bot))
                life = tasks.create_task(bot.run())
                await bot.until(lambda: bot.session.ready)
                yield bot
                bot.stop("the benchmark is over")
                await life
                reporter.cancel()
        finally:
            store.journal.close()


async def _report(bot: Bot) -> None:
    """Make the status as often as the real process does; the pipe is a thread's business."""
    while True:
        msgspec.json.encode(bot.status())
        await asyncio.sleep(0.25)
