"""(ledger, broker snapshot, policy) → plan: what to write down and what to send. Pure.

Rules:
1. Executions first: a book is kept from them, and an order is as filled as they say.
2. An order is matched by ``order_ref``, then by the *set* of its perm ids.
3. Presence is proven by one snapshot, absence by several (``absence``).
4. A position that differs is corrected only if the same difference stood in two snapshots,
   or if nothing of ours works in the contract: until then a fill may be in flight.
5. Planning twice with the same snapshot plans nothing the second time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from ibelay.journal.ledger import Ledger, OrderEntry
from ibelay.journal.records import (
    AnyRecord,
    CommissionRecorded,
    DiscrepancyFound,
    ExecutionRecorded,
    OrderIdReassigned,
    OrderStateChanged,
)
from ibelay.machines.order_life import conclude
from ibelay.model.execution import Execution
from ibelay.model.ids import OrderId, OrderRef, PermId, execution_key, is_ours
from ibelay.model.order import BrokerOrderStatus, OrderState
from ibelay.model.snapshot import BrokerOrder, BrokerSnapshot
from ibelay.reconcile.absence import Absences, Missing, is_absent, missed_again
from ibelay.reconcile.discrepancies import Discrepancy, Kind
from ibelay.reconcile.policy import Policy
from ibelay.reconcile.positions import compare_positions

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """An order that must not live."""

    order_ref: OrderRef
    order_id: OrderId
    reason: str


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
        snapshot: Complete.
        policy: How to decide.
        absences: What the previous plan remembered.
        bot: Whose order references are ours.
        now_ns: Broker time for the records.
        monotonic_ns: For ages.
    """
    planner = _Planner(ledger, snapshot, policy, absences, bot, now_ns, monotonic_ns)
    missed = planner.executions()
    planner.commissions()
    planner.orders(missed)
    planner.orphans()
    positions = compare_positions(ledger, snapshot, policy, absences.mismatches, missed, now_ns)
    planner.records += positions.records
    lines = tuple(_line(finding) for finding in planner.findings)
    planner.findings += positions.findings
    return Plan(
        records=(*planner.records, *planner.discrepancy_records()),
        findings=tuple(planner.findings),
        cancels=tuple(planner.cancels),
        absences=Absences(
            missing=planner.missing,
            mismatches=positions.mismatches,
            orphans=frozenset(planner.orphaned),
        ),
        again=bool(positions.mismatches),
        report=(*lines, *positions.report),
    )


class _Planner:
    """The working state of one :func:`plan`; nothing outlives the call."""

    def __init__(
        self,
        ledger: Ledger,
        snapshot: BrokerSnapshot,
        policy: Policy,
        absences: Absences,
        bot: str,
        now_ns: int,
        monotonic_ns: int,
    ) -> None:
        self.ledger = ledger
        self.snapshot = snapshot
        self.policy = policy
        self.before = absences
        self.bot = bot
        self.now_ns = now_ns
        self.monotonic_ns = monotonic_ns
        self.records: list[AnyRecord] = []
        self.findings: list[Discrepancy] = []
        self.cancels: list[CancelOrder] = []
        self.missing: dict[OrderRef, Missing] = {}
        self.orphaned: set[str] = set()

    def executions(self) -> list[Execution]:
        """Plan the booking of fills we do not know; return them, oldest first."""
        missed = sorted(
            (e for e in self.snapshot.executions if self._is_news(e)),
            key=lambda e: (e.at_ns, e.exec_id),
        )
        for execution in missed:
            self.records.append(
                ExecutionRecorded(at_ns=self.now_ns, execution=execution, recovered=True)
            )
            kind = Kind.MANUAL_FILL
            if OrderRef(execution.order_ref) in self.ledger.orders:
                kind = Kind.MISSED_FILL
            elif is_ours(execution.order_ref, self.bot):
                kind = Kind.ORPHAN_FILL
            what = f"{execution.action} {execution.quantity} at {execution.price}"
            self._find(kind, execution.contract.symbol, "not in the books", what, "booked")
        return missed

    def commissions(self) -> None:
        """Plan the booking of commissions of fills that are, or will be, in the books."""
        booked = {*self.ledger.executions}
        booked |= {
            execution_key(record.execution.exec_id)
            for record in self.records
            if isinstance(record, ExecutionRecorded)
        }
        for report in self.snapshot.commissions:
            key = execution_key(report.exec_id)
            if key in booked and self.ledger.commissions.get(key) != report:
                self.records.append(CommissionRecorded(at_ns=self.now_ns, report=report))

    def orders(self, missed: list[Execution]) -> None:
        """Plan what becomes of every order that is not over, and of absent ones that appear."""
        filled: dict[str, Decimal] = {}
        for execution in missed:
            known = self.ledger.executions.get(execution_key(execution.exec_id))
            more = execution.quantity - (known.quantity if known is not None else _ZERO)
            filled[execution.order_ref] = filled.get(execution.order_ref, _ZERO) + more
        candidates = [
            entry
            for entry in self.ledger.orders.values()
            if not entry.state.terminal or entry.state is OrderState.ABSENT
        ]
        for entry in candidates:
            total = entry.filled + filled.get(entry.order.order_ref, _ZERO)
            self._order(entry, total)

    def orphans(self) -> None:
        """Find live orders that carry our reference and have no intent (I3)."""
        for shown in self.snapshot.open_orders:
            ref = OrderRef(shown.order_ref)
            if not is_ours(ref, self.bot) or ref in self.ledger.orders:
                continue
            self.orphaned.add(ref)
            if ref not in self.before.orphans:
                what = f"{shown.action} {shown.quantity} {shown.order_type} ({ref})"
                self._find(
                    Kind.ORPHAN_ORDER, shown.contract.symbol, "no intent", what, "left alone"
                )

    def discrepancy_records(self) -> Iterator[DiscrepancyFound]:
        """Yield a record for every finding."""
        for finding in self.findings:
            yield DiscrepancyFound(
                at_ns=self.now_ns,
                name=finding.kind.value,
                symbol=finding.symbol,
                before=finding.before,
                after=finding.after,
                action=finding.action,
            )

    def _order(self, entry: OrderEntry, filled: Decimal) -> None:
        shown = self._shown(entry, self.snapshot.open_orders)
        ended = self._shown(entry, self.snapshot.completed_orders)
        if filled >= entry.order.quantity:
            self._change(entry, OrderState.FILLED, _first(shown or ended), "filled")
        elif shown:
            self._working(entry, shown, filled)
        elif ended:
            self._ended(entry, ended[0])
        else:
            self._nowhere(entry)

    def _working(self, entry: OrderEntry, shown: list[BrokerOrder], filled: Decimal) -> None:
        first = shown[0]
        state = conclude(entry.state, first.status, filled, entry.order.quantity)
        if entry.state is OrderState.ABSENT:
            self._find_order(Kind.RESURRECTED_ORDER, entry, "absent", "working", "adopted")
            state = OrderState.WORKING
        elif entry.state is OrderState.UNKNOWN:
            self._find_order(Kind.FOUND_ORDER, entry, "unknown", "working", "adopted")
        self._change(entry, state, first, "the broker shows it")
        if first.order_id and first.order_id != entry.order_id:
            self.records.append(
                OrderIdReassigned(
                    at_ns=self.now_ns, order_ref=entry.order.order_ref, order_id=first.order_id
                )
            )
        self._duplicates(entry, shown)

    def _duplicates(self, entry: OrderEntry, shown: list[BrokerOrder]) -> None:
        """Two live perm ids for one reference: alarm, and cancel what has another order id."""
        extras = [order for order in shown[1:] if order.perm_id != shown[0].perm_id]
        if not extras:
            return
        perms = ", ".join(str(order.perm_id) for order in shown)
        self._find_order(Kind.DUPLICATE_ORDER, entry, "one order", f"perm ids {perms}", "cancel")
        for extra in extras:
            self.cancels.append(
                CancelOrder(entry.order.order_ref, extra.order_id, "duplicate of one intent")
            )

    def _ended(self, entry: OrderEntry, ended: BrokerOrder) -> None:
        match ended.status:
            case BrokerOrderStatus.FILLED:
                state = OrderState.FILLED
            case BrokerOrderStatus.INACTIVE:
                state = OrderState.REJECTED
            case _:
                state = OrderState.CANCELLED
        if entry.state is OrderState.ABSENT:
            self._find_order(Kind.RESURRECTED_ORDER, entry, "absent", ended.status, "booked")
            state = OrderState.CANCELLED if state is OrderState.REJECTED else state
        self._change(entry, state, ended, "the broker lists it as completed")

    def _nowhere(self, entry: OrderEntry) -> None:
        ref = entry.order.order_ref
        if entry.state in {OrderState.INTENDED, OrderState.SENT, OrderState.ABSENT}:
            return  # on its way in this process, or known to be absent
        if entry.state is OrderState.WORKING:
            self._find_order(Kind.VANISHED_ORDER, entry, "working", "not shown", "look again")
            self._change(entry, OrderState.UNKNOWN, None, "the broker shows it nowhere")
        missing = missed_again(self.before.missing.get(ref), self.monotonic_ns)
        if is_absent(missing, self.policy, self.monotonic_ns):
            self._find_order(Kind.ABSENT_ORDER, entry, "unknown", "nowhere", "declared absent")
            reason = f"in none of {missing.snapshots} complete snapshots"
            self._change(entry, OrderState.ABSENT, None, reason)
        else:
            self.missing[ref] = missing

    def _change(
        self, entry: OrderEntry, state: OrderState, shown: BrokerOrder | None, reason: str
    ) -> None:
        perm_id = shown.perm_id if shown is not None else PermId(0)
        known = not perm_id or perm_id in entry.perm_ids
        if state is entry.state and known:
            return
        self.records.append(
            OrderStateChanged(
                at_ns=self.now_ns,
                order_ref=entry.order.order_ref,
                state=state,
                perm_id=perm_id,
                status=shown.status if shown is not None else None,
                reason=reason,
            )
        )

    def _shown(self, entry: OrderEntry, orders: tuple[BrokerOrder, ...]) -> list[BrokerOrder]:
        ref = entry.order.order_ref
        found = [order for order in orders if order.order_ref == ref]
        if not found and entry.perm_ids:
            found = [order for order in orders if order.perm_id in entry.perm_ids]
        return sorted(found, key=lambda order: order.perm_id)

    def _is_news(self, execution: Execution) -> bool:
        known = self.ledger.executions.get(execution_key(execution.exec_id))
        if known is not None:
            return known.exec_id != execution.exec_id and known.exec_id < execution.exec_id
        if is_ours(execution.order_ref, self.bot):
            return True
        began = self._first_intent_ns(execution)
        return began is not None and execution.at_ns >= began

    def _first_intent_ns(self, execution: Execution) -> int | None:
        """Return since when the contract is ours to keep a book of, or None."""
        book = self.ledger.positions.get(execution.contract.con_id)
        if book is None:
            return None
        times = [
            entry.intent.at_ns
            for entry in self.ledger.orders.values()
            if entry.contract.con_id == execution.contract.con_id
        ]
        return min(times, default=None)

    def _find(self, kind: Kind, symbol: str, before: str, after: str, action: str) -> None:
        self.findings.append(
            Discrepancy(kind=kind, symbol=symbol, before=before, after=after, action=action)
        )

    def _find_order(
        self, kind: Kind, entry: OrderEntry, before: str, after: str, action: str
    ) -> None:
        ref = entry.order.order_ref
        self._find(kind, entry.contract.symbol, f"{ref} {before}", after, action)


def _first(orders: list[BrokerOrder]) -> BrokerOrder | None:
    return orders[0] if orders else None


def _line(finding: Discrepancy) -> str:
    return (
        f"{finding.symbol}: {finding.kind}: {finding.before} → {finding.after} ({finding.action})"
    )
