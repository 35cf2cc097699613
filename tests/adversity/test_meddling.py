"""Somebody meddles while the bot is looking: cancels all, closes by hand, stops the clock."""

from __future__ import annotations

import asyncio
import os
import signal
from decimal import Decimal
from pathlib import Path

import ib_async
import pytest
from tests.adversity.churning import BOT, HEARTBEAT, arena, until

from ibelay.app.arena import LOOPBACK, Arena
from ibelay.app.settle import BotBook, settle
from ibelay.model.order import Role

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(120)]


async def somebody(stage: Arena) -> ib_async.IB:
    """Return another client of the same account."""
    client = ib_async.IB()
    await client.connectAsync(LOOPBACK, stage.gateway_port, clientId=55, timeout=30)
    return client


def second(stage: Arena) -> str:
    """Return the broker's time to the second, as the status tells it."""
    return str(stage.feed.bot["broker_time"])[:19]


@pytest.mark.alone  # how long it held without stops is measured
async def test_stops_that_somebody_cancels_are_placed_again_at_once(tmp_path: Path) -> None:
    """A global cancel takes every exit; what is held gets its stops back, once, as they were."""
    async with arena(tmp_path, speed=10, strategy="churn:patient") as stage:
        await until(lambda: stage.feed.ready and bool(stage.feed.holding), stage, "holding")
        book = BotBook(tmp_path / "ibelay.db", BOT)
        assert (await settle(book, stage.observer)).agrees
        asked = {
            (entry.order.unit, entry.order.stop_price)
            for entry in book.ledger.orders.values()
            if entry.order.role is Role.STOP
        }
        client = await somebody(stage)
        client.reqGlobalCancel()  # type: ignore[no-untyped-call]

        def replaced() -> bool:
            book.look()
            return any(
                entry.order.role is Role.STOP and entry.order.parent_ref is None
                for entry in book.ledger.open_orders()
            )

        await until(replaced, stage, "protected again")
        client.disconnect()
        verdict = await settle(book, stage.observer)
        assert verdict.agrees, (verdict.differences, verdict.unprotected)
        placed = [
            (entry.order.unit, entry.order.stop_price)
            for entry in book.ledger.orders.values()
            if entry.order.role is Role.STOP and entry.order.parent_ref is None
        ]
        assert len(placed) == len(set(placed)), "one new stop for each naked slice"
        assert set(placed) <= asked, "at the price it had"
        assert stage.feed.bot["unprotected_seconds"] < 2.0


async def test_a_position_closed_by_hand_under_the_bots_eyes_leaves_no_exit(
    tmp_path: Path,
) -> None:
    """The fill is not ours, so only the account can tell; the exits must go with the position."""
    async with arena(tmp_path, speed=10, strategy="churn:patient") as stage:
        await until(lambda: len(stage.feed.holding) == 2, stage, "holding both")
        # IB tells the time of a fill in whole seconds, so somebody's fill in the second of our
        # first order cannot be told from one before it.
        entered = second(stage)
        await until(lambda: second(stage) > entered, stage, "a market second later")
        client = await somebody(stage)
        for held in client.positions():
            contract = held.contract
            contract.exchange = "SMART"
            side = "SELL" if held.position > 0 else "BUY"
            trade = client.placeOrder(contract, ib_async.MarketOrder(side, abs(held.position)))
            await trade.filledEvent
        client.disconnect()
        verdict = await settle(BotBook(tmp_path / "ibelay.db", BOT), stage.observer)
        assert verdict.agrees, (verdict.differences, verdict.unprotected)
        for symbol, stopped in verdict.broker.stops.items():
            holding = verdict.broker.holdings.get(symbol)
            assert stopped == (abs(holding.quantity) if holding is not None else Decimal(0))


async def test_a_bot_that_was_suspended_catches_up(tmp_path: Path) -> None:
    """SIGSTOP of the bot itself, as a closed lid does: no restart, every fill, equal books."""
    async with arena(tmp_path, more=HEARTBEAT) as stage:
        await until(lambda: stage.feed.ready and bool(stage.feed.holding), stage, "holding")
        pid = stage.feed.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(4.0)  # longer than silence makes a link dead: the case itself
        finally:
            os.kill(pid, signal.SIGCONT)
        await until(lambda: stage.feed.ready, stage, "READY")
        assert stage.feed.pid == pid
        verdict = await settle(BotBook(tmp_path / "ibelay.db", BOT), stage.observer)
        assert verdict.agrees, (verdict.differences, verdict.unprotected)


async def test_a_stop_asked_for_while_the_gateway_is_frozen_still_ends_well(
    tmp_path: Path,
) -> None:
    """Nobody answers, and the bot ends in good order all the same; the next start recovers."""
    async with arena(tmp_path, more=HEARTBEAT) as stage:
        await until(lambda: stage.feed.ready and bool(stage.feed.holding), stage, "holding")
        stage.gateway.process.send_signal(signal.SIGSTOP)
        try:
            async with asyncio.timeout(20):
                assert await stage.bot.stop() == 0
        finally:
            stage.gateway.process.send_signal(signal.SIGCONT)
        log = (tmp_path / "logs" / "ibelay.log").read_text(encoding="utf-8")
        assert "shutdown 6/6" in log
        await stage.start_bot()
        await until(lambda: stage.feed.ready, stage, "READY")
        verdict = await settle(BotBook(tmp_path / "ibelay.db", BOT), stage.observer)
        assert verdict.agrees, (verdict.differences, verdict.unprotected)
