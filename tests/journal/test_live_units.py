"""The index of live units says what a look at every unit would say."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from tests.reconcile.test_amend import SPY, STOP, TARGET, bracket, fill

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import OrderStateChanged, PositionAdjusted
from ibelay.model.ids import OrderRef
from ibelay.model.order import Action, OrderState


def scanned(ledger: Ledger) -> list[str]:
    """Return the live units by looking at all of them."""
    working = {ledger.orders[ref].order.unit for ref in ledger.working}
    return [u.unit for u in ledger.units.values() if u.open_quantity or u.unit in working]


@given(st.lists(st.sampled_from(["stop", "target", "manual", "adjust", "cancel"]), max_size=8))
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
            case _:
                for ref in (STOP, TARGET):
                    if not ledger.orders[ref].state.terminal:
                        ledger.apply(
                            OrderStateChanged(
                                at_ns=number, order_ref=ref, state=OrderState.CANCELLED
                            )
                        )
        assert [unit.unit for unit in ledger.live_units()] == scanned(ledger)
