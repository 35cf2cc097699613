"""What was decided leaves while the books it was decided from are good, or never."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from decimal import Decimal

import pytest
from tests.runtime.staging import Diary, staged
from tests.runtime.test_turn import desk

from ibelay.journal.records import IntentRecorded, ModifyIntended
from ibelay.machines.link_events import Event, LifeProved, SilenceNoticed, UpstreamRestored
from ibelay.model.order import OrderState
from ibelay.runtime.trading.outbox import SendModify

TEN = Decimal(10)


@pytest.mark.parametrize(
    ("outage", "leaves"),
    [
        ([], True),
        ([SilenceNoticed()], True),
        ([SilenceNoticed(), LifeProved()], False),
        ([UpstreamRestored(data_lost=False)], False),
    ],
    ids=["none", "still suspect", "silence", "upstream"],
)
async def test_a_stop_decided_before_an_outage_does_not_leave_after_it(
    arrived: Counter[str], outage: list[Event], leaves: bool
) -> None:
    """The disk was slow; what the outage hid may have made the stop one too many."""
    async with staged(Diary(), monitor=False) as stage:
        await stage.until(lambda: stage.held == TEN and stage.stops == [TEN], "holding")
        bot = stage.bot
        turn = desk(bot.books.ledger, now_ns=bot.trader.now_ns())
        (book,) = bot.books.ledger.live_units()
        turn.place_exit(book, TEN, stop_price=Decimal(1), reason="a test")
        (intent,) = turn.decisions.records
        assert isinstance(intent, IntentRecorded)
        bot.books.commit([intent])
        durable: Future[int] = Future()
        bot.trader.outbox.put(durable, turn.decisions.sends)
        for event in outage:
            bot.session.feed(event)
        if not leaves:
            await stage.until(lambda: stage.ready, "READY again")
        durable.set_result(1)
        ref = intent.order.order_ref
        entry = bot.books.ledger.orders[ref]
        await stage.until(lambda: entry.state is not OrderState.INTENDED, "decided about")
        assert (entry.state is not OrderState.ABSENT) is leaves
        if leaves:
            await stage.until(lambda: arrived[ref] == 1, "at the gateway")
        else:
            assert arrived[ref] == 0


async def test_a_change_leaves_only_when_all_that_it_says_is_on_disk(arrived: Counter[str]) -> None:
    """Two changes of one order: said after the first commit, it would say the second's price."""
    async with staged(Diary(), monitor=False) as stage:
        await stage.until(lambda: stage.held == TEN and stage.stops == [TEN], "holding")
        bot = stage.bot
        (book,) = bot.books.ledger.live_units()
        ref = book.order_refs[1]
        known = arrived[ref]
        durables: list[Future[int]] = []
        for price in (Decimal(1), Decimal(2)):
            turn = desk(bot.books.ledger, now_ns=bot.trader.now_ns())
            turn.move_stop(book.unit, price, reason="a test")
            bot.books.commit(turn.decisions.records)
            durables.append(Future())
            bot.trader.outbox.put(durables[-1], turn.decisions.sends)
        durables[0].set_result(1)
        await stage.until(lambda: bot.trader.outbox.backlog == 0, "the first was looked at")
        durables[1].set_result(2)
        await bot.trader.outbox.drained()
        assert bot.session.link is not None
        await bot.session.link.probe()  # what was written before it has arrived, too
        assert bot.books.ledger.orders[ref].order.stop_price == Decimal(2)
        assert arrived[ref] == known + 1


async def test_a_new_order_waits_for_the_disk_if_it_was_changed_before_it_left(
    arrived: Counter[str],
) -> None:
    """Said after its own commit, it would say a price that no disk knows (I1)."""
    async with staged(Diary(), monitor=False) as stage:
        await stage.until(lambda: stage.held == TEN and stage.stops == [TEN], "holding")
        bot = stage.bot
        (book,) = bot.books.ledger.live_units()
        durables: list[Future[int]] = [Future(), Future()]
        turn = desk(bot.books.ledger, now_ns=bot.trader.now_ns())
        turn.place_exit(book, TEN, stop_price=Decimal(1), reason="a test")
        (intent,) = turn.decisions.records
        assert isinstance(intent, IntentRecorded)
        ref = intent.order.order_ref
        bot.books.commit([intent])
        bot.trader.outbox.put(durables[0], turn.decisions.sends)
        change = ModifyIntended(at_ns=bot.trader.now_ns(), order_ref=ref, stop_price=Decimal(2))
        bot.books.commit([change])
        bot.trader.outbox.put(durables[1], [SendModify(ref)])
        durables[0].set_result(1)
        await stage.until(lambda: bot.trader.outbox.backlog == 1, "the order was looked at")
        assert bot.session.link is not None
        await bot.session.link.probe()
        assert (arrived[ref], bot.books.ledger.orders[ref].state) == (0, OrderState.INTENDED)
        durables[1].set_result(2)
        await stage.until(lambda: arrived[ref] >= 1, "at the gateway")
        exchange = stage.server.floor.exchange
        placed = [*exchange.working_orders(), *exchange.completed_orders()]
        terms = [one.request for one in placed if one.request.order_ref == ref]
        assert [one.stop_price for one in terms] == [Decimal(2)]
