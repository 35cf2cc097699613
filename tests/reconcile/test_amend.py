"""Modifications: said again when they were cut off, and never undoing what the broker did."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import (
    CancelIntended,
    CancelRefused,
    EpochStarted,
    ExecutionRecorded,
    IntentRecorded,
    ModifyIntended,
    ModifyRefused,
    OrderStateChanged,
)
from ibelay.model import ids
from ibelay.model.contract import Contract
from ibelay.model.execution import Execution
from ibelay.model.ids import ClientId, ConId, Epoch, ExecId, OrderId, OrderRef, PermId
from ibelay.model.order import Action, BrokerOrderStatus, Order, OrderState, OrderType, Role
from ibelay.model.snapshot import BrokerOrder, BrokerSnapshot
from ibelay.reconcile.amend import Amendments, amendments, order_to_send

SPY = Contract(symbol="SPY", con_id=ConId(756733))
UNIT = ids.unit_ref("bot", 1, 1)
ENTRY, STOP, TARGET = (ids.order_ref(UNIT, leg) for leg in range(3))


def bracket() -> Ledger:
    """Return the ledger of a working bracket of 50 shares, bought at 100."""
    ledger = Ledger()
    ledger.apply(EpochStarted(at_ns=0, epoch=Epoch(1), bot="bot"))
    roles = {
        ENTRY: (Role.ENTRY, Action.BUY, OrderType.MARKET, None, None),
        STOP: (Role.STOP, Action.SELL, OrderType.STOP, None, Decimal(99)),
        TARGET: (Role.TARGET, Action.SELL, OrderType.LIMIT, Decimal(102), None),
    }
    for number, (ref, (role, action, kind, limit, stop)) in enumerate(roles.items(), 1):
        order = Order(
            order_ref=ref,
            unit=UNIT,
            role=role,
            action=action,
            quantity=Decimal(50),
            order_type=kind,
            limit_price=limit,
            stop_price=stop,
            parent_ref=None if role is Role.ENTRY else ENTRY,
        )
        ledger.apply(
            IntentRecorded(
                at_ns=1,
                epoch=Epoch(1),
                order_id=OrderId(number),
                contract=SPY,
                order=order,
                expires_ns=9,
            )
        )
        ledger.apply(
            OrderStateChanged(
                at_ns=2, order_ref=ref, state=OrderState.WORKING, perm_id=PermId(100 + number)
            )
        )
    fill(ledger, 1, ENTRY, Action.BUY, 50)
    ledger.apply(OrderStateChanged(at_ns=3, order_ref=ENTRY, state=OrderState.FILLED))
    return ledger


def fill(ledger: Ledger, number: int, ref: OrderRef, action: Action, quantity: int) -> None:
    """Book a fill."""
    execution = Execution(
        exec_id=ExecId(f"0000.{number:04x}.01"),
        contract=SPY,
        account="DU1",
        action=action,
        quantity=Decimal(quantity),
        price=Decimal(100),
        at_ns=number,
        order_id=OrderId(0),
        perm_id=PermId(0),
        client_id=ClientId(1),
        order_ref=ref,
    )
    ledger.apply(ExecutionRecorded(at_ns=number, execution=execution))


def shown(quantity: int, stop: str) -> BrokerSnapshot:
    """Return a snapshot that shows the stop with *quantity* and the price *stop*."""
    order = BrokerOrder(
        order_id=OrderId(2),
        perm_id=PermId(102),
        client_id=ClientId(1),
        order_ref=STOP,
        contract=SPY,
        action=Action.SELL,
        quantity=Decimal(quantity),
        order_type="STP",
        status=BrokerOrderStatus.PRE_SUBMITTED,
        stop_price=Decimal(stop),
    )
    return BrokerSnapshot(
        account="DU1",
        started_ns=0,
        ended_ns=1,
        broker_time_ns=2,
        next_order_id=OrderId(4),
        open_orders=(order,),
    )


def test_a_moved_stop_does_not_grow_back_after_a_partial_target() -> None:
    """IB shrank the stop to 30 with the target's 20; a modification of 50 would flip us short."""
    ledger = bracket()
    fill(ledger, 2, TARGET, Action.SELL, 20)
    ledger.apply(ModifyIntended(at_ns=5, order_ref=STOP, stop_price=Decimal(100)))
    order = order_to_send(ledger, ledger.orders[STOP])
    assert order is not None
    assert (order.quantity, order.stop_price) == (Decimal(30), Decimal(100))


def test_an_exit_keeps_its_size_while_its_entry_may_still_fill() -> None:
    ledger = bracket()
    stop = ledger.orders[STOP]
    order = order_to_send(ledger, stop)
    assert order is not None
    assert order.quantity == Decimal(50)


def test_a_modification_that_was_cut_off_is_sent_again() -> None:
    ledger = bracket()
    ledger.apply(ModifyIntended(at_ns=5, order_ref=STOP, stop_price=Decimal(100)))
    assert amendments(ledger, shown(50, "99")).modify == (STOP,)
    assert amendments(ledger, shown(50, "100")).modify == ()


def test_what_was_decided_since_an_earlier_look_at_it_is_not_said_again() -> None:
    """It leaves by itself: said twice, IB would refuse the second (10148)."""
    ledger = bracket()
    ledger.apply(ModifyIntended(at_ns=5, order_ref=STOP, stop_price=Decimal(100)))
    earlier = amendments(ledger, shown(50, "99"))
    assert amendments(ledger, shown(50, "99")).also_in(earlier) == earlier != Amendments((), ())
    ledger.apply(CancelIntended(at_ns=6, order_ref=STOP))
    assert amendments(ledger, shown(50, "99")).cancel
    assert amendments(ledger, shown(50, "99")).also_in(earlier) == Amendments((), ())


def test_a_stop_the_broker_shrank_by_itself_is_left_alone() -> None:
    """Also when it was modified before."""
    ledger = bracket()
    ledger.apply(ModifyIntended(at_ns=5, order_ref=STOP, stop_price=Decimal(100)))
    fill(ledger, 2, TARGET, Action.SELL, 20)
    assert amendments(ledger, shown(30, "100")).modify == ()


def test_a_modification_that_ib_refused_is_not_sent_again() -> None:
    ledger = bracket()
    ledger.apply(ModifyIntended(at_ns=5, order_ref=STOP, stop_price=Decimal(100)))
    ledger.apply(ModifyRefused(at_ns=6, order_ref=STOP, code=110))
    assert amendments(ledger, shown(50, "99")).modify == ()
    ledger.apply(ModifyIntended(at_ns=7, order_ref=STOP, stop_price=Decimal(101)))
    assert amendments(ledger, shown(50, "99")).modify == (STOP,), "another change is tried"


def test_a_cancel_that_ib_refused_is_said_again_after_a_while() -> None:
    """Said again with every look, it would be refused with every look."""
    ledger = bracket()
    ledger.apply(CancelIntended(at_ns=5, order_ref=STOP))
    assert amendments(ledger, shown(50, "99")).cancel
    for number in range(3):
        ledger.apply(CancelRefused(at_ns=number, order_ref=STOP, code=10148))
    soon = replace(shown(50, "99"), broker_time_ns=2 + 4_000_000_000 - 1)
    assert amendments(ledger, soon).cancel == ()
    assert amendments(ledger, replace(soon, broker_time_ns=2 + 4_000_000_000)).cancel


def test_a_price_changed_by_hand_in_tws_is_left_alone() -> None:
    """Only what we decided to change, and did not arrive, is said again."""
    assert amendments(bracket(), shown(50, "98.5")).modify == ()


def test_a_resize_that_was_cut_off_is_sent_again() -> None:
    """Protection cut the stop down to what is held; the broker never heard of it."""
    ledger = bracket()
    fill(ledger, 2, OrderRef(""), Action.SELL, 20)
    ledger.apply(ModifyIntended(at_ns=5, order_ref=STOP, quantity=Decimal(30)))
    assert amendments(ledger, shown(50, "99")).modify == (STOP,)
    assert amendments(ledger, shown(30, "99")).modify == ()


def test_a_cancel_that_was_cut_off_is_sent_again_under_the_id_the_broker_shows() -> None:
    ledger = bracket()
    ledger.apply(CancelIntended(at_ns=5, order_ref=STOP))
    seen = shown(50, "99")
    assert amendments(ledger, seen).cancel == ((STOP, OrderId(2)),)
    renamed = replace(seen.open_orders[0], order_id=OrderId(77))
    assert amendments(ledger, replace(seen, open_orders=(renamed,))).cancel == (
        (STOP, OrderId(77)),
    )


def test_a_cancel_that_ib_has_taken_up_is_not_said_again() -> None:
    ledger = bracket()
    ledger.apply(CancelIntended(at_ns=5, order_ref=STOP))
    seen = shown(50, "99")
    going = replace(seen.open_orders[0], status=BrokerOrderStatus.PENDING_CANCEL)
    assert amendments(ledger, replace(seen, open_orders=(going,))).cancel == ()


def test_what_is_to_be_cancelled_is_not_modified_as_well() -> None:
    ledger = bracket()
    ledger.apply(ModifyIntended(at_ns=5, order_ref=STOP, stop_price=Decimal(100)))
    ledger.apply(CancelIntended(at_ns=6, order_ref=STOP))
    found = amendments(ledger, shown(50, "99"))
    assert (found.modify, found.cancel) == ((), ((STOP, OrderId(2)),))


def test_nothing_is_said_again_of_an_order_that_is_over_or_not_ours() -> None:
    ledger = bracket()
    ledger.apply(ModifyIntended(at_ns=5, order_ref=STOP, stop_price=Decimal(100)))
    ledger.apply(OrderStateChanged(at_ns=6, order_ref=STOP, state=OrderState.CANCELLED))
    seen = shown(50, "99")
    stranger = replace(seen.open_orders[0], order_ref="other:1:1.1")
    found = amendments(ledger, replace(seen, open_orders=(*seen.open_orders, stranger)))
    assert (found.modify, found.cancel) == ((), ())


def test_a_partly_filled_entry_is_left_alone() -> None:
    """Its quantity is what the bracket was sized for; only its end may change it."""
    ledger = Ledger()
    for ref, entry in bracket().orders.items():
        ledger.apply(entry.intent)
        ledger.apply(OrderStateChanged(at_ns=2, order_ref=ref, state=OrderState.WORKING))
    ledger.apply(ModifyIntended(at_ns=5, order_ref=ENTRY, quantity=Decimal(40)))
    order = replace(shown(50, "99").open_orders[0], order_ref=ENTRY, stop_price=None)
    seen = replace(shown(50, "99"), open_orders=(order,))
    assert amendments(ledger, seen).modify == (ENTRY,)
    partly = replace(seen, open_orders=(replace(order, filled=Decimal(10)),))
    assert amendments(ledger, partly).modify == ()


def test_an_exit_whose_sibling_filled_meanwhile_is_not_changed_to_nothing() -> None:
    """Decided while it was held, it would leave when it no longer is."""
    ledger = bracket()
    ledger.apply(ModifyIntended(at_ns=4, order_ref=STOP, quantity=Decimal(30)))
    fill(ledger, 2, TARGET, Action.SELL, 50)
    assert order_to_send(ledger, ledger.orders[STOP]) is None
    assert amendments(ledger, shown(50, "99")).modify == ()
