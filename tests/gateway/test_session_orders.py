"""Orders through the real ib_async: every type, brackets, changes, ends, and who hears what."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from ib_async import ExecutionFilter, LimitOrder, MarketOrder, Order, StopLimitOrder, StopOrder
from tests.gateway.conftest import PATIENCE_S, SPY, Client, Connect, Raw, Start

from ibelay.gateway.server import PaperGateway
from ibelay.model.faults import SwallowOrders

BAC = SPY.__class__("BAC", "SMART", "USD")


async def test_a_market_order_fills_with_its_commission_last(
    paper: PaperGateway, raw: Callable[[PaperGateway], Awaitable[Raw]]
) -> None:
    """The sequence of a real fill (notes on ib_async, section 2)."""
    client = await raw(paper)
    await client.hello()
    client.send(71, 2, 1, "")
    await client.until("9")
    client.send(*_place(order_id=1, kind="MKT"))
    await client.until("5", "1")
    seen = []
    while "59" not in seen:
        fields = await client.message()
        if fields[0] in {"3", "5", "11", "59"}:
            seen.append(f"3 {fields[2]}" if fields[0] == "3" else fields[0])
    filled = ["11", "5", "3 Filled", "5", "3 Filled", "59"]
    assert seen == ["3 PreSubmitted", *filled]


def _place(*, order_id: int, kind: str, con_id: int = 756733) -> list[object]:
    """Return a placeOrder for 10 shares at version 178, all else unset."""
    head = [3, order_id, con_id, "SPY", "STK", "", "0.0", "", "", "SMART", "", "USD", "", ""]
    terms = ["", "", "BUY", "10", kind, "", "", "", "", "", "", "0", "ref", "1", "0"]
    rest = [""] * (114 - len(head) - len(terms))
    return [*head, *terms, *rest]


async def test_a_fill_tells_order_execution_commission_and_position(one: Client) -> None:
    trade = one.ib.placeOrder(SPY, MarketOrder("BUY", 100, orderRef="t:1:0.0"))
    await one.until(lambda: trade.fills and trade.fills[0].commissionReport.execId)
    fill = trade.fills[0]
    assert trade.orderStatus.status == "Filled"
    assert (fill.execution.side, fill.execution.shares) == ("BOT", 100)
    assert (fill.execution.orderRef, fill.execution.clientId) == ("t:1:0.0", 1)
    assert fill.execution.time.tzinfo is not None
    assert fill.execution.time.strftime("%Y-%m-%d %H") == "2025-06-02 14"  # 10 o'clock in New York
    assert fill.commissionReport.commission == pytest.approx(1.0)
    await one.until(one.ib.positions)
    assert [(p.contract.symbol, p.position) for p in one.ib.positions()] == [("SPY", 100)]
    item = one.ib.portfolio()[0]
    assert (item.position, item.realizedPNL) == (100, 0)
    assert item.averageCost == pytest.approx(fill.execution.price + 0.01)


@pytest.mark.parametrize(
    ("order", "status", "why_held"),
    [
        (LimitOrder("BUY", 10, 1.0), "Submitted", ""),
        (StopOrder("SELL", 10, 1.0), "PreSubmitted", "trigger"),
        (StopLimitOrder("SELL", 10, 0.9, 1.0), "PreSubmitted", "trigger"),
        (LimitOrder("BUY", 10, 1.0, tif="GTC", outsideRth=True), "Submitted", ""),
    ],
)
async def test_an_order_away_from_the_market_works_until_cancelled(
    one: Client, order: Order, status: str, why_held: str
) -> None:
    trade = one.ib.placeOrder(SPY, order)
    await one.until(lambda: trade.orderStatus.permId)
    assert (trade.orderStatus.status, trade.orderStatus.whyHeld) == (status, why_held)
    assert [t.order.orderId for t in await one.ib.reqOpenOrdersAsync()] == [trade.order.orderId]
    one.ib.cancelOrder(trade.order)
    await one.until(lambda: (trade.order.orderId, 202) in one.codes)
    assert trade.orderStatus.status == "Cancelled"
    assert await one.ib.reqOpenOrdersAsync() == []


async def test_an_elected_stop_fills(one: Client) -> None:
    trade = one.ib.placeOrder(SPY, StopOrder("BUY", 10, 1.0))
    await one.until(trade.isDone)
    assert trade.orderStatus.status == "Filled"


async def test_a_bracket_enters_whole_and_its_children_exclude_each_other(one: Client) -> None:
    parent, target, stop = one.ib.bracketOrder("BUY", 50, 1000.0, 2000.0, 1.0)
    trades = [one.ib.placeOrder(SPY, order) for order in (parent, target, stop)]
    await one.until(lambda: trades[0].isDone() and trades[2].orderStatus.permId)
    assert [t.orderStatus.status for t in trades] == ["Filled", "Submitted", "PreSubmitted"]
    assert trades[1].orderStatus.parentId == parent.orderId
    shown = {t.order.orderId: t.order for t in await one.ib.reqOpenOrdersAsync()}
    assert {order.parentId for order in shown.values()} == {parent.orderId}
    target.lmtPrice, target.parentId = 1.5, 0  # parentId 0, or 135: IB_FACTS section 3
    one.ib.placeOrder(SPY, target)
    await one.until(lambda: trades[1].isDone() and trades[2].isDone())
    assert [t.orderStatus.status for t in trades] == ["Filled", "Filled", "Cancelled"]


@pytest.mark.parametrize("version", [157, 163, 176])
async def test_older_server_versions_carry_orders_and_fills_too(
    paper: PaperGateway, connect: Connect, version: int
) -> None:
    """157 is what PyPI's ibapi speaks, 176 ib_insync."""
    old = await connect(paper, max_version=version)
    assert old.wire.serverVersion() == version
    order = LimitOrder("BUY", 10, 1000.0, orderRef="t:1:0.0", ocaGroup="g")
    trade = old.ib.placeOrder(SPY, order)
    working = old.ib.placeOrder(SPY, StopOrder("SELL", 5, 1.0, orderRef="t:1:1.0"))
    await old.until(lambda: trade.isDone() and working.orderStatus.permId)
    assert trade.fills[0].execution.orderRef == "t:1:0.0"
    another = await connect(paper, 2, max_version=version)
    shown = (await another.ib.reqAllOpenOrdersAsync())[0].order
    assert (shown.orderRef, shown.auxPrice, shown.clearingIntent) == ("t:1:1.0", 1, "IB")
    done = (await old.ib.reqCompletedOrdersAsync(False))[0]
    assert (done.order.orderRef, done.order.filledQuantity) == ("t:1:0.0", 10)


async def test_children_wait_for_their_parent_and_go_with_it(one: Client) -> None:
    bracket = one.ib.bracketOrder("BUY", 50, 1.0, 2000.0, 0.5)
    trades = [one.ib.placeOrder(SPY, order) for order in bracket]
    await one.until(lambda: trades[2].orderStatus.permId)
    assert [t.orderStatus.status for t in trades] == ["Submitted", "PreSubmitted", "PreSubmitted"]
    assert "child" in trades[2].orderStatus.whyHeld
    one.ib.cancelOrder(bracket[0])
    await one.until(lambda: all(t.isDone() for t in trades))
    assert {t.orderStatus.status for t in trades} == {"Cancelled"}
    assert one.ib.fills() == []


async def test_a_modification_keeps_order_and_perm_id(one: Client) -> None:
    order = LimitOrder("BUY", 10, 1.0)
    trade = one.ib.placeOrder(SPY, order)
    await one.until(lambda: trade.orderStatus.permId)
    perm_id = trade.orderStatus.permId
    order.lmtPrice, order.totalQuantity = 1.25, 20
    one.ib.placeOrder(SPY, order)
    shown = (await one.ib.reqAllOpenOrdersAsync())[0]
    assert (shown.order.lmtPrice, shown.order.totalQuantity) == (1.25, 20)
    assert (shown.order.orderId, shown.order.permId) == (order.orderId, perm_id)


async def test_an_order_read_from_the_gateway_can_be_modified(
    paper: PaperGateway, connect: Connect
) -> None:
    """After a reconnect a bot knows its order only as openOrder told it."""
    first = await connect(paper)
    placed = first.ib.placeOrder(SPY, StopOrder("SELL", 10, 1.0))
    await first.until(lambda: placed.orderStatus.permId)
    first.ib.disconnect()
    again = await connect(paper)
    trade = again.ib.openTrades()[0]
    trade.order.auxPrice = 2.0
    again.ib.placeOrder(trade.contract, trade.order)
    shown = (await again.ib.reqOpenOrdersAsync())[0]
    assert shown.order.auxPrice == 2.0
    assert again.codes == [(-1, 2104), (-1, 2106), (-1, 2158)]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (LimitOrder("BUY", 10, 1.001), 110),
        (LimitOrder("BUY", 0, 1.0), 434),
        (Order(action="BUY", totalQuantity=1, orderType="REL"), 387),
        (LimitOrder("BUY", 10, 1.0, account="DU7654321"), 321),
        (MarketOrder("BUY", 10_000_000), 201),
    ],
)
async def test_what_the_exchange_refuses_comes_with_ib_s_code(
    one: Client, order: Order, code: int
) -> None:
    trade = one.ib.placeOrder(SPY, order)
    await one.until(lambda: (trade.order.orderId, code) in one.codes)
    assert one.ib.fills() == []
    assert await one.ib.reqAllOpenOrdersAsync() == []


async def test_an_unknown_contract_is_refused_for_an_order(one: Client) -> None:
    trade = one.ib.placeOrder(SPY.__class__("NOPE", "SMART", "USD"), MarketOrder("BUY", 1))
    await one.until(lambda: (trade.order.orderId, 200) in one.codes)


async def test_cancelling_what_is_not_there_or_over(one: Client) -> None:
    one.wire.cancelOrder(999)
    trade = one.ib.placeOrder(SPY, MarketOrder("BUY", 1))
    await one.until(trade.isDone)
    one.wire.cancelOrder(trade.order.orderId)
    await one.until(lambda: (trade.order.orderId, 10148) in one.codes)
    assert (999, 10147) in one.codes


async def test_completed_orders_come_back_without_ids_as_ib_s_do(one: Client) -> None:
    trade = one.ib.placeOrder(SPY, MarketOrder("BUY", 7, orderRef="t:1:0.0"))
    await one.until(trade.isDone)
    done = await one.ib.reqCompletedOrdersAsync(False)
    order = done[0].order
    assert (order.orderId, order.clientId, order.totalQuantity) == (0, 0, 0)
    assert (order.orderRef, order.permId) == ("t:1:0.0", trade.orderStatus.permId)
    assert (order.filledQuantity, done[0].orderStatus.status) == (7, "Filled")


async def test_executions_can_be_filtered(one: Client) -> None:
    await one.ib.qualifyContractsAsync(BAC)
    trades = [one.ib.placeOrder(c, MarketOrder("BUY", 5)) for c in (SPY, BAC)]
    await one.until(lambda: all(t.isDone() for t in trades))
    assert len(await one.ib.reqExecutionsAsync()) == 2

    async def found(**condition: object) -> list[str]:
        fills = await one.ib.reqExecutionsAsync(ExecutionFilter(**condition))  # type: ignore[arg-type]
        return [fill.contract.symbol for fill in fills]

    assert await found(symbol="BAC") == ["BAC"]
    assert await found(side="SELL") == []
    assert sorted(await found(side="BUY", clientId=1)) == ["BAC", "SPY"]
    assert await found(clientId=2) == []
    assert len(await found(time="20250602 09:59:00 US/Eastern")) == 2
    assert await found(time="20250602-23:00:00") == []
    one.wire.reqExecutions(9000, ExecutionFilter(acctCode="DU7"))
    await one.until(lambda: (9000, 321) in one.codes)


async def test_each_client_hears_its_own_orders_and_the_master_all(
    paper: PaperGateway, connect: Connect
) -> None:
    master, first, second = [await connect(paper, number) for number in (0, 1, 2)]
    trade = first.ib.placeOrder(SPY, MarketOrder("BUY", 10))
    await first.until(trade.isDone)
    await master.until(master.ib.fills)
    await second.until(second.ib.positions)
    assert [t.order.clientId for t in master.ib.trades()] == [1]
    assert second.ib.trades() == []
    working = first.ib.placeOrder(SPY, LimitOrder("BUY", 10, 1.0))
    await first.until(lambda: working.orderStatus.permId)
    assert await second.ib.reqOpenOrdersAsync() == []
    assert len(await second.ib.reqAllOpenOrdersAsync()) == 1
    second.wire.cancelOrder(working.order.orderId)
    await second.until(lambda: (working.order.orderId, 10147) in second.codes)
    second.wire.reqGlobalCancel()
    await first.until(working.isDone)
    assert (working.order.orderId, 202) not in second.codes


async def test_only_the_master_binds_manual_orders(paper: PaperGateway, connect: Connect) -> None:
    first = await connect(paper, 1)
    first.ib.reqAutoOpenOrders(True)
    await first.until(lambda: (-1, 327) in first.codes)


async def test_the_book_outlives_its_clients(paper: PaperGateway, connect: Connect) -> None:
    first = await connect(paper)
    bracket = first.ib.bracketOrder("BUY", 50, 1000.0, 2000.0, 1.0)
    trades = [first.ib.placeOrder(SPY, order) for order in bracket]
    await first.until(lambda: trades[0].isDone() and trades[2].orderStatus.permId)
    assert first.wire.conn.transport is not None
    first.wire.conn.transport.abort()
    async with asyncio.timeout(PATIENCE_S):
        await first.ib.disconnectedEvent
    again = await connect(paper)
    assert {t.order.orderId for t in again.ib.openTrades()} == {o.orderId for o in bracket[1:]}
    assert [(f.execution.shares, f.execution.permId) for f in again.ib.fills()] == [
        (50, trades[0].orderStatus.permId)
    ]
    assert [p.position for p in again.ib.positions()] == [50]
    assert again.wire.getReqId() > bracket[2].orderId


async def test_a_what_if_shows_margin_and_leaves_no_order(one: Client) -> None:
    state = await asyncio.wait_for(
        one.ib.whatIfOrderAsync(SPY, MarketOrder("BUY", 100)), PATIENCE_S
    )
    assert not isinstance(state, list)
    assert float(state.initMarginChange) > 0
    assert await one.ib.reqAllOpenOrdersAsync() == []


async def test_swallowed_orders_are_never_answered(start: Start, connect: Connect) -> None:
    paper = await start(faults=(SwallowOrders(),))
    client = await connect(paper)
    trade = client.ib.placeOrder(SPY, MarketOrder("BUY", 1))
    client.ib.cancelOrder(trade.order)
    await client.ib.reqCurrentTimeAsync()
    assert trade.orderStatus.permId == 0
    assert [code for code in client.codes if code[0] != -1] == []
    assert await client.ib.reqExecutionsAsync() == []
