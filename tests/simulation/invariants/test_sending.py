"""I1, I2, I5, I11 and DUPLICATE: runs that keep them, and runs that break each."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from tests.reconcile.scenes import AMD
from tests.simulation.invariants.scenes import (
    BRACKET,
    CLIENT,
    ENTRY,
    SPY,
    STOP,
    UNIT,
    Run,
    S,
    at_broker,
    entering,
    holding,
    intent,
    placing,
    protective,
    state,
)

from ibelay.journal.records import (
    CancelIntended,
    DropInCancel,
    DropInIntent,
    ModifyIntended,
    OrderIdReassigned,
    OrderTermsTaken,
    SafeModeCleared,
    SafeModeEntered,
)
from ibelay.machines.link_events import LinkState
from ibelay.model.faults import SecondPermId, Target
from ibelay.model.ids import Epoch, OrderId, OrderRef, PermId
from ibelay.model.order import OrderState, Role
from ibelay.testing.simulation.invariants.known import Known
from ibelay.testing.simulation.observed import Broke, Durable, LinkChanged, Told
from ibelay.wire import encode
from ibelay.wire.encode.order.view import OrderView
from ibelay.wire.requests import GlobalCancel

SAFE = SafeModeEntered(at_ns=1, reason="by hand", attempts=0, checks=())
CLEARED = SafeModeCleared(at_ns=2, by="me", cause="looked at")
MOVED = ModifyIntended(at_ns=3, order_ref=STOP, stop_price=Decimal(98))
TO_CANCEL = CancelIntended(at_ns=3, order_ref=STOP)


def dropped_in(order_id: int, ref: str) -> DropInIntent:
    """Return the intent of a program on the drop-in."""
    return DropInIntent(
        at_ns=1,
        epoch=Epoch(1),
        order_id=OrderId(order_id),
        order_ref=OrderRef(ref),
        symbol="SPY",
        con_id=SPY.con_id,
        order={},
    )


# -- I1 ------------------------------------------------------------------------------------


def test_a_bracket_sent_changed_and_cancelled_after_its_records_breaks_nothing() -> None:
    run = holding().write(MOVED).asks(placing(BRACKET[1], aux_price=Decimal(98)))
    run.asks(placing(BRACKET[1], aux_price=Decimal(98)))  # what did not arrive is said again
    run.write(TO_CANCEL).cancels(BRACKET[1].order_id)
    assert run.broken == []


def test_an_order_that_leaves_before_its_intent_is_on_disk_breaks_i1() -> None:
    run = Run().boot().give(*BRACKET).sends(BRACKET[0])
    assert run.broken == ["I1"]
    assert ENTRY in run.sentences[0]


def test_an_order_without_a_reference_breaks_i1() -> None:
    assert Run().boot().asks(placing(BRACKET[0], order_ref="")).broken == ["I1"]


@pytest.mark.parametrize(
    "otherwise",
    [{"quantity": Decimal(60)}, {"aux_price": Decimal("98.5")}, {"action": "BUY"}],
    ids=lambda changes: next(iter(changes)),
)
def test_an_order_that_leaves_with_other_figures_than_on_disk_breaks_i1(
    otherwise: dict[str, object],
) -> None:
    run = Run().boot().write(*BRACKET).asks(placing(BRACKET[1], **otherwise))
    assert run.broken == ["I1"]


def test_a_change_that_leaves_before_it_is_on_disk_breaks_i1() -> None:
    changed = placing(BRACKET[1], aux_price=Decimal(98))
    assert holding().give(MOVED).asks(changed).broken == ["I1"]


def test_an_order_repeated_without_a_change_intended_breaks_i1() -> None:
    assert holding().asks(placing(BRACKET[1])).broken == ["I1"]


def test_an_exit_may_be_changed_to_less_than_intended_but_never_to_more() -> None:
    resized = ModifyIntended(at_ns=3, order_ref=STOP, quantity=Decimal(40))
    less = holding().write(resized).asks(placing(BRACKET[1], quantity=Decimal(30)))
    more = holding().write(resized).asks(placing(BRACKET[1], quantity=Decimal(45)))
    assert (less.broken, more.broken) == ([], ["I1"])


def test_the_brokers_own_figures_may_be_said_back_at_once() -> None:
    taken = OrderTermsTaken(at_ns=4, order_ref=STOP, quantity=Decimal(50), stop_price=Decimal(97))
    run = holding().write(MOVED).give(taken)
    assert run.asks(placing(BRACKET[1], aux_price=Decimal(97))).broken == []


def test_a_cancel_that_nothing_intends_breaks_i1() -> None:
    assert holding().cancels(BRACKET[1].order_id).broken == ["I1"]
    assert holding().give(TO_CANCEL).cancels(BRACKET[1].order_id).broken == ["I1"]
    assert holding().cancels(99).broken == ["I1"]
    assert holding().asks(GlobalCancel()).broken == ["I1"]


def test_what_must_not_live_is_cancelled_without_an_intent() -> None:
    """A double of an order, and what lives on of one that is over."""
    doubled = holding().shows(at_broker(BRACKET[1], perm_id=PermId(200)))
    assert doubled.cancels(BRACKET[1].order_id).broken == []
    assert holding().cancels(BRACKET[0].order_id).broken == []


def test_the_drop_in_writes_an_intent_for_every_change() -> None:
    run = Run().boot().write(dropped_in(7, "bot:1:1"))
    order = placing(BRACKET[0], order_id=OrderId(7), order_ref="bot:1:1")
    run.asks(order).shows(at_broker(BRACKET[0], request=at_broker(BRACKET[0]).request))
    run.write(dropped_in(7, "bot:1:1"))
    cancel = DropInCancel(
        at_ns=2, epoch=Epoch(1), order_id=OrderId(7), order_ref=OrderRef("bot:1:1")
    )
    run.write(cancel).cancels(7)
    assert run.broken == []
    assert run.asks(order).asks(order).broken == ["I2", "I1", "I2"]


# -- I2 ------------------------------------------------------------------------------------


def test_a_change_before_the_broker_showed_the_order_breaks_i2() -> None:
    run = Run().boot().write(*BRACKET).sends(*BRACKET).write(MOVED)
    assert run.asks(placing(BRACKET[1], aux_price=Decimal(98))).broken == ["I2"]


def test_a_change_under_an_id_the_broker_does_not_have_it_by_breaks_i2_and_is_no_new_id() -> None:
    changed = placing(BRACKET[1], aux_price=Decimal(98), order_id=OrderId(9))
    assert holding().write(MOVED).asks(changed).broken == ["I2"]
    moved = OrderIdReassigned(order_ref=STOP, order_id=OrderId(9), at_ns=3)
    assert holding().write(moved, MOVED).asks(changed).broken == []


def test_an_order_sent_again_after_a_crash_breaks_i2() -> None:
    run = Run().boot().write(*BRACKET).sends(*BRACKET).end().boot()
    run.sends(BRACKET[0])
    assert "I2" in run.broken


def test_an_order_of_an_earlier_epoch_breaks_i2() -> None:
    """It may have left in the moment of the crash: only its own epoch may send it."""
    run = Run().boot().write(*BRACKET).end().boot().sends(*BRACKET[:1])
    assert run.broken == ["I2"]
    assert "epoch 1 intended it" in run.sentences[0]


def test_an_order_that_is_unknown_or_over_breaks_i2_when_it_is_sent() -> None:
    run = Run().boot().write(*BRACKET, state(ENTRY, OrderState.UNKNOWN)).sends(BRACKET[0])
    assert run.broken == ["I2"]


def test_a_status_of_an_earlier_order_with_the_same_id_does_not_show_this_one() -> None:
    run = Run().boot().write(*BRACKET).shows(at_broker(BRACKET[1])).sends(*BRACKET).write(MOVED)
    assert run.asks(placing(BRACKET[1], aux_price=Decimal(98))).broken == ["I2"]


def test_an_open_order_as_the_gateway_writes_it_shows_the_order() -> None:
    run = Run().boot().write(*BRACKET).sends(*BRACKET).write(MOVED)
    view = OrderView(
        order_id=BRACKET[1].order_id,
        client_id=CLIENT,
        perm_id=PermId(102),
        contract=SPY,
        action=BRACKET[1].order.action,
        quantity=Decimal(50),
        order_type="STP",
        status="PreSubmitted",
        account="DU1",
        order_ref=STOP,
        echo={"orderRef": STOP},
    )
    run.tells(encode.open_order(view, 178))
    assert run.asks(placing(BRACKET[1], aux_price=Decimal(98))).broken == []


def test_messages_that_are_cut_off_or_no_numbers_teach_nothing() -> None:
    known = Known("bot", CLIENT)
    known.take(Durable(0, 1, BRACKET))
    for fields in (("5",), ("3", "x", "", "", "", "", "y", "", "", "z"), ("5", "1", *("",) * 30)):
        known.take(Told(0, fields))
    assert not any(ours.shown for ours in known.orders.values())


# -- I5 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "where", [LinkState.SUSPECT, LinkState.SYNCING, LinkState.ISOLATED, LinkState.DOWN]
)
def test_an_entry_while_not_ready_breaks_i5(where: LinkState) -> None:
    run = Run().boot().write(*BRACKET).goes(where).sends(*BRACKET)
    assert run.broken == ["I5"]
    assert str(where) in run.sentences[0]


def test_an_entry_before_books_and_broker_were_compared_again_breaks_i5() -> None:
    run = Run().boot().goes(LinkState.SYNCING).write(*BRACKET)
    run.see(LinkChanged(0, LinkState.SYNCING, LinkState.READY, "by hand"))
    assert run.sends(*BRACKET).broken == ["I5"]
    assert "nothing was reconciled" in run.sentences[0]


def test_an_entry_in_safe_mode_breaks_i5_from_the_moment_it_is_decided() -> None:
    assert Run().boot().write(*BRACKET).give(SAFE).sends(*BRACKET).broken == ["I5"]
    assert Run().boot().write(*BRACKET).write(SAFE, CLEARED).sends(*BRACKET).broken == []


def test_safe_mode_that_never_reached_the_disk_ends_with_the_process() -> None:
    """And one that did does not."""
    later = msgspec.structs.replace(BRACKET[0], epoch=Epoch(2))
    assert Run().boot().give(SAFE).end().boot().write(later).sends(later).broken == []
    assert Run().boot().write(SAFE).end().boot().write(later).sends(later).broken == ["I5"]


def test_exits_leave_in_every_state() -> None:
    stop = protective()
    run = holding().write(SAFE, stop).goes(LinkState.SUSPECT).sends(stop)
    assert run.broken == []


# -- I11 -----------------------------------------------------------------------------------


def test_an_order_id_that_was_used_before_breaks_i11() -> None:
    again = intent(0, Role.ENTRY, unit=type(UNIT)("bot:1:2"), order_id=3, contract=AMD)
    run = entering()
    run.see(Durable(0, run.seq, (again,)))
    run.asks(placing(again))
    assert run.broken == ["I7", "I11"]


def test_an_order_id_that_rolled_back_with_the_gateway_breaks_i11() -> None:
    lower = intent(0, Role.ENTRY, unit=type(UNIT)("bot:2:1"), order_id=2)
    lower = msgspec.structs.replace(lower, epoch=Epoch(2))
    run = entering().end().boot()
    run.see(Durable(0, run.seq, (lower,)))
    run.asks(placing(lower))
    assert run.broken == ["I7", "I11"]


# -- DUPLICATE -----------------------------------------------------------------------------


def test_two_orders_for_one_reference_that_both_live_are_a_duplicate() -> None:
    run = entering().works(BRACKET[0], perm_id=PermId(300)).wait(5)
    assert run.broken == ["DUPLICATE"]
    assert "101" in run.sentences[0]
    assert "300" in run.sentences[0]


def test_a_second_order_that_fills_at_once_is_a_duplicate_too() -> None:
    run = holding()
    run.works(BRACKET[0], perm_id=PermId(300), status=S.FILLED, filled=Decimal(50)).over()
    assert run.broken == ["DUPLICATE"]


def test_a_second_order_that_was_refused_is_none() -> None:
    run = entering().works(BRACKET[0], perm_id=PermId(300), status=S.INACTIVE).wait(5)
    assert run.broken == []


def test_a_double_that_the_broker_made_is_not_the_bots_but_must_go() -> None:
    broken = Broke(0, SecondPermId(Target(symbol="SPY")), "done")
    run = entering().works(BRACKET[0], perm_id=PermId(300))
    run.see(broken)
    run.wait(170)
    assert run.broken == []
    gone = run.works(BRACKET[0], perm_id=PermId(300), status=S.CANCELLED).wait(120)
    assert gone.broken == []
    left = entering().works(BRACKET[0], perm_id=PermId(300))
    left.see(broken)
    assert left.wait(200).broken == ["DUPLICATE"]
    assert "after the broker doubled it" in left.sentences[0]
