"""Modifications and cancels of orders that are there.

Rules:
1. A modification that is refused leaves the order as it was; one that is taken keeps its
   permId and its place.
2. Only its own client cancels an order; a global cancel takes every order.
3. A cancel takes effect at once, unless the operator slowed cancels down: then the order is
   PendingCancel, may still fill, and answers a second cancel with 161.
4. After a modification of an order whose link to the exchange was doubtful (``doubled``),
   two orders work under one id, with two permIds.
5. A modification that asks for more units, or at a price worse for the account, is refused
   (201) if the account cannot carry what is left to fill; the order works on as it was.

**Source**: IB_FACTS sections 1d and 3; failure mode F25 for rule 4.
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.exchange.acts import ending, intake, releasing, trading, waking
from ibelay.gateway.exchange.acts.standing import tell
from ibelay.gateway.exchange.acts.turn import Turn
from ibelay.gateway.exchange.events import OrderRequest
from ibelay.gateway.exchange.orders import brackets
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.gateway.exchange.rules import changes, codes
from ibelay.gateway.exchange.rules.terms import check_terms
from ibelay.model.ids import ClientId, OrderId


def modify(turn: Turn, entry: Entry, request: OrderRequest) -> None:
    """Replace the terms of the working *entry* by *request*, or say why not."""
    refusal = changes.check_change(entry, request) or check_terms(
        request, entry.instrument, turn.pit.account.name, turn.now_ns
    )
    if refusal is not None:
        turn.out.append(refusal.about(request))
        return
    terms = changes.changed(entry, request)
    unaffordable = _unaffordable(turn, entry, terms)
    if unaffordable is not None:
        turn.out.append(unaffordable.about(request))
        return
    if entry.perm_id in turn.pit.doubled and not entry.held:
        turn.pit.doubled.discard(entry.perm_id)
        second = intake.enter(turn, terms, entry.instrument, turn.pit.take_perm_id())
        releasing.release(turn, second)
        return
    _replace(turn, entry, terms)
    if entry.held:
        if request.transmit:
            releasing.release(turn, entry)
        return
    releasing.begin(turn, entry)
    tell(turn, entry)
    ending.fit_children(turn, entry)
    for con_id in entry.sources:
        trading.match(turn, con_id)


def cancel(turn: Turn, client_id: ClientId, order_id: OrderId) -> None:
    """Cancel the order that *client_id* calls *order_id*, or say why not."""
    entry = turn.pit.shelf.find(client_id, order_id)
    if entry is None:
        turn.out.append(codes.not_found(order_id).to(client_id, order_id))
    elif entry.done:
        refusal = codes.cannot_cancel(order_id, entry.status)
        turn.out.append(refusal.to(client_id, order_id))
    elif entry.cancelling:
        turn.out.append(codes.cancelling(entry.perm_id).to(client_id, order_id))
    elif entry.perm_id in turn.pit.uncancellable:
        turn.out.append(codes.CANNOT_CANCEL.to(client_id, order_id))
    else:
        _withdraw(turn, entry)


def cancel_all(turn: Turn) -> None:
    """Cancel every order of every client."""
    for entry in turn.pit.shelf.live():
        if not entry.done and not entry.cancelling:
            _withdraw(turn, entry)


def _unaffordable(turn: Turn, entry: Entry, terms: OrderRequest) -> codes.Refusal | None:
    """Return why the account cannot carry the change to *terms* (rule 5), or None."""
    before = entry.request
    old, new = (one.limit_price or one.stop_price or Decimal(0) for one in (before, terms))
    more = terms.quantity > before.quantity or (new - old) * terms.action.sign > 0
    if entry.held or not brackets.opens(entry) or not more:
        return None
    return releasing.unaffordable(turn, entry, terms)


def _withdraw(turn: Turn, entry: Entry) -> None:
    if turn.pit.slow_cancels and not entry.held:
        entry.cancelling = True
        tell(turn, entry)
    else:
        ending.cancel(turn, entry, ending.BY_TRADER)


def _replace(turn: Turn, entry: Entry, terms: OrderRequest) -> None:
    """Give *entry* its new terms; new conditions or times send it back to sleep."""
    before = entry.request
    turn.pit.shelf.unwatch(entry)
    entry.request = terms
    again = (terms.conditions, terms.good_after_ns) != (before.conditions, before.good_after_ns)
    if again:
        entry.asleep = waking.sleeps_at_first(entry)
    if entry.asleep or terms.conditions_cancel:
        turn.pit.shelf.watch(entry)
