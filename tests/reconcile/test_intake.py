"""Live evidence: what each message adds to the books, and when only a snapshot can tell."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.reconcile.scenes import (
    AMD,
    BOT,
    ENTRY,
    NOW_NS,
    SPY,
    STOP,
    TARGET,
    UNIT,
    booked,
    bracket,
    commission,
    execution,
    intent,
    ledger_of,
    shown,
    state,
)

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import (
    CancelIntended,
    CommissionRecorded,
    ExecutionRecorded,
    IncidentNoted,
    ModifyIntended,
    ModifyRefused,
    OrderIdReassigned,
    OrderStateChanged,
    Severity,
)
from ibelay.model import ids
from ibelay.model.events import (
    BrokerEvent,
    CommissionSeen,
    ExecutionSeen,
    NoticeSeen,
    OrderSeen,
    StatusSeen,
)
from ibelay.model.ids import ClientId, OrderId, PermId
from ibelay.model.order import Action, BrokerOrderStatus, OrderState, Role
from ibelay.reconcile.gaps import PlaceStop
from ibelay.reconcile.intake import Taken, take
from ibelay.reconcile.protection import audit

OURS, NEIGHBOUR = ClientId(1), ClientId(2)


def taken(ledger: Ledger, event: BrokerEvent) -> Taken:
    """Return what *event* means, and apply it."""
    found = take(ledger, event, bot=BOT, client_id=OURS, now_ns=NOW_NS)
    for record in found.records:
        ledger.apply(record)
    return found


def status(
    word: BrokerOrderStatus,
    *,
    perm_id: int = 0,
    order_id: int = 0,
    filled: int = 0,
    client: ClientId = OURS,
) -> StatusSeen:
    """Return an orderStatus message."""
    return StatusSeen(
        order_id=OrderId(order_id),
        perm_id=PermId(perm_id),
        client_id=client,
        status=word,
        filled=Decimal(filled),
        remaining=Decimal(0),
        average_fill_price=Decimal(0),
    )


def sent() -> Ledger:
    """Return the ledger of an entry that was just sent under order id 1."""
    return ledger_of(intent(0, Role.ENTRY), state(ENTRY, OrderState.SENT))


# -- orders ----------------------------------------------------------------------------------


def test_the_first_word_acknowledges_the_order_and_gives_its_perm_id() -> None:
    ledger = sent()
    taken(ledger, status(BrokerOrderStatus.PRE_SUBMITTED, order_id=1, perm_id=101))
    entry = ledger.orders[ENTRY]
    assert (entry.state, entry.perm_ids) == (OrderState.WORKING, (101,))


def test_the_same_word_twice_is_written_down_once() -> None:
    ledger = sent()
    event = status(BrokerOrderStatus.SUBMITTED, order_id=1, perm_id=101)
    assert len(taken(ledger, event).records) == 1
    assert taken(ledger, event) == Taken()


def test_an_order_id_of_another_client_is_another_order() -> None:
    """Order ids are scoped to the client (F24)."""
    ledger = sent()
    event = status(BrokerOrderStatus.CANCELLED, order_id=1, client=NEIGHBOUR)
    assert taken(ledger, event) == Taken()


def test_a_reused_order_id_under_another_perm_id_is_another_order() -> None:
    """Ids roll back after a gateway's restart (F07)."""
    ledger = bracket()
    event = status(BrokerOrderStatus.CANCELLED, order_id=2, perm_id=999)
    assert taken(ledger, event) == Taken()


def test_filled_without_its_executions_still_works() -> None:
    """IB may send the status first; the book is kept from executions."""
    ledger = sent()
    taken(ledger, status(BrokerOrderStatus.FILLED, order_id=1, perm_id=101, filled=50))
    assert ledger.orders[ENTRY].state is OrderState.WORKING
    taken(ledger, ExecutionSeen(execution=execution(1, ENTRY, Action.BUY, 50)))
    assert ledger.orders[ENTRY].state is OrderState.FILLED


def test_a_stop_that_ib_shrank_is_filled_when_what_was_left_of_it_is() -> None:
    """20 of 50 left through the target, so 30 fill the stop."""
    ledger = bracket()
    ledger.apply(booked(execution(2, TARGET, Action.SELL, 20)))
    ledger.apply(booked(execution(3, STOP, Action.SELL, 30)))
    taken(ledger, status(BrokerOrderStatus.FILLED, perm_id=102, filled=30))
    assert ledger.orders[STOP].state is OrderState.FILLED


def test_an_order_with_our_name_and_no_intent_asks_for_nothing_here() -> None:
    """Every snapshot repeats it: a doubt would ask for snapshots without end."""
    stranger = shown("bot:9:9.0", perm_id=900)
    assert taken(bracket(), OrderSeen(order=stranger)) == Taken()
    assert taken(bracket(), OrderSeen(order=shown("", perm_id=901))) == Taken()


def test_a_second_perm_id_is_remembered_and_doubted_once() -> None:
    """A modification in an outage can make a second live order (F25)."""
    ledger = bracket()
    double = OrderSeen(order=shown(STOP, perm_id=777, order_id=2))
    assert "second perm id" in taken(ledger, double).doubt
    assert ledger.orders[STOP].perm_ids == (102, 777)
    assert taken(ledger, double).doubt == ""


def test_a_second_perm_id_of_a_filled_order_is_doubted_once() -> None:
    """The order is over; its double may live on and must be looked for."""
    ledger = bracket()
    double = OrderSeen(order=shown(ENTRY, perm_id=777, order_id=1, action=Action.BUY))
    assert "second perm id" in taken(ledger, double).doubt
    assert ledger.orders[ENTRY].state is OrderState.FILLED
    assert taken(ledger, double) == Taken()


@pytest.mark.parametrize(
    "event",
    [
        status(BrokerOrderStatus.CANCELLED, perm_id=777),
        NoticeSeen(request_id=2, code=202, text="Order Canceled"),
    ],
    ids=["status", "notice"],
)
def test_the_end_of_one_of_two_orders_does_not_end_the_other(event: BrokerEvent) -> None:
    ledger = bracket()
    ledger.apply(state(STOP, OrderState.WORKING, perm_id=777))
    found = taken(ledger, event)
    assert (found.records, ledger.orders[STOP].state) == ((), OrderState.WORKING)
    assert "one of two orders" in found.doubt


def test_an_absent_order_that_is_seen_is_left_to_a_snapshot() -> None:
    ledger = sent()
    ledger.apply(state(ENTRY, OrderState.ABSENT))
    found = taken(ledger, status(BrokerOrderStatus.SUBMITTED, order_id=1, perm_id=101))
    assert (found.records, "seen again" in found.doubt) == ((), True)


# -- fills -----------------------------------------------------------------------------------


def test_a_fill_is_booked_once_and_its_correction_replaces_it() -> None:
    ledger = bracket(filled=0)
    first = ExecutionSeen(execution=execution(1, ENTRY, Action.BUY, 20))
    correction = ExecutionSeen(execution=execution(1, ENTRY, Action.BUY, 25, revision=2))
    assert len(taken(ledger, first).records) == 1
    assert taken(ledger, first) == Taken()
    assert len(taken(ledger, correction).records) == 1
    assert taken(ledger, first) == Taken()
    assert ledger.orders[ENTRY].filled == ledger.positions[SPY.con_id].quantity == 25


@pytest.mark.parametrize("side", [Action.BUY, Action.SELL])
def test_fills_that_do_not_add_up_to_their_order_are_booked_and_asked_about(side: Action) -> None:
    """More than was ordered, or on the other side: the next report may say the rest (F34)."""
    ledger = bracket()
    found = taken(ledger, ExecutionSeen(execution=execution(2, ENTRY, side, 50)))
    assert len(found.records) == 1
    assert found.doubt == f"fills of {ENTRY} do not add up to its size"
    assert ledger.orders[ENTRY].filled == (100 if side is Action.BUY else 0)


def test_the_fill_of_an_absent_order_is_booked_and_doubted() -> None:
    """It did arrive: books first, then the alarm."""
    ledger = sent()
    ledger.apply(state(ENTRY, OrderState.ABSENT))
    found = taken(ledger, ExecutionSeen(execution=execution(1, ENTRY, Action.BUY, 50)))
    assert "was declared absent and has filled" in found.doubt
    assert ledger.positions[SPY.con_id].quantity == 50


def test_a_neighbours_fill_counts_only_in_contracts_of_ours() -> None:
    """A master client hears the fills of all."""
    ledger = bracket()
    elsewhere = execution(7, "other:1:1.0", Action.BUY, 10, contract=AMD)
    assert taken(ledger, ExecutionSeen(execution=elsewhere)) == Taken()
    here = execution(8, "other:1:1.0", Action.BUY, 10)
    assert [type(r) for r in taken(ledger, ExecutionSeen(execution=here)).records] == [
        ExecutionRecorded
    ]


def test_a_commission_is_written_down_once() -> None:
    """IB repeats commissions at every connect, those of corrected fills too."""
    ledger = bracket()
    first = CommissionSeen(report=commission(execution(1, ENTRY, Action.BUY, 50)))
    later = CommissionSeen(report=commission(execution(1, ENTRY, Action.BUY, 50, revision=2)))
    assert [type(r) for r in taken(ledger, first).records] == [CommissionRecorded]
    assert taken(ledger, first) == Taken()
    assert len(taken(ledger, later).records) == 1
    assert taken(ledger, first) == Taken()


# -- notices ---------------------------------------------------------------------------------


def notice(code: int, request_id: int = 2) -> NoticeSeen:
    """Return a message with *code* about the stop of the bracket."""
    return NoticeSeen(request_id=request_id, code=code, text="IB says")


@pytest.mark.parametrize(
    ("code", "ends_as"), [(201, OrderState.REJECTED), (202, OrderState.CANCELLED)]
)
def test_a_proven_code_ends_an_order(code: int, ends_as: OrderState) -> None:
    ledger = bracket()
    (record,) = taken(ledger, notice(code)).records
    assert isinstance(record, OrderStateChanged)
    assert (record.code, ledger.orders[STOP].state) == (code, ends_as)


@pytest.mark.parametrize("code", [104, 105, 321, 399, 404, 10147, 10148, 10349, 1100, 504, 99999])
def test_no_other_code_ends_an_order(code: int) -> None:
    """Advice taken for a cancel made somebody 15 orders of one (F20)."""
    ledger = bracket()
    assert taken(ledger, notice(code)).records == ()
    assert ledger.orders[STOP].state is OrderState.WORKING


@pytest.mark.parametrize("code", [103, 104, 133, 161, 321, 10147, 10148, 99999])
def test_an_ambiguous_code_asks_for_a_snapshot(code: int) -> None:
    assert taken(bracket(), notice(code)).doubt


@pytest.mark.parametrize("code", [136, 161, 10147, 10148])
def test_a_refused_cancel_is_written_down_and_the_third_wakes_a_person(code: int) -> None:
    """The order may work on, and fill with nothing left for it to close."""
    ledger = bracket()
    ledger.apply(CancelIntended(at_ns=5, order_ref=STOP))
    told = [taken(ledger, notice(code)) for _ in range(4)]
    assert all(one.doubt for one in told)
    assert [len(one.records) for one in told] == [1, 1, 2, 1]
    alarm = told[2].records[1]
    assert isinstance(alarm, IncidentNoted)
    assert (alarm.severity, "IB does not cancel stop SELL 50" in alarm.text) == (
        Severity.CRITICAL,
        True,
    )
    entry = ledger.orders[STOP]
    assert (entry.cancel_refusals, entry.state) == (4, OrderState.WORKING)


@pytest.mark.parametrize("code", [399, 404, 2109, 10349])
def test_advice_asks_for_nothing(code: int) -> None:
    assert taken(bracket(), notice(code)) == Taken()


@pytest.mark.parametrize("code", [103, 110, 201])
def test_the_refusal_of_a_change_does_not_end_the_order(code: int) -> None:
    """The same code refuses a new order, or only its modification (F21, F23)."""
    ledger = bracket()
    ledger.apply(ModifyIntended(at_ns=3, order_ref=STOP, stop_price=Decimal(100)))
    for expected in (1, 0):
        found = taken(ledger, notice(code))
        assert [type(record) for record in found.records] == [ModifyRefused] * expected
        assert ledger.orders[STOP].state is OrderState.WORKING
        assert "refused a change" in found.doubt


def test_a_notice_about_no_order_of_ours_is_not_about_orders() -> None:
    assert taken(bracket(), notice(201, request_id=1_000_000_000)) == Taken()
    assert taken(bracket(), notice(201, request_id=-1)) == Taken()


def test_a_notice_of_the_system_is_about_no_order_whatever_its_id() -> None:
    """IB may show an order under a negative id, and says -1 where it means nothing."""
    ledger = bracket()
    ledger.apply(OrderIdReassigned(at_ns=3, order_ref=STOP, order_id=OrderId(-1)))
    assert taken(ledger, notice(201, request_id=-1)) == Taken()
    assert taken(ledger, notice(10147, request_id=-1)) == Taken()


@pytest.mark.parametrize("way", [(), (OrderState.SENT,), (OrderState.UNKNOWN,)], ids=str)
def test_a_rejection_ends_a_new_order_however_little_is_known_of_it(
    way: tuple[OrderState, ...],
) -> None:
    """201 may come before any other word, or after the answer was given up."""
    ledger = ledger_of(intent(0, Role.ENTRY), *(state(ENTRY, step) for step in way))
    taken(ledger, notice(201, request_id=1))
    assert ledger.orders[ENTRY].state is OrderState.REJECTED


def test_a_rejection_that_comes_after_the_end_changes_nothing() -> None:
    """IB says Inactive, then 201; or 202 after the fill."""
    ledger = bracket()
    assert taken(ledger, notice(201, request_id=1)) == Taken()
    assert taken(ledger, notice(202, request_id=1)) == Taken()
    assert ledger.orders[ENTRY].state is OrderState.FILLED


def test_the_measured_sequence_of_a_rejection_ends_as_rejected() -> None:
    """Inactive at +0.35 s proves nothing, 201 at +0.40 s does."""
    ledger = sent()
    taken(ledger, status(BrokerOrderStatus.INACTIVE, order_id=1, perm_id=101))
    assert ledger.orders[ENTRY].state is OrderState.WORKING
    taken(ledger, notice(201, request_id=1))
    assert ledger.orders[ENTRY].state is OrderState.REJECTED


def test_a_fill_after_the_cancel_wins() -> None:
    """The cancel lost its race (F22)."""
    ledger = bracket()
    taken(ledger, notice(202))
    taken(ledger, ExecutionSeen(execution=execution(2, STOP, Action.SELL, 50)))
    assert ledger.orders[STOP].state is OrderState.FILLED
    assert ledger.positions[SPY.con_id].quantity == 0


def test_a_fill_without_a_reference_is_the_orders_of_its_perm_id() -> None:
    ledger = bracket()
    fill = replace(execution(2, "", Action.SELL, 50), perm_id=PermId(103))
    taken(ledger, ExecutionSeen(execution=fill))
    assert ledger.orders[TARGET].state is OrderState.FILLED
    assert ledger.units[UNIT].closed_outside == 0


def test_a_fill_of_nobody_we_know_stays_somebody_elses() -> None:
    ledger = bracket()
    fill = replace(execution(2, "", Action.SELL, 50), perm_id=PermId(999))
    taken(ledger, ExecutionSeen(execution=fill))
    assert ledger.units[UNIT].closed_outside == 50


def test_a_new_order_that_is_refused_is_refused_although_a_change_of_it_was_wanted() -> None:
    """No change is sent before IB shows the order; held for alive it would count as cover."""
    ledger = sent()
    ledger.apply(ModifyIntended(at_ns=3, order_ref=ENTRY, quantity=Decimal(40)))
    taken(ledger, notice(201, request_id=1))
    assert ledger.orders[ENTRY].state is OrderState.REJECTED


def test_an_order_whose_number_was_taken_is_placed_under_another() -> None:
    """103 of a stop that IB never showed: it covers nothing."""
    ledger = bracket()
    ledger.apply(state(STOP, OrderState.CANCELLED))
    ledger.apply(intent(3, Role.STOP, child=False))
    lone = ids.order_ref(UNIT, 3)
    ledger.apply(state(lone, OrderState.SENT))
    taken(ledger, notice(103, request_id=4))
    assert ledger.orders[lone].state is OrderState.REJECTED
    (gap,) = audit(ledger)
    assert isinstance(gap, PlaceStop)


def test_a_taken_number_says_nothing_of_an_order_that_ib_has_shown() -> None:
    ledger = bracket()
    assert taken(ledger, notice(103)).records == ()
    assert ledger.orders[STOP].state is OrderState.WORKING
