"""What a unit that is to be closed at market still needs. Pure.

Rules:
1. The intent to close is in the journal: a crash between the cancel of a stop and the market
   exit must go on closing, since a new stop beside the exit would open the other side.
2. Nothing is closed while anything of the unit may still fill. Its entry and its target are
   cancelled first and its stop last, so that it is naked for as short as possible.
3. A market exit that works is left alone; what it leaves is closed by another one.
4. When IB has refused the exit ``REFUSALS`` times, closing is over: the stop comes back. Asked
   for again it begins when the next exit may follow; until then the stop stays.
"""

from __future__ import annotations

from ibelay.journal.books import UnitBook
from ibelay.journal.ledger import Ledger
from ibelay.journal.order_entry import OrderEntry
from ibelay.model.order import OrderState, Role
from ibelay.reconcile.gaps import REFUSALS, CancelExit, CloseAtMarket, Gap
from ibelay.reconcile.retry import not_before_ns

_CANCELLED_IN_ORDER = (Role.ENTRY, Role.TARGET, Role.STOP)


def is_closing(ledger: Ledger, unit: UnitBook) -> bool:
    """Return whether *unit* is to be closed, and IB has not refused that too often."""
    return bool(unit.closing) and refused_exits(ledger, unit) < REFUSALS


def refused_exits(ledger: Ledger, unit: UnitBook) -> int:
    """Return how many market exits ended without a share since *unit* was to be closed."""
    exits = (ledger.orders[ref] for ref in unit.order_refs[unit.closing_from :])
    return sum(
        entry.order.role is Role.EXIT
        and entry.state in {OrderState.REJECTED, OrderState.CANCELLED}
        and not entry.filled
        for entry in exits
    )


def in_the_way(ledger: Ledger, unit: UnitBook) -> list[OrderEntry]:
    """Return what must be cancelled before *unit* can be closed, in that order (rule 2)."""
    entries = [ledger.orders[ref] for ref in unit.order_refs]
    return [
        entry
        for role in _CANCELLED_IN_ORDER
        for entry in entries
        if entry.order.role is role and not entry.state.terminal and not entry.cancel_intended
    ]


def left_to_close(ledger: Ledger, unit: UnitBook) -> list[Gap]:
    """Return the next step of closing *unit*; an empty list while an order may still fill."""
    blocking = in_the_way(ledger, unit)
    if blocking:
        begins = next_exit_ns(ledger, unit)
        return [CancelExit(unit.unit, entry.order.order_ref, begins) for entry in blocking]
    if any(not ledger.orders[ref].state.terminal for ref in unit.order_refs):
        return []
    if not unit.open_quantity:
        return []
    return [CloseAtMarket(unit.unit, unit.open_quantity, next_exit_ns(ledger, unit))]


def next_exit_ns(ledger: Ledger, unit: UnitBook) -> int:
    """Return before which broker time no further market exit of *unit* follows; 0 if now."""
    entries = (ledger.orders[ref] for ref in unit.order_refs)
    return not_before_ns([entry for entry in entries if entry.order.role is Role.EXIT])
