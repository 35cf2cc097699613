"""What holds for reconciliation whatever books and broker say."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.test_ledger_properties import REFS, accepted, anything, fills
from tests.reconcile.scenes import (
    AMD,
    BOT,
    NOW_NS,
    SECOND_NS,
    SPY,
    commission,
    holding,
    shown,
    snapshot,
)

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import AnyRecord, DiscrepancyFound, PositionAdjusted
from ibelay.model.order import Action, BrokerOrderStatus, OrderState
from ibelay.model.snapshot import BrokerSnapshot
from ibelay.reconcile.absence import Absences
from ibelay.reconcile.plan import Plan, plan
from ibelay.reconcile.policy import Policy

OVER = [
    BrokerOrderStatus.FILLED,
    BrokerOrderStatus.CANCELLED,
    BrokerOrderStatus.API_CANCELLED,
]
"""What a snapshot never lists as open."""
LOOKS = 4  # a difference stands twice, and a correction of the books may bring one more

orders = st.builds(
    shown,
    st.sampled_from([*REFS, "bot:9:9.0", ""]),
    perm_id=st.integers(1, 9),
    order_id=st.integers(0, 30),
    status=st.sampled_from([s for s in BrokerOrderStatus if s not in OVER]),
    action=st.sampled_from(Action),
    quantity=st.integers(1, 60),
)
ended = st.builds(
    shown,
    st.sampled_from(REFS),
    perm_id=st.integers(1, 9),
    status=st.sampled_from([*OVER, BrokerOrderStatus.INACTIVE]),
    quantity=st.sampled_from([0, 50]),
    filled=st.sampled_from([0, 20, 50]),
)
held = st.builds(holding, st.integers(-90, 90).filter(bool), contract=st.sampled_from([SPY, AMD]))
snapshots = st.builds(
    snapshot,
    positions=st.lists(held, max_size=2, unique_by=lambda each: each.contract.con_id),
    open_orders=st.lists(orders, max_size=5, unique_by=lambda each: each.perm_id),
    completed=st.lists(ended, max_size=4),
    executions=st.lists(fills, max_size=6),
    commissions=st.lists(fills.map(commission), max_size=4),
)
policies = st.sampled_from(
    [
        Policy(),
        Policy(watch_list=frozenset({"AMD", "SPY"})),
        Policy(absent_snapshots=1, absent_after_s=0.0),
    ]
)


def look(
    ledger: Ledger, seen: BrokerSnapshot, policy: Policy, absences: Absences, number: int = 0
) -> Plan:
    """Plan and apply; the ledger refuses nothing that is planned. Looks are 10 s apart."""
    monotonic_ns = number * 10 * SECOND_NS
    outcome = plan(
        ledger, seen, policy, absences, bot=BOT, now_ns=NOW_NS, monotonic_ns=monotonic_ns
    )
    for record in outcome.records:
        ledger.apply(record)
    return outcome


@settings(max_examples=200)
@given(anything, snapshots, policies)
def test_once_settled_the_same_snapshot_means_nothing_more(
    records: list[AnyRecord], seen: BrokerSnapshot, policy: Policy
) -> None:
    """Idempotence, from any books, against any broker."""
    ledger, _ = accepted(records)
    outcome, looks = look(ledger, seen, policy, Absences()), 1
    while outcome.again:
        assert looks < LOOKS, "a snapshot that stays the same settles"
        outcome, looks = look(ledger, seen, policy, outcome.absences, looks), looks + 1
    after = look(ledger, seen, policy, outcome.absences, looks)
    assert (after.records, after.findings) == ((), ())


@settings(max_examples=200)
@given(anything, snapshots, policies)
def test_settled_books_are_the_brokers(
    records: list[AnyRecord], seen: BrokerSnapshot, policy: Policy
) -> None:
    """Quantities in every contract of ours, every live order, every end (I9)."""
    ledger, _ = accepted(records)
    absences = Absences()
    for number in range(LOOKS):
        absences = look(ledger, seen, policy, absences, number).absences
    confirmed = {each.contract.con_id: each.quantity for each in seen.positions}
    for con_id, book in ledger.positions.items():
        assert book.quantity == confirmed.get(con_id, Decimal(0))
    for order in seen.open_orders:
        for ref, entry in ledger.orders.items():
            if order.order_ref == ref:
                assert entry.state is not OrderState.ABSENT
                assert entry.state is not OrderState.UNKNOWN


@settings(max_examples=100)
@given(anything, snapshots)
def test_positions_are_corrected_last(records: list[AnyRecord], seen: BrokerSnapshot) -> None:
    """So that what fills explain is never explained twice."""
    ledger, _ = accepted(records)
    absences = Absences()
    for number in range(2):
        outcome = look(ledger, seen, Policy(), absences, number)
        absences = outcome.absences
        kinds = [type(r) for r in outcome.records if not isinstance(r, DiscrepancyFound)]
        first = kinds.index(PositionAdjusted) if PositionAdjusted in kinds else len(kinds)
        assert set(kinds[first:]) <= {PositionAdjusted}
