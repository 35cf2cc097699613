"""What a bot keeps when its strategy, its orders, its line or its journal fail."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import ib_async
from tests.runtime.staging import CLIENT_ID, Diary, staged

from ibelay.errors import StoreUnreadableError
from ibelay.journal.records import (
    AnyRecord,
    CancelIntended,
    ExecutionRecorded,
    IncidentNoted,
    IntentRecorded,
    Severity,
)
from ibelay.model.faults import SwallowOrders
from ibelay.proxy.line import Cut

TEN = Decimal(10)


async def test_a_bug_in_on_bar_costs_its_turn_and_nothing_else() -> None:
    """State as before, nothing decided, an incident, the stop where it was; then it goes on."""
    strategy = Diary()
    async with staged(strategy) as stage:
        await stage.until(lambda: stage.held == TEN and stage.stops == [TEN], "holding")
        bars = stage.state.bars
        strategy.failing.add("on_bar")
        await stage.until(lambda: len(critical(stage.records(IncidentNoted))) >= 2, "two incidents")
        assert stage.state.bars == bars
        assert stage.records(CancelIntended) == []
        assert stage.stops == [TEN]
        assert stage.ready
        assert all("its turn is dropped" in text for text in critical(stage.records(IncidentNoted)))
        strategy.failing.clear()
        await stage.until(lambda: stage.state.bars > bars, "going on with the next bar")
        assert stage.held == TEN


async def test_a_bug_in_on_fill_does_not_lose_the_fill_or_its_protection() -> None:
    """The broker's facts are booked whatever the strategy makes of them."""
    async with staged(Diary(failing={"on_fill"})) as stage:
        await stage.until(lambda: stage.held == TEN and stage.stops == [TEN], "holding")
        assert len(stage.records(ExecutionRecorded)) == 1
        await stage.until(lambda: bool(critical(stage.records(IncidentNoted))), "an incident")
        assert not any(line.startswith("fill") for line in stage.state.told)
        bars = stage.state.bars
        await stage.until(lambda: stage.state.bars > bars, "seeing further bars")


async def test_a_bug_in_the_strategys_excuse_is_shown_and_ends_nothing() -> None:
    """The status is asked for several times a second, outside every turn."""
    async with staged(Diary(failing={"why_not_trading"})) as stage:
        await stage.until(lambda: stage.held == TEN and stage.ready, "holding")
        status = stage.bot.status()
        assert status.trading
        assert "a bug in why_not_trading" in status.not_trading_reason


async def test_the_strategy_hears_once_that_an_order_is_unknown_and_once_that_it_is_absent(
    arrived: Counter[str],
) -> None:
    """One message per order reference, however long the silence lasts."""
    faults = (SwallowOrders(),)
    async with staged(Diary(), faults=faults) as stage:
        await stage.until(lambda: stage.state.told.count("entry absent") == 1, "absent")
        told = Counter(stage.state.told)
        assert told["entry unknown"] == told["stop unknown"] == told["target unknown"] == 1
        assert told["entry absent"] == told["stop absent"] == told["target absent"] == 1
        bars = stage.state.bars
        await stage.until(lambda: stage.state.bars > bars + 12, "a market minute later")
        assert Counter(stage.state.told) == told
        assert len(arrived) == 3
        assert set(arrived.values()) == {1}


async def test_a_client_id_that_is_still_taken_is_waited_for_not_changed() -> None:
    """326: another id could not cancel our orders."""
    async with staged(Diary()) as stage:
        await stage.until(lambda: stage.held == TEN, "holding")
        await stage.line.refuse()
        await stage.line.cut(Cut.RST)
        squatter = ib_async.IB()
        await squatter.connectAsync("127.0.0.1", stage.server.port, clientId=CLIENT_ID, timeout=5)
        await stage.line.accept()
        failed = stage.bot.session.failed_connects
        await stage.until(lambda: stage.bot.session.failed_connects >= failed + 3, "refused thrice")
        # Between two refusals it is connecting, and says so.
        refused = "client id 1"
        await stage.until(lambda: refused in stage.bot.session.value.reason, "told which id")
        squatter.disconnect()
        await stage.until(lambda: stage.ready, "READY with its own id")
        assert stage.bot.session.config.address.client_id == CLIENT_ID
        assert stage.held == TEN
        assert stage.stops == [TEN]


async def test_without_a_limit_it_tries_for_ever() -> None:
    """The default never parks a bot in safe mode for a gateway that is only away."""
    async with staged(Diary()) as stage:
        await stage.until(lambda: stage.ready, "READY")
        await stage.line.refuse()
        await stage.line.cut(Cut.RST)
        await stage.until(lambda: stage.bot.session.value.attempts >= 20, "at its 20th attempt")
        assert stage.bot.books.ledger.safe_mode is None
        await stage.line.accept()
        await stage.until(lambda: stage.ready, "READY again")


async def test_streams_come_back_with_the_line() -> None:
    """Quotes and bars of every symbol flow again after a cut, and no bar comes twice."""
    symbols = ("SPY", "AAPL", "QQQ")
    async with staged(Diary(symbols=symbols, tries=0), symbols=symbols) as stage:
        streams = stage.bot.streams.by_symbol

        def counts() -> dict[str, int]:
            return {symbol: stream.bars for symbol, stream in streams.items()}

        await stage.until(lambda: len(counts()) == 3 and min(counts().values()) > 0, "streaming")
        await stage.line.cut(Cut.RST)
        await stage.until(lambda: not stage.ready, "down")
        before = counts()
        stage.bot.trader.quotes.clear()
        await stage.until(lambda: stage.ready, "READY again")
        await stage.until(
            lambda: all(counts()[symbol] > before[symbol] for symbol in symbols), "bars again"
        )
        await stage.until(lambda: len(stage.bot.trader.quotes) == 3, "quotes again")
        last = stage.bot.trader.memory.last_bars
        assert stage.state.bars == sum(counts().values())
        assert set(last) == set(symbols)


async def test_a_journal_that_fails_ends_the_bot_and_no_order_leaves_after_it(
    arrived: Counter[str],
) -> None:
    """Trading without a journal would be trading without a memory."""
    strategy = Diary(tries=0)
    async with staged(strategy) as stage:
        await stage.until(lambda: stage.ready and stage.state.bars > 0, "READY with bars")
        stage.journal.close()
        strategy.tries = 1
        async with asyncio.timeout(10):
            await stage.ended.wait()
        assert stage.failure is not None
        assert stage.failure.subgroup(StoreUnreadableError) is not None
        assert stage.bot.books.ledger.orders, "an order was decided"
        assert stage.records(IntentRecorded) == [], "and never written down"
        assert not arrived, "so it never left"


def critical(records: Sequence[AnyRecord]) -> list[str]:
    """Return the texts of the critical incidents among *records*."""
    return [
        record.text
        for record in records
        if isinstance(record, IncidentNoted) and record.severity is Severity.CRITICAL
    ]
