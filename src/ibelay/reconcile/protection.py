"""Is everything that is held protected? (ledger, other people's stops) → what to do. Pure.

Rules:
1. Judged per unit: its open quantity against its live stops, whoever cancels or fills what.
   A stop that is intended, sent, unanswered or working is cover (it must never be doubled);
   one that is being cancelled is not.
2. A bracket's own stop follows its parent's fills and shrinks with its siblings' at the
   broker; it is never resized from here while it belongs to its bracket.
3. Live stops of other clients and of people on the same contract and side count once.
4. The price is the unit's latest known stop price. A unit that never had a stop is left
   alone: its strategy wanted none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ibelay.journal.books import UnitBook
from ibelay.journal.ledger import Ledger, OrderEntry
from ibelay.model.ids import ConId, OrderRef, UnitRef
from ibelay.model.order import Action, OrderState, Role
from ibelay.model.snapshot import BrokerOrder

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class PlaceStop:
    """Something is held without enough stop."""

    unit: UnitRef
    quantity: Decimal
    stop_price: Decimal


@dataclass(frozen=True, slots=True)
class ResizeStop:
    """A stand-alone stop is larger than what it protects."""

    unit: UnitRef
    order_ref: OrderRef
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class CancelStop:
    """A stop protects nothing any more."""

    unit: UnitRef
    order_ref: OrderRef


Gap = PlaceStop | ResizeStop | CancelStop


def audit(ledger: Ledger, foreign_stops: Sequence[BrokerOrder] = ()) -> list[Gap]:
    """Return what protection needs, oldest unit first; an empty list if all is well."""
    foreign = _foreign_cover(foreign_stops)
    gaps: list[Gap] = []
    live_units = {ledger.orders[ref].order.unit for ref in ledger.working}
    for unit in ledger.units.values():
        if unit.open_quantity or unit.unit in live_units:
            gaps += _audit_unit(ledger, unit, foreign)
    return gaps


def _audit_unit(
    ledger: Ledger, unit: UnitBook, foreign: dict[tuple[ConId, Action], Decimal]
) -> list[Gap]:
    stops = [
        entry for ref in unit.order_refs if (entry := ledger.orders[ref]).order.role is Role.STOP
    ]
    if not stops:
        return []
    live = [e for e in stops if not e.state.terminal and not e.cancel_intended]
    if not unit.open_quantity:
        return _leftovers(ledger, unit, live)
    covered = sum((_covers(entry, unit) for entry in live), _ZERO)
    short = unit.open_quantity - covered
    side = (unit.contract.con_id, unit.action.opposite)
    borrowed = min(short, foreign.get(side, _ZERO)) if short > 0 else _ZERO
    if borrowed:
        foreign[side] -= borrowed
        short -= borrowed
    if short > 0:
        price = stops[-1].order.stop_price
        return [] if price is None else [PlaceStop(unit.unit, short, price)]
    return _excess(unit, live, -short) if short < 0 else []


def _covers(entry: OrderEntry, unit: UnitBook) -> Decimal:
    """Return what a live stop covers; a bracket's own never counts for more than is open."""
    left = max(_ZERO, entry.order.quantity - entry.filled)
    return min(left, unit.open_quantity) if entry.order.parent_ref is not None else left


def _excess(unit: UnitBook, live: list[OrderEntry], excess: Decimal) -> list[Gap]:
    """Take *excess* off stand-alone stops, latest first."""
    gaps: list[Gap] = []
    for entry in reversed(live):
        if entry.order.parent_ref is not None or entry.state is not OrderState.WORKING:
            continue
        left = entry.order.quantity - entry.filled
        if excess >= left:
            gaps.append(CancelStop(unit.unit, entry.order.order_ref))
            excess -= left
        elif excess > 0:
            quantity = entry.order.quantity - excess
            gaps.append(ResizeStop(unit.unit, entry.order.order_ref, quantity))
            excess = _ZERO
    return gaps


def _leftovers(ledger: Ledger, unit: UnitBook, live: list[OrderEntry]) -> list[Gap]:
    """Return cancels for stops of a unit that holds nothing and cannot come to hold any."""
    entry_works = any(
        not ledger.orders[ref].state.terminal
        for ref in unit.order_refs
        if ledger.orders[ref].order.role is Role.ENTRY
    )
    if entry_works:
        return []
    closed_by_us = unit.exit_filled >= unit.entry_filled
    return [
        CancelStop(unit.unit, entry.order.order_ref)
        for entry in live
        # The broker itself ends the siblings of a bracket that closed itself.
        if entry.state is OrderState.WORKING
        and not (closed_by_us and entry.order.parent_ref is not None)
    ]


def _foreign_cover(stops: Sequence[BrokerOrder]) -> dict[tuple[ConId, Action], Decimal]:
    cover: dict[tuple[ConId, Action], Decimal] = {}
    for stop in stops:
        side = (stop.contract.con_id, stop.action)
        cover[side] = cover.get(side, _ZERO) + max(_ZERO, stop.quantity - stop.filled)
    return cover
