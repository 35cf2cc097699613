"""Why a modification is refused, and what an accepted one makes of the order.

Rules:
1. Type, side, contract, OCA group, parent and algorithm stay as they were.
2. The quantity stays above what has filled.
3. An order that is immediate, or is not, stays so.
4. A modification of a trailing order that repeats its amount keeps the trigger where the
   market has brought it; another amount, or a trigger moved in the order's favour, begins
   anew there.

**Source**: IB_FACTS sections 1d and 3, "Modify" and "Brackets".
"""

from __future__ import annotations

from dataclasses import replace

from ibelay.gateway.exchange.events import OrderRequest
from ibelay.gateway.exchange.matching import trailing
from ibelay.gateway.exchange.orders import brackets
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.gateway.exchange.orders.kinds import IMMEDIATE
from ibelay.gateway.exchange.rules import codes
from ibelay.gateway.exchange.rules.codes import Refusal
from ibelay.gateway.exchange.rules.limits import check_limits
from ibelay.model.contract import Contract


def check_change(entry: Entry, request: OrderRequest) -> Refusal | None:
    """Return why *request* cannot replace the terms of the working *entry*, or None."""
    before = entry.request
    if entry.cancelling:
        return codes.STILL_PROCESSED
    if request.order_type != before.order_type:
        return codes.NEW_TYPE
    if request.cash_quantity or before.cash_quantity:
        return codes.CASH_CHANGE
    if not _matches(entry, request):
        return codes.MISMATCH
    if request.algorithm != before.algorithm:
        return codes.NEW_ALGORITHM
    if request.oca_group and request.oca_group != before.oca_group:
        return codes.NEW_GROUP
    if request.oca_group and request.oca_type not in {0, before.oca_type}:
        return codes.NEW_GROUP_TYPE
    return _check_parent(entry, request)


def changed(entry: Entry, request: OrderRequest) -> OrderRequest:
    """Return the terms of *entry* after the accepted modification *request*."""
    terms = replace(
        request,
        contract=entry.request.contract,
        account=entry.request.account,
        quantity=brackets.allowed_quantity(entry, request.quantity),
        order_ref=entry.request.order_ref,
        parent_id=entry.request.parent_id,
        oca_group=entry.request.oca_group,
        oca_type=entry.request.oca_type,
        transmit=entry.request.transmit or request.transmit,
        cash_quantity=entry.request.cash_quantity,
    )
    return _trail(entry, terms) if entry.kind.trails else terms


def _matches(entry: Entry, request: OrderRequest) -> bool:
    """Return whether *request* is about the same trade as *entry* (rules 1 to 3).

    What is beyond our limits does not match either: 201 would say that the order is dead.
    """
    before = entry.request
    immediate = IMMEDIATE | {"OPG"}
    return (
        _same_contract(request.contract, before.contract)
        and check_limits(request, None, 0) is None
        and request.action is before.action
        and request.quantity > entry.filled
        and (request.tif == before.tif or not immediate & {request.tif, before.tif})
    )


def _same_contract(asked: Contract, traded: Contract) -> bool:
    """Return whether a modification names the order's own contract, as far as it names one."""
    if asked.con_id and traded.con_id:
        return asked.con_id == traded.con_id
    return asked.symbol == traded.symbol and asked.sec_type == traded.sec_type


def _check_parent(entry: Entry, request: OrderRequest) -> Refusal | None:
    """Refuse a parent id that no longer names a working order (IB_FACTS section 3, Brackets)."""
    if not request.parent_id:
        return None
    parent = entry.parent
    if parent is None or parent.request.order_id != request.parent_id:
        return codes.NEW_PARENT
    if parent.done and not entry.held:
        return codes.no_order(request.parent_id)
    return None


def _trail(entry: Entry, terms: OrderRequest) -> OrderRequest:
    before, asked = entry.request, terms.trail_stop_price or None
    if terms.limit_offset is None:
        terms = replace(terms, limit_offset=before.limit_offset)
    if (terms.trail_amount, terms.trail_percent) != (before.trail_amount, before.trail_percent):
        moved = asked if asked != before.trail_stop_price else None
        return trailing.at_trigger(terms, moved)
    trigger = before.stop_price
    if asked is not None and (trigger is None or (asked - trigger) * terms.action.sign < 0):
        trigger = asked
    return trailing.at_trigger(terms, trigger)
