"""A new order never takes an id that is in use."""

from __future__ import annotations

from decimal import Decimal

from tests.runtime.staging import Diary, staged

from ibelay.model.events import NoticeSeen

TEN = Decimal(10)


async def test_an_order_id_is_above_all_that_the_broker_has_shown() -> None:
    """Also where neither our store nor the gateway's next valid id knows of them."""
    strategy = Diary(tries=0)
    async with staged(strategy) as stage:
        await stage.until(lambda: stage.ready, "READY")
        stage.bot.trader.used_order_id = 500
        strategy.tries = 1
        await stage.until(lambda: stage.held == TEN, "holding")
        assert sorted(stage.bot.books.ledger.by_order_id) == [501, 502, 503]
        await stage.until(lambda: stage.bot.trader.used_order_id >= 503, "seen in a snapshot")


async def test_a_duplicate_order_id_lets_us_ask_where_the_free_ones_begin() -> None:
    """103: every further order would run into the same numbers."""
    async with staged(Diary()) as stage:
        await stage.until(lambda: stage.held == TEN, "holding")
        link = stage.bot.session.link
        assert link is not None
        known = link.next_order_id
        (last, *_) = sorted(stage.bot.books.ledger.by_order_id, reverse=True)
        assert known <= last, "told at the logon only"
        stage.bot.broker_event(NoticeSeen(request_id=last, code=103, text="Duplicate order id"))
        await stage.until(lambda: link.next_order_id > last, "told anew")
