"""What a fault has met is told by what the bot had journaled until then."""

from __future__ import annotations

from decimal import Decimal

from ibelay.journal.records import IntentRecorded, OrderStateChanged
from ibelay.machines.link_events import LinkState
from ibelay.model.contract import Contract
from ibelay.model.faults import read
from ibelay.model.ids import Epoch, OrderId, OrderRef, UnitRef
from ibelay.model.order import Action, Order, OrderState, OrderType, Role
from ibelay.testing.simulation.observed import (
    Appended,
    Booted,
    Broke,
    Durable,
    Ended,
    LinkChanged,
    Observation,
)
from ibelay.testing.simulation.situations import Situation, Situations

REF = OrderRef("sim:1:1.0")
INTENT = IntentRecorded(
    at_ns=1,
    epoch=Epoch(1),
    order_id=OrderId(1),
    contract=Contract(symbol="SPY"),
    order=Order(
        order_ref=REF,
        unit=UnitRef("sim:1:1"),
        role=Role.ENTRY,
        action=Action.BUY,
        quantity=Decimal(1),
        order_type=OrderType.MARKET,
    ),
    expires_ns=2,
)
KILL = Broke(0, read("kill"), "")


def changed(state: OrderState) -> Appended:
    return Appended(0, (OrderStateChanged(at_ns=1, order_ref=REF, state=state),))


def met(*seen: Observation) -> Situation:
    """Return what a kill after *seen* meets."""
    situations = Situations()
    for one in (*seen, KILL):
        situations.see(one)
    return next(iter(situations.met))


READY = (Booted(0, 1), LinkChanged(0, LinkState.SYNCING, LinkState.READY, ""))
DURABLE = (Appended(0, (INTENT,)), Durable(0, 1, (INTENT,)))


def test_the_connection_is_told_with_its_first_time() -> None:
    assert met() == ("kill", "no process", "nothing")
    assert met(Booted(0, 1)).connection == "booting"
    syncing = LinkChanged(0, LinkState.CONNECTING, LinkState.SYNCING, "")
    assert met(Booted(0, 1), syncing).connection == "syncing, first time"
    assert met(*READY, syncing).connection == "syncing"
    assert met(*READY, Ended(0, 1, "killed")).connection == "no process"


def test_orders_are_told_by_the_most_delicate_of_them() -> None:
    assert met(*READY, Appended(0, (INTENT,))).orders == "intent not durable"
    assert met(*READY, *DURABLE).orders == "intent durable"
    assert met(*READY, *DURABLE, changed(OrderState.SENT)).orders == "sent"
    assert met(*READY, *DURABLE, changed(OrderState.UNKNOWN)).orders == "unknown"
    assert met(*READY, *DURABLE, changed(OrderState.WORKING)).orders == "entry working"
    assert met(*READY, *DURABLE, changed(OrderState.FILLED)).orders == "nothing"
