"""What a complete snapshot means for the books."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec.structs
import pytest
from tests.reconcile.scenes import (
    AMD,
    BOT,
    ENTRY,
    NOW_NS,
    SECOND_NS,
    SPY,
    STOP,
    TARGET,
    UNIT,
    booked,
    bracket,
    bracket_records,
    bracket_shown,
    commission,
    execution,
    holding,
    intent,
    ledger_of,
    shown,
    snapshot,
    state,
)

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import (
    AnyRecord,
    CommissionRecorded,
    DiscrepancyFound,
    ExecutionRecorded,
    ModifyIntended,
    ModifyRefused,
    OrderStateChanged,
    OrderTermsTaken,
    PositionAdjusted,
)
from ibelay.model.ids import PermId
from ibelay.model.order import Action, BrokerOrderStatus, OrderState, Role
from ibelay.model.snapshot import BrokerSnapshot
from ibelay.reconcile.absence import Absences
from ibelay.reconcile.amend import amendments
from ibelay.reconcile.discrepancies import Kind
from ibelay.reconcile.gaps import PlaceStop
from ibelay.reconcile.plan import Plan, plan
from ibelay.reconcile.policy import Policy
from ibelay.reconcile.protection import audit

POLICY = Policy()


class Reconciler:
    """Plans against one ledger, snapshot after snapshot, and applies what is planned."""

    def __init__(self, ledger: Ledger, policy: Policy = POLICY) -> None:
        self.ledger = ledger
        self.policy = policy
        self.absences = Absences()
        self.monotonic_s = 0

    def see(self, seen: BrokerSnapshot, *, after_s: int = 1) -> Plan:
        """Reconcile with *seen*, *after_s* seconds later."""
        self.monotonic_s += after_s
        outcome = plan(
            self.ledger,
            seen,
            self.policy,
            self.absences,
            bot=BOT,
            now_ns=NOW_NS,
            monotonic_ns=self.monotonic_s * SECOND_NS,
        )
        for record in outcome.records:
            self.ledger.apply(record)
        self.absences = outcome.absences
        return outcome


def kinds(outcome: Plan) -> list[Kind]:
    """Return what was found."""
    return [finding.kind for finding in outcome.findings]


def silent() -> Ledger:
    """Return the ledger of an entry that was sent and never answered."""
    return ledger_of(
        intent(0, Role.ENTRY), state(ENTRY, OrderState.SENT), state(ENTRY, OrderState.UNKNOWN)
    )


# -- agreement -------------------------------------------------------------------------------


def test_books_that_agree_are_left_as_they_are_and_said_to() -> None:
    seen = snapshot(
        positions=[holding(50)],
        open_orders=bracket_shown(),
        executions=[execution(1, ENTRY, Action.BUY, 50)],
    )
    outcome = Reconciler(bracket()).see(seen)
    assert (outcome.records, outcome.findings, outcome.again) == ((), (), False)
    assert outcome.report == ("SPY: store shows 50 shares, IBKR confirms 50 shares ✓",)


def test_an_empty_store_and_an_empty_broker_agree() -> None:
    outcome = Reconciler(ledger_of()).see(snapshot())
    assert (outcome.records, outcome.report) == ((), ())


@pytest.mark.parametrize(
    ("changed", "settled"),
    [
        ({}, True),
        ({"positions": [holding(40)]}, False),
        ({"positions": []}, False),
        ({"open_orders": []}, False),
        ({"open_orders": bracket_shown()[:1]}, False),
    ],
    ids=["agrees", "another quantity", "no position", "no order", "an order less"],
)
def test_what_works_and_is_held_settles_only_books_that_agree_with_it(
    changed: dict[str, Any], settled: bool
) -> None:
    """A snapshot without executions and completed orders, as periodic looks take one."""
    parts = {"positions": [holding(50)], "open_orders": bracket_shown()} | changed
    seen = replace(snapshot(**parts), whole=False)
    reconciler = Reconciler(bracket())
    before = reconciler.absences
    assert reconciler.see(seen).settles(before) is settled


def test_an_order_nobody_has_heard_of_is_not_settled_by_what_works() -> None:
    """Each look without it is counted, and whole looks count."""
    seen = replace(snapshot(), whole=False)
    reconciler = Reconciler(silent())
    before = reconciler.absences
    assert not reconciler.see(seen).settles(before)


# -- fills -----------------------------------------------------------------------------------


def test_a_fill_of_the_outage_is_booked_with_its_commission_and_ends_its_order() -> None:
    """The stop filled while we were away; IB lists it as completed with zeros."""
    sold = execution(2, STOP, Action.SELL, 50, price="99")
    reconciler = Reconciler(bracket())
    outcome = reconciler.see(
        snapshot(
            completed=[
                shown(STOP, perm_id=102, status=BrokerOrderStatus.FILLED, quantity=0),
                shown(TARGET, perm_id=103, status=BrokerOrderStatus.CANCELLED),
            ],
            executions=[sold],
            commissions=[commission(sold)],
        )
    )
    assert [type(record) for record in outcome.records[:2]] == [
        ExecutionRecorded,
        CommissionRecorded,
    ]
    assert isinstance(outcome.records[0], ExecutionRecorded)
    assert outcome.records[0].recovered
    assert kinds(outcome) == [Kind.MISSED_FILL]
    states = [reconciler.ledger.orders[ref].state for ref in (STOP, TARGET)]
    assert states == [OrderState.FILLED, OrderState.CANCELLED]
    assert reconciler.ledger.positions[SPY.con_id].quantity == 0


def test_fills_are_booked_oldest_first() -> None:
    first = execution(3, ENTRY, Action.BUY, 20, at_s=5)
    second = execution(2, ENTRY, Action.BUY, 30, at_s=6)
    outcome = Reconciler(bracket(filled=0)).see(
        snapshot(positions=[holding(50)], open_orders=bracket_shown(), executions=[second, first])
    )
    assert [r.execution for r in outcome.records if isinstance(r, ExecutionRecorded)] == [
        first,
        second,
    ]


def test_a_fill_listed_with_its_correction_counts_once() -> None:
    """Both revisions missed: 30 shares, not 60, and nothing differs (F33)."""
    reconciler = Reconciler(bracket(filled=0))
    revisions = [
        execution(1, ENTRY, Action.BUY, 30, revision=2),
        execution(1, ENTRY, Action.BUY, 30, revision=1),
    ]
    entry = shown(ENTRY, perm_id=101, order_id=1, action=Action.BUY, filled=30)
    outcome = reconciler.see(
        snapshot(
            positions=[holding(30)],
            open_orders=[entry, *bracket_shown()],
            executions=revisions,
            commissions=[commission(revisions[1]), commission(revisions[0], "2")],
        )
    )
    assert kinds(outcome) == [Kind.MISSED_FILL]
    assert reconciler.ledger.orders[ENTRY].state is OrderState.WORKING
    assert reconciler.ledger.positions[SPY.con_id].commissions == 2


def test_a_correction_of_a_known_fill_is_found_as_one() -> None:
    reconciler = Reconciler(bracket())
    corrected = execution(1, ENTRY, Action.BUY, 50, price="100.5", revision=2)
    outcome = reconciler.see(
        snapshot(
            positions=[holding(50)],
            open_orders=bracket_shown(),
            executions=[execution(1, ENTRY, Action.BUY, 50), corrected],
        )
    )
    assert kinds(outcome) == [Kind.CORRECTED_FILL]
    assert reconciler.ledger.units[bracket().orders[ENTRY].order.unit].average_entry_price == (
        Decimal("100.5")
    )


def test_a_fill_with_our_name_and_no_intent_is_booked_and_critical() -> None:
    outcome = Reconciler(ledger_of()).see(
        snapshot(positions=[holding(5)], executions=[execution(9, "bot:1:7.0", Action.BUY, 5)])
    )
    assert kinds(outcome) == [Kind.ORPHAN_FILL]
    assert outcome.findings[0].critical


def test_a_manual_fill_counts_from_our_first_intent_in_the_contract_on() -> None:
    """Earlier ones are in the position that reconciliation found then."""
    began = msgspec.structs.replace(intent(0, Role.ENTRY), at_ns=500 * SECOND_NS)
    outcome = Reconciler(ledger_of(began)).see(
        snapshot(
            positions=[holding(30)],
            executions=[
                execution(1, "", Action.BUY, 10, at_s=400),
                execution(2, "", Action.BUY, 20, at_s=600),
                execution(3, "", Action.BUY, 40, at_s=600, contract=AMD),
            ],
        )
    )
    bookings = [r.execution for r in outcome.records if isinstance(r, ExecutionRecorded)]
    assert [fill.quantity for fill in bookings] == [20]


# -- orders that were not answered -----------------------------------------------------------


def test_an_unanswered_order_that_works_is_adopted() -> None:
    reconciler = Reconciler(silent())
    entry = shown(ENTRY, perm_id=101, order_id=1, action=Action.BUY)
    outcome = reconciler.see(snapshot(open_orders=[entry]))
    assert kinds(outcome) == [Kind.FOUND_ORDER]
    found = reconciler.ledger.orders[ENTRY]
    assert (found.state, found.perm_ids) == (OrderState.WORKING, (101,))


def test_an_order_under_another_id_is_addressed_by_that_one() -> None:
    reconciler = Reconciler(silent())
    reconciler.see(snapshot(open_orders=[shown(ENTRY, perm_id=101, order_id=77)]))
    assert reconciler.ledger.orders[ENTRY].order_id == 77


def test_an_order_without_its_reference_is_known_by_its_perm_id() -> None:
    """A completed order of a manual change; never the order of another reference."""
    reconciler = Reconciler(bracket())
    cancelled = BrokerOrderStatus.CANCELLED
    reconciler.see(
        snapshot(
            positions=[holding(50)],
            open_orders=[bracket_shown()[1]],
            completed=[shown("", perm_id=102, status=cancelled)],
        )
    )
    assert reconciler.ledger.orders[STOP].state is OrderState.CANCELLED


@pytest.mark.parametrize(
    ("status", "state_after"),
    [
        (BrokerOrderStatus.CANCELLED, OrderState.CANCELLED),
        (BrokerOrderStatus.API_CANCELLED, OrderState.CANCELLED),
        (BrokerOrderStatus.INACTIVE, OrderState.REJECTED),
    ],
    ids=str,
)
def test_an_unanswered_order_that_is_completed_ends_as_listed(
    status: BrokerOrderStatus, state_after: OrderState
) -> None:
    reconciler = Reconciler(silent())
    reconciler.see(snapshot(completed=[shown(ENTRY, perm_id=101, status=status)]))
    assert reconciler.ledger.orders[ENTRY].state is state_after


def test_an_order_is_absent_after_three_snapshots_over_a_minute() -> None:
    """Not after three quick ones, nor after two in an hour."""
    quick, slow = Reconciler(silent()), Reconciler(silent())
    for _ in range(5):
        quick.see(snapshot(), after_s=10)
    assert quick.ledger.orders[ENTRY].state is OrderState.UNKNOWN
    outcome = quick.see(snapshot(), after_s=20)
    assert kinds(outcome) == [Kind.ABSENT_ORDER]
    assert quick.ledger.orders[ENTRY].state is OrderState.ABSENT
    slow.see(snapshot())
    slow.see(snapshot(), after_s=3600)
    assert slow.ledger.orders[ENTRY].state is OrderState.UNKNOWN


def test_being_seen_once_begins_the_count_again() -> None:
    reconciler = Reconciler(silent())
    reconciler.see(snapshot())
    reconciler.see(snapshot(), after_s=50)
    reconciler.see(snapshot(open_orders=[shown(ENTRY, perm_id=101, order_id=1)]))
    outcome = reconciler.see(snapshot(), after_s=50)
    assert kinds(outcome) == [Kind.VANISHED_ORDER]
    assert reconciler.ledger.orders[ENTRY].state is OrderState.UNKNOWN


def test_an_order_that_is_on_its_way_is_not_missed() -> None:
    """INTENDED and SENT have their own deadline; a snapshot may simply be older."""
    ledger = ledger_of(intent(0, Role.ENTRY), state(ENTRY, OrderState.SENT))
    reconciler = Reconciler(ledger)
    for _ in range(5):
        assert reconciler.see(snapshot(), after_s=60).records == ()
    assert ledger.orders[ENTRY].state is OrderState.SENT


def test_a_working_order_that_vanished_without_a_trace_is_unknown_then_absent() -> None:
    reconciler = Reconciler(bracket())
    seen = snapshot(positions=[holding(50)], open_orders=[bracket_shown()[1]])
    assert kinds(reconciler.see(seen)) == [Kind.VANISHED_ORDER]
    reconciler.see(seen, after_s=30)
    assert kinds(reconciler.see(seen, after_s=31)) == [Kind.GONE_ORDER]
    assert reconciler.ledger.orders[STOP].state is OrderState.ABSENT


# -- orders that are back --------------------------------------------------------------------


def absent() -> Ledger:
    """Return the ledger of an entry that was declared absent."""
    ledger = silent()
    ledger.apply(state(ENTRY, OrderState.ABSENT))
    return ledger


def test_an_absent_order_that_works_is_a_critical_resurrection() -> None:
    """A gateway may send late what it kept ("maintain and resubmit", F26)."""
    reconciler = Reconciler(absent())
    outcome = reconciler.see(snapshot(open_orders=[shown(ENTRY, perm_id=101, order_id=1)]))
    assert kinds(outcome) == [Kind.RESURRECTED_ORDER]
    assert outcome.findings[0].critical
    assert reconciler.ledger.orders[ENTRY].state is OrderState.WORKING


def test_an_absent_order_that_filled_is_a_critical_resurrection() -> None:
    reconciler = Reconciler(absent())
    fill = execution(1, ENTRY, Action.BUY, 50)
    outcome = reconciler.see(snapshot(positions=[holding(50)], executions=[fill]))
    assert kinds(outcome) == [Kind.MISSED_FILL, Kind.RESURRECTED_ORDER]
    assert reconciler.ledger.orders[ENTRY].state is OrderState.FILLED


@pytest.mark.parametrize("end", [OrderState.CANCELLED, OrderState.REJECTED], ids=str)
def test_an_order_that_lives_though_it_is_over_is_taken_back_to_be_cancelled(
    end: OrderState,
) -> None:
    """At the second sight: the first listing may be older than the end (F20, F21)."""
    ledger = bracket()
    ledger.apply(state(STOP, end))
    reconciler = Reconciler(ledger)
    seen = snapshot(positions=[holding(50)], open_orders=bracket_shown())
    first = reconciler.see(seen)
    assert (first.records, first.again) == ((), True)
    second = reconciler.see(seen)
    assert kinds(second) == [Kind.RESURRECTED_ORDER]
    entry = reconciler.ledger.orders[STOP]
    assert (entry.state, entry.cancel_intended) == (OrderState.WORKING, True)
    assert [cancel for cancel, _ in amendments(reconciler.ledger, seen).cancel] == [STOP]
    assert reconciler.see(seen).records == ()


@pytest.mark.parametrize(
    "status", [BrokerOrderStatus.INACTIVE, BrokerOrderStatus.PENDING_CANCEL], ids=str
)
def test_an_order_that_is_over_may_be_listed_as_dying(status: BrokerOrderStatus) -> None:
    """IB goes on listing rejected orders as Inactive."""
    ledger = bracket()
    ledger.apply(state(STOP, OrderState.REJECTED))
    reconciler = Reconciler(ledger)
    dying = replace(bracket_shown()[0], status=status)
    seen = snapshot(positions=[holding(50)], open_orders=[dying, bracket_shown()[1]])
    assert [reconciler.see(seen).records for _ in range(3)] == [(), (), ()]


def test_two_live_orders_for_one_intent_become_one() -> None:
    """The one we know stays; the alarm sounds once, the cancel is repeated (F25)."""
    reconciler = Reconciler(bracket())
    double = shown(STOP, perm_id=50, order_id=2)
    seen = snapshot(positions=[holding(50)], open_orders=[double, *bracket_shown()])
    outcome = reconciler.see(seen)
    assert kinds(outcome) == [Kind.DUPLICATE_ORDER]
    assert [(c.order_id, c.perm_id) for c in outcome.cancels] == [(2, 50)]
    assert reconciler.ledger.orders[STOP].perm_ids == (102, 50)
    again = reconciler.see(seen)
    assert (again.records, len(again.cancels)) == ((), 1)
    going = replace(double, status=BrokerOrderStatus.PENDING_CANCEL)
    taken_up = snapshot(positions=[holding(50)], open_orders=[going, *bracket_shown()])
    assert reconciler.see(taken_up).cancels == ()


def outlived(*, order_id: int = 2, filled: int = 0) -> tuple[Ledger, BrokerSnapshot]:
    """Return books in which the stop is filled, and a broker that shows a second one alive."""
    ledger = bracket()
    for record in (
        state(STOP, OrderState.WORKING, perm_id=777),
        state(TARGET, OrderState.CANCELLED),
        booked(execution(2, STOP, Action.SELL, 50)),
        state(STOP, OrderState.FILLED),
    ):
        ledger.apply(record)
    alive = shown(STOP, perm_id=777, order_id=order_id, filled=filled)
    return ledger, snapshot(open_orders=[alive])


def test_a_double_that_outlives_the_filled_order_is_cancelled() -> None:
    """It would open the other side. Alarmed once, cancelled at every sight but the first."""
    ledger, seen = outlived()
    reconciler = Reconciler(ledger)
    first, second, third = (reconciler.see(seen) for _ in range(3))
    assert (first.records, first.cancels, first.again) == ((), (), True)
    assert kinds(second) == [Kind.RESURRECTED_ORDER]
    assert [(c.order_id, c.perm_id) for c in second.cancels] == [(2, 777)]
    assert second.cancels[0].order_ref not in ledger.orders, "no state of ours holds it back"
    assert (third.records, third.cancels, third.again) == ((), second.cancels, False)
    assert ledger.orders[STOP].state is OrderState.FILLED


def test_a_double_that_outlives_in_another_session_is_a_persons_to_cancel() -> None:
    ledger, seen = outlived(order_id=0)
    reconciler = Reconciler(ledger)
    reconciler.see(seen)
    outcome = reconciler.see(seen)
    assert outcome.cancels == ()
    assert "by hand" in outcome.findings[0].action


def test_a_filled_order_may_be_listed_a_little_longer() -> None:
    """IB's listing follows its executions: with nothing left of it there is nothing to cancel."""
    ledger, seen = outlived(filled=50)
    reconciler = Reconciler(ledger)
    assert [reconciler.see(seen).records for _ in range(3)] == [(), (), ()]


def test_a_double_of_another_session_is_not_cancelled_from_here() -> None:
    """Its order id is shown as 0: only a person can."""
    reconciler = Reconciler(bracket())
    double = shown(STOP, perm_id=150, order_id=0)
    outcome = reconciler.see(
        snapshot(positions=[holding(50)], open_orders=[double, *bracket_shown()])
    )
    assert (kinds(outcome), outcome.cancels) == ([Kind.DUPLICATE_ORDER], ())
    assert "by hand" in outcome.findings[0].action


def test_an_order_with_our_name_and_no_intent_is_told_once_and_left_alone() -> None:
    reconciler = Reconciler(ledger_of())
    seen = snapshot(open_orders=[shown("bot:7:1.0", perm_id=900), shown("", perm_id=901)])
    assert kinds(reconciler.see(seen)) == [Kind.ORPHAN_ORDER]
    assert reconciler.see(seen).records == ()
    reconciler.see(snapshot())
    assert kinds(reconciler.see(seen)) == [Kind.ORPHAN_ORDER], "it went and came back"


def test_a_fill_that_beat_the_cancel_decides() -> None:
    """F22: the order was filled, whatever was said of it, and nothing of it is cancelled."""
    ledger = bracket()
    ledger.apply(state(STOP, OrderState.CANCELLED))
    reconciler = Reconciler(ledger)
    seen = snapshot(open_orders=bracket_shown(), executions=[execution(2, STOP, Action.SELL, 50)])
    assert kinds(reconciler.see(seen)) == [Kind.MISSED_FILL]
    assert ledger.orders[STOP].state is OrderState.FILLED
    assert reconciler.see(seen).records == ()


# -- ends that executions do not explain yet -------------------------------------------------


def test_filled_without_its_execution_waits_and_keeps_its_cover() -> None:
    """Executions can be late; a stop held for gone would be placed twice."""
    reconciler = Reconciler(bracket())
    seen = snapshot(
        completed=[shown(STOP, perm_id=102, status=BrokerOrderStatus.FILLED, quantity=0)],
        open_orders=[bracket_shown()[1]],
        positions=[holding(50)],
    )
    assert reconciler.see(seen).findings == ()
    assert reconciler.ledger.orders[STOP].state is OrderState.UNKNOWN
    assert audit(reconciler.ledger) == []
    late = execution(2, STOP, Action.SELL, 50)
    reconciler.see(replace(seen, executions=(late,), positions=()))
    assert reconciler.ledger.orders[STOP].state is OrderState.FILLED


def test_filled_whose_execution_never_comes_is_believed_in_the_end_with_an_alarm() -> None:
    """IB forgets executions at midnight and at a gateway's restart."""
    reconciler = Reconciler(silent())
    seen = snapshot(completed=[shown(ENTRY, perm_id=101, status=BrokerOrderStatus.FILLED)])
    reconciler.see(seen)
    reconciler.see(seen, after_s=30)
    outcome = reconciler.see(seen, after_s=31)
    assert kinds(outcome) == [Kind.UNLISTED_FILL]
    assert outcome.findings[0].critical
    assert reconciler.ledger.orders[ENTRY].state is OrderState.FILLED


def test_an_exit_ib_shrank_is_over_when_its_unit_is_closed() -> None:
    """The target took 20, the stop 30 of its 50; IB lists it with zeros."""
    ledger = bracket()
    ledger.apply(booked(execution(2, TARGET, Action.SELL, 20)))
    reconciler = Reconciler(ledger)
    outcome = reconciler.see(
        snapshot(
            completed=[
                shown(STOP, perm_id=102, status=BrokerOrderStatus.FILLED, quantity=0),
                shown(TARGET, perm_id=103, status=BrokerOrderStatus.CANCELLED, filled=20),
            ],
            executions=[execution(3, STOP, Action.SELL, 30)],
        )
    )
    assert kinds(outcome) == [Kind.MISSED_FILL]
    states = [ledger.orders[ref].state for ref in (STOP, TARGET)]
    assert states == [OrderState.FILLED, OrderState.CANCELLED]


def test_a_cancel_after_fills_we_do_not_have_waits_for_them() -> None:
    reconciler = Reconciler(silent())
    over = shown(ENTRY, perm_id=101, status=BrokerOrderStatus.CANCELLED, filled=20)
    reconciler.see(snapshot(completed=[over]))
    assert reconciler.ledger.orders[ENTRY].state is OrderState.UNKNOWN
    fill = execution(1, ENTRY, Action.BUY, 20)
    reconciler.see(snapshot(completed=[over], executions=[fill], positions=[holding(20)]))
    assert reconciler.ledger.orders[ENTRY].state is OrderState.CANCELLED


def test_after_a_refused_change_the_brokers_values_are_ours() -> None:
    """Else protection reckons with a price and a size that do not exist."""
    ledger = bracket()
    ledger.apply(ModifyIntended(at_ns=3, order_ref=STOP, stop_price=Decimal(100)))
    ledger.apply(ModifyRefused(at_ns=4, order_ref=STOP, code=110))
    reconciler = Reconciler(ledger)
    stop = replace(bracket_shown()[0], stop_price=Decimal("99.5"), quantity=Decimal(40))
    seen = snapshot(positions=[holding(50)], open_orders=[stop, bracket_shown()[1]])
    assert [type(record) for record in reconciler.see(seen).records] == [OrderTermsTaken]
    order = ledger.orders[STOP].order
    assert (order.stop_price, order.quantity) == (Decimal("99.5"), Decimal(40))
    assert reconciler.see(seen).records == ()


def test_an_exit_the_broker_shows_smaller_covers_no_more_than_that() -> None:
    """Seen twice: the target's fill that shrank it may be on its way."""
    reconciler = Reconciler(bracket())
    small = replace(bracket_shown()[0], quantity=Decimal(30))
    seen = snapshot(positions=[holding(50)], open_orders=[small, bracket_shown()[1]])
    first = reconciler.see(seen)
    assert (first.records, first.again) == ((), True)
    assert audit(reconciler.ledger) == []
    assert [type(record) for record in reconciler.see(seen).records] == [OrderTermsTaken]
    assert audit(reconciler.ledger) == [PlaceStop(UNIT, Decimal(20), Decimal(99))]
    assert (reconciler.see(seen).records, reconciler.see(seen).again) == ((), False)


def test_a_size_that_we_changed_is_not_taken_from_an_older_listing() -> None:
    ledger = bracket()
    ledger.apply(ModifyIntended(at_ns=3, order_ref=STOP, quantity=Decimal(30)))
    reconciler = Reconciler(ledger)
    seen = snapshot(positions=[holding(50)], open_orders=bracket_shown())
    assert [reconciler.see(seen).records for _ in range(2)] == [(), ()]


def test_an_inactive_stop_is_alarmed_about_once_and_not_doubled() -> None:
    reconciler = Reconciler(bracket())
    asleep = replace(bracket_shown()[0], status=BrokerOrderStatus.INACTIVE)
    seen = snapshot(positions=[holding(50)], open_orders=[asleep, bracket_shown()[1]])
    found = [kinds(reconciler.see(seen)) for _ in range(2)]
    assert found == [[Kind.INACTIVE_STOP], []]
    assert audit(reconciler.ledger) == []


@pytest.mark.parametrize("known", [True, False], ids=["acknowledged", "shown beside it"])
def test_a_fill_without_a_reference_is_the_orders_of_its_perm_id(known: bool) -> None:
    """Taken for a manual sale it would close the unit, and leave the target there."""
    ledger = bracket() if known else ledger_of(*unacknowledged(bracket_records()))
    fill = replace(execution(2, "", Action.SELL, 50), perm_id=PermId(103))
    done = shown(TARGET, perm_id=103, status=BrokerOrderStatus.FILLED, filled=50)
    outcome = Reconciler(ledger).see(snapshot(executions=[fill], completed=[done]))
    assert Kind.MISSED_FILL in kinds(outcome)
    assert ledger.orders[TARGET].state is OrderState.FILLED
    unit = ledger.units[UNIT]
    assert (unit.exit_filled, unit.closed_outside) == (Decimal(50), Decimal(0))


def unacknowledged(records: list[AnyRecord]) -> list[AnyRecord]:
    """Return *records* without any perm id."""
    return [
        msgspec.structs.replace(each, perm_id=PermId(0))
        if isinstance(each, OrderStateChanged)
        else each
        for each in records
    ]


# -- positions -------------------------------------------------------------------------------


def flat_but_held() -> Ledger:
    """Return the ledger of 50 shares with nothing of ours working."""
    ledger = bracket()
    for ref in (STOP, TARGET):
        ledger.apply(state(ref, OrderState.CANCELLED))
    return ledger


def test_a_position_closed_by_others_is_closed_in_the_books() -> None:
    """S5's own words."""
    reconciler = Reconciler(flat_but_held())
    outcome = reconciler.see(snapshot())
    assert kinds(outcome) == [Kind.CLOSED_EXTERNALLY]
    (line,) = outcome.report
    assert line == (
        "SPY: store shows 50 shares, IBKR shows 0 shares → "
        "position was closed at the broker during the outage"
    )
    assert reconciler.ledger.positions[SPY.con_id].quantity == 0


def test_a_difference_beside_working_orders_must_stand_for_a_while() -> None:
    """A fill may be between the two answers of one snapshot (F40)."""
    reconciler = Reconciler(bracket())
    seen = snapshot(positions=[holding(30)], open_orders=bracket_shown())
    first = reconciler.see(seen)
    assert (first.records, first.again) == ((), True)
    assert reconciler.see(seen).again
    assert kinds(reconciler.see(seen, after_s=9)) == [Kind.QUANTITY_MISMATCH]
    assert reconciler.ledger.positions[SPY.con_id].quantity == 30


def test_a_difference_that_changes_is_looked_at_again() -> None:
    reconciler = Reconciler(bracket())
    for quantity in (30, 40, 30):
        seen = snapshot(positions=[holding(quantity)], open_orders=bracket_shown())
        assert reconciler.see(seen, after_s=10).records == ()


def test_two_equal_differences_of_two_fills_are_two_differences() -> None:
    """Each snapshot was taken between a position and its execution; the books were right."""
    reconciler = Reconciler(bracket())
    seen = snapshot(positions=[holding(40)], open_orders=bracket_shown())
    assert reconciler.see(seen).again
    reconciler.ledger.apply(booked(execution(2, TARGET, Action.SELL, 10)))
    lagging = snapshot(positions=[holding(30)], open_orders=bracket_shown())
    assert reconciler.see(lagging, after_s=20).records == ()
    reconciler.ledger.apply(booked(execution(3, TARGET, Action.SELL, 10)))
    assert reconciler.see(lagging, after_s=20).findings == ()


def test_a_difference_right_after_a_fill_must_stand_twice() -> None:
    """The order is over, but IB's positions follow its executions."""
    just_now = execution(2, STOP, Action.SELL, 50, at_s=NOW_NS // SECOND_NS - 2)
    reconciler = Reconciler(bracket())
    done = [
        shown(STOP, perm_id=102, status=BrokerOrderStatus.FILLED),
        shown(TARGET, perm_id=103, status=BrokerOrderStatus.CANCELLED),
    ]
    lagging = snapshot(completed=done, executions=[just_now], positions=[holding(50)])
    first = reconciler.see(lagging)
    assert (kinds(first), first.again) == ([Kind.MISSED_FILL], True)
    second = reconciler.see(replace(lagging, positions=()))
    assert (second.records, second.again) == ((), False)


def test_a_position_nobody_expected_is_told_once_and_left_alone() -> None:
    """R3: critical, and not ours to keep."""
    reconciler = Reconciler(ledger_of())
    seen = snapshot(positions=[holding(200, contract=AMD)])
    first = reconciler.see(seen)
    assert kinds(first) == [Kind.UNEXPECTED_POSITION]
    assert first.findings[0].critical
    assert reconciler.ledger.positions == {}
    second = reconciler.see(seen)
    assert (second.records, second.report) == (
        (),
        ("AMD: IBKR shows 200 shares that are not this bot's",),
    )


def test_a_position_on_the_watch_list_is_adopted() -> None:
    """R4: a minimal record of quantity and average cost."""
    reconciler = Reconciler(ledger_of(), Policy(watch_list=frozenset({"AMD"})))
    reconciler.see(snapshot(positions=[holding(200, contract=AMD)]))
    book = reconciler.ledger.positions[AMD.con_id]
    assert (book.quantity, book.average_price) == (Decimal(200), Decimal("100.02"))


def test_the_average_of_a_contract_with_a_multiplier_is_per_unit() -> None:
    """IB's average cost of an option is that of 100 shares (S1)."""
    option = replace(AMD, sec_type="OPT", multiplier=Decimal(100))
    reconciler = Reconciler(ledger_of(), Policy(watch_list=frozenset({"AMD"})))
    position = replace(holding(2, contract=option), average_cost=Decimal(251))
    reconciler.see(snapshot(positions=[position]))
    assert reconciler.ledger.positions[AMD.con_id].average_price == Decimal("2.51")


def test_a_difference_within_the_tolerance_is_agreement() -> None:
    reconciler = Reconciler(flat_but_held(), Policy(quantity_tolerance=Decimal(1)))
    assert reconciler.see(snapshot(positions=[holding(49)])).findings == ()


def test_every_finding_is_journaled_with_before_and_after() -> None:
    outcome = Reconciler(flat_but_held()).see(snapshot())
    adjusted, found = outcome.records
    assert isinstance(adjusted, PositionAdjusted)
    assert isinstance(found, DiscrepancyFound)
    assert (found.before, found.after) == ("50 shares", "0 shares")
