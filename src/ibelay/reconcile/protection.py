"""Is everything that is held protected? (ledger, other people's stops) → what to do. Pure.

Rules:
1. Judged per unit: its open quantity against its live stops, whoever cancels or fills what.
   A stop that is intended, sent, unanswered or working is cover (it must never be doubled);
   one that is being cancelled is not.
2. A bracket's own stop follows its parent's fills and shrinks with its siblings' at the
   broker; it is never resized from here while it belongs to its bracket.
3. Live stops that people placed by hand on the same contract and side count once. Those of
   another API client are for what that client holds: relied on, they would leave ours naked.
4. When somebody else closed a part of the unit, the broker does not shrink the bracket's exits:
   a target left as it was would open the other side. Then, and only then, exits are cut down
   to what is held, or cancelled with nothing held.
5. The price is the unit's latest known stop price. A unit that never had a stop is left
   alone: its strategy wanted none.
6. What IB ends at once is tried again after a while (``retry``). What IB refuses every stop
   for is closed; against somebody who cancels every stop nothing is done but an alarm.
7. What is to be closed at market is closed (``closing``), and not protected beside that.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from decimal import Decimal

from ibelay.journal.books import UnitBook
from ibelay.journal.ledger import Ledger
from ibelay.journal.order_entry import OrderEntry
from ibelay.model.ids import ClientId, ConId
from ibelay.model.order import Action, BrokerOrderStatus, OrderState, Role
from ibelay.model.snapshot import BrokerOrder
from ibelay.reconcile.amend import still_coming
from ibelay.reconcile.closing import is_closing, left_to_close
from ibelay.reconcile.gaps import (
    REFUSALS,
    CancelExit,
    CloseUnprotectable,
    Gap,
    GivenUp,
    PlaceStop,
    ResizeExit,
)
from ibelay.reconcile.retry import change_not_before_ns, not_before_ns

_ZERO = Decimal(0)
_LOOKED_FOR_NS = 5_000_000_000
_WORKS = frozenset({BrokerOrderStatus.PRE_SUBMITTED, BrokerOrderStatus.SUBMITTED})


def audit(ledger: Ledger, foreign_stops: Sequence[BrokerOrder] = ()) -> list[Gap]:
    """Return what protection needs, oldest unit first; an empty list if all is well."""
    foreign = _foreign_cover(foreign_stops)
    gaps: list[Gap] = []
    for unit in ledger.live_units():
        gaps += _audit_unit(ledger, unit, foreign)
    return gaps


def hand_placed_stops(
    orders: Sequence[BrokerOrder], ours: Container[str], client_id: ClientId
) -> tuple[BrokerOrder, ...]:
    """Return the stops of *orders* that work and that a person placed (rule 3).

    Args:
        orders: What the broker shows of our account.
        ours: Our order references; those orders are in the books.
        client_id: Ours: what carries it was placed in our place, and is shown to nobody else.
    """
    by_hand = {0, client_id}  # TWS itself is client 0
    return tuple(
        order
        for order in orders
        if order.order_type in {"STP", "STP LMT", "TRAIL"}
        and order.order_ref not in ours
        and order.client_id in by_hand
        and order.status in _WORKS
    )


def _audit_unit(
    ledger: Ledger, unit: UnitBook, foreign: dict[tuple[ConId, Action], Decimal]
) -> list[Gap]:
    if is_closing(ledger, unit):
        return left_to_close(ledger, unit)
    entries = [ledger.orders[ref] for ref in unit.order_refs]
    exits = [
        entry
        for entry in entries
        if entry.order.role is not Role.ENTRY
        and not entry.state.terminal
        and not entry.cancel_intended
    ]
    if not unit.open_quantity:
        return _leftovers(unit, entries, exits)
    trims = _trims(unit, exits, still_coming(ledger, unit))
    stops = [entry for entry in entries if entry.order.role is Role.STOP]
    if not stops:
        return trims
    live = [entry for entry in exits if entry.order.role is Role.STOP]
    leaving = sum((_left(entry) for entry in exits if entry.order.role is Role.EXIT), _ZERO)
    covered = sum((_covers(entry, unit) for entry in live), _ZERO)
    # What is being closed gets no stop: beside that it would open the other side.
    short = unit.open_quantity - covered - leaving
    side = (unit.contract.con_id, unit.action.opposite)
    borrowed = min(short, foreign.get(side, _ZERO)) if short > 0 else _ZERO
    if borrowed:
        foreign[side] -= borrowed
        short -= borrowed
    if short > 0:
        staying = unit.open_quantity - leaving
        return [*trims, *_protect(ledger, unit, stops, short, staying)]
    # While an exit may still be refused, no stop is taken away for it.
    excess = _ZERO if leaving else covered - unit.open_quantity
    return [*trims, *_excess(unit, live, excess)]


def _protect(
    ledger: Ledger,
    unit: UnitBook,
    stops: list[OrderEntry],
    short: Decimal,
    staying: Decimal,
) -> list[Gap]:
    """Return how to protect *short* shares: by a stop, or if IB refuses by closing *staying*."""
    alone = [entry for entry in stops if entry.order.parent_ref is None]
    taken_away = [
        entry
        for entry in alone
        if entry.state is OrderState.CANCELLED and not entry.cancel_intended and not entry.filled
    ]
    if len(taken_away) >= REFUSALS:
        return [GivenUp(unit.unit, short)]  # no loop of orders against a person
    refused = [entry for entry in stops if entry.state is OrderState.REJECTED]
    if len(refused) >= REFUSALS:
        return [CloseUnprotectable(unit.unit, staying)]
    price = stops[-1].order.stop_price
    not_before = not_before_ns(alone) if alone else _looked_for_until_ns(ledger, unit, stops)
    return [] if price is None else [PlaceStop(unit.unit, short, price, not_before)]


def _looked_for_until_ns(ledger: Ledger, unit: UnitBook, stops: list[OrderEntry]) -> int:
    """Return until when a stop that was declared absent is looked for before another is placed.

    An entry that fills although it was held to be absent was only late, and the stop that was
    sent with it comes with it: the snapshot that this doubt asks for shows it (F42).
    """
    if not any(stop.state is OrderState.ABSENT for stop in stops):
        return 0
    fills = (fill for fill in ledger.executions.values() if fill.order_ref in unit.order_refs)
    return max((fill.at_ns for fill in fills), default=0) + _LOOKED_FOR_NS


def _covers(entry: OrderEntry, unit: UnitBook) -> Decimal:
    """Return what a live stop covers; a bracket's own never counts for more than is open."""
    left = _left(entry)
    return min(left, unit.open_quantity) if entry.order.parent_ref is not None else left


def _left(entry: OrderEntry) -> Decimal:
    """Return what of an order has not filled."""
    return max(_ZERO, entry.order.quantity - entry.filled)


def _excess(unit: UnitBook, live: list[OrderEntry], excess: Decimal) -> list[Gap]:
    """Take *excess* off stand-alone stops, latest first."""
    gaps: list[Gap] = []
    for entry in reversed(live):
        if entry.order.parent_ref is not None or entry.state is not OrderState.WORKING:
            continue
        left = _left(entry)
        if excess >= left > 0:
            gaps.append(CancelExit(unit.unit, entry.order.order_ref))
            excess -= left
        elif 0 < excess < left:
            quantity = entry.order.quantity - excess
            gaps.append(_resize(unit, entry, quantity))
            excess = _ZERO
    return gaps


def _resize(unit: UnitBook, entry: OrderEntry, quantity: Decimal) -> ResizeExit:
    not_before = change_not_before_ns(entry)
    return ResizeExit(unit.unit, entry.order.order_ref, quantity, not_before)


def _trims(unit: UnitBook, exits: list[OrderEntry], coming: Decimal) -> list[Gap]:
    """Cut exits of a bracket down to what is held, if that became less without IB's doing.

    Somebody else closed a part of it, or IB has corrected a fill.
    """
    if not (unit.closed_outside or unit.corrected):
        return []
    most = unit.open_quantity + coming
    return [
        _resize(unit, entry, entry.filled + most)
        for entry in exits
        if entry.order.parent_ref is not None
        and entry.state is OrderState.WORKING
        and entry.order.quantity - entry.filled > most
    ]


def _leftovers(unit: UnitBook, entries: list[OrderEntry], exits: list[OrderEntry]) -> list[Gap]:
    """Return cancels for exits of a unit that holds nothing.

    While its entry may fill yet the bracket's own exits wait for that; a stop that stands alone
    would open the other side.
    """
    if any(not e.state.terminal for e in entries if e.order.role is Role.ENTRY):
        stops = [entry for entry in exits if entry.order.role is Role.STOP]
        return _excess(unit, stops, sum((_left(stop) for stop in stops), _ZERO))
    by_itself = sum((_bracket_exit_filled(entry) for entry in entries), _ZERO)
    # Of a fill that IB took back the broker's siblings know nothing.
    bracket_ends = by_itself >= unit.entry_filled and not unit.corrected
    return [
        CancelExit(unit.unit, entry.order.order_ref)
        for entry in exits
        # The broker itself ends the siblings of a bracket that closed itself, and only then: a
        # stand-alone stop or a market exit is no sibling, so the target would outlive it.
        if entry.state is OrderState.WORKING
        and not (bracket_ends and entry.order.parent_ref is not None)
    ]


def _bracket_exit_filled(entry: OrderEntry) -> Decimal:
    """Return what a bracket's own stop or target has filled; nothing for any other order."""
    return entry.filled if entry.order.parent_ref is not None else _ZERO


def _foreign_cover(stops: Sequence[BrokerOrder]) -> dict[tuple[ConId, Action], Decimal]:
    cover: dict[tuple[ConId, Action], Decimal] = {}
    for stop in stops:
        side = (stop.contract.con_id, stop.action)
        cover[side] = cover.get(side, _ZERO) + max(_ZERO, stop.quantity - stop.filled)
    return cover
