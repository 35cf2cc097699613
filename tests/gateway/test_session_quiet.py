"""A floor lets quiet time pass at once, and nobody hears less for it."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from ib_async import LimitOrder, MarketOrder, Order
from tests.gateway.conftest import SPY
from tests.gateway.exchange_stage import Stage, stock
from tests.gateway.pure import Message, Talk

from ibelay.gateway.main import floor_on
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.session.floor import BAR_NS, MAX_STEP_NS, Floor
from ibelay.testing.simulation.market.sparse import Sparse, SparseMarket
from ibelay.wire.times import SECOND_NS, moment

DAY = "2025-06-02"
PAPER = GatewayOptions().account


def floor_at(start: str, *, days: int = 2) -> Floor:
    """A market of one stock with a quote a minute in regular hours, and none at night."""
    prices = SparseMarket(3, ("SPY",), DAY, days, Sparse(every_s=60))
    return floor_on(prices, GatewayOptions(symbols=("SPY",), date=DAY, start=start))


def place(client: Any, number: int, order: Order) -> None:
    """Let ib_async's client send an order."""
    client.placeOrder(number, SPY, order)


def subscribed(floor: Floor) -> Talk:
    """A client that has asked for much of what time alone can bring."""
    talk = Talk(floor)
    ends = moment(floor.now_ns + 90 * SECOND_NS)
    orders = [
        MarketOrder("BUY", 10),
        LimitOrder("BUY", 1, 1.0, outsideRth=True),
        LimitOrder("BUY", 1, 1.0, tif="GTD", goodTillDate=ends, outsideRth=True),
        LimitOrder("BUY", 1, 1.0, tif="GTC", goodAfterTime=ends, outsideRth=True),
    ]
    for number, order in enumerate(orders, 1):
        talk.ask(partial(place, number=number, order=order))
    talk.ask(lambda client: client.reqAccountUpdates(True, ""))
    talk.ask(lambda client: client.reqAccountSummary(11, "All", "NetLiquidation"))
    talk.ask(lambda client: client.reqMktData(13, SPY, "", False, False, []))
    return talk


def heard_of(talk: Talk, seconds: int, *, stirred: bool) -> list[list[Message]]:
    """Let *seconds* go by one by one; return what was heard in each."""
    heard, began_ns = [], talk.floor.now_ns
    for second in range(1, seconds + 1):
        if stirred:
            talk.floor.stir()
        else:
            talk.floor.due_ns()  # as a gateway asks before it rests
        talk.floor.advance(began_ns + second * SECOND_NS)
        heard.append(talk.heard())
    return heard


@pytest.mark.parametrize("start", ["03:58", "09:28", "15:58", "19:58", "23:58"])
@pytest.mark.parametrize("also", ["nothing", "profit", "TRADES", "BID"])
def test_a_floor_that_looks_ahead_says_what_one_says_that_looks_each_second(
    start: str, also: str
) -> None:
    both = []
    for stirred in (True, False):
        talk = subscribed(floor_at(start))
        if also == "profit":
            talk.ask(lambda client: client.reqPnL(14, PAPER, ""))
        elif also != "nothing":
            talk.ask(lambda client: client.reqRealTimeBars(14, SPY, 5, also, False, []))
        both.append(heard_of(talk, 400, stirred=stirred))
    assert both[0] == both[1]
    assert any(both[0])


def test_a_night_has_nothing_to_wait_for() -> None:
    floor = floor_at("21:00")
    talk = Talk(floor)
    talk.ask(lambda client: client.reqRealTimeBars(14, SPY, 5, "BID", False, []))
    floor.advance(floor.now_ns + SECOND_NS)
    assert floor.due_ns() == floor.now_ns + MAX_STEP_NS


def test_who_wants_bars_is_waited_for_by_day() -> None:
    floor = floor_at("17:00")
    floor.advance(floor.now_ns + SECOND_NS)
    assert floor.due_ns() > floor.now_ns + BAR_NS
    talk = Talk(floor)
    talk.ask(lambda client: client.reqRealTimeBars(14, SPY, 5, "BID", False, []))
    assert floor.due_ns() <= floor.now_ns + BAR_NS


def test_the_end_of_a_day_is_waited_for() -> None:
    floor = floor_at("19:59:30")
    floor.advance(floor.now_ns + SECOND_NS)
    assert floor.due_ns() == floor.nights.begins_after(floor.now_ns)


def test_a_question_for_the_time_stirs_nothing_and_an_order_does() -> None:
    floor = floor_at("17:00")
    talk = Talk(floor)
    floor.advance(floor.now_ns + SECOND_NS)
    floor.due_ns()
    assert floor.settled
    told = talk.ask(lambda client: client.reqCurrentTime())
    assert told == [["49", "1", str(floor.now_ns // SECOND_NS)]]
    assert floor.settled
    talk.ask(lambda client: client.placeOrder(1, SPY, LimitOrder("BUY", 1, 1.0)))
    assert not floor.settled


def test_time_never_passes_the_end_of_the_data() -> None:
    floor = floor_at("23:59", days=1)
    floor.advance(floor.now_ns + SECOND_NS)
    floor.due_ns()
    while floor.now_ns < floor.market.end_ns:
        floor.advance(floor.market.end_ns + BAR_NS)
        floor.due_ns()
    assert floor.advance(floor.market.end_ns + BAR_NS) == floor.market.end_ns


def test_what_is_held_is_due_when_it_expires() -> None:
    ends_ns = Stage().now + 3600 * SECOND_NS
    stage = Stage(stock(expires_ns=ends_ns))
    stage.quote("99", "100")
    stage.place(1, "BUY", 10, "MKT")
    assert stage.exchange.due_ns() == ends_ns
    stage.hear(stage.exchange.on_clock(ends_ns))
    assert stage.exchange.positions()[0].position.quantity == Decimal(0)
    assert stage.exchange.due_ns() > ends_ns


def test_a_day_is_due_to_end_though_nobody_trades() -> None:
    stage = Stage()
    assert moment(stage.exchange.due_ns()) == "20240702 00:00:00 US/Eastern"
