"""Somebody cancels a stop, somebody closes a position: the bot finds out and puts it right."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import ib_async
import pytest
from tests.adversity.churning import BOT, arena, until

from ibelay.app.arena import LOOPBACK, Arena
from ibelay.app.settle import BotBook, settle
from ibelay.model.order import Role

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(120)]

BOTS_CLIENT_ID = 1


async def in_the_bots_place(stage: Arena) -> ib_async.IB:
    """Return a client with the bot's own client id, which may cancel its orders."""
    client = ib_async.IB()
    await client.connectAsync(LOOPBACK, stage.gateway_port, clientId=BOTS_CLIENT_ID, timeout=30)
    return client


async def test_a_stop_cancelled_while_the_bot_was_down_is_placed_again_once(
    tmp_path: Path,
) -> None:
    """The right size, the right price, one order per naked slice."""
    async with arena(tmp_path, speed=10, strategy="churn:patient") as stage:
        await until(lambda: stage.feed.ready and bool(stage.feed.holding), stage, "holding")
        assert await stage.bot.stop() == 0
        client = await in_the_bots_place(stage)
        stops = [trade for trade in client.openTrades() if trade.order.orderType == "STP"]
        prices = sorted(Decimal(str(trade.order.auxPrice)) for trade in stops)
        for trade in stops:
            client.cancelOrder(trade.order)
            await trade.cancelledEvent
        client.disconnect()
        naked = await stage.observer.unprotected()
        assert naked, "the test really took the stops away"

        await stage.start_bot()
        await until(lambda: stage.feed.ready, stage, "READY")
        book = BotBook(tmp_path / "ibelay.db", BOT)
        verdict = await settle(book, stage.observer)
        assert verdict.agrees, (verdict.differences, verdict.unprotected)
        placed = [
            entry.order
            for entry in book.ledger.orders.values()
            if entry.order.role is Role.STOP and entry.order.parent_ref is None
        ]
        # A slice may have reached its target or stop meanwhile; nothing is placed twice.
        assert 1 <= len(placed) <= len(stops)
        assert {order.stop_price for order in placed} <= set(prices)
        assert len({order.unit for order in placed}) == len(placed)


async def test_a_position_closed_by_hand_leaves_no_exit_behind(tmp_path: Path) -> None:
    """The stop and the target of a position that is gone would open the other side."""
    async with arena(tmp_path, speed=10, strategy="churn:patient") as stage:
        await until(lambda: stage.feed.ready and bool(stage.feed.holding), stage, "holding")
        assert await stage.bot.stop() == 0
        hand = ib_async.IB()
        await hand.connectAsync(LOOPBACK, stage.gateway_port, clientId=55, timeout=30)
        for held in hand.positions():
            contract = held.contract
            contract.exchange = "SMART"
            side = "SELL" if held.position > 0 else "BUY"
            trade = hand.placeOrder(contract, ib_async.MarketOrder(side, abs(held.position)))
            await trade.filledEvent
        hand.disconnect()

        await stage.start_bot()
        await until(lambda: stage.feed.ready, stage, "READY")
        report = " ".join(stage.feed.bot["recovery_report"])
        assert "manual fill" in report or "closed" in report
        book = BotBook(tmp_path / "ibelay.db", BOT)
        verdict = await settle(book, stage.observer)
        assert verdict.agrees, (verdict.differences, verdict.unprotected)
        for symbol, stopped in verdict.broker.stops.items():
            holding = verdict.broker.holdings.get(symbol)
            size = abs(holding.quantity) if holding is not None else 0
            assert stopped == size, "no stop without a position"
