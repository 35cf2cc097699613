"""Orders the account cannot carry: new ones, changed ones, and what they leave alone."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - the tests are full of them

from tests.gateway.exchange_stage import Stage, stock

from ibelay.gateway.exchange.events import Refused
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId

ES = Contract(symbol="ES", sec_type="FUT", con_id=ConId(2), multiplier=D(50))
FUTURE = stock(contract=ES, initial_margin=D(16_500), maintenance_margin=D(15_000))


def poor() -> Stage:
    """A stage with a stock at 100, and the money for 400 of them less a little."""
    stage = Stage(cash=10_000)
    stage.quote("100", "100")
    return stage


def test_a_change_to_more_than_the_account_carries_is_refused_and_the_order_works_on() -> None:
    stage = poor()
    stage.place(1, "BUY", 100, "LMT", limit_price="99")
    assert stage.codes(stage.change(1, quantity=D(500))) == [201]
    order = stage.orders[1]
    assert (order.status, order.request.quantity) == ("Submitted", D(100))
    assert stage.codes(stage.change(1, quantity=D(200))) == []
    assert stage.orders[1].request.quantity == D(200)


def test_a_price_further_away_is_no_reason_to_refuse_a_change() -> None:
    """Also where the account has become too poor for the order meanwhile."""
    stage = poor()
    stage.place(1, "BUY", 390, "LMT", limit_price="99")
    stage.place(2, "BUY", 200, "MKT")
    assert stage.codes(stage.change(1, limit_price=D(98))) == []
    assert stage.codes(stage.change(1, limit_price=D("98.50"))) == [201]
    assert stage.orders[1].request.limit_price == D(98)


def test_a_short_sale_grows_no_further_than_its_margin() -> None:
    stage = poor()
    stage.place(1, "SELL", 100, "LMT", limit_price="101")
    assert stage.codes(stage.change(1, quantity=D(400))) == [201]
    assert stage.codes(stage.change(1, quantity=D(300))) == []
    assert stage.orders[1].request.quantity == D(300)


def test_a_market_order_that_waits_for_the_open_grows_no_further_than_its_margin() -> None:
    stage = poor()
    stage.at("08:00:00")
    stage.place(1, "BUY", 100, "MKT")
    assert stage.codes(stage.change(1, quantity=D(500))) == [201]
    stage.at("09:31:00")
    stage.quote("100", "100")
    order = stage.orders[1]
    assert (order.status, order.filled) == ("Filled", D(100))


def test_what_is_filled_already_is_counted_once() -> None:
    """390 are carried: 100 of them held, 290 still to come."""
    stage = poor()
    stage.quote("99", "99", size=100)
    stage.place(1, "BUY", 200, "LMT", limit_price="99")
    assert stage.orders[1].filled == D(100)
    assert stage.codes(stage.change(1, quantity=D(500))) == [201]
    assert stage.codes(stage.change(1, quantity=D(390))) == []


def test_an_exit_may_grow_as_far_as_it_closes() -> None:
    stage = poor()
    stage.place(1, "BUY", 390, "MKT")
    stage.quote("80", "80")
    stage.place(2, "SELL", 100, "LMT", limit_price="90")
    assert stage.codes(stage.change(2, quantity=D(390), limit_price=D(85))) == []


def test_a_future_beyond_its_margin_is_rejected_with_both_amounts() -> None:
    stage = Stage(FUTURE, cash=16_000)
    stage.quote("4500", "4500", con_id=2)
    events = stage.place(1, "BUY", 1, "MKT")
    assert stage.orders[1].status == "Inactive"
    (refused,) = [event for event in events if isinstance(event, Refused)]
    assert refused.code == 201
    assert "EQUITY WITH LOAN VALUE [15999.15 USD]" in refused.text
    assert "INITIAL MARGIN [16500.00 USD]" in refused.text


def test_a_future_within_its_margin_fills_whatever_its_notional() -> None:
    stage = Stage(FUTURE, cash=17_000)
    stage.quote("4500", "4500", con_id=2)
    stage.place(1, "BUY", 1, "MKT")
    assert stage.orders[1].status == "Filled"
    account = stage.exchange.account
    assert account.cash == D("16999.15")
    assert account.margin().available_funds == D("499.15")


def test_a_child_that_opens_more_than_the_account_carries_is_rejected_alone() -> None:
    stage = poor()
    stage.place(1, "BUY", 100, "LMT", limit_price="90", transmit=False)
    stage.place(2, "SELL", 100, "STP", parent=1, stop_price="80", transmit=False)
    assert stage.codes(stage.place(3, "BUY", 5000, "LMT", parent=1, limit_price="85")) == [201]
    assert [stage.status(number) for number in (1, 2, 3)] == [
        "Submitted",
        "PreSubmitted",
        "Inactive",
    ]


def test_a_child_that_opens_grows_no_further_than_its_margin() -> None:
    stage = poor()
    stage.place(1, "BUY", 100, "LMT", limit_price="100", transmit=False)
    stage.place(2, "BUY", 100, "LMT", parent=1, limit_price="90")
    assert stage.codes(stage.change(2, quantity=D(5000))) == [201]
    assert stage.codes(stage.change(2, quantity=D(200))) == []
