"""Order types and times in force: what each does to the market's prices."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from typing import Any

import pytest
from tests.gateway.exchange_stage import SPY, Stage, stock

from ibelay.gateway.market.api import PriceStep
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId

OPTION = Contract(symbol="SPY", sec_type="OPT", con_id=ConId(1), multiplier=D(100))
PAIR = Contract(symbol="EUR", sec_type="CASH", con_id=ConId(1), exchange="IDEALPRO")
FUTURE = Contract(symbol="ES", sec_type="FUT", con_id=ConId(1), multiplier=D(50))


@pytest.mark.parametrize(
    ("action", "trigger", "quiet", "touching"),
    [("BUY", "99", "99.01", "98.99"), ("SELL", "101", "100.99", "101.01")],
)
def test_market_if_touched_waits_for_a_better_price(
    action: str, trigger: str, quiet: str, touching: str
) -> None:
    stage = Stage()
    stage.quote("100", "100.02")
    stage.trade("100")
    stage.place(1, action, 10, "MIT", stop_price=trigger)
    assert (stage.status(1), stage.orders[1].why_held) == ("PreSubmitted", "trigger")
    stage.trade(quiet)
    assert stage.fills == []
    stage.trade(touching)
    assert stage.status(1) == "Filled"


def test_limit_if_touched_keeps_its_limit() -> None:
    stage = Stage()
    stage.quote("100", "100.02")
    stage.place(1, "BUY", 10, "LIT", stop_price="99", limit_price="98.50")
    stage.trade("99")
    stage.quote("98.98", "99")
    assert stage.status(1) == "Submitted"
    stage.quote("98.40", "98.50")
    assert stage.fills == [(1, D(10), D("98.50"))]


def test_midprice_fills_between_the_sides_up_to_its_cap() -> None:
    stage = Stage()
    stage.quote("100", "100.03")
    stage.place(1, "BUY", 10, "MIDPRICE")
    stage.place(2, "BUY", 10, "MIDPRICE", limit_price="100.01")
    assert stage.fills == [(1, D(10), D("100.015"))]
    stage.quote("100", "100.02")
    assert stage.fills[1:] == [(2, D(10), D("100.01"))]


def test_market_on_close_fills_at_the_last_print_of_the_session() -> None:
    stage = Stage()
    stage.quote("100", "100.02")
    stage.place(1, "BUY", 5000, "MOC")
    stage.at("15:59:59")
    stage.trade("101.11")
    assert stage.status(1) == "PreSubmitted"
    stage.at("16:05:00")
    assert stage.fills == [(1, D(5000), D("101.11"))]


@pytest.mark.parametrize(("limit", "status"), [("101", "Filled"), ("100.99", "Cancelled")])
def test_limit_on_close_fills_within_its_limit_or_ends(limit: str, status: str) -> None:
    stage = Stage()
    stage.quote("100", "101")
    stage.place(1, "BUY", 10, "LOC", limit_price=limit)
    stage.at("16:00:00")
    assert stage.status(1) == status


def test_closing_order_of_the_evening_takes_the_next_close() -> None:
    stage = Stage()
    stage.at("16:00:00")
    stage.place(1, "BUY", 10, "MOC")
    stage.at("12:00:00", day=1)
    stage.quote("99", "100")
    assert stage.fills == []
    stage.at("16:00:00", day=1)
    assert stage.fills == [(1, D(10), D(100))]


def test_market_on_open_fills_at_the_first_print() -> None:
    stage = Stage()
    stage.at("09:00:00")
    stage.trade("98")
    stage.place(1, "BUY", 5000, "MKT", tif="OPG")
    stage.at("09:30:00")
    stage.quote("99", "99.05")
    assert stage.fills == []
    stage.trade("99.02")
    assert stage.fills == [(1, D(5000), D("99.02"))]


@pytest.mark.parametrize(("limit", "status"), [("99.05", "Filled"), ("99.04", "Cancelled")])
def test_limit_on_open_fills_at_the_first_price_or_ends(limit: str, status: str) -> None:
    stage = Stage()
    stage.at("09:00:00")
    stage.place(1, "BUY", 10, "LMT", limit_price=limit, tif="OPG")
    stage.at("09:30:00")
    stage.quote("99", "99.05")
    assert stage.status(1) == status


def test_opening_order_of_the_day_waits_for_tomorrow() -> None:
    stage = Stage()
    stage.place(1, "BUY", 10, "MKT", tif="OPG")
    stage.quote("99", "100")
    assert stage.fills == []
    stage.at("09:30:00", day=1)
    stage.quote("101", "102")
    assert stage.fills == [(1, D(10), D(102))]


@pytest.mark.parametrize(("size", "status"), [(100, "Filled"), (99, "Cancelled")])
def test_fill_or_kill_takes_all_or_nothing(size: int, status: str) -> None:
    stage = Stage()
    stage.quote("99", "100", size=size)
    stage.place(1, "BUY", 100, "LMT", limit_price="100", tif="FOK")
    assert stage.status(1) == status
    assert stage.position() == (100 if status == "Filled" else 0)


def test_all_or_none_waits_for_its_whole_size() -> None:
    stage = Stage()
    stage.quote("99", "100", size=99)
    stage.place(1, "BUY", 100, "LMT", limit_price="100", all_or_none=True)
    assert stage.fills == []
    stage.quote("99", "100", size=100)
    assert stage.fills == [(1, D(100), D(100))]


def test_minimum_quantity_binds_the_first_fill_only() -> None:
    stage = Stage()
    stage.quote("99", "100", size=39)
    stage.place(1, "BUY", 100, "LMT", limit_price="100", minimum_quantity="40")
    assert stage.fills == []
    stage.quote("99", "100", size=40)
    stage.quote("99", "100", size=5)
    assert [quantity for _, quantity, _ in stage.fills] == [40, 5]


def test_adaptive_algorithm_trades_as_its_order_type() -> None:
    stage = Stage()
    stage.quote("99", "100")
    stage.place(1, "BUY", 10, "MKT", algorithm="Adaptive")
    assert stage.status(1) == "Filled"


def test_protected_orders_are_for_futures() -> None:
    stage = Stage(stock(contract=FUTURE))
    stage.quote("99", "100")
    stage.place(1, "BUY", 1, "MKT PRT")
    stage.place(2, "SELL", 1, "STP PRT", stop_price="98")
    assert (stage.status(1), stage.status(2)) == ("Filled", "PreSubmitted")
    assert stage.codes(Stage().place(1, "BUY", 1, "MKT PRT")) == [387]


# Trigger methods -------------------------------------------------------------------


def test_stop_of_a_stock_looks_at_prints_once_there_are_any() -> None:
    stage = Stage()
    stage.quote("100", "100.02")
    stage.trade("100")
    stage.place(1, "SELL", 10, "STP", stop_price="99")
    stage.quote("98", "98.02")
    assert stage.fills == []
    stage.trade("99")
    assert stage.fills == [(1, D(10), D(98))]


def test_print_of_before_the_session_elects_nothing_in_it() -> None:
    stage = Stage()
    stage.at("08:00:00")
    stage.trade("90")
    stage.at("09:31:00")
    stage.quote("100", "100.02")
    stage.place(1, "SELL", 10, "STP", stop_price="99")
    stage.quote("100", "100.02")
    assert stage.fills == []


@pytest.mark.parametrize(
    ("method", "steps"),
    [
        (1, [("quote", "98", "99.5"), ("quote", "98", "99"), ("quote", "98", "99")]),
        (2, [("quote", "98", "98.5"), ("trade", "99.5"), ("trade", "99")]),
        (3, [("trade", "99"), ("trade", "99.5"), ("trade", "99"), ("trade", "99")]),
        (4, [("quote", "98", "99.5"), ("quote", "98", "99")]),
        (7, [("quote", "98", "99.5"), ("trade", "99")]),
        (7, [("trade", "99.5"), ("quote", "98", "99")]),
        (8, [("quote", "98.5", "99.6"), ("quote", "98.5", "99.5")]),
    ],
)
def test_trigger_methods_elect_on_the_last_of_these(method: int, steps: list[Any]) -> None:
    """Each list ends with the price that elects a sell stop at 99, and not before."""
    stage = Stage()
    stage.quote("100", "100.02")
    stage.trade("100")
    stage.place(1, "SELL", 10, "STP", stop_price="99", trigger_method=method)
    for number, (kind, *prices) in enumerate(steps, 1):
        assert stage.fills == []
        getattr(stage, kind)(*prices)
        assert bool(stage.fills) == (number == len(steps))


def test_option_stop_needs_two_touches_and_forex_one() -> None:
    for contract, needed in ((OPTION, 2), (PAIR, 1)):
        stage = Stage(stock(contract=contract))
        stage.quote("100", "100.02")
        stage.trade("100")
        stage.place(1, "BUY", 1, "STP", stop_price="101")
        quotes = 0
        while not stage.fills:
            stage.quote("101", "101.02")
            quotes += 1
        assert quotes == needed


def test_touch_elects_where_the_market_has_no_prints() -> None:
    stage = Stage()
    stage.quote("100", "100.02")
    stage.place(1, "SELL", 10, "STP", stop_price="99")
    stage.quote("99", "99.50")
    assert stage.fills == [(1, D(10), D(99))]


# Trailing --------------------------------------------------------------------------


def test_trailing_stop_follows_the_best_price_and_never_backs_off() -> None:
    stage = Stage()
    stage.quote("100", "100.01")
    stage.trade("100")
    stage.place(1, "SELL", 10, "TRAIL", trail_amount="1")
    told = []
    for price in ("100.50", "100.20", "101", "100.01"):
        stage.trade(price)
        told.append(stage.orders[1].request.stop_price)
    assert told == [D("99.50"), D("99.50"), D(100), D(100)]
    assert stage.orders[1].request.trail_stop_price == D(100)
    stage.quote("99.90", "99.95")
    stage.trade("100")
    assert stage.fills == [(1, D(10), D("99.90"))]


def test_trailing_buy_by_percent_rounds_away_from_the_market() -> None:
    stage = Stage()
    stage.quote("100", "100.01")
    stage.trade("100.01")
    stage.place(1, "BUY", 10, "TRAIL", trail_percent="1")
    assert stage.orders[1].request.stop_price == D("101.02")
    stage.trade("99")
    assert stage.orders[1].request.stop_price == D("99.99")


def test_trailing_stop_begins_where_the_client_says() -> None:
    stage = Stage()
    stage.quote("100", "100.01")
    stage.trade("100")
    stage.place(1, "SELL", 10, "TRAIL", trail_amount="1", trail_stop_price="99.90")
    assert stage.orders[1].request.stop_price == D("99.90")
    stage.trade("100.50")
    assert stage.orders[1].request.stop_price == D("99.90")
    stage.trade("101")
    assert stage.orders[1].request.stop_price == D(100)


@pytest.mark.parametrize("terms", [{"limit_offset": "0.10"}, {"limit_price": "98.90"}])
def test_trailing_limit_moves_with_its_stop(terms: dict[str, str]) -> None:
    stage = Stage()
    stage.quote("100", "100.01")
    stage.trade("100")
    stage.place(1, "SELL", 10, "TRAIL LIMIT", trail_amount="1", trail_stop_price="99", **terms)
    stage.trade("101")
    request = stage.orders[1].request
    assert (request.stop_price, request.limit_price) == (D(100), D("99.90"))
    stage.quote("99.50", "99.60")
    stage.trade("100")
    assert stage.status(1) == "Submitted"
    stage.quote("99.90", "99.95")
    assert stage.fills == [(1, D(10), D("99.90"))]


def test_modified_quantity_leaves_the_trail_where_it_is() -> None:
    """The client echoes a stop the market has moved since: that must not bring it back."""
    stage = Stage()
    stage.quote("100", "100.01")
    stage.trade("100")
    stage.place(1, "SELL", 10, "TRAIL", trail_amount="1")
    stale = stage.orders[1].request.trail_stop_price
    stage.trade("101")
    stage.change(1, quantity=D(20), trail_stop_price=stale, stop_price=stale)
    assert stage.orders[1].request.stop_price == D(100)
    stage.change(1, trail_stop_price=D("100.50"))
    assert stage.orders[1].request.stop_price == D("100.50")


def test_prices_of_0_are_none_where_a_price_may_be_left_out() -> None:
    """Servers show 0 for what is not set, and clients send it back."""
    stage = Stage()
    stage.quote("100", "100.02")
    stage.trade("100")
    stage.place(1, "BUY", 10, "MIDPRICE", limit_price="0")
    assert stage.status(1) == "Filled"
    zero = {"trail_stop_price": "0", "limit_price": "0"}
    stage.place(2, "SELL", 10, "TRAIL LIMIT", trail_amount="1", limit_offset="0.10", **zero)
    stage.change(2, quantity=D(5), trail_stop_price=D(0), limit_offset=None, limit_price=D(0))
    request = stage.orders[2].request
    assert (request.stop_price, request.limit_price) == (D(99), D("98.90"))


def test_wider_trail_begins_anew_from_the_market() -> None:
    stage = Stage()
    stage.quote("100", "100.01")
    stage.trade("100")
    stage.place(1, "SELL", 10, "TRAIL", trail_amount="1")
    stage.change(1, trail_amount=D(3))
    stage.trade("100")
    assert stage.orders[1].request.stop_price == D(97)


def test_trailing_child_trails_from_the_parents_fill() -> None:
    stage = Stage()
    stage.quote("100", "100.01")
    stage.trade("105")
    stage.place(1, "BUY", 10, "LMT", limit_price="99", transmit=False)
    stage.place(2, "SELL", 10, "TRAIL", trail_amount="1", parent=1)
    assert stage.orders[2].request.stop_price is None
    stage.trade("99")
    stage.quote("98.90", "99")
    stage.trade("99")
    assert stage.orders[2].request.stop_price == D(98)


def test_steps_of_the_price_depend_on_the_price() -> None:
    steps = (
        PriceStep(low_edge=D(0), increment=D("0.05")),
        PriceStep(low_edge=D(3), increment=D("0.10")),
    )
    for price, expected in (("2.95", []), ("2.99", [110]), ("3.10", []), ("3.05", [110])):
        stage = Stage(stock(contract=SPY, min_tick=D("0.05"), price_steps=steps))
        assert stage.codes(stage.place(1, "BUY", 1, "LMT", limit_price=price)) == expected
