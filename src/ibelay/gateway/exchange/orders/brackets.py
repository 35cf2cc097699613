"""Which orders hold each other: brackets and OCA groups.

Rules:
1. A child lives once its parent has a fill; children that close what the parent opened
   (same contract, other side) never fill more, together, than the parent has.
2. Such children share the parent's quantity: what one fills is gone for the others, so a
   stop shrinks as the target fills, and what has nothing left to close is Cancelled. A
   sibling that still fits into the rest keeps its size: two half-size targets and a
   full-size stop work together. (How IB sizes unequal siblings is not documented.)
3. A parent that ends unfilled takes its children with it; one that ends partly filled
   leaves children of the filled size.
4. A client's own OCA group: with type 1 the first fill of one cancels the others; with 2
   and 3 the others shrink by what filled, and a complete fill of one cancels them.
   Type 0 counts as 3.
5. All this happens before anything else is matched, so nothing ever overfills, also with
   type 3, where IB itself does not promise it.

**Source**: IB_FACTS section 3, "Brackets" and "OCA".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from ibelay.gateway.exchange.orders.entry import Entry

ZERO = Decimal(0)
CANCEL_OTHERS = 1
REDUCE_NO_BLOCK = 3


def root(entry: Entry) -> Entry:
    """Return the order at the top of the bracket that *entry* belongs to."""
    while entry.parent is not None:
        entry = entry.parent
    return entry


def family(entry: Entry) -> Iterator[Entry]:
    """Yield *entry* and everything below it, parents first."""
    yield entry
    for child in entry.children:
        yield from family(child)


def adopt(parent: Entry, child: Entry) -> None:
    """Put *child* under *parent*; the bracket's OCA group is named by the parent's permId."""
    if not child.own_oca_group:
        group = str(parent.perm_id)
        child.request = replace(child.request, oca_group=group, oca_type=REDUCE_NO_BLOCK)
    child.parent = parent
    quantity = allowed_quantity(child, child.request.quantity)
    child.request = replace(child.request, quantity=quantity)
    parent.children.append(child)


def _closes(child: Entry, parent: Entry) -> bool:
    return child.con_id == parent.con_id and child.request.action is not parent.request.action


def _exits_filled(parent: Entry) -> Decimal:
    return sum((child.filled for child in parent.children if _closes(child, parent)), ZERO)


def opens(entry: Entry) -> bool:
    """Return whether *entry* may open a position of its own: all but what closes its parent's."""
    return entry.parent is None or not _closes(entry, entry.parent)


def fillable(entry: Entry) -> Decimal:
    """Return how much of *entry* may fill now as far as its bracket is concerned (rule 1)."""
    parent = entry.parent
    if parent is None:
        return entry.remaining
    if not parent.filled:
        return ZERO
    if not _closes(entry, parent):
        return entry.remaining
    return max(ZERO, min(entry.remaining, parent.filled - _exits_filled(parent)))


def allowed_quantity(child: Entry, wanted: Decimal) -> Decimal:
    """Return the largest total quantity up to *wanted* that rule 2 leaves *child*."""
    parent = child.parent
    if parent is None or not _closes(child, parent):
        return wanted
    shared = parent.filled if parent.done else parent.request.quantity
    return child.filled + max(ZERO, min(wanted - child.filled, shared - _exits_filled(parent)))


def oca_quantities(
    filler: Entry, filled: Decimal, group: Iterable[Entry]
) -> list[tuple[Entry, Decimal]]:
    """Return the new total quantities of *filler*'s OCA *group* after it filled *filled*.

    A quantity equal to what the order has filled means that it is over (rule 4).
    """
    others = [entry for entry in group if entry is not filler]
    if filler.done or filler.request.oca_type == CANCEL_OTHERS:
        return [(entry, entry.filled) for entry in others]
    return [(e, e.filled + max(ZERO, e.remaining - filled)) for e in others]
