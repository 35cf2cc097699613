"""New orders: who they are, whether they may come in, and the book's entry for them.

Rules:
1. Order ids of a client only go up; an id at or below its highest addresses an order that
   works (``changing``) or is refused, with 104 if that order has filled, else with 103.
2. An id is used up by whatever is refused as well; a what-if uses none.
3. An order whose parent is not there is refused (10006); a child of an all-or-none parent is
   all-or-none (10236).
4. An accepted order is held until it, or a member of its bracket, is transmitted.
5. An order without id was entered in TWS (``byhand``) and is nobody's child.
"""

from __future__ import annotations

from dataclasses import replace

from ibelay.gateway.exchange.acts import releasing, waking
from ibelay.gateway.exchange.acts.turn import Pit, Turn
from ibelay.gateway.exchange.events import BookOrder, OrderChanged, OrderRequest
from ibelay.gateway.exchange.matching import conditions, trailing
from ibelay.gateway.exchange.orders import brackets
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.gateway.exchange.orders.kinds import KINDS
from ibelay.gateway.exchange.rules import codes, combos, sizing
from ibelay.gateway.exchange.rules.codes import Refusal
from ibelay.gateway.exchange.rules.limits import check_limits
from ibelay.gateway.exchange.rules.terms import check_terms
from ibelay.gateway.market.api import Instrument
from ibelay.model.conditions import PercentChangeCondition, PriceCondition, VolumeCondition
from ibelay.model.ids import ClientId, OrderId, PermId
from ibelay.model.order import BrokerOrderStatus

_OF_A_CONTRACT = (PriceCondition, VolumeCondition, PercentChangeCondition)


def next_order_id(pit: Pit, client_id: ClientId) -> OrderId:
    """Return the lowest order id *client_id* may use."""
    return OrderId(pit.highest_id.get(client_id, 0) + 1)


def take(turn: Turn, request: OrderRequest, *, nameless: bool = False) -> None:
    """Take the new order *request*, or say why not.

    Args:
        turn: The moment.
        request: The order; its id is 0 if it is nameless.
        nameless: It was entered in TWS (rule 5); clients need an id.
    """
    pit = turn.pit
    refusal = codes.TOO_MANY if pit.shelf.full else None
    made = refusal or (None if nameless else _check_id(pit, request)) or _complete(turn, request)
    if not request.what_if and not nameless:
        highest = pit.highest_id.get(request.client_id, 0)
        pit.highest_id[request.client_id] = max(highest, request.order_id)
    if isinstance(made, Refusal):
        turn.out.append(made.about(request))
    else:
        _accept(turn, *made)


def enter(turn: Turn, request: OrderRequest, instrument: Instrument, perm_id: PermId) -> Entry:
    """Put a new, held order into the book and return it."""
    kind = KINDS[request.order_type]
    terms = replace(request, contract=instrument.contract, account=turn.pit.account.name)
    entry = Entry(
        request=trailing.begin(terms) if kind.trails else terms,
        instrument=instrument,
        kind=kind,
        timetable=turn.pit.timetable(instrument),
        perm_id=perm_id,
        held=True,
        triggered=not kind.stop,
        own_oca_group=bool(request.oca_group),
    )
    entry.asleep = waking.sleeps_at_first(entry)
    parent = parent_of(turn.pit, request)
    if parent is not None:
        brackets.adopt(parent, entry)
    turn.pit.shelf.add(entry)
    return entry


def parent_of(pit: Pit, request: OrderRequest) -> Entry | None:
    """Return the living order that *request* names as its parent, or None."""
    if not request.parent_id:
        return None
    parent = pit.shelf.find(request.client_id, request.parent_id)
    return None if parent is None or parent.done else parent


def resolve(pit: Pit, request: OrderRequest) -> Instrument | Refusal:
    """Return what *request* trades, or why there is no such thing."""
    if request.contract.sec_type == "BAG":
        return combos.check_combination(request) or combos.combination(
            request.contract, pit.catalogue
        )
    found = pit.catalogue.find(request.contract)
    if len(found) == 1:
        return found[0]
    return codes.AMBIGUOUS if found else codes.NO_DEFINITION


def _check_id(pit: Pit, request: OrderRequest) -> Refusal | None:
    if request.what_if:
        return None
    previous = pit.shelf.find(request.client_id, request.order_id)
    if previous is not None and previous.status is BrokerOrderStatus.FILLED:
        return codes.FILLED
    if previous is not None or request.order_id < next_order_id(pit, request.client_id):
        return codes.DUPLICATE_ID
    return None


def _complete(turn: Turn, request: OrderRequest) -> tuple[OrderRequest, Instrument] | Refusal:
    """Return *request* with what the broker fills in, and its instrument; or why not."""
    pit = turn.pit
    instrument = resolve(pit, request)
    if isinstance(instrument, Refusal):
        return instrument
    parent = parent_of(pit, request)
    refusal = check_limits(request, parent, len(pit.shelf.group(request.oca_group)))
    if refusal is not None:
        return refusal
    sized = _sized(pit, request, instrument)
    if isinstance(sized, Refusal):
        return sized
    refusal = (
        check_terms(sized, instrument, pit.account.name, turn.now_ns)
        or _check_family(pit, sized)
        or _check_conditions(pit, sized)
    )
    return refusal or (sized, instrument)


def _sized(pit: Pit, request: OrderRequest, instrument: Instrument) -> OrderRequest | Refusal:
    book = pit.book_of(instrument)
    if not request.hedge_type:
        return sizing.sized_by_cash(request, instrument, book)
    parent = parent_of(pit, request)
    theirs = pit.book_of(parent.instrument) if parent else None
    return sizing.sized_by_hedge(request, instrument, book, parent, theirs)


def _check_family(pit: Pit, request: OrderRequest) -> Refusal | None:
    if not request.parent_id:
        return None
    parent = parent_of(pit, request)
    if parent is None:
        return codes.MISSING_PARENT
    if parent.request.all_or_none and not request.all_or_none:
        return codes.CHILD_NOT_WHOLE
    return None


def _check_conditions(pit: Pit, request: OrderRequest) -> Refusal | None:
    watched = [one.con_id for one in request.conditions if isinstance(one, _OF_A_CONTRACT)]
    if any(pit.catalogue.get(con_id) is None for con_id in watched):
        return codes.CONDITION_CONTRACT
    return None if conditions.readable(request.conditions) else codes.WRONG_TIME


def _accept(turn: Turn, request: OrderRequest, instrument: Instrument) -> None:
    if request.what_if:
        turn.out.append(_preview(replace(request, contract=instrument.contract)))
        return
    entry = enter(turn, request, instrument, turn.pit.take_perm_id())
    if request.transmit:
        releasing.release(turn, entry)


def _preview(request: OrderRequest) -> OrderChanged:
    """Answer a what-if: the order as it would stand, with no permId and not in the book."""
    status = BrokerOrderStatus.PRE_SUBMITTED
    return OrderChanged(order=BookOrder(request=request, perm_id=PermId(0), status=status))
