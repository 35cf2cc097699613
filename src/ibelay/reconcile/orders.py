"""Orders side by side: what each of ours is by a complete snapshot. Pure.

Rules:
1. An order is matched by ``order_ref``, then by the *set* of its perm ids. IB leaves order id
   and client id out of completed orders, and often their quantities too.
2. Presence is proven by one snapshot, absence by several (``absence``).
3. An order is as filled as executions say. "Filled", or a cancel after fills, that executions
   do not account for yet is treated like absence: wait, it may only be late; then believe it
   and tell, since IB forgets executions at midnight and at a gateway's restart.
4. Two live perm ids for one reference: the one we know longest stays, the others go.
5. An order that lives although our books hold it to be over is cancelled: the strategy was
   told that it is over, and protection has replaced it. Two snapshots must show it, since a
   listing can be older than the end. So is what lives on of an order that is filled: a double
   of it (F25), or a rest that a refused modification left there.
6. IB shrinks the exits of a bracket by itself, and people change orders by hand: the shown size
   of an exit that we do not want changed is ours if two snapshots show it, since the execution
   behind it may be on its way. Protection then places what is missing.

Source: shared facts section 3 and failure modes F07, F10, F25 and F39.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.journal.ledger import Ledger
from ibelay.journal.order_entry import OrderEntry
from ibelay.journal.records import (
    CancelIntended,
    OrderIdReassigned,
    OrderStateChanged,
    OrderTermsTaken,
)
from ibelay.machines.order_life import conclude
from ibelay.model.ids import OrderRef, PermId, is_ours
from ibelay.model.order import BrokerOrderStatus, OrderState, Role
from ibelay.model.snapshot import BrokerOrder, BrokerSnapshot
from ibelay.reconcile.absence import Absences, Missing, is_absent, missed_again
from ibelay.reconcile.discrepancies import Kind
from ibelay.reconcile.draft import NO_INTENT, CancelOrder, Draft
from ibelay.reconcile.policy import Policy

_ZERO = Decimal(0)
_ON_ITS_WAY = frozenset({OrderState.INTENDED, OrderState.SENT})
_ENDED_UNFILLED = frozenset({OrderState.CANCELLED, OrderState.REJECTED})
_SURELY_ALIVE = frozenset(
    {
        BrokerOrderStatus.PENDING_SUBMIT,
        BrokerOrderStatus.PRE_SUBMITTED,
        BrokerOrderStatus.SUBMITTED,
    }
)


@dataclass(slots=True)
class OrderPlan:
    """Decides about orders; lives for one call of ``plan``.

    Attributes:
        gained: By how many shares the fills of the same plan change each order.
        missing: Memory for the next plan: orders in no part of the snapshot.
        living: Memory for the next plan: orders shown although they are over.
        sizes: Memory for the next plan: exits shown with another size.
    """

    ledger: Ledger
    snapshot: BrokerSnapshot
    policy: Policy
    before: Absences
    draft: Draft
    gained: Mapping[str, Decimal]
    monotonic_ns: int
    missing: dict[OrderRef, Missing] = field(default_factory=dict)
    living: set[OrderRef] = field(default_factory=set)
    sizes: dict[OrderRef, Decimal] = field(default_factory=dict)

    def compare(self, bot: str) -> None:
        """Decide about every order of ours that is not over, or is shown though it is."""
        for entry in self._in_question():
            if not entry.state.terminal or entry.state is OrderState.ABSENT:
                self._order(entry)
            elif entry.state in _ENDED_UNFILLED and self._filled(entry) >= entry.order.quantity:
                self._change(entry, OrderState.FILLED, None, "filled before its end")
        over: dict[OrderRef, OrderEntry] = {}
        for order in self.snapshot.open_orders:
            known = self.ledger.orders.get(OrderRef(order.order_ref))
            if known is None:
                self._stranger(order, bot)
            elif known.state in _ENDED_UNFILLED:
                over[known.order.order_ref] = known
            elif known.state is OrderState.FILLED:
                self._outlives(known, order)
        for entry in over.values():
            self._over(entry, _matching(entry, self.snapshot.open_orders))

    def _in_question(self) -> list[OrderEntry]:
        """Return the orders whose state may change, oldest first: not all there ever were."""
        refs = dict.fromkeys((*self.ledger.unsettled, *map(OrderRef, self.gained)))
        entries = (self.ledger.orders[ref] for ref in refs)
        return sorted(entries, key=lambda entry: entry.intent.order_id)

    def _filled(self, entry: OrderEntry) -> Decimal:
        """Return how much of *entry* is filled with the fills of the same plan."""
        return entry.filled + self.gained.get(entry.order.order_ref, _ZERO)

    def _order(self, entry: OrderEntry) -> None:
        filled = self._filled(entry)
        shown = _matching(entry, self.snapshot.open_orders)
        ended = _matching(entry, self.snapshot.completed_orders)
        if filled >= entry.order.quantity:
            if entry.state is OrderState.ABSENT:
                self._find(Kind.RESURRECTED_ORDER, entry, "absent", "filled", "booked")
            self._change(entry, OrderState.FILLED, next(iter(shown or ended), None), "filled")
        elif shown:
            self._working(entry, shown, filled)
        elif ended:
            self._ended(entry, ended[0], filled)
        else:
            self._nowhere(entry)

    def _working(self, entry: OrderEntry, shown: list[BrokerOrder], filled: Decimal) -> None:
        first = shown[0]
        state = conclude(entry.state, first.status, filled, entry.order.quantity)
        if entry.state is OrderState.ABSENT:
            self._find(Kind.RESURRECTED_ORDER, entry, "absent", "working", "adopted")
            state = OrderState.WORKING
        elif entry.state is OrderState.UNKNOWN:
            self._find(Kind.FOUND_ORDER, entry, "unknown", "working", "adopted")
        self._adopt(entry, state, shown, "the broker shows it")
        if entry.terms_unknown or self._resized(entry, first):
            self._take_terms(entry, first)
        if entry.order.role is Role.STOP and first.status is BrokerOrderStatus.INACTIVE:
            self._tell_of_inactive(entry)

    def _resized(self, entry: OrderEntry, shown: BrokerOrder) -> bool:
        """Return whether an exit has another size than ours, in two snapshots (rule 6)."""
        if entry.order.role is Role.ENTRY or shown.quantity <= self._filled(entry):
            return False
        if entry.modified or entry.cancel_intended:
            return False  # what we want of it and did not arrive is said again (``amend``)
        ref, shows = entry.order.order_ref, shown.quantity
        if shows == entry.order.quantity:
            return False
        if self.before.sizes.get(ref) == shows:
            return True
        self.sizes[ref] = shows
        return False

    def _take_terms(self, entry: OrderEntry, shown: BrokerOrder) -> None:
        """Take what the broker shows of a working order for what it is."""
        self.draft.records.append(
            OrderTermsTaken(
                at_ns=self.draft.now_ns,
                order_ref=entry.order.order_ref,
                reason="the order is as the broker shows it",
                quantity=shown.quantity,
                limit_price=shown.limit_price if entry.terms_unknown else None,
                stop_price=shown.stop_price if entry.terms_unknown else None,
            )
        )

    def _tell_of_inactive(self, entry: OrderEntry) -> None:
        """Alarm once: it may be held until the open, or for good; a second one might double it."""
        if self.draft.is_first_sight(f"inactive {entry.order.order_ref}"):
            self._find(Kind.INACTIVE_STOP, entry, "working", "inactive", "look at it in TWS")

    def _adopt(
        self, entry: OrderEntry, state: OrderState, shown: list[BrokerOrder], reason: str
    ) -> None:
        """Take the longest known of *shown* for the order; the others must not live."""
        first = shown[0]
        self._change(entry, state, first, reason)
        self._address(entry, first)
        extras = [order for order in shown[1:] if order.perm_id not in {0, first.perm_id}]
        if extras:
            self._duplicates(entry, state, first, extras)

    def _address(self, entry: OrderEntry, shown: BrokerOrder) -> None:
        """Learn under which order id the broker has it now."""
        if shown.order_id and shown.order_id != entry.order_id:
            self.draft.records.append(
                OrderIdReassigned(
                    at_ns=self.draft.now_ns,
                    order_ref=entry.order.order_ref,
                    order_id=shown.order_id,
                )
            )

    def _duplicates(
        self, entry: OrderEntry, state: OrderState, kept: BrokerOrder, extras: list[BrokerOrder]
    ) -> None:
        """Alarm once; cancel at every sight, since the cancel may have been cut off."""
        ref = entry.order.order_ref
        for extra in extras:
            self._change(entry, state, extra, "a second order for one intent")
            # 0: another session's, which only it can cancel
            if extra.order_id and extra.status is not BrokerOrderStatus.PENDING_CANCEL:
                reason = f"a double of perm id {kept.perm_id}"
                self.draft.cancels.append(CancelOrder(ref, extra.order_id, reason, extra.perm_id))
        perms = ", ".join(str(order.perm_id) for order in (kept, *extras))
        if self.draft.is_first_sight(f"double {ref} {perms}"):
            action = "the double is cancelled"
            if not all(extra.order_id for extra in extras):
                action = "cancel it by hand: it belongs to another session"
            self._find(Kind.DUPLICATE_ORDER, entry, "one order", f"perm ids {perms}", action)

    def _ended(self, entry: OrderEntry, ended: BrokerOrder, filled: Decimal) -> None:
        match ended.status:
            case BrokerOrderStatus.FILLED:
                state = OrderState.FILLED
            case BrokerOrderStatus.INACTIVE:
                state = OrderState.REJECTED
            case _:
                state = OrderState.CANCELLED
        if entry.state is OrderState.ABSENT:
            self._find(Kind.RESURRECTED_ORDER, entry, "absent", ended.status, "booked")
            state = OrderState.CANCELLED if state is OrderState.REJECTED else state
        elif not self._accounted_for(entry, ended, filled):
            self._unaccounted(entry, ended, state, filled)
            return
        self._change(entry, state, ended, "the broker lists it as completed")

    def _accounted_for(self, entry: OrderEntry, ended: BrokerOrder, filled: Decimal) -> bool:
        """Return whether executions explain how *ended* ended (rule 3)."""
        if ended.status is not BrokerOrderStatus.FILLED:
            return filled >= ended.filled
        told = ended.filled or ended.quantity
        if told and filled >= told:
            return True
        if entry.order.role is Role.ENTRY:
            return False
        # IB shrinks the exits of a bracket by itself: closed is closed, whatever the sizes.
        unit = self.ledger.units[entry.order.unit]
        gained = {
            role: sum(
                (
                    self.gained.get(ref, _ZERO)
                    for ref in unit.order_refs
                    if (self.ledger.orders[ref].order.role is Role.ENTRY) is role
                ),
                _ZERO,
            )
            for role in (True, False)
        }
        return unit.open_quantity + gained[True] - gained[False] <= 0

    def _unaccounted(
        self, entry: OrderEntry, ended: BrokerOrder, state: OrderState, filled: Decimal
    ) -> None:
        """Wait for the executions, as for an order that is nowhere; then believe IB's word."""
        if not self._patience_ends(entry):
            self._change(entry, OrderState.UNKNOWN, ended, "over, but its executions are not here")
            return
        before = f"{filled} of {entry.order.quantity} filled"
        self._find(Kind.UNLISTED_FILL, entry, before, ended.status, "IB's word is taken")
        self._change(entry, state, ended, "over; its executions are no longer listed")

    def _nowhere(self, entry: OrderEntry) -> None:
        if entry.state in _ON_ITS_WAY or entry.state is OrderState.ABSENT:
            return  # on its way in this process, or known to be absent
        if entry.state is OrderState.WORKING:
            self._find(Kind.VANISHED_ORDER, entry, "working", "not shown", "look again")
            self._change(entry, OrderState.UNKNOWN, None, "the broker shows it nowhere")
        if self._patience_ends(entry):
            kind = Kind.GONE_ORDER if entry.perm_ids else Kind.ABSENT_ORDER
            self._find(kind, entry, "unknown", "nowhere", "declared absent")
            self._change(entry, OrderState.ABSENT, None, "in none of several complete snapshots")

    def _patience_ends(self, entry: OrderEntry) -> bool:
        """Count one more snapshot without *entry*; return whether the policy waits no longer."""
        ref = entry.order.order_ref
        missing = missed_again(self.before.missing.get(ref), self.monotonic_ns)
        if is_absent(missing, self.policy, self.monotonic_ns):
            return True
        self.missing[ref] = missing
        return False

    def _stranger(self, order: BrokerOrder, bot: str) -> None:
        """Find a live order that carries our name and has no intent (I3)."""
        ref = OrderRef(order.order_ref)
        if is_ours(ref, bot) and self.draft.is_first_sight(f"orphan {ref} {order.perm_id}"):
            what = f"{order.action} {order.quantity} {order.order_type} ({ref})"
            symbol = order.contract.symbol
            self.draft.find(Kind.ORPHAN_ORDER, symbol, "no intent", what, "left alone")

    def _over(self, entry: OrderEntry, shown: list[BrokerOrder]) -> None:
        """Take an order that lives back into the books, to be cancelled (rule 5)."""
        ref = entry.order.order_ref
        if self._filled(entry) >= entry.order.quantity:
            return  # its listing is older than its last fill
        if not any(order.status in _SURELY_ALIVE for order in shown):
            return  # a rejected order may be listed as Inactive, a cancelled one as on its way
        if ref not in self.before.living:
            self.living.add(ref)
            return
        before = str(entry.state)
        self._find(Kind.RESURRECTED_ORDER, entry, before, "working", "it is cancelled again")
        reason = f"it was {before} in our books"
        self._adopt(entry, OrderState.WORKING, shown, reason)
        self.draft.records.append(
            CancelIntended(at_ns=self.draft.now_ns, order_ref=ref, reason=reason)
        )

    def _outlives(self, entry: OrderEntry, order: BrokerOrder) -> None:
        """Cancel what lives on of a filled order; the books leave that order as it is."""
        ref = entry.order.order_ref
        if order.status not in _SURELY_ALIVE or order.filled >= order.quantity:
            return
        matter = f"outlives {ref} {order.perm_id}"
        if ref not in self.before.living and matter not in self.draft.told_before:
            self.living.add(ref)
            return
        if order.order_id:  # 0: another session's, which only it can cancel
            cancel = CancelOrder(NO_INTENT, order.order_id, f"{ref} is filled", order.perm_id)
            self.draft.cancels.append(cancel)
        if self.draft.is_first_sight(matter):
            action = "it is cancelled" if order.order_id else "cancel it by hand"
            left = f"perm id {order.perm_id} works for {order.quantity - order.filled}"
            self._find(Kind.RESURRECTED_ORDER, entry, "filled", left, action)

    def _change(
        self, entry: OrderEntry, state: OrderState, shown: BrokerOrder | None, reason: str
    ) -> None:
        perm_id = shown.perm_id if shown is not None else PermId(0)
        known = not perm_id or perm_id in entry.perm_ids
        if state is entry.state and known:
            return
        self.draft.records.append(
            OrderStateChanged(
                at_ns=self.draft.now_ns,
                order_ref=entry.order.order_ref,
                state=state,
                perm_id=perm_id,
                status=shown.status if shown is not None else None,
                reason=reason,
            )
        )

    def _find(self, kind: Kind, entry: OrderEntry, before: str, after: str, action: str) -> None:
        what = f"{entry.order.order_ref} {before}"
        self.draft.find(kind, entry.contract.symbol, what, after, action)


def _matching(entry: OrderEntry, orders: Iterable[BrokerOrder]) -> list[BrokerOrder]:
    """Return what of *orders* is *entry*'s, the longest known first."""
    found = [
        order
        for order in orders
        if order.order_ref == entry.order.order_ref
        or (not order.order_ref and order.perm_id in entry.perm_ids)
    ]

    def age(order: BrokerOrder) -> tuple[int, bool, int]:
        known = order.perm_id in entry.perm_ids
        place = entry.perm_ids.index(order.perm_id) if known else len(entry.perm_ids)
        return place, order.perm_id == 0, order.perm_id

    return sorted(found, key=age)
