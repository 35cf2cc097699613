"""How orders end, and how they shrink.

Rules:
1. An order ends once: Filled, Cancelled or Inactive (rejected).
2. A parent that ends unfilled takes its children with it; one that ends partly filled leaves
   children of the filled size.
3. What its bracket or group leaves nothing of is cancelled by the system.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from ibelay.gateway.exchange.acts.standing import tell
from ibelay.gateway.exchange.acts.turn import Turn
from ibelay.gateway.exchange.events import OrderChanged
from ibelay.gateway.exchange.orders import brackets
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.gateway.exchange.rules.codes import Refusal
from ibelay.model.order import BrokerOrderStatus

BY_TRADER = "Cancelled by Trader"
BY_SYSTEM = "Cancelled by System"


def end(turn: Turn, entry: Entry, status: BrokerOrderStatus, text: str) -> None:
    """Take *entry* out of the book, and what depends on it."""
    entry.status, entry.why_held, entry.cancelling = status, "", False
    entry.completed_ns, entry.completed_status = turn.now_ns, text
    turn.pit.shelf.end(entry)
    turn.out.append(OrderChanged(order=entry.view()))
    if status is BrokerOrderStatus.FILLED:
        return
    for child in entry.children:
        if not child.done and not entry.filled:
            cancel(turn, child)
    fit_children(turn, entry)


def cancel(turn: Turn, entry: Entry, text: str = BY_SYSTEM) -> None:
    """End *entry* as Cancelled."""
    end(turn, entry, BrokerOrderStatus.CANCELLED, text)


def reject(turn: Turn, entry: Entry, refusal: Refusal) -> None:
    """End *entry* as Inactive, then say why, as IB does.

    **Source**: IB_FACTS section 1d, code 201: the status precedes the code.
    """
    end(turn, entry, BrokerOrderStatus.INACTIVE, "Inactive")
    turn.out.append(refusal.about(entry.request))


def resize(turn: Turn, entry: Entry, wanted: Decimal) -> None:
    """Give *entry* what its bracket leaves of the quantity *wanted*; none left ends it."""
    quantity = brackets.allowed_quantity(entry, wanted)
    if entry.done or quantity == entry.request.quantity:
        return
    if quantity <= entry.filled:
        cancel(turn, entry)
        return
    entry.request = replace(entry.request, quantity=quantity)
    tell(turn, entry)


def fit_children(turn: Turn, parent: Entry) -> None:
    """Shrink the children of *parent* to what it leaves them to close."""
    for child in parent.children:
        resize(turn, child, child.request.quantity)
