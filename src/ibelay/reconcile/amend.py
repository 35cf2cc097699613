"""What was decided about a working order and has not arrived: say it again. Pure.

A modification or a cancel that was cut off mid-way changes nothing at the broker. Both are
idempotent, so the repair is to compare the broker's order with ours and to send again. A cancel
that IB has taken up (PendingCancel) has arrived: said again it would only be refused (161), and
one that IB has refused is said again less and less often (``retry``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from ibelay.journal.books import UnitBook
from ibelay.journal.ledger import Ledger
from ibelay.journal.order_entry import OrderEntry
from ibelay.model.ids import OrderId, OrderRef
from ibelay.model.order import BrokerOrderStatus, Order, Role
from ibelay.model.snapshot import BrokerOrder, BrokerSnapshot
from ibelay.reconcile.retry import cancel_not_before_ns, is_due


def still_coming(ledger: Ledger, unit: UnitBook) -> Decimal:
    """Return how many shares the entry of *unit* may still fill."""
    entries = (ledger.orders[ref] for ref in unit.order_refs)
    return sum(
        (
            max(Decimal(0), entry.order.quantity - entry.filled)
            for entry in entries
            if entry.order.role is Role.ENTRY and not entry.state.terminal
        ),
        Decimal(0),
    )


def order_to_send(ledger: Ledger, entry: OrderEntry) -> Order | None:
    """Return *entry*'s order as a modification must say it; None if nothing is left of it.

    A modification states the whole order, so it would undo what the broker did by itself: when
    a bracket's target fills in part, IB shrinks the stop. An exit is therefore never sent for
    more than it has filled, plus what is open, plus what the entry may still fill. If that is
    nothing more, since its sibling filled meanwhile, there is nothing to be changed: a change to
    what has filled would be refused (105), or taken for an order of nothing.
    """
    order = entry.order
    if order.role is Role.ENTRY:
        return order
    unit = ledger.units[order.unit]
    most = entry.filled + unit.open_quantity + still_coming(ledger, unit)
    if most <= entry.filled:
        return None
    return order if order.quantity <= most else replace(order, quantity=most)


@dataclass(frozen=True, slots=True)
class Amendments:
    """Orders to modify and to cancel again."""

    modify: tuple[OrderRef, ...]
    cancel: tuple[tuple[OrderRef, OrderId], ...]

    def also_in(self, earlier: Amendments) -> Amendments:
        """Return what *earlier* named too: what was decided since then leaves by itself."""
        return Amendments(
            tuple(one for one in self.modify if one in earlier.modify),
            tuple(one for one in self.cancel if one in earlier.cancel),
        )


def amendments(ledger: Ledger, snapshot: BrokerSnapshot) -> Amendments:
    """Return which working orders differ from what we last decided about them."""
    modify: list[OrderRef] = []
    cancel: list[tuple[OrderRef, OrderId]] = []
    for shown in snapshot.open_orders:
        ref = OrderRef(shown.order_ref)
        entry = ledger.orders.get(ref)
        if entry is None or entry.state.terminal:
            continue
        if not shown.order_id or shown.status is BrokerOrderStatus.PENDING_CANCEL:
            continue  # another client's, to whom our order id says nothing; or under way
        if entry.cancel_intended:
            if is_due(cancel_not_before_ns(entry), snapshot.broker_time_ns):
                cancel.append((ref, shown.order_id))
        elif entry.modified and _differs(ledger, ref, shown):
            modify.append(ref)
    return Amendments(tuple(modify), tuple(cancel))


def _differs(ledger: Ledger, ref: OrderRef, shown: BrokerOrder) -> bool:
    order = order_to_send(ledger, ledger.orders[ref])
    if order is None:
        return False
    if order.role is Role.ENTRY and order.parent_ref is None and shown.filled:
        return False  # a partly filled entry is left alone
    ours = (order.quantity, order.stop_price, order.limit_price)
    return ours != (shown.quantity, shown.stop_price, shown.limit_price)
