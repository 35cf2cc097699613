"""Combinations: quoted from their legs, filled leg by leg."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - the tests are full of them

import pytest
from tests.gateway.exchange_stage import Stage, stock

from ibelay.gateway.exchange.events import (
    CommissionCharged,
    ExchangeEvent,
    Executed,
    OrderChanged,
    PositionChanged,
)
from ibelay.model.contract import ComboLeg, Contract
from ibelay.model.ids import ConId, execution_key
from ibelay.model.order import Action


def option(con_id: int, strike: int) -> Contract:
    return Contract(
        symbol="SPY", sec_type="OPT", con_id=ConId(con_id), strike=D(strike), right="C",
        multiplier=D(100), last_trade_date="20240719",
    )  # fmt: skip


LEGS = (
    ComboLeg(con_id=ConId(11), ratio=1, action="BUY"),
    ComboLeg(con_id=ConId(12), ratio=2, action="SELL"),
)
SPREAD = Contract(symbol="SPY", sec_type="BAG", legs=LEGS)


def pit() -> Stage:
    """A call at 5.00 to 5.10 and one at 2.00 to 2.10; buying 1 against 2 costs 1.10."""
    stage = Stage(
        stock(contract=option(11, 500), min_tick=D("0.01")),
        stock(contract=option(12, 510), min_tick=D("0.01")),
    )
    stage.quote("5.00", "5.10", size=10, con_id=11)
    stage.quote("2.00", "2.10", size=8, con_id=12)
    return stage


def executed(events: list[ExchangeEvent]) -> list[Executed]:
    return [event for event in events if isinstance(event, Executed)]


def test_combination_is_one_execution_of_its_own_and_one_of_each_leg() -> None:
    stage = pit()
    events = stage.place(1, "BUY", 3, "MKT", contract=SPREAD)
    whole, first, second = executed(events)
    assert (whole.execution.contract, whole.execution.price) == (SPREAD, D("1.10"))
    legs = [one.execution for one in (first, second)]
    assert [one.contract.con_id for one in legs] == [ConId(11), ConId(12)]
    assert [(one.action, one.quantity, one.price) for one in legs] == [
        (Action.BUY, D(3), D("5.10")),
        (Action.SELL, D(6), D("2.00")),
    ]
    assert stage.status(1) == "Filled"
    assert stage.orders[1].average_fill_price == D("1.10")
    assert (stage.position(11), stage.position(12)) == (D(3), D(-6))
    kinds = [type(event) for event in events if not isinstance(event, OrderChanged)]
    assert kinds == [Executed] * 3 + [CommissionCharged] * 2 + [PositionChanged] * 2


def test_ids_of_legs_have_a_fifth_part_and_are_different_executions() -> None:
    fills = executed(pit().place(1, "BUY", 1, "MKT", contract=SPREAD))
    ids = [one.execution.exec_id for one in fills]
    assert [exec_id.count(".") for exec_id in ids] == [3, 4, 4]
    assert len({execution_key(exec_id) for exec_id in ids}) == 3


def test_selling_trades_each_leg_on_its_other_side() -> None:
    stage = pit()
    stage.place(1, "SELL", 1, "MKT", contract=SPREAD)
    whole, first, second = executed(stage.said)
    assert whole.execution.price == D("0.80")
    assert [first.execution.price, second.execution.price] == [D("5.00"), D("2.10")]
    assert (stage.position(11), stage.position(12)) == (D(-1), D(2))


def test_cash_moves_by_the_legs_alone() -> None:
    stage = pit()
    stage.place(1, "BUY", 3, "MKT", contract=SPREAD)
    fees = sum(report.commission for _, report in stage.exchange.executions() if report)
    values = {key: value for key, value, _ in stage.exchange.account_values(stage.now)}
    assert D(values["TotalCashValue"]) == D(1_000_000) - 330 - fees


def test_limit_of_a_combination_may_be_negative() -> None:
    stage = pit()
    stage.place(1, "SELL", 1, "LMT", limit_price="-0.50", contract=SPREAD)
    assert stage.status(1) == "Filled"
    stage.place(2, "BUY", 1, "LMT", limit_price="-0.50", contract=SPREAD)
    assert stage.status(2) == "Submitted"
    stage.quote("3.50", "3.60", con_id=11)
    stage.quote("2.05", "2.10", con_id=12)
    assert stage.status(2) == "Filled"


def test_scarcest_leg_decides_how_much_fills() -> None:
    stage = pit()
    stage.place(1, "BUY", 10, "LMT", limit_price="1.10", contract=SPREAD)
    assert stage.orders[1].filled == 4
    stage.quote("2.00", "2.10", size=100, con_id=12)
    assert stage.orders[1].filled == 10


def test_combination_waits_until_every_leg_has_a_touch() -> None:
    stage = pit()
    stage.quote(None, "2.10", con_id=12)
    stage.place(1, "BUY", 1, "MKT", contract=SPREAD)
    assert stage.fills == []
    stage.quote("2.00", "2.10", con_id=12)
    assert stage.status(1) == "Filled"


@pytest.mark.parametrize(
    ("legs", "terms", "expected"),
    [
        ((), {}, 314),
        ((LEGS[0], ComboLeg(con_id=ConId(99), ratio=1, action="SELL")), {}, 200),
        ((LEGS[0], ComboLeg(con_id=ConId(12), ratio=0, action="SELL")), {}, 313),
        ((LEGS[0], ComboLeg(con_id=ConId(12), ratio=1, action="SSHORT")), {}, 313),
        (LEGS, {"oca_group": "g"}, 356),
        (LEGS, {"what_if": True}, 360),
    ],
)
def test_combinations_that_cannot_be_taken(
    legs: tuple[ComboLeg, ...], terms: dict[str, object], expected: int
) -> None:
    stage = pit()
    contract = Contract(symbol="SPY", sec_type="BAG", legs=legs)
    assert stage.codes(stage.place(1, "BUY", 1, "MKT", contract=contract, **terms)) == [expected]


def test_leg_that_is_not_traded_makes_the_combination_unavailable() -> None:
    stage = Stage(stock(contract=option(11, 500)), stock(contract=option(12, 510), tradable=False))
    assert stage.codes(stage.place(1, "BUY", 1, "MKT", contract=SPREAD)) == [203]
