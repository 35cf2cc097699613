"""What hostile clients may ask of the exchange, and how much of it."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from typing import Any

import pytest
from tests.gateway.exchange_stage import Stage, stock

from ibelay.gateway.exchange.acts import clock, trading
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.gateway.exchange.rules import limits
from ibelay.model.conditions import ExecutionCondition, PriceCondition
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId, OrderId

PRICE = PriceCondition(con_id=ConId(1), exchange="SMART", price=D(100), is_more=True)


@pytest.mark.parametrize(
    "terms",
    [
        {"conditions": (PRICE,) * (limits.MAX_CONDITIONS + 1)},
        {"limit_price": "1e13"},
        {"quantity": D("1e13")},
        {"stop_price": "-1e13"},
    ],
)
def test_one_order_can_only_be_so_large(terms: dict[str, Any]) -> None:
    stage = Stage()
    quantity = terms.pop("quantity", 1)
    terms.setdefault("limit_price", "90")
    assert stage.codes(stage.place(1, "BUY", quantity, "LMT", **terms)) == [201]


@pytest.mark.parametrize(
    "terms", [{"conditions": (PRICE,) * 33}, {"limit_price": D("1e13")}, {"quantity": D("1e13")}]
)
def test_too_large_a_change_leaves_the_order_alive(terms: dict[str, Any]) -> None:
    """With 105, as 201 would tell the client that its order is gone."""
    stage = Stage()
    stage.place(1, "BUY", 1, "LMT", limit_price="90")
    before = stage.exchange.working_orders()
    assert stage.codes(stage.change(1, **terms)) == [105]
    assert stage.exchange.working_orders() == before


def test_attached_orders_can_only_be_nested_so_deep() -> None:
    stage = Stage()
    stage.place(1, "BUY", 1, "LMT", limit_price="90", transmit=False)
    for order_id in range(2, limits.MAX_GENERATIONS + 2):
        stage.place(
            order_id, "BUY", 1, "LMT", limit_price="90", parent=order_id - 1, transmit=False
        )
    assert stage.codes() == [201]


def test_an_order_can_only_have_so_many_children() -> None:
    stage = Stage()
    stage.place(1, "BUY", 1, "LMT", limit_price="90", transmit=False)
    for order_id in range(2, limits.MAX_CHILDREN + 3):
        stage.place(order_id, "BUY", 1, "LMT", limit_price="90", parent=1, transmit=False)
    assert stage.codes() == [201]


def test_an_oca_group_can_only_have_so_many_members() -> None:
    stage = Stage()
    for order_id in range(1, limits.MAX_GROUP + 2):
        stage.place(order_id, "BUY", 1, "LMT", limit_price="90", oca_group="g")
    assert stage.codes() == [201]


def test_thousands_of_orders_may_wait_for_each_others_executions() -> None:
    """One fill sets them all off, in rounds and not in calls within calls."""
    stage = Stage()
    stage.quote("99", "100", size=None)
    condition = ExecutionCondition(symbol="SPY", sec_type="STK", exchange="SMART")
    for order_id in range(1, 2001):
        stage.place(order_id, "BUY", 1, "MKT", conditions=(condition,))
    assert stage.fills == []
    stage.place(2001, "BUY", 1, "MKT")
    assert len(stage.fills) == 2001


def test_an_order_changed_over_and_over_leaves_no_trail_on_the_agenda(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "AGENDA_MAX", 10)
    stage = Stage()
    end_ns = stage.now + 3600 * 10**9
    stage.place(1, "BUY", 1, "LMT", limit_price="90", tif="GTD", good_till_ns=end_ns)
    for step in range(1, 100):
        stage.change(1, good_till_ns=end_ns - step)
    assert len(stage.exchange._pit.agenda) <= 10
    stage.now = end_ns - 99
    stage.hear(stage.exchange.on_clock(stage.now))
    assert stage.status(1) == "Cancelled"
    assert stage.orders[1].request.order_id == OrderId(1)


def test_a_price_looks_at_the_orders_of_its_own_contract_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage(stock(), stock(contract=Contract(symbol="QQQ", con_id=ConId(2))))
    for order_id in range(1, 51):
        stage.place(order_id, "BUY", 1, "LMT", limit_price="90")
    looked_at: list[Entry] = []
    monkeypatch.setattr(trading, "attempt", lambda _turn, entry: looked_at.append(entry))
    stage.quote("99", "100", con_id=2)
    stage.trade("99", con_id=2)
    assert looked_at == []
    stage.quote("99", "100")
    assert len(looked_at) == 50
