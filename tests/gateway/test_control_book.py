"""Acts upon prices and the book, as the client whose orders they are hears of them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from ib_async import LimitOrder, MarketOrder, Order, Trade
from tests.gateway.conftest import SPY, Client, Connect, Start

from ibelay.errors import ConfigurationError
from ibelay.gateway.server import PaperGateway
from ibelay.model import faults

SPY_ID = 756733
SECOND_NS = 10**9


def do(paper: PaperGateway, text: str) -> str:
    """Command the gateway; what it says goes out at once."""
    said = paper.operator.do(faults.read(text))
    paper.flush()
    return said


async def placed(client: Client, order: Order) -> Trade:
    """Place an order and wait until the book has it."""
    trade = client.ib.placeOrder(SPY, order)
    await client.until(lambda: trade.orderStatus.permId)
    return trade


@pytest.fixture
async def still(paper: PaperGateway, one: Client) -> PaperGateway:
    """The gateway of client ``one``, its market paused."""
    paper.pause()
    return paper


async def test_a_price_jumps_to_where_it_is_set_and_the_market_goes_on_from_there(
    still: PaperGateway, one: Client
) -> None:
    buys = await placed(one, LimitOrder("BUY", 1, 400.0))
    assert "SPY moves by -" in do(still, "set-price SPY 399.50")
    await one.until(buys.isDone)
    assert 399 < buys.fills[0].execution.price <= 400
    await still.reached(still.step(60 * SECOND_NS))
    now_ns = still.floor.now_ns
    bars = still.floor.market.bars(SPY_ID, now_ns - 30 * SECOND_NS, now_ns, 5)  # type: ignore[arg-type]
    assert bars
    assert all(390 < bar.low <= bar.high < 410 for bar in bars)


async def test_what_was_before_a_jump_stays_as_it_was(still: PaperGateway) -> None:
    now_ns, market = still.floor.now_ns, still.floor.market
    ask = (SPY_ID, now_ns - 600 * SECOND_NS, now_ns)
    before = (market.bars(*ask, 60), list(market.events_of(*ask)))  # type: ignore[arg-type]
    do(still, "set-price SPY 399.50")
    assert (market.bars(*ask, 60), list(market.events_of(*ask))) == before  # type: ignore[arg-type]


async def test_an_order_fills_whole_at_the_price_that_is_said(
    still: PaperGateway, one: Client
) -> None:
    trade = await placed(one, LimitOrder("BUY", 10, 1.0))
    do(still, f"fill 1/{trade.order.orderId} price=0.75")
    await one.until(trade.isDone)
    assert [(fill.execution.shares, fill.execution.price) for fill in trade.fills] == [(10, 0.75)]


async def test_a_part_fills_and_the_rest_works_on(still: PaperGateway, one: Client) -> None:
    trade = await placed(one, LimitOrder("BUY", 10, 1.0))
    do(still, f"partial #{trade.orderStatus.permId} 4")
    await one.until(lambda: trade.orderStatus.filled == 4)
    assert (trade.orderStatus.remaining, trade.isDone()) == (6, False)


async def test_an_order_is_rejected_with_a_code(still: PaperGateway, one: Client) -> None:
    trade = await placed(one, LimitOrder("BUY", 1, 1.0))
    do(still, "reject SPY code=203")
    await one.until(lambda: (trade.order.orderId, 203) in one.codes)
    assert still.floor.exchange.working_orders() == []


async def test_an_order_is_cancelled_unasked(still: PaperGateway, one: Client) -> None:
    trade = await placed(one, LimitOrder("BUY", 1, 1.0))
    do(still, "cancel SPY")
    await one.until(trade.isDone)
    assert (trade.orderStatus.status, (trade.order.orderId, 202) in one.codes) == (
        "Cancelled",
        True,
    )


@pytest.mark.parametrize("text", ["manual-trade BUY 100 SPY", "manual-trade BUY 100 SPY price=1"])
async def test_a_person_at_tws_trades_and_the_bot_sees_the_position(
    still: PaperGateway, one: Client, text: str
) -> None:
    do(still, text)
    await one.until(lambda: [held.position for held in one.ib.positions()] == [100])
    assert one.ib.trades() == []


async def test_a_correction_replaces_the_execution(still: PaperGateway, one: Client) -> None:
    trade = await placed(one, LimitOrder("BUY", 10, 1.0))
    do(still, "fill SPY price=1")
    await one.until(trade.isDone)
    do(still, "correct SPY price=0.50")
    await one.until(lambda: len(one.ib.fills()) == 2)
    first, second = (fill.execution for fill in one.ib.fills())
    assert first.execId.rpartition(".")[0] == second.execId.rpartition(".")[0]
    assert (first.price, second.price) == (1.0, 0.5)


async def test_another_client_trades_under_the_same_order_id_and_only_it_hears(
    still: PaperGateway, one: Client
) -> None:
    mine = await placed(one, LimitOrder("BUY", 10, 1.0))
    do(still, f"foreign-trade 33 {mine.order.orderId} BUY 100 SPY")
    await one.until(lambda: [held.position for held in one.ib.positions()] == [100])
    assert (mine.orderStatus.filled, one.ib.fills()) == (0, [])


async def test_a_code_about_an_order_leaves_it_at_work(still: PaperGateway, one: Client) -> None:
    trade = await placed(one, LimitOrder("BUY", 10, 1.0))
    do(still, "advise SPY 10349 'Order TIF was set to DAY based on order preset.'")
    await one.until(lambda: (trade.order.orderId, 10349) in one.codes)
    assert [order.request.quantity for order in still.floor.exchange.working_orders()] == [10]


async def test_an_execution_is_reported_again_and_taken_back(
    still: PaperGateway, one: Client
) -> None:
    trade = await placed(one, LimitOrder("BUY", 10, 1.0))
    do(still, "fill SPY price=1")
    await one.until(trade.isDone)
    do(still, "net-out SPY")
    await one.until(lambda: len(one.ib.fills()) == 3)
    done = [fill.execution for fill in one.ib.fills()]
    assert [one.side for one in done] == ["BOT", "BOT", "SLD"]
    assert len({one.execId for one in done}) == 3
    assert [held.position for held in one.ib.positions()] == [10]


async def test_an_order_waits_for_a_person_and_is_taken_after_the_click(
    still: PaperGateway, one: Client
) -> None:
    do(still, "dialog 30s")
    trade = one.ib.placeOrder(SPY, LimitOrder("BUY", 10, 1.0))
    await one.ib.reqCurrentTimeAsync()
    assert (trade.orderStatus.permId, still.floor.exchange.working_orders()) == (0, [])
    await still.reached(still.step(31 * SECOND_NS))
    await one.until(lambda: trade.orderStatus.permId)


async def test_an_order_works_twice_under_two_perm_ids(still: PaperGateway, one: Client) -> None:
    await placed(one, LimitOrder("BUY", 10, 1.0))
    do(still, "second-perm-id SPY")
    orders = still.floor.exchange.working_orders()
    assert len({order.perm_id for order in orders}) == 2
    assert len({order.request.order_id for order in orders}) == 1


async def test_ids_roll_back_and_midnight_forgets(still: PaperGateway, one: Client) -> None:
    exchange = still.floor.exchange
    for _order in range(3):
        await placed(one, LimitOrder("BUY", 1, 1.0))
    used = exchange.next_order_id(1)  # type: ignore[arg-type]
    do(still, "id-rollback 1 by=2")
    assert exchange.next_order_id(1) == used - 2  # type: ignore[arg-type]
    do(still, "fill SPY")
    assert (len(exchange.executions()), len(exchange.completed_orders())) == (1, 1)
    do(still, "daily-midnight")
    assert (exchange.executions(), exchange.completed_orders()) == ([], [])
    assert len(exchange.working_orders()) == 2


async def test_a_split_changes_holdings_orders_and_prices_together(
    still: PaperGateway, one: Client
) -> None:
    await one.until(one.ib.placeOrder(SPY, MarketOrder("BUY", 100)).isDone)
    resting = await placed(one, LimitOrder("BUY", 10, 400.0))
    before = still.floor.market.quote(SPY_ID, still.floor.now_ns)  # type: ignore[attr-defined]
    do(still, "split SPY 4:1")
    await one.until(lambda: [held.position for held in one.ib.positions()] == [400])
    (order,) = still.floor.exchange.working_orders()
    assert order.perm_id == resting.orderStatus.permId
    assert order.request.quantity == 40
    assert order.request.limit_price == 100
    after = still.floor.market.quote(SPY_ID, still.floor.now_ns)  # type: ignore[attr-defined]
    assert abs(after.quote.bid - before.quote.bid / 4) <= Decimal("0.01")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("fill SPY", "no such order works: none does"),
        ("fill 1/99", "no such order works"),
        ("set-price XYZ 1", "XYZ is not traded here: expected one of BAC, SPY"),
        ("correct SPY price=1", "nothing of that order was executed today"),
        ("correct SPY", "correct needs a new price or quantity"),
        ("competing burst=0", "competing cannot use 0 as burst"),
    ],
)
async def test_what_cannot_be_done_is_one_sentence_and_changes_nothing(
    still: PaperGateway, text: str, sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        do(still, text)
    assert list(still.operator.log) == []


async def test_before_the_open_a_person_at_tws_is_filled_all_the_same(start: Start) -> None:
    paper = await start(start="09:00")
    paper.pause()
    do(paper, "manual-trade SELL 5 SPY price=700")
    ((fill, _report),) = paper.floor.exchange.executions()
    assert fill.execution.quantity == 5
    assert fill.execution.order_id == 0


async def test_a_master_hears_of_trades_at_tws(paper: PaperGateway, connect: Connect) -> None:
    paper.pause()
    master = await connect(paper, 0)
    do(paper, "manual-trade BUY 7 SPY")
    await master.until(lambda: len(master.ib.fills()) == 1)


async def test_a_person_at_tws_trades_a_future_that_nobody_asked_for(start: Start) -> None:
    """Later expiries are priced only once somebody names them."""
    gateway = await start(symbols=("ES:FUT",), start="10:00")
    future = next(one for one in gateway.floor.market.universe if one.contract_month == "202512")
    do(gateway, f"manual-trade BUY 2 {future.contract.local_symbol}")
    (held,) = gateway.floor.exchange.positions()
    assert held.position.contract.con_id == future.contract.con_id
    assert held.position.quantity == 2
    assert held.market_price > 0
