"""What the exchange does not take, and with which of IB's codes it says so."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from typing import Any

import pytest
from tests.gateway.exchange_stage import ME, SPY, Stage, stock

from ibelay.gateway.exchange.events import OrderChanged
from ibelay.gateway.exchange.orders import shelf
from ibelay.model.conditions import PriceCondition, TimeCondition
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId, OrderId

PRICE = PriceCondition(con_id=ConId(1), exchange="SMART", price=D(100), is_more=True)
NOWHERE = PriceCondition(con_id=ConId(99), exchange="SMART", price=D(100), is_more=True)
SOMETIME = TimeCondition(time="in a while", is_more=True)
COIN = stock(
    contract=Contract(symbol="BTC", sec_type="CRYPTO", con_id=ConId(1)),
    sessions=(),
    min_size=D("0.0001"),
    size_increment=D("0.0001"),
)
PAIR = stock(
    contract=Contract(symbol="EUR", sec_type="CASH", con_id=ConId(1), exchange="IDEALPRO"),
    sessions=(),
    min_tick=D("0.00005"),
)


@pytest.mark.parametrize(
    ("order_type", "terms", "expected"),
    [
        ("REL", {}, 387),
        ("PEG MID", {}, 387),
        ("VOL", {}, 387),
        ("", {}, 387),
        ("MKT", {"tif": "SOON"}, 111),
        ("MOC", {"tif": "GTC"}, 113),
        ("LOC", {"tif": "OPG", "limit_price": "90"}, 113),
        ("STP", {"tif": "OPG", "stop_price": "90"}, 111),
        ("STP", {"tif": "FOK", "stop_price": "90"}, 111),
        ("LIT", {"limit_price": "90"}, 107),
        ("LOC", {}, 107),
        ("LMT", {"limit_price": "0"}, 110),
        ("TRAIL", {}, 158),
        ("TRAIL", {"trail_percent": "100"}, 159),
        ("TRAIL", {"trail_amount": "0"}, 110),
        ("TRAIL", {"trail_amount": "1", "trail_stop_price": "90.001"}, 110),
        ("TRAIL LIMIT", {"trail_amount": "1"}, 107),
        ("STP", {"stop_price": "90", "trigger_method": 5}, 146),
        ("STP", {"stop_price": "90", "conditions": (PRICE,)}, 148),
        ("MKT", {"conditions": (PRICE,), "conditions_cancel": True}, 148),
        ("MKT", {"conditions": (NOWHERE,)}, 147),
        ("MKT", {"conditions": (SOMETIME,)}, 337),
        ("MKT", {"algorithm": "MinImpact"}, 439),
        ("MKT", {"algorithm": "Twap"}, 443),
        ("MKT", {"algorithm": "DarkIce"}, 10255),
        ("STP", {"stop_price": "90", "algorithm": "Adaptive"}, 442),
        ("LMT", {"limit_price": "90", "extra": {"scalePriceIncrement": "0.1"}}, 408),
        ("MKT", {"cash_quantity": "1000"}, 10244),
    ],
)
def test_terms_that_cannot_be_taken(order_type: str, terms: dict[str, Any], expected: int) -> None:
    stage = Stage()
    stage.quote("99", "100")
    assert stage.codes(stage.place(1, "BUY", 10, order_type, **terms)) == [expected]
    assert stage.exchange.working_orders() == []


@pytest.mark.parametrize(
    ("instrument", "quantity", "expected"),
    [
        ({}, "0", 434),
        ({}, "1.5", 10243),
        ({"size_increment": D(100)}, "150", 355),
        ({"min_size": D(100)}, "50", 388),
        ({"tradable": False}, "1", 203),
        ({"contract": Contract(symbol="ES", sec_type="CONTFUT", con_id=ConId(1))}, "1", 203),
        ({"contract": Contract(symbol="SPX", sec_type="IND", con_id=ConId(1))}, "1", 203),
        ({"expires_ns": 1}, "1", 392),
    ],
)
def test_sizes_and_contracts_that_cannot_be_traded(
    instrument: dict[str, Any], quantity: str, expected: int
) -> None:
    stage = Stage(stock(**instrument))
    assert stage.codes(stage.place(1, "BUY", quantity, "MKT")) == [expected]


def test_description_that_fits_two_contracts_is_refused() -> None:
    other = stock(contract=Contract(symbol="SPY", con_id=ConId(2), primary_exchange="NYSE"))
    stage = Stage(stock(), other)
    assert stage.codes(stage.place(1, "BUY", 1, "MKT", contract=Contract(symbol="SPY"))) == [200]


def test_scale_fields_that_clients_send_unset_are_no_scale_order() -> None:
    stage = Stage()
    unset = {"scaleInitLevelSize": "2147483647", "scalePriceIncrement": "1.7976931348623157E308"}
    assert stage.codes(stage.place(1, "BUY", 1, "LMT", limit_price="90", extra=unset)) == []


# Cash amounts ----------------------------------------------------------------------


def test_forex_order_is_sized_by_its_cash() -> None:
    stage = Stage(PAIR)
    stage.quote("1.09990", "1.10000", size=None)
    stage.place(1, "BUY", 0, "MKT", cash_quantity="1100")
    assert stage.fills == [(1, D(1000), D("1.10000"))]


def test_order_in_cash_cannot_be_changed() -> None:
    stage = Stage(PAIR)
    stage.quote("1.09990", "1.10000", size=None)
    stage.place(1, "BUY", 0, "LMT", limit_price="1.05", cash_quantity="1050")
    assert stage.orders[1].request.quantity == 1000
    assert stage.codes(stage.change(1, limit_price=D("1.06"))) == [10241]


def test_coins_are_bought_by_cash_and_sold_by_size() -> None:
    stage = Stage(COIN)
    stage.quote("49999", "50000", size=None)
    assert stage.codes(stage.place(1, "BUY", "0.1", "MKT")) == [10289]
    assert stage.codes(stage.place(2, "BUY", "0.1", "MKT", cash_quantity="100")) == [10293]
    stage.place(3, "BUY", 0, "MKT", cash_quantity="1001")
    stage.place(4, "SELL", "0.02", "MKT")
    assert [(order, size) for order, size, _ in stage.fills] == [(3, D("0.02")), (4, D("0.02"))]


# Modifications ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"order_type": "MKT"}, 329),
        ({"contract": Contract(symbol="QQQ")}, 105),
        ({"contract": Contract(symbol="SPY", con_id=ConId(2))}, 105),
        ({"quantity": D(0)}, 105),
        ({"tif": "FOK"}, 105),
        ({"tif": "OPG"}, 105),
        ({"algorithm": "Adaptive"}, 440),
        ({"oca_group": "other"}, 10326),
        ({"oca_type": 2}, 10327),
        ({"limit_price": D("90.001")}, 110),
        ({"limit_price": None}, 107),
        ({"tif": "GTD", "good_till_ns": 1}, 334),
    ],
)
def test_refused_change_leaves_the_order_as_it_was(terms: dict[str, Any], expected: int) -> None:
    stage = Stage()
    stage.place(1, "BUY", 10, "LMT", limit_price="90", oca_group="g", oca_type=1)
    before = stage.exchange.working_orders()
    assert stage.codes(stage.change(1, **terms)) == [expected]
    assert stage.exchange.working_orders() == before


def test_change_below_what_has_filled_is_refused() -> None:
    stage = Stage()
    stage.quote("99", "100", size=40)
    stage.place(1, "BUY", 100, "LMT", limit_price="100")
    assert stage.codes(stage.change(1, quantity=D(40))) == [105]
    stage.change(1, quantity=D(41))
    stage.quote("99", "100")
    assert stage.position() == 41


@pytest.mark.parametrize(
    ("order_type", "first", "then"),
    [
        ("LMT", {"limit_price": "90"}, {"limit_price": D(91)}),
        ("STP", {"stop_price": "110"}, {"stop_price": D(111)}),
        ("STP LMT", {"stop_price": "110", "limit_price": "112"}, {"stop_price": D(111)}),
        ("MIT", {"stop_price": "90"}, {"stop_price": D(91)}),
        ("LIT", {"stop_price": "90", "limit_price": "90"}, {"limit_price": D(91)}),
        ("LOC", {"limit_price": "90"}, {"limit_price": D(91)}),
        ("MIDPRICE", {"limit_price": "90"}, {"limit_price": D(91)}),
        ("TRAIL", {"trail_amount": "1"}, {"trail_amount": D(2)}),
    ],
)
def test_orders_of_each_type_can_be_changed(
    order_type: str, first: dict[str, Any], then: dict[str, Any]
) -> None:
    stage = Stage()
    stage.quote("99", "101")
    stage.place(1, "BUY", 10, order_type, order_ref="mine", **first)
    perm_id = stage.orders[1].perm_id
    events = stage.change(1, quantity=D(20), **then)
    assert stage.codes(events) == []
    order = stage.orders[1]
    assert (order.request.quantity, order.perm_id) == (D(20), perm_id)
    assert all(getattr(order.request, name) == value for name, value in then.items())


@pytest.mark.parametrize("order_id", [0, -1])
def test_clients_orders_need_a_positive_id(order_id: int) -> None:
    stage = Stage()
    assert stage.codes(stage.place(order_id, "BUY", 1, "LMT", limit_price="90")) == [103]
    assert stage.exchange.next_order_id(ME) == 1


# Limits ----------------------------------------------------------------------------


def test_orders_beyond_the_accounts_number_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "MAX_LIVE", 2)
    stage = Stage()
    for order_id in (1, 2):
        assert stage.codes(stage.place(order_id, "BUY", 1, "LMT", limit_price="90")) == []
    assert stage.codes(stage.place(3, "BUY", 1, "LMT", limit_price="90")) == [201]
    stage.cancel(1)
    assert stage.codes(stage.place(4, "BUY", 1, "LMT", limit_price="90")) == []


def test_only_the_latest_ended_orders_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "MAX_DONE", 2)
    stage = Stage()
    stage.quote("99", "100")
    for order_id in (1, 2, 3):
        stage.place(order_id, "BUY", 1, "MKT")
    done = [order.request.order_id for order in stage.exchange.completed_orders()]
    assert done == [2, 3]
    assert stage.codes(stage.cancel(1)) == [10147]
    assert stage.codes(stage.cancel(2)) == [10148]


def test_child_of_an_all_or_none_parent_is_all_or_none() -> None:
    stage = Stage()
    stage.place(1, "BUY", 10, "LMT", limit_price="90", all_or_none=True, transmit=False)
    assert stage.codes(stage.place(2, "SELL", 10, "LMT", limit_price="99", parent=1)) == [10236]


# Hedges ----------------------------------------------------------------------------


def hedged(hedge: str, quantity: int = 0, parameter: str = "2") -> Stage:
    """A buy of 100 SPY at 100 with a hedge in QQQ at 50."""
    other = stock(contract=Contract(symbol="QQQ", con_id=ConId(2)))
    stage = Stage(stock(), other)
    stage.quote("99", "101")
    stage.quote("50", "50", con_id=2)
    stage.place(1, "BUY", 100, "LMT", limit_price="100", transmit=False)
    terms: dict[str, Any] = {"hedge_type": hedge, "hedge_parameter": parameter}
    stage.place(2, "SELL", quantity, "MKT", parent=1, contract=other.contract, **terms)
    return stage


@pytest.mark.parametrize(("hedge", "size"), [("P", 200), ("B", 400)])
def test_broker_sizes_the_hedge(hedge: str, size: int) -> None:
    stage = hedged(hedge)
    assert stage.codes() == []
    stage.quote("99", "100")
    assert stage.position() == 100
    stage.quote("50", "50", con_id=2)
    assert stage.position(2) == -size


def test_delta_hedge_of_an_option_is_delta_times_its_shares() -> None:
    option = Contract(symbol="SPY", sec_type="OPT", con_id=ConId(2), multiplier=D(100))
    stage = Stage(stock(), stock(contract=option))
    stage.quote("99", "100")
    stage.quote("5", "5", con_id=2)
    stage.place(1, "BUY", 3, "LMT", limit_price="5", contract=option, transmit=False)
    terms: dict[str, Any] = {"hedge_type": "D", "hedge_parameter": "0.5"}
    stage.place(2, "SELL", 0, "MKT", parent=1, **terms)
    assert (stage.position(2), stage.position()) == (D(3), D(-150))


def test_currency_hedge_is_worth_its_parent() -> None:
    pair = Contract(symbol="EUR", sec_type="CASH", con_id=ConId(2), exchange="IDEALPRO")
    stage = Stage(stock(), stock(contract=pair))
    stage.quote("99", "100")
    stage.quote("1.09", "1.10", con_id=2, size=None)
    stage.place(1, "BUY", 100, "LMT", limit_price="100", transmit=False)
    stage.place(2, "SELL", 0, "MKT", parent=1, contract=pair, hedge_type="F")
    assert [(order, quantity) for order, quantity, _ in stage.fills] == [
        (1, D(100)),
        (2, D(10_000)),
    ]


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (("P", 10), 10032),
        (("D",), 320),
        (("F",), 10063),
        (("X",), 10007),
        (("B", 0, "many"), 10008),
        (("P", 0, "NaN"), 10009),
    ],
)
def test_hedges_that_cannot_be_sized(terms: tuple[Any, ...], expected: int) -> None:
    assert hedged(*terms).codes() == [expected]


# What cannot be borrowed, and cancels that have to wait, are the operator's doing: see
# test_exchange_by_hand. What-ifs of orders that would be refused are refused as well.


def test_what_if_of_an_impossible_order_is_refused_and_uses_no_id() -> None:
    stage = Stage()
    assert stage.codes(stage.place(5, "BUY", 10, "LMT", what_if=True)) == [107]
    (told,) = stage.place(5, "BUY", 10, "MKT", what_if=True)
    assert isinstance(told, OrderChanged)
    assert told.order.request.contract == SPY
    assert stage.exchange.next_order_id(ME) == OrderId(1)
