"""The drop-in against a real gateway over a real line that is cut, refused and frozen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event as Latch

import ib_async
import pytest
from tests.dropin.conftest import (
    QUICK,
    away,
    back,
    drop_in,
    met,
    onlooker,
    qualified,
    records,
    straddled,
)

from ibelay.dropin.catch_up import UNRESOLVED
from ibelay.errors import ClientIdInUseError, LinkError, TradingRefusedError
from ibelay.journal.records import DropInCancel, DropInIntent

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(120)]


async def test_a_fill_during_the_outage_fires_the_held_trades_events_once(tmp_path: Path) -> None:
    """The Trade from before is the Trade after: status, fills and events."""
    async with drop_in(tmp_path) as (ib, line):
        trades = await straddled(ib, await qualified(ib))
        fills: list[tuple[ib_async.Trade, float]] = []
        filled: list[ib_async.Trade] = []
        charged: list[ib_async.Trade] = []
        ib.commissionReportEvent += lambda trade, _fill, _report: charged.append(trade)
        for trade in trades:
            trade.fillEvent += lambda trade, fill: fills.append((trade, fill.execution.shares))
            trade.filledEvent += filled.append
        await away(ib, line)
        async with onlooker(line) as watcher:
            await met(watcher.positions, limit_s=60)
        assert not fills
        await back(ib, line)
        done = [trade for trade in trades if trade.orderStatus.status == "Filled"]
        assert done
        assert sorted(fills, key=lambda told: trades.index(told[0])) == [(t, 10) for t in done]
        assert sorted(filled, key=trades.index) == done
        assert sorted(charged, key=trades.index) == done
        assert {t.order.permId for t in done} == {t.fills[0].execution.permId for t in done}
        assert ib.trades() == trades, "one order, one object"


async def test_streams_go_on_in_the_objects_the_bot_holds(tmp_path: Path) -> None:
    async with drop_in(tmp_path) as (ib, line):
        contract = await qualified(ib)
        ticker = ib.reqMktData(contract)
        bars = ib.reqRealTimeBars(contract, 5, "TRADES", False)
        await met(lambda: len(bars) >= 1 and ticker.bid > 0)
        await away(ib, line)
        await back(ib, line)
        ticks: list[ib_async.Ticker] = []
        more: list[bool] = []
        ticker.updateEvent += ticks.append
        bars.updateEvent += lambda _bars, new: more.append(new)
        await met(lambda: bool(ticks) and bool(more))


async def test_an_order_during_the_outage_is_refused_before_any_byte(tmp_path: Path) -> None:
    async with drop_in(tmp_path) as (ib, line):
        contract = await qualified(ib)
        await away(ib, line)
        with pytest.raises(ConnectionError, match="was not sent"):
            ib.placeOrder(contract, ib_async.MarketOrder("BUY", 1))
        await back(ib, line)
        assert ib.openTrades() == []


async def test_a_frozen_gateway_is_noticed_and_left(tmp_path: Path) -> None:
    """ib_async alone never notices."""
    async with drop_in(tmp_path, QUICK) as (ib, line):
        lost: list[bool] = []
        ib.disconnectedEvent += lambda: lost.append(True)
        line.freeze()
        await met(lambda: bool(lost), limit_s=5)
        line.thaw()
        await met(ib.isConnected)


async def test_every_order_is_on_disk_with_an_id_above_all_before(tmp_path: Path) -> None:
    """Also after a restart of the program: ids go on, references are never used twice."""
    async with drop_in(tmp_path) as (ib, _line):
        contract = await qualified(ib)
        for _ in range(2):
            ib.placeOrder(contract, ib_async.LimitOrder("BUY", 1, 10.0))
        await met(lambda: all(t.orderStatus.status == "Submitted" for t in ib.openTrades()))
        references = {trade.order.orderRef for trade in ib.openTrades()}
    async with drop_in(tmp_path) as (ib, _line):
        contract = await qualified(ib)
        trade = ib.placeOrder(contract, ib_async.LimitOrder("BUY", 1, 10.0))
        references.add(trade.order.orderRef)
    written = records(tmp_path / "intents.db")
    intents = [record for record in written if isinstance(record, DropInIntent)]
    assert {intent.order_ref for intent in intents} == references
    ids = [intent.order_id for intent in intents]
    assert ids == sorted(set(ids))
    assert intents[0].order["lmtPrice"] == "10.0"


async def test_an_order_in_a_handler_of_the_outages_fill_goes_out(tmp_path: Path) -> None:
    """A program that answers a fill with a stop must be able to, after an outage too."""
    async with drop_in(tmp_path) as (ib, line):
        contract = await qualified(ib)
        stops: list[ib_async.Trade] = []

        def protect(_trade: ib_async.Trade, _fill: ib_async.Fill) -> None:
            stops.append(ib.placeOrder(contract, ib_async.StopOrder("SELL", 10, 1.0)))

        for trade in await straddled(ib, contract):
            trade.fillEvent += protect
        await away(ib, line)
        async with onlooker(line) as watcher:
            await met(watcher.positions, limit_s=60)
        await back(ib, line)
        assert stops
        await met(lambda: all(stop.orderStatus.status == "PreSubmitted" for stop in stops))


async def test_a_bracket_survives_the_outage_with_its_three_trades(tmp_path: Path) -> None:
    async with drop_in(tmp_path) as (ib, line):
        contract = await qualified(ib)
        bracket = ib.bracketOrder("BUY", 5, 10.0, 900.0, 5.0)
        trades = [ib.placeOrder(contract, order) for order in bracket]
        await met(lambda: all(trade.order.permId for trade in trades))
        before = [trade.orderStatus.status for trade in trades]
        await away(ib, line)
        await back(ib, line)
        assert ib.openTrades() == trades
        assert [trade.orderStatus.status for trade in trades] == before
        ib.cancelOrder(trades[0].order)
        await met(lambda: all(trade.isDone() for trade in trades))


async def test_a_position_closed_during_the_outage_is_told_flat(tmp_path: Path) -> None:
    async with drop_in(tmp_path) as (ib, line):
        contract = await qualified(ib)
        trade = ib.placeOrder(contract, ib_async.MarketOrder("BUY", 3))
        await met(trade.isDone)
        await met(ib.positions)
        told: list[float] = []
        ib.positionEvent += lambda position: told.append(position.position)
        await away(ib, line)
        assert ib.positions(), "what is unknown is not empty"
        async with onlooker(line) as watcher:
            sold = watcher.placeOrder(contract, ib_async.MarketOrder("SELL", 3))
            await met(sold.isDone)
        await back(ib, line)
        assert ib.positions() == []
        assert told[-1] == 0


async def test_an_order_that_never_arrived_says_so_and_is_not_sent_again(tmp_path: Path) -> None:
    async with drop_in(tmp_path) as (ib, line):
        contract = await qualified(ib)
        line.freeze()
        trade = ib.placeOrder(contract, ib_async.LimitOrder("BUY", 1, 10.0))
        await away(ib, line)
        line.thaw()
        await back(ib, line)
        assert trade.orderStatus.status == "PendingSubmit"
        assert trade.advancedError == UNRESOLVED
        assert trade.log[-1].message == UNRESOLVED
        with pytest.raises(TradingRefusedError, match="place a new Order"):
            ib.placeOrder(contract, trade.order)
        async with onlooker(line) as watcher:
            assert await watcher.reqAllOpenOrdersAsync() == []


async def test_an_order_whose_answer_was_lost_is_adopted(tmp_path: Path) -> None:
    """It reached the gateway; we only learn it from the next connection."""
    async with drop_in(tmp_path) as (ib, line):
        contract = await qualified(ib)
        before = line.bytes_to_gateway
        trade = ib.placeOrder(contract, ib_async.LimitOrder("BUY", 1, 10.0))
        while line.bytes_to_gateway == before:  # noqa: ASYNC110  # the very next turn counts
            await asyncio.sleep(0)
        line.freeze()
        async with onlooker(line) as watcher:
            await met(lambda: len(watcher.positions()) == 0)
            async with asyncio.timeout(10):
                while not await watcher.reqAllOpenOrdersAsync():
                    pass
        await away(ib, line)
        line.thaw()
        await back(ib, line)
        assert trade.orderStatus.status == "Submitted"
        assert trade.order.permId
        assert trade.advancedError == ""
        assert ib.trades() == [trade]


async def test_no_order_goes_to_a_gateway_that_owes_a_sign_of_life(tmp_path: Path) -> None:
    """It would execute when the gateway wakes up, however much later."""
    async with drop_in(tmp_path, QUICK) as (ib, line):
        contract = await qualified(ib)
        line.freeze()
        assert ib._keeper is not None
        await met(lambda: ib._keeper is not None and ib._keeper.suspect, limit_s=5)
        before = ib.client.conn.numBytesSent
        with pytest.raises(LinkError, match="does not answer"):
            ib.placeOrder(contract, ib_async.MarketOrder("BUY", 1))
        assert ib.client.conn.numBytesSent == before


async def test_disconnect_during_an_outage_ends_all_attempts(tmp_path: Path) -> None:
    async with drop_in(tmp_path, QUICK) as (ib, line):
        contract = await qualified(ib)
        ticker = ib.reqMktData(contract)
        line.freeze()
        await met(lambda: not ib.isConnected(), limit_s=10)
        accepted = line.lines_accepted
        await met(lambda: line.lines_accepted > accepted)  # an attempt is under way
        ib.disconnect()
        assert ib.tickers() == []
        assert ticker.updateEvent.done()
        assert ib._keeper is not None
        await ib._keeper.stopped()
        assert not ib._keeper.running
        line.thaw()
        await ib.connectAsync("127.0.0.1", line.port, clientId=5)
        assert ib.isConnected()


async def test_a_programs_own_reconnecting_does_no_harm(tmp_path: Path) -> None:
    async with drop_in(tmp_path) as (ib, line):
        contract = await qualified(ib)
        ticker = ib.reqMktData(contract)
        await away(ib, line)
        with pytest.raises(TimeoutError):
            await ib.connectAsync("127.0.0.1", line.port, clientId=5, timeout=0.3)
        await line.accept()
        await ib.connectAsync("127.0.0.1", line.port, clientId=5)
        assert ib.isConnected()
        assert ib.tickers() == [ticker]


async def test_a_client_id_in_use_is_told_at_once_and_waited_for(tmp_path: Path) -> None:
    async with drop_in(tmp_path) as (ib, line):
        await away(ib, line)
        async with onlooker(line, client_id=5):
            await line.accept()
            accepted = line.lines_accepted
            await met(lambda: line.lines_accepted >= accepted + 2, limit_s=5)  # not 4 s each
            assert not ib.isConnected()
        await met(ib.isConnected)
        other = type(ib)(journal=tmp_path / "other.db", keeper=QUICK)
        with pytest.raises(ClientIdInUseError, match="client id 5 is in use"):
            await other.connectAsync("127.0.0.1", line.port, clientId=5, timeout=0)


async def test_the_programs_own_silence_is_not_the_gateways(tmp_path: Path) -> None:
    """A script may compute for longer than the gateway may be silent while a probe is out."""
    async with drop_in(tmp_path, QUICK) as (ib, line):
        lost: list[bool] = []
        ib.disconnectedEvent += lambda: lost.append(True)
        line.freeze()
        await met(lambda: _waits(ib))
        Latch().wait(2.5)
        line.thaw()
        await met(lambda: not _waits(ib))
        assert lost == []


async def test_a_question_for_the_time_is_answered_beside_the_probes(tmp_path: Path) -> None:
    async with drop_in(tmp_path, QUICK) as (ib, line):
        line.freeze()
        asked = ib.reqCurrentTimeAsync()
        await met(lambda: _waits(ib))
        line.thaw()
        async with asyncio.timeout(5):
            assert (await asked).year == 2025


async def test_cancels_and_changes_are_on_disk_too(tmp_path: Path) -> None:
    async with drop_in(tmp_path) as (ib, _line):
        contract = await qualified(ib)
        order = ib_async.LimitOrder("BUY", 1, 10.0)
        trade = ib.placeOrder(contract, order)
        await met(lambda: trade.orderStatus.status == "Submitted")
        order.lmtPrice = 11.0
        assert ib.placeOrder(contract, order) is trade
        ib.cancelOrder(order)
        await met(trade.isDone)
        with pytest.raises(TradingRefusedError, match="is Cancelled"):
            ib.placeOrder(contract, order)
    written = records(tmp_path / "intents.db")
    intents = [record for record in written if isinstance(record, DropInIntent)]
    assert [intent.order["lmtPrice"] for intent in intents] == ["10.0", "11.0"]
    cancels = [record for record in written if isinstance(record, DropInCancel)]
    assert [cancel.order_ref for cancel in cancels] == [order.orderRef]


def _waits(ib: object) -> bool:
    return ib._keeper._life.waiting_since_ns is not None  # type: ignore[attr-defined]
