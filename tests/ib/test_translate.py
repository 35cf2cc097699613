"""ib_async's values to ours and back."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import ib_async
import pytest
from ib_async.util import UNSET_DOUBLE, UNSET_INTEGER
from tests.ib.conftest import SPY

from ibelay.ib.translate import (
    action_of,
    bar_of,
    commission_of,
    completed_order_of,
    contract_of,
    execution_of,
    ib_contract,
    ib_order,
    number,
    open_order_of,
    status_of,
)
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId, OrderId, OrderRef, UnitRef
from ibelay.model.order import Action, BrokerOrderStatus, Order, OrderType, Role, TimeInForce

OPTION = Contract(
    symbol="SPY",
    sec_type="OPT",
    con_id=ConId(9),
    last_trade_date="20260116",
    strike=Decimal("600.5"),
    right="C",
    multiplier=Decimal(100),
    trading_class="SPY",
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1, "0.1"),
        (100.0, "100"),
        (-1.0, "-1"),
        (1e-05, "0.00001"),
        (123456789.25, "123456789.25"),
    ],
)
def test_a_number_keeps_its_shortest_text(value: float, expected: str) -> None:
    assert number(value) == Decimal(expected)


@pytest.mark.parametrize(
    "value",
    [UNSET_DOUBLE, -UNSET_DOUBLE, 9223372036854775807.0, float("inf"), float("nan"), None],
)
def test_unset_numbers_become_none(value: float | None) -> None:
    assert number(value) is None


@pytest.mark.parametrize("contract", [SPY, OPTION])
def test_a_contract_survives_the_round_trip(contract: Contract) -> None:
    assert contract_of(ib_contract(contract)) == contract


@pytest.mark.parametrize("nothing", ["", "0", "?"])
def test_no_right_is_empty(nothing: str) -> None:
    assert contract_of(ib_async.Contract(symbol="SPY", right=nothing)).right == ""


@pytest.mark.parametrize(
    ("side", "action"),
    [("BOT", Action.BUY), ("BUY", Action.BUY), ("SLD", Action.SELL), ("SSHORT", Action.SELL)],
)
def test_sides_of_orders_and_executions(side: str, action: Action) -> None:
    assert action_of(side) is action


def test_an_unknown_side_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="side 'X' is unknown"):
        action_of("X")


def test_an_unknown_status_may_be_alive() -> None:
    assert status_of("Submitted") is BrokerOrderStatus.SUBMITTED
    assert status_of("Inventing") is BrokerOrderStatus.PENDING_SUBMIT


def _order(order_type: OrderType, stop_price: Decimal | None = None) -> Order:
    return Order(
        order_ref=OrderRef("ps60:3:17.1"),
        unit=UnitRef("ps60:3:17"),
        role=Role.STOP,
        action=Action.SELL,
        quantity=Decimal(100),
        order_type=order_type,
        tif=TimeInForce.GTC,
        oca_group="ps60:3:17",
        stop_price=stop_price,
    )


def test_an_order_carries_what_we_mean() -> None:
    order = _order(OrderType.STOP, Decimal("99.50"))
    sent = ib_order(order, parent_id=OrderId(7), transmit=False, account="DU1")
    assert (sent.action, sent.totalQuantity, sent.orderType) == ("SELL", 100, "STP")
    assert (sent.lmtPrice, sent.auxPrice) == (UNSET_DOUBLE, Decimal("99.50"))
    assert (sent.tif, sent.orderRef, sent.parentId) == ("GTC", "ps60:3:17.1", 7)
    assert (sent.transmit, sent.account) == (False, "DU1")
    assert (sent.ocaGroup, sent.ocaType) == ("ps60:3:17", 1)


def test_orders_are_never_shared() -> None:
    order = _order(OrderType.MARKET)
    assert ib_order(order) is not ib_order(order)


def _theirs(**fields: object) -> ib_async.Order:
    order = ib_async.Order(action="BUY", totalQuantity=100.0, orderRef="r", permId=5)
    for name, value in fields.items():
        setattr(order, name, value)
    return order


@pytest.mark.parametrize(
    ("order_type", "limit", "stop", "expected"),
    [
        ("MKT", 0.0, 0.0, (None, None)),
        ("LMT", 101.5, 0.0, (Decimal("101.5"), None)),
        ("LMT", 0.0, 0.0, (Decimal(0), None)),
        ("STP", 0.0, 99.5, (None, Decimal("99.5"))),
        ("STP LMT", 99.0, 99.5, (Decimal(99), Decimal("99.5"))),
        ("MKT", UNSET_DOUBLE, UNSET_DOUBLE, (None, None)),
    ],
)
def test_prices_an_order_type_does_not_use_are_none(
    order_type: str, limit: float, stop: float, expected: tuple[Decimal | None, Decimal | None]
) -> None:
    theirs = _theirs(orderType=order_type, lmtPrice=limit, auxPrice=stop)
    seen = open_order_of(ib_contract(SPY), theirs, ib_async.OrderState(status="Submitted"))
    assert (seen.limit_price, seen.stop_price) == expected


def test_a_completed_order_has_no_ids_and_may_lack_its_quantity() -> None:
    """Real gateways send totalQuantity 0 for filled ones."""
    theirs = _theirs(totalQuantity=0.0, orderId=UNSET_INTEGER, filledQuantity=100.0)
    state = ib_async.OrderState(status="Filled")
    seen = completed_order_of(ib_contract(SPY), theirs, state)
    assert (seen.order_id, seen.client_id, seen.perm_id) == (0, 0, 5)
    assert (seen.quantity, seen.filled) == (Decimal(0), Decimal(100))
    assert seen.status is BrokerOrderStatus.FILLED


def test_an_unset_filled_quantity_is_nothing() -> None:
    seen = completed_order_of(ib_contract(SPY), _theirs(), ib_async.OrderState(status="Cancelled"))
    assert seen.filled == 0


def test_an_execution_of_a_manual_order_has_order_id_0() -> None:
    theirs = ib_async.Execution(
        execId="0001.01",
        time=datetime(2013, 10, 8, 13, 30, tzinfo=UTC),
        side="SLD",
        shares=100.0,
        price=101.25,
        orderId=UNSET_INTEGER,
        permId=5,
    )
    seen = execution_of(ib_contract(SPY), theirs)
    assert (seen.order_id, seen.at_ns) == (0, 1_381_239_000 * 10**9)
    assert (seen.action, seen.quantity, seen.price) == (
        Action.SELL,
        Decimal(100),
        Decimal("101.25"),
    )


def test_a_commission_that_is_not_known_yet_is_not_a_commission() -> None:
    assert commission_of(ib_async.CommissionReport("0001.01", UNSET_DOUBLE)) is None


def test_an_opening_trade_has_no_realized_profit() -> None:
    seen = commission_of(ib_async.CommissionReport("0001.01", 1.05, "USD", UNSET_DOUBLE))
    assert seen is not None
    assert (seen.commission, seen.realized_pnl) == (Decimal("1.05"), None)


def test_a_bar_of_a_day_begins_at_midnight_in_new_york() -> None:
    theirs = ib_async.BarData(
        date="20131008",  # type: ignore[arg-type]  # as the decoder hands it over
        open=1.0,
        high=2.0,
        low=0.5,
        close=1.5,
        volume=1e6,
        average=1.25,
        barCount=10,
    )
    bar = bar_of(theirs)
    assert bar.at_ns == 1_381_204_800 * 10**9
    assert (bar.open, bar.high, bar.low, bar.close) == (
        Decimal(1),
        Decimal(2),
        Decimal("0.5"),
        Decimal("1.5"),
    )
    assert (bar.volume, bar.wap, bar.count) == (Decimal(1_000_000), Decimal("1.25"), 10)
