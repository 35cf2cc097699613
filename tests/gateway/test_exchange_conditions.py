"""Orders that wait for conditions, and orders that conditions cancel."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from typing import Any

import pytest
from tests.gateway.exchange_stage import Stage, stock

from ibelay.model.conditions import (
    Condition,
    ExecutionCondition,
    MarginCondition,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId

QQQ = stock(contract=Contract(symbol="QQQ", con_id=ConId(2)))
TWO = ConId(2)


def price(value: str, *, is_more: bool = True, **terms: Any) -> PriceCondition:
    """QQQ at *value*."""
    return PriceCondition(con_id=TWO, exchange="SMART", price=D(value), is_more=is_more, **terms)


def after(clock: str, *, is_more: bool = True, conjunction: bool = True) -> TimeCondition:
    """A time of the first day."""
    text = f"20240701 {clock} US/Eastern"
    return TimeCondition(time=text, is_more=is_more, conjunction=conjunction)


def waiting(*conditions: Condition, **terms: Any) -> Stage:
    """A market buy of SPY at 100 that waits for *conditions*."""
    stage = Stage(stock(), QQQ)
    stage.quote("99", "100")
    stage.quote("49", "50", con_id=2)
    stage.place(1, "BUY", 10, "MKT", conditions=conditions, **terms)
    return stage


def test_price_of_another_contract_sends_the_order() -> None:
    stage = waiting(price("51"))
    assert (stage.status(1), stage.orders[1].why_held) == ("PreSubmitted", "")
    stage.quote("99", "100")
    stage.trade("50.99", con_id=2)
    assert stage.fills == []
    stage.trade("51", con_id=2)
    assert stage.fills == [(1, D(10), D(100))]


@pytest.mark.parametrize(
    ("method", "elects"),
    [(1, ("51", "52")), (4, ("51", "52")), (7, ("51", "52")), (8, ("50.5", "51.5"))],
)
def test_price_condition_has_trigger_methods(method: int, elects: tuple[str, str]) -> None:
    stage = waiting(price("51", trigger_method=method))
    stage.trade("50", con_id=2)
    stage.quote("50", "51", con_id=2)
    assert stage.fills == []
    stage.quote(*elects, con_id=2)
    assert stage.status(1) == "Filled"


def test_condition_met_at_once_holds_nothing_up() -> None:
    assert waiting(price("50", is_more=False)).status(1) == "Filled"


def test_time_comes_by_the_clock() -> None:
    stage = waiting(after("11:00:00"))
    stage.at("10:59:59")
    assert stage.fills == []
    stage.at("11:00:00")
    assert stage.status(1) == "Filled"


def test_volume_counts_the_prints_of_the_day() -> None:
    condition = VolumeCondition(con_id=TWO, exchange="SMART", volume=D(250), is_more=True)
    stage = waiting(condition)
    stage.trade("50", size=200, con_id=2)
    assert stage.fills == []
    stage.trade("50", size=50, con_id=2)
    assert stage.status(1) == "Filled"


def test_change_counts_from_the_previous_close() -> None:
    condition = PercentChangeCondition(con_id=TWO, exchange="SMART", percent=D(-2), is_more=False)
    stage = waiting(condition)
    stage.quote("49", "50", con_id=2, previous_close="50")
    stage.trade("49.01", con_id=2)
    assert stage.fills == []
    stage.trade("49", con_id=2)
    assert stage.status(1) == "Filled"


def test_execution_of_the_symbol_sends_the_order() -> None:
    stage = Stage(stock(), QQQ)
    stage.quote("99", "100")
    stage.quote("49", "50", con_id=2)
    stage.place(1, "BUY", 1, "MKT", contract=QQQ.contract)
    condition = ExecutionCondition(symbol="QQQ", sec_type="STK", exchange="SMART")
    stage.place(2, "BUY", 10, "MKT", conditions=(condition,))
    stage.quote("99", "100")
    assert stage.status(2) == "PreSubmitted"
    stage.place(3, "BUY", 1, "MKT", contract=QQQ.contract)
    assert stage.status(2) == "Filled"


def test_margin_cushion_sends_the_order_when_it_has_shrunk() -> None:
    stage = Stage(stock(), QQQ, cash=10_000)
    stage.quote("99", "100")
    stage.quote("49", "50", con_id=2)
    stage.place(1, "BUY", 10, "MKT", conditions=(MarginCondition(percent=70, is_more=False),))
    stage.quote("99", "100")
    assert stage.status(1) == "PreSubmitted"
    stage.place(2, "BUY", 300, "MKT", contract=QQQ.contract)
    assert stage.status(1) == "Filled"


@pytest.mark.parametrize(
    ("conjunctions", "expected"),
    [((True, True), False), ((True, False), True), ((False, True), False), ((False, False), True)],
)
def test_conditions_are_joined_from_left_to_right(
    conjunctions: tuple[bool, bool], expected: bool
) -> None:
    """True and/or False and/or (True, or False for the last "and")."""
    second, third = conjunctions
    conditions = (
        price("50", is_more=False),
        after("11:00:00", conjunction=second),
        price("50" if not third else "60", conjunction=third),
    )
    stage = waiting(*conditions)
    stage.trade("50", con_id=2)
    assert bool(stage.fills) is expected


def test_order_that_woke_stays_awake() -> None:
    stage = Stage(stock(), QQQ)
    stage.quote("99", "100")
    stage.place(1, "BUY", 10, "LMT", limit_price="98", conditions=(price("51"),))
    stage.trade("51", con_id=2)
    assert stage.status(1) == "Submitted"
    stage.trade("49", con_id=2)
    stage.quote("97", "98")
    assert stage.status(1) == "Filled"


def test_conditions_are_watched_in_regular_hours_unless_told() -> None:
    for outside, status in ((False, "PreSubmitted"), (True, "Filled")):
        stage = Stage(stock(), QQQ)
        stage.at("08:00:00")
        stage.quote("99", "100")
        stage.place(
            1, "BUY", 10, "LMT", limit_price="100", outside_rth=True,
            conditions=(price("51"),), conditions_outside_rth=outside,
        )  # fmt: skip
        stage.trade("51", con_id=2)
        assert stage.status(1) == status


def test_conditions_can_cancel_a_working_order() -> None:
    stage = Stage(stock(), QQQ)
    stage.quote("99", "100")
    stage.place(
        1, "BUY", 10, "LMT", limit_price="98", conditions=(price("51"),), conditions_cancel=True
    )
    assert stage.status(1) == "Submitted"
    stage.trade("51", con_id=2)
    assert stage.status(1) == "Cancelled"
    stage.quote("97", "98")
    assert stage.fills == []


def test_changed_conditions_send_the_order_back_to_sleep() -> None:
    stage = waiting(price("51"))
    stage.change(1, conditions=(price("52"),))
    stage.trade("51", con_id=2)
    assert stage.fills == []
    stage.trade("52", con_id=2)
    assert stage.status(1) == "Filled"


def test_waiting_child_needs_parent_and_conditions() -> None:
    for conditions_first in (False, True):
        stage = Stage(stock(), QQQ)
        stage.quote("99", "101")
        stage.place(1, "BUY", 10, "LMT", limit_price="100", transmit=False)
        stage.place(2, "SELL", 10, "MKT", parent=1, conditions=(price("51"),))
        if conditions_first:
            stage.trade("51", con_id=2)
            assert stage.fills == []
        stage.quote("99", "100")
        assert [order for order, _, _ in stage.fills] == [1, 2][: 1 + conditions_first]
        stage.trade("51", con_id=2)
        assert [order for order, _, _ in stage.fills] == [1, 2]
