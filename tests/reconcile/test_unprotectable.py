"""What IB refuses every stop for is closed, and never by a loop of orders."""

from __future__ import annotations

from decimal import Decimal

from tests.reconcile.test_amend import SPY, STOP, TARGET, UNIT, bracket

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import CancelIntended, IntentRecorded, OrderStateChanged
from ibelay.model import ids
from ibelay.model.ids import Epoch, OrderId
from ibelay.model.order import Action, Order, OrderState, OrderType, Role
from ibelay.reconcile.gaps import CloseUnprotectable, GivenUp, PlaceStop
from ibelay.reconcile.protection import audit


def place(ledger: Ledger, leg: int, role: Role) -> None:
    """Intend leg *leg* of the unit."""
    order = Order(
        order_ref=ids.order_ref(UNIT, leg),
        unit=UNIT,
        role=role,
        action=Action.SELL,
        quantity=Decimal(50),
        order_type=OrderType.STOP if role is Role.STOP else OrderType.MARKET,
        stop_price=Decimal(99) if role is Role.STOP else None,
    )
    ledger.apply(
        IntentRecorded(
            at_ns=5,
            epoch=Epoch(1),
            order_id=OrderId(10 + leg),
            contract=SPY,
            order=order,
            expires_ns=9,
        )
    )


def refuse(ledger: Ledger, leg: int) -> None:
    """Let IB refuse leg *leg*."""
    ref = ids.order_ref(UNIT, leg)
    ledger.apply(OrderStateChanged(at_ns=6, order_ref=ref, state=OrderState.REJECTED, code=201))


SECOND_NS = 1_000_000_000


def test_three_refused_stops_end_in_a_market_exit_that_is_asked_for_until_it_is_filled() -> None:
    ledger = bracket()
    ledger.apply(OrderStateChanged(at_ns=4, order_ref=TARGET, state=OrderState.CANCELLED))
    ledger.apply(OrderStateChanged(at_ns=4, order_ref=STOP, state=OrderState.REJECTED))
    for leg, not_before in ((3, 0), (4, 6 + SECOND_NS)):
        assert audit(ledger) == [PlaceStop(UNIT, Decimal(50), Decimal(99), not_before)]
        place(ledger, leg, Role.STOP)
        refuse(ledger, leg)
    for leg in (5, 6, 7):
        assert audit(ledger) == [CloseUnprotectable(UNIT, Decimal(50))]
        place(ledger, leg, Role.EXIT)
        assert audit(ledger) == [], "while the exit works nothing else is asked for"
        refuse(ledger, leg)
    assert audit(ledger) == [CloseUnprotectable(UNIT, Decimal(50))], "it is naked all the same"


def test_stops_that_somebody_cancels_again_and_again_are_given_up() -> None:
    """No loop of orders against a person, or an IB, that takes every one away."""
    ledger = bracket()
    for ref in (TARGET, STOP):
        ledger.apply(OrderStateChanged(at_ns=4, order_ref=ref, state=OrderState.CANCELLED))
    for leg, not_before in ((3, 0), (4, 6 + SECOND_NS), (5, 6 + 2 * SECOND_NS)):
        assert audit(ledger) == [PlaceStop(UNIT, Decimal(50), Decimal(99), not_before)]
        place(ledger, leg, Role.STOP)
        cancelled(ledger, leg)
    assert audit(ledger) == [GivenUp(UNIT, Decimal(50))]


def test_stops_that_we_cancelled_ourselves_are_no_reason_to_give_up() -> None:
    """Protection itself cancels what is too much."""
    ledger = bracket()
    for ref in (TARGET, STOP):
        ledger.apply(OrderStateChanged(at_ns=4, order_ref=ref, state=OrderState.CANCELLED))
    for leg in (3, 4, 5):
        place(ledger, leg, Role.STOP)
        ledger.apply(CancelIntended(at_ns=5, order_ref=ids.order_ref(UNIT, leg)))
        cancelled(ledger, leg)
    assert audit(ledger) == [PlaceStop(UNIT, Decimal(50), Decimal(99))]


def cancelled(ledger: Ledger, leg: int) -> None:
    """Let leg *leg* be cancelled."""
    ref = ids.order_ref(UNIT, leg)
    ledger.apply(OrderStateChanged(at_ns=6, order_ref=ref, state=OrderState.CANCELLED))
