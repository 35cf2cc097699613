"""A whole bot on one event loop: the real runtime and adapter, a line, and a paper gateway.

Only the processes are missing, so a test can look inside both ends. Sockets, journal and
matching are real.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec
import pytest

from ibelay.app.clock import SystemClock
from ibelay.errors import IbelayError
from ibelay.gateway.main import gateway
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.server import PaperGateway
from ibelay.ib.connector import IbConnector
from ibelay.journal.ledger import fold
from ibelay.journal.records import AnyRecord
from ibelay.machines.backoff import SECOND_NS, Schedule
from ibelay.model.contract import Contract
from ibelay.model.faults import Command
from ibelay.model.ids import ClientId, UnitRef
from ibelay.model.market import Bar
from ibelay.model.order import Action
from ibelay.ports.broker import Address
from ibelay.proxy.line_proxy import LineProxy
from ibelay.reconcile.policy import Policy
from ibelay.runtime.bot import Bot
from ibelay.runtime.config import BotConfig, SessionConfig
from ibelay.runtime.strategy import Desk, Fill, OrderUpdate
from ibelay.store.memory import MemoryJournal

LIMIT_S = 20.0
CLIENT_ID = ClientId(1)
MS_NS = SECOND_NS // 1000


class DiaryState(msgspec.Struct):
    """What it saw, in its own words."""

    session_date: str
    bars: int = 0
    units: list[str] = msgspec.field(default_factory=list)
    told: list[str] = msgspec.field(default_factory=list)


@dataclass(slots=True)
class Diary:
    """A strategy that enters once, holds, writes down what it is told, and fails on demand.

    Attributes:
        failing: Names of handlers that change the state, decide, and then raise.
        tries: How many brackets it asks for in all, one a bar.
        deciding: Called when it has asked for one, before anything of it is sent.
    """

    symbols: tuple[str, ...] = ("SPY",)
    failing: set[str] = field(default_factory=set)
    tries: int = 1
    deciding: Callable[[], object] = lambda: None  # a field's default
    name: str = "diary"
    state_type: type[DiaryState] = DiaryState

    def initial_state(self, session_date: str) -> DiaryState:
        return DiaryState(session_date=session_date)

    def carry_over(self, state: DiaryState, session_date: str) -> DiaryState:
        return DiaryState(session_date=session_date, units=state.units)

    def contracts(self, state: DiaryState) -> tuple[Contract, ...]:
        return tuple(Contract(symbol=symbol) for symbol in self.symbols)

    def on_bar(self, state: DiaryState, desk: Desk, contract: Contract, bar: Bar) -> None:
        state.bars += 1
        if "on_bar" in self.failing:
            state.bars += 1_000_000
            for unit in state.units:
                desk.close(UnitRef(unit), reason="a mistake")
            raise ZeroDivisionError("a bug in on_bar")
        if len(state.units) < self.tries and not desk.cannot_enter:
            entered = desk.bracket(
                contract,
                Action.BUY,
                Decimal(10),
                stop_price=bar.close - 20,
                target_price=bar.close + 20,
                reason="once",
                valid_s=600.0,
            )
            state.units.append(str(entered))
            self.deciding()

    def on_fill(self, state: DiaryState, desk: Desk, fill: Fill) -> None:
        state.told.append(f"fill {fill.role} {fill.quantity}")
        if "on_fill" in self.failing:
            raise ZeroDivisionError("a bug in on_fill")

    def on_order(self, state: DiaryState, desk: Desk, update: OrderUpdate) -> None:
        state.told.append(f"{update.role} {update.state}")

    def why_not_trading(self, state: DiaryState) -> str:
        if "why_not_trading" in self.failing:
            raise ZeroDivisionError("a bug in why_not_trading")
        return "it has entered"


@dataclass(slots=True)
class Stage:
    """What a test can touch.

    Attributes:
        failure: What ended the bot, if something did.
    """

    bot: Bot
    line: LineProxy
    server: PaperGateway
    strategy: Diary
    journal: MemoryJournal
    failure: BaseExceptionGroup[Exception] | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def ready(self) -> bool:
        """Whether the bot is READY."""
        return self.bot.session.ready

    @property
    def state(self) -> DiaryState:
        """The strategy's state in memory."""
        state = self.bot.trader.memory.state
        if state is None:
            return DiaryState(session_date="before its first day")
        assert isinstance(state, DiaryState)
        return state

    @property
    def held(self) -> Decimal:
        """What the bot's book holds."""
        return sum((held.quantity for held in self.bot.books.ledger.positions.values()), Decimal(0))

    @property
    def stops(self) -> list[Decimal]:
        """Sizes of the stop orders that work at the broker."""
        orders = self.server.floor.exchange.working_orders()
        return [order.request.quantity for order in orders if order.request.stop_price is not None]

    def records(self, kind: type[AnyRecord]) -> list[AnyRecord]:
        """Return the journal's records of *kind*."""
        found = (entry.record for entry in self.journal.replay())
        return [record for record in found if isinstance(record, kind)]

    async def until(self, met: Callable[[], bool], what: str, *, limit_s: float = LIMIT_S) -> None:
        """Look at every turn of the loop until *met*; fail after *limit_s* seconds."""
        try:
            async with asyncio.timeout(limit_s):
                while not met():  # noqa: ASYNC110  # anything may be what is waited for
                    await asyncio.sleep(0.005)
        except TimeoutError:
            lines = [line.text for line in self.bot.chronicle.lines][-12:]
            pytest.fail(f"not {what} within {limit_s:g} s; the last lines: {lines}")

    async def live(self) -> None:
        """Run the bot and keep what ended it."""
        try:
            await self.bot.run()
        except* (IbelayError, OSError) as failed:
            self.failure = failed
        finally:
            self.ended.set()


def config(port: int, **session: object) -> BotConfig:
    """Return settings that are quick about everything."""
    values: dict[str, object] = {
        "schedule": Schedule(base_ns=20 * MS_NS, cap_ns=100 * MS_NS),
        "connect_timeout_s": 1.0,
    }
    return BotConfig(
        name="diary",
        session=SessionConfig(
            address=Address(host="127.0.0.1", port=port, client_id=CLIENT_ID),
            **(values | session),  # type: ignore[arg-type]  # checked by the dataclass's users
        ),
        policy=Policy(absent_after_s=0.6),
        ack_timeout_s=1.0,
        reconcile_interval_s=1.0,
    )


@asynccontextmanager
async def staged(
    strategy: Diary,
    *,
    journal: MemoryJournal | None = None,
    faults: tuple[Command, ...] = (),
    symbols: tuple[str, ...] = ("SPY",),
    **session: object,
) -> AsyncIterator[Stage]:
    """Run a bot with *strategy* until the body ends, then stop it in good order.

    Args:
        strategy: What trades.
        journal: What earlier lives wrote, if there were any.
        faults: The gateway's.
        symbols: The gateway's.
        session: Changes to the quick ``SessionConfig``.
    """
    options = GatewayOptions(
        port=0, symbols=symbols, seed=11, speed=20, start="09:30", faults=faults
    )
    kept = journal or MemoryJournal()
    clock = SystemClock()
    async with (
        gateway(options) as server,
        LineProxy("127.0.0.1", server.port) as line,
        asyncio.TaskGroup() as tasks,
    ):
        bot = Bot(
            config(line.port, **session),
            strategy=strategy,
            ledger=fold(entry.record for entry in kept.replay()),
            journal=kept,
            connector=IbConnector(clock),
            clock=clock,
            chance=random.Random(7),  # noqa: S311  # jitter
        )
        stage = Stage(bot=bot, line=line, server=server, strategy=strategy, journal=kept)
        tasks.create_task(stage.live())
        try:
            yield stage
        finally:
            bot.stop("the test is over")
            await stage.ended.wait()
