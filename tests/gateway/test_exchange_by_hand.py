"""What the operator does to the book by hand, and what clients hear of it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from typing import Any

import pytest
from tests.gateway.exchange_stage import ME, Stage, stock

from ibelay.errors import ConfigurationError
from ibelay.gateway.exchange.byhand.by_hand import ByHand
from ibelay.gateway.exchange.events import (
    ExchangeEvent,
    Executed,
    OrderChanged,
    PositionChanged,
    Refused,
)
from ibelay.model.contract import ComboLeg, Contract
from ibelay.model.ids import ClientId, ConId, OrderId, PermId, supersedes


def resting(**terms: Any) -> Stage:
    """A buy of 100 at 90, far from a market at 99 to 100."""
    stage = Stage()
    stage.quote("99", "100")
    stage.place(1, "BUY", 100, "LMT", limit_price="90", **terms)
    return stage


def act(stage: Stage, name: str, *args: Any, **terms: Any) -> list[ExchangeEvent]:
    """Let the operator do something now."""
    return stage.hear(getattr(stage.exchange.by_hand, name)(stage.now, *args, **terms))


def perm_id(stage: Stage, order_id: int = 1) -> PermId:
    return stage.orders[order_id].perm_id


# As a person at TWS ----------------------------------------------------------------


def test_order_of_tws_has_no_id_and_belongs_to_client_0() -> None:
    stage = Stage()
    request = stage.request(5, "BUY", 10, "LMT", limit_price="90", tif="")
    for _ in range(2):
        act(stage, "place", request)
    first, second = stage.exchange.working_orders()
    assert (first.request.client_id, first.request.order_id) == (ClientId(0), OrderId(0))
    assert first.perm_id != second.perm_id
    assert stage.exchange.next_order_id(ME) == 1
    act(stage, "cancel", second.perm_id)
    assert [order.perm_id for order in stage.exchange.working_orders()] == [first.perm_id]


def test_order_of_tws_that_cannot_be_taken_is_refused_there() -> None:
    stage = Stage()
    (refused,) = act(stage, "place", stage.request(0, "BUY", 10, "LMT"))
    assert isinstance(refused, Refused)
    assert (refused.client_id, refused.code) == (ClientId(0), 107)


def test_binding_gives_negative_ids_by_which_client_0_may_cancel() -> None:
    stage = Stage()
    for _ in range(2):
        act(stage, "place", stage.request(0, "BUY", 10, "LMT", limit_price="90"))
    act(stage, "bind")
    assert [o.request.order_id for o in stage.exchange.working_orders()] == [-1, -2]
    assert act(stage, "bind") == []
    stage.hear(stage.exchange.cancel(stage.now, ClientId(0), OrderId(-2)))
    assert [o.request.order_id for o in stage.exchange.working_orders()] == [-1]


def test_cancel_in_tws_ends_anybodys_order() -> None:
    stage = resting()
    act(stage, "cancel", perm_id(stage))
    assert (stage.status(1), stage.orders[1].completed_status) == (
        "Cancelled",
        "Cancelled by Trader",
    )


# As the exchange -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "price", "expected", "status"),
    [
        (None, None, (100, "90"), "Filled"),
        ("40", None, (40, "90"), "Submitted"),
        ("100", "120", (100, "120"), "Filled"),
    ],
)
def test_forced_fill_needs_no_market(
    quantity: str | None, price: str | None, expected: tuple[int, str], status: str
) -> None:
    stage = resting()
    act(stage, "force_fill", perm_id(stage), quantity and D(quantity), price and D(price))
    assert stage.fills == [(1, D(expected[0]), D(expected[1]))]
    assert (stage.status(1), stage.position()) == (status, D(expected[0]))


def test_forced_fill_of_a_parent_brings_its_children_to_life() -> None:
    stage = Stage()
    stage.quote("99", "100")
    stage.place(1, "BUY", 100, "LMT", limit_price="90", transmit=False)
    stage.place(2, "SELL", 100, "STP", stop_price="80", parent=1)
    assert stage.orders[2].why_held == "child,trigger"
    act(stage, "force_fill", perm_id(stage))
    assert stage.orders[2].why_held == "trigger"


def test_forced_fill_of_a_combination_meets_its_price() -> None:
    legs = (
        ComboLeg(con_id=ConId(1), ratio=1, action="SELL"),
        ComboLeg(con_id=ConId(2), ratio=2, action="BUY"),
    )
    bag = Contract(symbol="SPY", sec_type="BAG", legs=legs)
    stage = Stage(stock(), stock(contract=Contract(symbol="QQQ", con_id=ConId(2))))
    stage.quote("99", "100")
    stage.quote("49", "50", con_id=2)
    stage.place(1, "BUY", 10, "LMT", limit_price="-9", contract=bag)
    act(stage, "force_fill", perm_id(stage))
    whole, first, second = [e.execution for e in stage.said if isinstance(e, Executed)]
    assert (whole.price, first.price, second.price) == (D(-9), D(109), D(50))
    values = {key: value for key, value, _ in stage.exchange.account_values(stage.now)}
    fees = sum(report.commission for _, report in stage.exchange.executions() if report)
    assert D(values["TotalCashValue"]) == 1_000_000 + 90 - fees


def test_forced_rejection_says_inactive_then_the_code() -> None:
    stage = resting()
    told, refused = act(stage, "force_reject", perm_id(stage), 201, "Order rejected - reason:x")
    assert isinstance(told, OrderChanged)
    assert told.order.status == "Inactive"
    assert isinstance(refused, Refused)
    assert (refused.client_id, refused.code) == (ME, 201)


def test_forced_cancel_is_the_systems() -> None:
    stage = resting()
    act(stage, "force_cancel", perm_id(stage))
    assert stage.orders[1].completed_status == "Cancelled by System"


@pytest.mark.parametrize(
    "attempt",
    [
        lambda hand, now, _perm: hand.force_fill(now, PermId(5)),
        lambda hand, now, perm: hand.force_fill(now, perm, D(101)),
        lambda hand, now, perm: hand.force_fill(now, perm, D(0)),
        lambda hand, now, _perm: hand.cancel(now, PermId(5)),
        lambda hand, now, _perm: hand.force_reject(now, PermId(5), 201, ""),
        lambda hand, now, _perm: hand.correct(now, "0000e0d5.1.01.01", price=D(1)),
        lambda hand, now, _perm: hand.split(now, ConId(1), D(0)),
        lambda hand, now, _perm: hand.split(now, ConId(9), D(2)),
        lambda hand, now, _perm: hand.second_perm_id(now, PermId(5)),
        lambda hand, _now, _perm: hand.refuse_cancels(PermId(5)),
        lambda hand, _now, _perm: hand.roll_ids_back(ME, 2),
        lambda hand, _now, _perm: hand.roll_ids_back(ME, 0),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    attempt: Callable[[ByHand, int, PermId], object],
) -> None:
    stage = resting()
    before = stage.exchange.working_orders()
    with pytest.raises(ConfigurationError, match=r"expected|cannot"):
        attempt(stage.exchange.by_hand, stage.now, perm_id(stage))
    assert stage.exchange.working_orders() == before
    assert stage.fills == []


def test_what_was_due_before_a_failed_act_is_not_lost() -> None:
    stage = resting()
    later = stage.now + 12 * 3600 * 10**9
    with pytest.raises(ConfigurationError):
        stage.exchange.by_hand.force_fill(later, perm_id(stage))
    (told,) = stage.exchange.on_clock(later)
    assert isinstance(told, OrderChanged)
    assert told.order.status == "Cancelled"


# Corrections -----------------------------------------------------------------------


def filled() -> tuple[Stage, str]:
    """A buy of 100 at 100, and its execution."""
    stage = Stage()
    stage.quote("99", "100")
    stage.place(1, "BUY", 100, "MKT")
    ((executed, _),) = stage.exchange.executions()
    return stage, executed.execution.exec_id


def test_correction_replaces_the_execution_under_the_next_suffix() -> None:
    stage, exec_id = filled()
    events = act(stage, "correct", exec_id, price=D(98), quantity=D(90))
    assert [type(event) for event in events] == [Executed, PositionChanged]
    ((executed, report),) = stage.exchange.executions()
    assert executed.execution.exec_id.endswith(".01.02")
    assert supersedes(executed.execution.exec_id, exec_id)
    assert report is not None
    assert report.exec_id == executed.execution.exec_id
    assert (executed.cumulative, executed.average_price) == (D(90), D(98))
    assert stage.position() == 90
    values = {key: value for key, value, _ in stage.exchange.account_values(stage.now)}
    assert D(values["TotalCashValue"]) == 1_000_000 - 90 * 98 - 1


def test_execution_is_corrected_again_by_either_id() -> None:
    stage, exec_id = filled()
    act(stage, "correct", exec_id, price=D(98))
    act(stage, "correct", exec_id, price=D(97))
    ((executed, _),) = stage.exchange.executions()
    assert executed.execution.exec_id.endswith(".01.03")
    assert executed.execution.price == 97


@pytest.mark.parametrize("quantity", [0, 101])
def test_correction_stays_within_the_order(quantity: int) -> None:
    stage, exec_id = filled()
    with pytest.raises(ConfigurationError, match="expected more than 0"):
        act(stage, "correct", exec_id, quantity=D(quantity))
    assert stage.position() == 100


def test_correction_of_a_working_order_leaves_more_to_fill() -> None:
    stage = Stage()
    stage.quote("99", "100", size=40)
    stage.place(1, "BUY", 100, "MKT")
    ((executed, _),) = stage.exchange.executions()
    act(stage, "correct", executed.execution.exec_id, quantity=D(30))
    assert (stage.orders[1].filled, stage.orders[1].remaining) == (D(30), D(70))
    stage.quote("99", "100")
    assert stage.position() == 100


# Corporate actions -----------------------------------------------------------------


def test_split_restates_holding_prices_and_orders() -> None:
    stage, _ = filled()
    before = stage.exchange.account_values(stage.now)
    stage.place(2, "SELL", 100, "STP", stop_price="90.03")
    stage.place(3, "BUY", 100, "LMT", limit_price="90", tif="GTC")
    act(stage, "split", ConId(1), D(2))
    assert stage.position() == 200
    assert stage.exchange.account_values(stage.now) == before
    request = stage.orders[2].request
    assert (request.quantity, request.stop_price) == (D(200), D("45.02"))
    assert stage.status(3) == "Cancelled"
    stage.place(4, "SELL", 200, "MKT")
    assert stage.fills[-1] == (4, D(200), D("49.5"))


def test_reverse_split_ends_what_gets_too_small() -> None:
    stage = Stage()
    stage.quote("9", "10")
    stage.place(1, "BUY", 9, "LMT", limit_price="8")
    stage.place(2, "BUY", 25, "LMT", limit_price="8")
    act(stage, "split", ConId(1), D("0.1"))
    assert stage.status(1) == "Cancelled"
    request = stage.orders[2].request
    assert (request.quantity, request.limit_price) == (D(2), D(80))


# Habits that hurt ------------------------------------------------------------------


def test_one_id_can_own_two_perm_ids() -> None:
    """F25: both fill, and a cancel by id reaches the second alone."""
    stage = resting()
    first = perm_id(stage)
    act(stage, "second_perm_id", first)
    second = perm_id(stage)
    assert [o.perm_id for o in stage.exchange.working_orders()] == [first, second]
    stage.cancel(1)
    assert [o.perm_id for o in stage.exchange.working_orders()] == [first]
    stage.quote("89", "90")
    assert stage.position() == 100


def test_modification_can_make_the_second_order() -> None:
    stage = resting()
    first = perm_id(stage)
    act(stage, "second_perm_id", first, on_modify=True)
    assert len(stage.exchange.working_orders()) == 1
    stage.change(1, limit_price=D(91))
    old, new = stage.exchange.working_orders()
    assert (old.perm_id, old.request.limit_price) == (first, D(90))
    assert (new.request.order_id, new.request.limit_price) == (1, D(91))
    stage.change(1, limit_price=D(92))
    assert len(stage.exchange.working_orders()) == 2


def test_ids_roll_back_and_are_given_again() -> None:
    stage = Stage()
    for order_id in (1, 2, 3):
        stage.place(order_id, "BUY", order_id, "LMT", limit_price="90")
    stage.cancel(2)
    stage.exchange.by_hand.roll_ids_back(ME, 2)
    assert stage.exchange.next_order_id(ME) == 2
    stage.place(2, "BUY", 20, "LMT", limit_price="90")
    quantities = [o.request.quantity for o in stage.exchange.working_orders()]
    assert quantities == [1, 3, 20]
    stage.cancel(2)
    quantities = [o.request.quantity for o in stage.exchange.working_orders()]
    assert quantities == [1, 3]


def test_a_rolled_back_id_of_an_order_that_ended_since_means_that_order_still() -> None:
    """A change that crosses a cancel must not become a new order: this session knows the id."""
    stage = Stage()
    stage.place(1, "BUY", 1, "LMT", limit_price="90")
    stage.place(2, "BUY", 2, "LMT", limit_price="90")
    stage.exchange.by_hand.roll_ids_back(ME, 2)
    stage.cancel(2)
    assert stage.codes(stage.place(2, "BUY", 2, "LMT", limit_price="91")) == [103]
    assert [order.request.order_id for order in stage.exchange.working_orders()] == [1]


def test_a_rolled_back_id_of_an_order_that_lives_means_that_order() -> None:
    """So whoever trusts the sequence changes it; and a change meant so still finds it."""
    stage = Stage()
    for order_id in (1, 2):
        stage.place(order_id, "BUY", 10, "LMT", limit_price="90")
    stage.exchange.by_hand.roll_ids_back(ME, 2)
    assert stage.exchange.next_order_id(ME) == 2
    stage.change(2, limit_price=D(91))
    assert [o.request.limit_price for o in stage.exchange.working_orders()] == [D(90), D(91)]


def test_restart_loses_what_was_not_transmitted() -> None:
    stage = Stage()
    stage.place(1, "BUY", 10, "LMT", limit_price="90")
    stage.place(2, "BUY", 10, "LMT", limit_price="90", transmit=False)
    stage.place(3, "SELL", 10, "LMT", limit_price="110", parent=2, transmit=False)
    assert stage.exchange.by_hand.lose_untransmitted() == 2
    assert stage.codes(stage.cancel(2)) == [10147]
    assert stage.codes(stage.place(4, "SELL", 10, "LMT", limit_price="110", parent=2)) == [10006]
    assert [o.request.order_id for o in stage.exchange.working_orders()] == [1]
    assert stage.exchange.completed_orders() == []


def test_slow_cancel_is_pending_and_may_still_fill() -> None:
    stage = resting()
    stage.exchange.by_hand.slow_cancels(slow=True)
    stage.cancel(1)
    assert stage.status(1) == "PendingCancel"
    assert stage.codes(stage.cancel(1)) == [161]
    assert stage.codes(stage.change(1, quantity=D(200))) == [2102]
    stage.quote("89", "90", size=60)
    assert (stage.status(1), stage.orders[1].filled) == ("PendingCancel", D(60))
    act(stage, "force_cancel", perm_id(stage))
    assert (stage.status(1), stage.position()) == ("Cancelled", D(60))
    assert stage.codes(stage.cancel(1)) == [10148]


def test_order_can_refuse_to_be_cancelled() -> None:
    stage = resting()
    stage.exchange.by_hand.refuse_cancels(perm_id(stage))
    assert stage.codes(stage.cancel(1)) == [136]
    stage.exchange.by_hand.refuse_cancels(perm_id(stage), refuse=False)
    assert stage.codes(stage.cancel(1)) == []


def test_short_sale_waits_for_shares() -> None:
    stage = Stage()
    act(stage, "locate", ConId(1), found=False)
    stage.quote("99", "100")
    stage.place(1, "BUY", 10, "MKT")
    stage.place(2, "SELL", 10, "MKT")
    assert stage.status(2) == "Filled"
    assert stage.codes(stage.place(3, "SELL", 10, "MKT")) == [404]
    assert (stage.status(3), stage.orders[3].why_held) == ("PreSubmitted", "locate")
    act(stage, "locate", ConId(1), found=True)
    assert stage.status(3) == "Filled"
