"""What the hours of an instrument and the clock do to orders."""

from __future__ import annotations

import pytest
from tests.gateway.exchange_stage import DAYS, Stage, session, stock

from ibelay.gateway.exchange.events import OrderChanged, Refused
from ibelay.wire.times import parse_moment


def at(text: str) -> int:
    """A moment of July 2024, New York."""
    return parse_moment(f"202407{text}")


def test_day_order_ends_at_the_close_though_no_price_comes() -> None:
    stage = Stage()
    stage.place(1, "BUY", 10, "LMT", limit_price="90")
    stage.at("17:30:00")
    order = stage.orders[1]
    assert order.status == "Cancelled"
    assert order.completed_ns == session(DAYS[0]).close_ns


def test_day_order_outside_hours_ends_with_the_extended_session() -> None:
    stage = Stage()
    stage.place(1, "BUY", 10, "LMT", limit_price="90", outside_rth=True)
    stage.at("16:30:00")
    assert stage.status(1) == "Submitted"
    stage.at("20:00:00")
    assert stage.status(1) == "Cancelled"


def test_good_till_cancelled_sleeps_at_night_and_works_the_next_day() -> None:
    stage = Stage()
    stage.place(1, "BUY", 10, "LMT", limit_price="90", tif="GTC")
    perm_id = stage.orders[1].perm_id
    stage.at("18:00:00")
    assert stage.status(1) == "PreSubmitted"
    stage.quote("80", "81")
    assert stage.fills == []
    stage.at("09:30:00", day=1)
    assert stage.status(1) == "Submitted"
    stage.quote("89", "90")
    assert (stage.orders[1].status, stage.orders[1].perm_id) == ("Filled", perm_id)


def test_order_that_arrives_after_the_close_belongs_to_the_next_day() -> None:
    stage = Stage()
    stage.at("16:00:00")
    stage.quote("99", "100")
    events = stage.place(1, "BUY", 10, "LMT", limit_price="100")
    assert stage.fills == []
    (advice,) = [event for event in events if isinstance(event, Refused)]
    assert advice.code == 399
    assert advice.text.endswith("until 20240702 09:30:00 US/Eastern")
    stage.at("09:29:00", day=1)
    stage.quote("99", "100")
    stage.at("09:30:00", day=1)
    assert stage.fills == []
    stage.quote("99", "100")
    assert stage.status(1) == "Filled"


def test_unfilled_order_of_the_evening_ends_the_next_close() -> None:
    stage = Stage()
    stage.at("16:30:00")
    stage.place(1, "BUY", 10, "LMT", limit_price="90")
    stage.at("15:59:00", day=1)
    assert stage.status(1) == "Submitted"
    stage.at("16:00:00", day=1)
    assert stage.status(1) == "Cancelled"


def test_quote_of_the_pre_market_does_not_fill_at_the_open() -> None:
    stage = Stage()
    stage.at("09:00:00")
    stage.quote("99", "100")
    stage.at("09:31:00")
    stage.place(1, "BUY", 10, "MKT")
    assert stage.fills == []
    stage.quote("101", "102")
    assert [price for _, _, price in stage.fills] == [102]


def test_market_order_is_told_that_it_cannot_trade_outside_hours() -> None:
    stage = Stage()
    stage.at("08:00:00")
    stage.quote("99", "100")
    events = stage.place(1, "BUY", 10, "MKT", outside_rth=True)
    assert stage.codes(events) == [2109, 399]
    assert stage.status(1) == "PreSubmitted"


def test_limit_order_outside_hours_fills_in_the_pre_market() -> None:
    stage = Stage()
    stage.at("08:00:00")
    stage.quote("99", "100")
    events = stage.place(1, "BUY", 10, "LMT", limit_price="100", outside_rth=True)
    assert stage.codes(events) == []
    assert stage.status(1) == "Filled"


def test_nothing_trades_between_two_days() -> None:
    stage = Stage()
    stage.at("21:00:00")
    stage.quote("99", "100")
    events = stage.place(1, "BUY", 10, "LMT", limit_price="100", outside_rth=True)
    assert stage.fills == []
    assert stage.codes(events) == [399]
    stage.at("04:00:00", day=1)
    stage.quote("99", "100")
    assert stage.status(1) == "Filled"


def test_good_till_date_ends_at_its_own_time_also_at_night() -> None:
    stage = Stage()
    stage.place(1, "BUY", 10, "LMT", limit_price="90", tif="GTD", good_till_ns=at("02 03:00:00"))
    stage.at("23:00:00")
    assert stage.status(1) == "PreSubmitted"
    stage.at("04:00:00", day=1)
    assert stage.orders[1].completed_ns == at("02 03:00:00")


@pytest.mark.parametrize("end_ns", [None, 0])
def test_good_till_date_needs_an_end_in_the_future(end_ns: int | None) -> None:
    stage = Stage()
    events = stage.place(1, "BUY", 10, "LMT", limit_price="90", tif="GTD", good_till_ns=end_ns)
    assert stage.codes(events) == [334]


def test_good_after_time_wakes_by_the_clock_alone() -> None:
    stage = Stage()
    stage.quote("99", "100")
    stage.place(1, "BUY", 10, "MKT", good_after_ns=at("01 11:00:00"))
    assert stage.status(1) == "PreSubmitted"
    stage.quote("99", "100")
    assert stage.fills == []
    stage.at("11:00:00")
    assert stage.status(1) == "Filled"


def test_what_was_due_earlier_happens_before_a_later_price() -> None:
    """A quote after a silent close finds the order gone."""
    stage = Stage()
    stage.place(1, "BUY", 10, "LMT", limit_price="100")
    stage.now = at("01 16:00:01")
    events = stage.quote("99", "100")
    (told,) = events
    assert isinstance(told, OrderChanged)
    assert told.order.status == "Cancelled"


def test_modified_day_order_of_the_evening_lives_to_the_next_close() -> None:
    stage = Stage()
    stage.place(1, "BUY", 10, "LMT", limit_price="90", tif="GTC")
    stage.at("17:00:00")
    stage.change(1, tif="DAY")
    stage.at("15:00:00", day=1)
    assert stage.status(1) == "Submitted"
    stage.at("16:00:00", day=1)
    assert stage.status(1) == "Cancelled"


def test_executions_and_completed_orders_are_those_since_midnight() -> None:
    stage = Stage()
    stage.quote("99", "100")
    stage.place(1, "BUY", 10, "MKT")
    stage.at("23:59:59")
    assert len(stage.exchange.executions()) == 1
    assert len(stage.exchange.completed_orders()) == 1
    stage.at("00:00:00", day=1)
    assert stage.exchange.executions() == []
    assert stage.exchange.completed_orders() == []
    assert stage.position() == 10
    assert stage.codes(stage.cancel(1)) == [10147]
    assert stage.codes(stage.place(1, "BUY", 10, "MKT")) == [103]


def test_order_ends_when_its_contract_expires() -> None:
    stage = Stage(stock(expires_ns=at("01 12:00:00")))
    stage.place(1, "BUY", 10, "LMT", limit_price="90", tif="GTC")
    stage.at("12:00:00")
    assert stage.status(1) == "Cancelled"
    assert stage.codes(stage.place(2, "BUY", 10, "LMT", limit_price="90")) == [392]


def test_order_without_a_session_left_waits() -> None:
    stage = Stage(stock(sessions=(session(DAYS[0]),)))
    stage.at("16:00:00")
    assert stage.codes(stage.place(1, "BUY", 10, "LMT", limit_price="100")) == []
    stage.at("12:00:00", day=1)
    stage.quote("99", "100")
    assert stage.status(1) == "PreSubmitted"


def test_immediate_order_waits_for_the_open_and_ends_there() -> None:
    stage = Stage()
    stage.at("09:00:00")
    stage.place(1, "BUY", 100, "LMT", limit_price="100", tif="IOC")
    assert stage.status(1) == "PreSubmitted"
    stage.at("09:30:00")
    stage.quote("99", "100", size=30)
    assert [quantity for _, quantity, _ in stage.fills] == [30]
    assert stage.status(1) == "Cancelled"
