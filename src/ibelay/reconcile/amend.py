"""What was decided about a working order and has not arrived: say it again. Pure.

A modification or a cancel that was cut off mid-way changes nothing at the broker. Both are
idempotent, so the repair is to compare the broker's order with ours and to send again.
"""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.journal.ledger import Ledger
from ibelay.model.ids import OrderId, OrderRef
from ibelay.model.order import Role
from ibelay.model.snapshot import BrokerOrder, BrokerSnapshot


@dataclass(frozen=True, slots=True)
class Amendments:
    """Orders to modify and to cancel again."""

    modify: tuple[OrderRef, ...]
    cancel: tuple[tuple[OrderRef, OrderId], ...]


def amendments(ledger: Ledger, snapshot: BrokerSnapshot) -> Amendments:
    """Return which working orders differ from what we last decided about them."""
    modify: list[OrderRef] = []
    cancel: list[tuple[OrderRef, OrderId]] = []
    for shown in snapshot.open_orders:
        ref = OrderRef(shown.order_ref)
        entry = ledger.orders.get(ref)
        if entry is None or entry.state.terminal:
            continue
        if entry.cancel_intended:
            cancel.append((ref, shown.order_id or entry.order_id))
        elif entry.modified and _differs(ledger, ref, shown):
            modify.append(ref)
    return Amendments(tuple(modify), tuple(cancel))


def _differs(ledger: Ledger, ref: OrderRef, shown: BrokerOrder) -> bool:
    order = ledger.orders[ref].order
    if order.role is Role.ENTRY and order.parent_ref is None and shown.filled:
        return False  # a partly filled entry is left alone
    return order.stop_price != shown.stop_price or order.limit_price != shown.limit_price
