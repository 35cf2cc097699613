"""Server messages as the real ib_async decoder understands them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from ib_async import IB
from ib_async.order import Order, OrderState
from tests.wire.foreign import heard as decoded

from ibelay.model.contract import Contract
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ClientId, ConId, ExecId, OrderId, PermId
from ibelay.model.market import Bar
from ibelay.model.order import Action
from ibelay.wire import encode
from ibelay.wire.encode import OrderView
from ibelay.wire.encode.reference import ContractFacts

SPY = Contract(
    symbol="SPY",
    con_id=ConId(756733),
    primary_exchange="ARCA",
    local_symbol="SPY",
    trading_class="SPY",
)
VERSIONS = range(157, 179)
AT_NS = int(datetime(2013, 10, 8, 14, 0, 5, tzinfo=UTC).timestamp()) * 10**9
VIEW = OrderView(
    order_id=OrderId(8),
    client_id=ClientId(3),
    perm_id=PermId(1_000_001),
    contract=SPY,
    action=Action.SELL,
    quantity=Decimal(50),
    order_type="STP LMT",
    status="PreSubmitted",
    account="DU1234567",
    limit_price=Decimal("44.4"),
    stop_price=Decimal("44.5"),
    tif="GTC",
    oca_group="1000000",
    oca_type=3,
    order_ref="ps60:1:2.0",
    parent_id=OrderId(7),
    outside_rth=True,
    filled=Decimal(20),
    completed_at="20131008 10:00:05 US/Eastern",
    completed_status="Filled Size: 20",
)


def fields_of(message: bytes) -> int:
    """Return how many fields *message* has."""
    return message[4:].count(b"\0")


@pytest.mark.parametrize("version", VERSIONS)
def test_open_order_decodes_whole(version: int) -> None:
    name, (order_id, contract, order, state) = decoded(encode.open_order(VIEW, version), version)
    assert isinstance(order, Order)
    assert isinstance(state, OrderState)
    assert (name, order_id, contract.conId, contract.symbol) == ("openOrder", 8, 756733, "SPY")
    assert (order.action, order.totalQuantity, order.orderType) == ("SELL", 50, "STP LMT")
    assert (order.lmtPrice, order.auxPrice, order.tif) == (44.4, 44.5, "GTC")
    assert (order.ocaGroup, order.ocaType, order.account) == ("1000000", 3, "DU1234567")
    assert (order.orderRef, order.parentId, order.outsideRth) == ("ps60:1:2.0", 7, True)
    assert (order.clientId, order.permId, order.clearingIntent) == (3, 1_000_001, "IB")
    assert (order.whatIf, order.exemptCode, order.adjustedOrderType) == (False, -1, "None")
    assert (order.dontUseAutoPriceForHedge, order.midOffsetAtHalf) == (
        True,
        Order().midOffsetAtHalf,
    )
    assert state.status == "PreSubmitted"


@pytest.mark.parametrize("version", VERSIONS)
def test_completed_order_decodes_whole(version: int) -> None:
    name, (_contract, order, state) = decoded(encode.completed_order(VIEW, version), version)
    assert (name, order.orderRef, order.permId) == ("completedOrder", "ps60:1:2.0", 1_000_001)
    assert (order.orderId, order.clientId, order.totalQuantity) == (0, 0, 0)
    assert order.filledQuantity == 20
    assert state.completedStatus == "Filled Size: 20"
    assert state.completedTime == "20131008 10:00:05 US/Eastern"
    assert (order.adjustedOrderType, order.cashQty) == ("", 0)


def test_field_counts_are_those_of_a_real_server() -> None:
    """135 and 100 fields at 178, one more at 176 (notes on ib_async, section 2)."""
    assert fields_of(encode.open_order(VIEW, 178)) == 135
    assert fields_of(encode.open_order(VIEW, 176)) == 136
    assert fields_of(encode.completed_order(VIEW, 178)) == 100
    assert fields_of(encode.completed_order(VIEW, 176)) == 101
    assert fields_of(encode.open_order(VIEW, 164)) == 131  # recorded from a real TWS
    assert fields_of(encode.open_order(VIEW, 157)) == 128
    assert fields_of(encode.completed_order(VIEW, 157)) == 96


def test_what_the_client_sent_besides_is_echoed() -> None:
    view = replace(VIEW, echo={"goodTillDate": "20131009", "hidden": "1", "cashQty": "5"})
    _name, (_id, _contract, order, _state) = decoded(encode.open_order(view, 178))
    assert (order.goodTillDate, order.hidden, order.cashQty) == ("20131009", True, 5)


@pytest.mark.parametrize(("version", "count"), [(157, 31), (177, 31), (178, 32)])
def test_an_execution_decodes_to_the_right_instant(version: int, count: int) -> None:
    fill = Execution(
        exec_id=ExecId("0000e0d5.00000001.01.01"),
        contract=SPY,
        account="DU1234567",
        action=Action.SELL,
        quantity=Decimal(20),
        price=Decimal("44.45"),
        at_ns=AT_NS,
        order_id=OrderId(8),
        perm_id=PermId(1_000_001),
        client_id=ClientId(3),
        order_ref="ps60:1:2.0",
    )
    message = encode.execution(-1, fill, (Decimal(20), Decimal("44.45")), version)
    assert fields_of(message) == count
    name, (request_id, _contract, execution) = decoded(message, version)
    assert (name, request_id, execution.side) == ("execDetails", -1, "SLD")
    assert execution.time == datetime(2013, 10, 8, 14, 0, 5, tzinfo=UTC)
    assert (execution.shares, execution.price, execution.cumQty) == (20, 44.45, 20)
    assert (execution.orderRef, execution.clientId) == ("ps60:1:2.0", 3)


def test_an_opening_trade_has_no_realized_profit() -> None:
    report = CommissionReport(exec_id=ExecId("x.01"), commission=Decimal("1.00"))
    _name, (got,) = decoded(encode.commission(report))
    assert got.realizedPNL == 1.7976931348623157e308
    assert got.commission == 1


def test_order_status_decodes() -> None:
    message = encode.order_status(
        OrderId(8),
        "Submitted",
        filled=Decimal(1),
        remaining=Decimal(2),
        average_price=Decimal("3.5"),
        last_price=Decimal("3.6"),
        perm_id=PermId(4),
        parent_id=OrderId(5),
        client_id=ClientId(6),
        why_held="child",
    )
    assert decoded(message) == (
        "orderStatus",
        [8, "Submitted", 1.0, 2.0, 3.5, 4, 5, 3.6, 6, "child", 0.0],
    )


def test_bars_decode_in_both_forms() -> None:
    price = Decimal("44.5")
    bar = Bar(
        at_ns=AT_NS, open=price, high=price, low=price, close=price, volume=Decimal(7), count=2
    )
    _name, args = decoded(encode.real_time_bar(5, bar))
    assert args == [5, AT_NS // 10**9, 44.5, 44.5, 44.5, 44.5, 7.0, 0.0, 2]
    message = encode.historical_data(5, "a", "b", [])
    assert decoded(message) == ("historicalDataEnd", [5, "a", "b"])


def test_contract_details_decode() -> None:
    facts = ContractFacts(
        contract=SPY,
        long_name="Société \\ Générale",
        valid_exchanges=("SMART", "ARCA"),
        trading_hours="20131008:0400-20131008:2000",
        liquid_hours="20131008:0930-20131008:1600",
        stock_type="COMMON",
    )
    message = encode.contract_details(4, facts, 178)
    _name, (request_id, details) = decoded(message)
    assert (request_id, details.contract.conId, details.minTick) == (4, 756733, 0.01)
    assert details.contract.primaryExchange == "ARCA"
    assert details.longName == "Société \\ Générale"
    assert details.validExchanges == "SMART,ARCA"
    assert details.liquidHours == "20131008:0930-20131008:1600"
    assert details.stockType == "COMMON"


def test_positions_and_portfolio_decode() -> None:
    ten = Decimal(10)
    name, args = decoded(encode.position("DU1234567", SPY, ten, Decimal("44.5")))
    assert (name, args[0], args[2:]) == ("position", "DU1234567", [10.0, 44.5])
    name, args = decoded(encode.portfolio_value(SPY, [ten] * 6, "DU1234567"))
    assert (name, args[1:]) == ("updatePortfolio", [10.0] * 6 + ["DU1234567"])


def test_text_that_is_not_ascii_is_escaped_and_cannot_end_a_field() -> None:
    name, args = decoded(encode.error(-1, 321, "caf\u00e9\0\n"))
    assert (name, args[:3]) == ("error", [-1, 321, "caf\\xe9  "])


def test_ticks_decode() -> None:
    assert decoded(encode.tick_price(1, 2, Decimal("4.50"), Decimal(300), 1)) == (
        "priceSizeTick",
        [1, 2, 4.5, 300.0],
    )
    assert decoded(encode.tick_size(1, 8, Decimal(300)))[1] == [1, 8, 300.0]
    assert decoded(encode.tick_string(1, 45, "12"))[1] == [1, 45, "12"]
    assert decoded(encode.tick_parameters(1, Decimal("0.01"), "x"))[1] == [1, 0.01, "x", 3]
    assert decoded(encode.market_data_type(1, 3))[1] == [1, 3]


def test_ib_async_is_the_version_these_layouts_were_checked_with() -> None:
    assert IB().client.MaxClientVersion == 178
