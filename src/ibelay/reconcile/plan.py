"""(ledger, broker snapshot, policy) → plan: what to write down and what to send. Pure.

Rules:
1. Executions first: a book is kept from them, and an order is as filled as they say.
2. Then orders (``orders``), then positions (``positions``), each with those fills counted.
3. A position that differs is corrected only if the same difference stands for a while in
   which nothing fills, or if nothing of ours works or has just filled in the contract: until
   then a fill may be in flight between the parts of one snapshot.
4. What cannot be put right from here is told once, as long as it stays as it is.
5. A snapshot that is not whole can only tell that all is well (``Plan.settles``): what else
   it seems to say is thrown away, and a whole one is taken.
6. The caller looks again soon while ``Plan.again`` is set. When it no longer is, planning
   with the same snapshot once more writes nothing down and finds nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import (
    AnyRecord,
    CommissionRecorded,
    ExecutionRecorded,
    PositionAdjusted,
)
from ibelay.model.execution import Execution
from ibelay.model.ids import OrderRef, execution_key, is_ours
from ibelay.model.snapshot import BrokerSnapshot
from ibelay.reconcile.absence import Absences
from ibelay.reconcile.discrepancies import Discrepancy, Kind
from ibelay.reconcile.draft import CancelOrder, Draft
from ibelay.reconcile.fills import gain, missed_commissions, missed_fills
from ibelay.reconcile.orders import OrderPlan
from ibelay.reconcile.policy import Policy
from ibelay.reconcile.positions import compare_positions


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a snapshot means.

    Attributes:
        records: To commit, in this order.
        findings: What differed.
        cancels: To send.
        absences: The memory for the next snapshot.
        again: A second look is needed soon to be sure.
        report: Lines for people (S5).
    """

    records: tuple[AnyRecord, ...]
    findings: tuple[Discrepancy, ...]
    cancels: tuple[CancelOrder, ...]
    absences: Absences
    again: bool
    report: tuple[str, ...]

    def settles(self, before: Absences) -> bool:
        """Return whether nothing differs, nothing is to be done, and no question is open.

        Args:
            before: The memory that the plan was made with.
        """
        to_do = self.records or self.findings or self.cancels
        return not to_do and not self.again and self.absences == before


def plan(
    ledger: Ledger,
    snapshot: BrokerSnapshot,
    policy: Policy,
    absences: Absences,
    *,
    bot: str,
    now_ns: int,
    monotonic_ns: int,
) -> Plan:
    """Return what *snapshot* means for *ledger*.

    Args:
        ledger: Our books, with everything applied that arrived before the snapshot ended.
        snapshot: Whole, or see rule 5.
        policy: How to decide.
        absences: What the previous plan remembered.
        bot: Whose order references are ours.
        now_ns: Broker time for the records.
        monotonic_ns: For ages.
    """
    draft = Draft(now_ns=now_ns, told_before=absences.told)
    missed = missed_fills(ledger, snapshot, bot)
    _book(draft, ledger, snapshot, missed, bot)
    orders = OrderPlan(
        ledger=ledger,
        snapshot=snapshot,
        policy=policy,
        before=absences,
        draft=draft,
        gained=_gained(ledger, missed),
        monotonic_ns=monotonic_ns,
    )
    orders.compare(bot)
    mismatches = compare_positions(
        ledger,
        snapshot,
        policy,
        draft,
        missed=missed,
        seen_before=absences.mismatches,
        monotonic_ns=monotonic_ns,
    )
    return Plan(
        records=(*draft.records, *draft.discrepancy_records()),
        findings=tuple(draft.findings),
        cancels=tuple(draft.cancels),
        absences=Absences(
            missing=orders.missing,
            mismatches=mismatches,
            living=frozenset(orders.living),
            sizes=orders.sizes,
            told=frozenset(draft.told),
        ),
        again=bool(
            mismatches or orders.living or orders.sizes or (orders.missing and _corrects(draft))
        ),
        report=tuple(draft.report),
    )


def _corrects(draft: Draft) -> bool:
    """Return whether a position is set right, which may explain what became of its orders."""
    return any(isinstance(record, PositionAdjusted) for record in draft.records)


def _book(
    draft: Draft,
    ledger: Ledger,
    snapshot: BrokerSnapshot,
    missed: Iterable[Execution],
    bot: str,
) -> None:
    """Plan the booking of fills and commissions the books do not know."""
    for execution in missed:
        draft.records.append(
            ExecutionRecorded(at_ns=draft.now_ns, execution=execution, recovered=True)
        )
        known = ledger.executions.get(execution_key(execution.exec_id))
        before = "not in the books" if known is None else _said(known)
        kind = _kind(ledger, execution, bot) if known is None else Kind.CORRECTED_FILL
        draft.find(kind, execution.contract.symbol, before, _said(execution), "booked")
    for report in missed_commissions(ledger, snapshot, missed):
        draft.records.append(CommissionRecorded(at_ns=draft.now_ns, report=report))


def _kind(ledger: Ledger, execution: Execution, bot: str) -> Kind:
    if OrderRef(execution.order_ref) in ledger.orders:
        return Kind.MISSED_FILL
    return Kind.ORPHAN_FILL if is_ours(execution.order_ref, bot) else Kind.MANUAL_FILL


def _said(execution: Execution) -> str:
    return f"{execution.action} {execution.quantity} at {execution.price}"


def _gained(ledger: Ledger, missed: Iterable[Execution]) -> Mapping[str, Decimal]:
    """Return by order reference how many shares of our orders *missed* fills."""
    gained: dict[str, Decimal] = defaultdict(Decimal)
    for execution in missed:
        entry = ledger.orders.get(OrderRef(execution.order_ref))
        if entry is not None:
            gained[execution.order_ref] += gain(ledger, execution) * entry.order.action.sign
    return gained
