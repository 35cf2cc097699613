"""What the ledger keeps by the side says what a look at the whole book would say."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from tests.reconcile.test_amend import ENTRY, SPY, STOP, TARGET, bracket, fill

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import OrderStateChanged, OrderTermsTaken, PositionAdjusted
from ibelay.model.ids import OrderRef
from ibelay.model.order import Action, OrderState


def scanned(ledger: Ledger) -> list[str]:
    """Return the live units by looking at all of them."""
    working = {ledger.orders[ref].order.unit for ref in ledger.working}
    return [u.unit for u in ledger.units.values() if u.open_quantity or u.unit in working]


def in_question(ledger: Ledger) -> set[OrderRef]:
    """Return the orders a snapshot may decide about, by looking at all of them."""
    unfilled = {OrderState.CANCELLED, OrderState.REJECTED}
    return {
        ref
        for ref, entry in ledger.orders.items()
        if not entry.state.terminal
        or entry.state is OrderState.ABSENT
        or (entry.state in unfilled and entry.filled >= entry.order.quantity)
    }


WAYS = {"cancel": OrderState.CANCELLED, "absent": OrderState.ABSENT}


def end(ledger: Ledger, at_ns: int, ref: OrderRef, state: OrderState) -> None:
    """Let an order end; what is nowhere was of unknown fate before."""
    for step in (OrderState.UNKNOWN, state):
        ledger.apply(OrderStateChanged(at_ns=at_ns, order_ref=ref, state=step))


EVENTS = ["stop", "target", "manual", "adjust", "cancel", "absent", "less"]


@given(st.lists(st.sampled_from(EVENTS), max_size=8))
def test_index_and_scan_agree_whatever_closes_a_unit(events: list[str]) -> None:
    ledger = bracket()
    for number, event in enumerate(events, start=10):
        match event:
            case "stop":
                fill(ledger, number, STOP, Action.SELL, 20)
            case "target":
                fill(ledger, number, TARGET, Action.SELL, 30)
            case "manual":
                fill(ledger, number, OrderRef(""), Action.SELL, 10)
            case "adjust":
                ledger.apply(
                    PositionAdjusted(
                        at_ns=number,
                        contract=SPY,
                        before=ledger.positions[SPY.con_id].quantity,
                        after=Decimal(0),
                        average_cost=Decimal(0),
                        reason="test",
                    )
                )
            case "less":
                ledger.apply(OrderTermsTaken(at_ns=number, order_ref=STOP, quantity=Decimal(20)))
            case _:
                for ref in (STOP, TARGET):
                    if not ledger.orders[ref].state.terminal:
                        end(ledger, number, ref, WAYS[event])
        assert [unit.unit for unit in ledger.live_units()] == scanned(ledger)
        assert set(ledger.unsettled) == in_question(ledger)
        assert set(ledger.held) == {u.unit for u in ledger.units.values() if u.open_quantity}


def test_a_look_does_not_cost_more_for_orders_that_are_settled() -> None:
    """A bot that lives for months looks every minute."""
    ledger = bracket()
    fill(ledger, 10, STOP, Action.SELL, 50)
    for ref in (ENTRY, STOP):
        ledger.apply(OrderStateChanged(at_ns=11, order_ref=ref, state=OrderState.FILLED))
    ledger.apply(OrderStateChanged(at_ns=11, order_ref=TARGET, state=OrderState.CANCELLED))
    assert len(ledger.orders) == 3
    assert not ledger.unsettled
    assert not ledger.live_units()
