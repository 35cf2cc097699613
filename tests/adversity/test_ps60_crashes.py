"""What ps60 must know after a crash: its position, its partial, its attempts, its losses.

The four cases of the strategy's own crash plan, on a real gateway and killed processes.
Nothing depends on how fast a process starts: the market stands still until the bot is there,
and again while it comes back. Where the market must go on meanwhile, the line is refused until
the broker has done what the case is about.
"""

from __future__ import annotations

import asyncio
import os
import signal
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from tests.adversity import scenes
from tests.adversity.churning import controlled, market, until
from tests.adversity.scenes import QUANTITY, SYMBOL, Scene

from ibelay.app.arena import Arena
from ibelay.app.settle import BotBook, settle
from ibelay.app.sides import Book, order_line
from ibelay.bots.ps60_state import Block, Ps60State
from ibelay.bots.trades import ExitReason, Trade
from ibelay.journal.ledger import Ledger
from ibelay.model.ids import OrderRef
from ibelay.model.order import Role

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(180)]

NAME = "ps60"
REACH = Decimal("0.60")
LIMIT_S = 60.0
SETTINGS = """\
[bot]
name = "ps60"
scanner = "scanner.toml"
patience_s = 600
[gateway]
port = {port}
[connection]
base_delay_s = 0.05
cap_s = 0.2
[orders]
absent_after_s = 1.0
ack_timeout_s = 2.0
[reconcile]
interval_s = 2.0
[web]
port = 0
[supervisor]
delay_s = 0.0
immediate_death_s = 0.0
"""


def arena(folder: Path, scene: Scene) -> Arena:
    """Return an arena in which ps60 trades *scene*."""
    (folder / "scanner.toml").write_text(scene.scanner, encoding="utf-8")
    gateway = ["--symbols", SYMBOL, "--date", scenes.DATE, "--seed", str(scene.seed)]
    gateway += ["--start", scenes.START, "--speed", "0.001", *controlled(folder)]
    return Arena(folder, gateway=gateway, settings=lambda port: SETTINGS.format(port=port))


async def begin(stage: Arena) -> None:
    """Let the market run, forty times as fast as life, once the bot is READY."""
    await until(lambda: stage.feed.ready, stage, "READY")
    await market(stage, "speed 40")


class Notes:
    """What the bot has written down: its ledger and the strategy's state."""

    def __init__(self, folder: Path) -> None:
        self.book = BotBook(folder / "ibelay.db", NAME)

    @property
    def state(self) -> Ps60State:
        """The strategy's state as last saved."""
        self.book.look()
        saved = self.book.ledger.strategy_states.get(NAME)
        if saved is None:
            return Ps60State(session_date=scenes.DATE)
        state: Ps60State = msgspec.json.decode(bytes(saved.body), type=Ps60State)
        return state

    @property
    def held(self) -> Decimal:
        """How much of the one open trade is held."""
        return sum((trade.remaining for trade in self.state.open_trades), Decimal(0))

    def placed(self, role: Role) -> int:
        """Return how many orders of *role* there ever were."""
        self.book.look()
        return sum(entry.order.role is role for entry in self.book.ledger.orders.values())


async def kill_and_wait(stage: Arena) -> None:
    """Kill the bot and return when its next life is READY; the market stands still from then."""
    await market(stage, "pause")
    pid = stage.feed.pid
    os.kill(pid, signal.SIGKILL)
    await until(lambda: stage.feed.ready and stage.feed.pid not in {0, pid}, stage, "back")


async def kill(stage: Arena) -> None:
    """Kill the bot and let its next life find no gateway."""
    await stage.line.refuse()
    os.kill(stage.feed.pid, signal.SIGKILL)


async def broker_holds(stage: Arena, quantity: Decimal) -> Book:
    """Return the broker's book once it holds *quantity* of the symbol, long or short."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            holding = (await stage.observer.book()).holdings.get(SYMBOL)
            if (abs(holding.quantity) if holding is not None else 0) == quantity:
                # Positions come last: the orders of that look may be older than its position.
                return await stage.observer.book()


def stops(book: Book, scene: Scene, *lots: int, at: Decimal) -> list[str]:
    """Return the stop lines of *book*, and assert that they are *lots* at the price *at*."""
    side = scene.setup.side.entry.opposite
    found = [line for line in book.working if " STP " in line]
    assert found == sorted(order_line(SYMBOL, side, "STP", at, Decimal(lot)) for lot in lots)
    return found


async def test_the_position_and_later_its_partial_survive_crashes(tmp_path: Path) -> None:
    """Crash plan 1 and 2: the same trade and three stops; then two stops, at break-even."""
    scene = scenes.trend(reach=REACH)
    notes = Notes(tmp_path)
    async with arena(tmp_path, scene) as stage:
        await begin(stage)
        await until(lambda: notes.held == QUANTITY, stage, "holding", limit_s=LIMIT_S)
        before = notes.state.open_trades[0]
        await kill_and_wait(stage)
        verdict = await settle(notes.book, stage.observer)
        assert verdict.agrees, (verdict.differences, verdict.unprotected)
        stops(verdict.broker, scene, 50, 25, 25, at=scene.setup.stop)
        assert notes.placed(Role.STOP) == notes.placed(Role.ENTRY) == 3
        (trade,) = notes.state.open_trades
        assert trade.entry_price == before.entry_price
        assert trade.attempt == 1
        assert "restored" in " ".join(stage.feed.bot["recovery_report"])

        await market(stage, "resume")

        def half_out() -> bool:
            return any(trade.partial_taken for trade in notes.state.open_trades)

        await until(half_out, stage, "half out", limit_s=LIMIT_S)
        await kill_and_wait(stage)
        await rest_is_at_break_even(stage, notes, scene)


async def test_a_partial_found_after_a_crash_moves_the_stops_too(tmp_path: Path) -> None:
    """Crash plan 2, harder: the half leaves while no process is there to see it."""
    scene = scenes.trend(reach=REACH)
    notes = Notes(tmp_path)
    async with arena(tmp_path, scene) as stage:
        await begin(stage)
        await until(lambda: notes.held == QUANTITY, stage, "holding", limit_s=LIMIT_S)
        await kill(stage)
        away = await broker_holds(stage, Decimal(QUANTITY // 2))
        stops(away, scene, 25, 25, at=scene.setup.stop)
        await stage.line.accept()
        await until(lambda: stage.feed.ready, stage, "back")
        await rest_is_at_break_even(stage, notes, scene)
        (trade,) = notes.state.open_trades
        assert [(row.reason, row.recovered) for row in trade.exits] == [
            (ExitReason.PARTIAL_50, True)
        ]


async def rest_is_at_break_even(stage: Arena, notes: Notes, scene: Scene) -> None:
    """Assert that the books agree on two quarters with their stops at the entry price."""
    (trade,) = notes.state.open_trades
    price = trade.break_even_price(Decimal("0.01"))
    assert price is not None
    assert trade.break_even == price
    verdict = await settle(notes.book, stage.observer)
    assert verdict.agrees, (verdict.differences, verdict.unprotected)
    stops(verdict.broker, scene, 25, 25, at=price)
    assert notes.placed(Role.STOP) == 3, "stops are moved, not placed anew"


async def test_a_third_attempt_is_refused_after_a_crash_too(tmp_path: Path) -> None:
    """Crash plan 3: two attempts were lost before the crash; the pivot breaks again after it."""
    scene = scenes.chop()
    notes = Notes(tmp_path)
    async with arena(tmp_path, scene) as stage:
        await begin(stage)

        def two_lost() -> bool:
            state = notes.state
            return len(state.closed_trades) == 2 and not state.open_trades

        await until(two_lost, stage, "through two attempts", limit_s=LIMIT_S)
        said = notes.state.analytics.blocks.get(Block.MAX_ATTEMPTS, 0)
        await kill_and_wait(stage)
        await market(stage, "resume")
        await until(
            lambda: notes.state.analytics.blocks.get(Block.MAX_ATTEMPTS, 0) > said,
            stage,
            "refusing a third attempt",
            limit_s=LIMIT_S,
        )
        assert notes.state.attempts[scene.setup.key].count == 2
        assert notes.placed(Role.ENTRY) == 6, "two attempts of three slices"
        verdict = await settle(notes.book, stage.observer)
        assert verdict.agrees, (verdict.differences, verdict.unprotected)


async def test_a_stop_filled_while_the_bot_was_down_is_booked_once(tmp_path: Path) -> None:
    """Crash plan 4: gone from the tracking, with the profit and loss of its fills."""
    scene = scenes.reversal(stop=REACH)
    notes = Notes(tmp_path)
    async with arena(tmp_path, scene) as stage:
        await begin(stage)
        await until(lambda: notes.held == QUANTITY, stage, "holding", limit_s=LIMIT_S)
        await kill(stage)
        away = await broker_holds(stage, Decimal(0))
        assert away.working == (), "the targets went with their stops"
        await stage.line.accept()
        await until(lambda: stage.feed.ready, stage, "back")
        verdict = await settle(notes.book, stage.observer)
        assert verdict.agrees, (verdict.differences, verdict.unprotected)
        state = notes.state
        trade = state.closed_trades[0]  # the pivot may have broken again since
        assert trade.attempt == 1
        assert [(row.reason, row.quantity, row.recovered) for row in trade.exits] == [
            (ExitReason.STOP, Decimal(QUANTITY), True)
        ]
        assert trade not in state.open_trades
        assert trade.pnl == gross(notes.book.ledger, trade)
        trades = (*state.closed_trades, *state.open_trades)
        assert state.daily_pnl == sum(one.pnl for one in trades)


def gross(ledger: Ledger, trade: Trade) -> Decimal:
    """Return what the fills of *trade* brought, before commission."""
    units = {part.unit for part in trade.slices}
    fills = [
        execution
        for execution in ledger.executions.values()
        if ledger.orders[OrderRef(execution.order_ref)].order.unit in units
    ]
    paid = (fill.action.sign * fill.quantity * fill.price for fill in fills)
    return -sum(paid, Decimal(0))
