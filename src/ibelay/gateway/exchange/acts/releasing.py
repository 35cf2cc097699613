"""Orders that enter: alone, or as a whole bracket.

Rules:
1. An order with ``transmit=False`` is held, unseen, until a member of its bracket arrives
   with ``transmit=True``; then the whole bracket enters, parent first.
2. A bracket whose top order the account cannot carry is rejected, with its children; so is a
   child that opens a position of its own, alone. What closes its parent's is not asked.
3. What waits for a session to open is told so (399); what asks for extended hours in vain is
   told so (2109); a short sale whose shares are not to be had waits for them (404).
4. Time begins to count for an order when it enters.

**Source**: IB_FACTS section 1d and 3, "transmit=False" and "Brackets".
"""

from __future__ import annotations

from ibelay.gateway.exchange.accounts import Trade
from ibelay.gateway.exchange.acts import clock, ending, trading
from ibelay.gateway.exchange.acts.standing import tell
from ibelay.gateway.exchange.acts.turn import Turn
from ibelay.gateway.exchange.events import OrderRequest
from ibelay.gateway.exchange.matching import hours
from ibelay.gateway.exchange.orders import brackets
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.gateway.exchange.rules import codes
from ibelay.model.order import Action
from ibelay.wire.times import moment


def release(turn: Turn, entry: Entry) -> None:
    """Let a whole bracket enter (rule 1), then match what entered."""
    top = brackets.root(entry)
    entering = [member for member in brackets.family(top) if member.held and not member.done]
    if top.held and not _affordable(turn, top):
        return
    for member in entering:
        if member.done or not (member is top or _carried(turn, member)):
            continue
        member.held = False
        begin(turn, member)
        _locate(turn, member)
        tell(turn, member)
        advise(turn, member)
    for member in entering:  # all others have been tried on this very quote
        trading.attempt(turn, member)


def begin(turn: Turn, entry: Entry) -> None:
    """Find the session *entry* belongs to and put it on the clock's agenda (rule 4)."""
    outside = entry.outside_hours
    request, table = entry.request, entry.timetable
    entry.session = hours.session_of(request, table, turn.now_ns, outside=outside)
    entry.expires_ns = hours.expiry(request, entry.session, outside=outside)
    clock.schedule(turn, entry)


def advise(turn: Turn, entry: Entry) -> None:
    """Say what the client should know of an order that was taken (rule 3)."""
    request = entry.request
    if request.outside_rth and not entry.outside_hours:
        turn.out.append(codes.OUTSIDE_IGNORED.about(request))
    if entry.locating:
        turn.out.append(codes.LOCATING.about(request))
    session = entry.timetable.at(turn.now_ns)
    if session is None or turn.trading_since(entry) is not None:
        return
    if turn.now_ns >= (session.end_ns if entry.outside_hours else session.close_ns):
        session = entry.timetable.after(session)
    if session is not None:
        opens_ns = session.begin_ns if entry.outside_hours else session.open_ns
        turn.out.append(codes.held_until(request, moment(opens_ns)).about(request))


def _locate(turn: Turn, entry: Entry) -> None:
    request = entry.request
    if entry.con_id in turn.pit.hard_to_borrow and request.action is Action.SELL:
        opening = turn.pit.account.opening(entry.con_id, request.action, request.quantity)
        entry.locating = opening > 0 and entry.parent is None


def _carried(turn: Turn, child: Entry) -> bool:
    return not brackets.opens(child) or _affordable(turn, child)


def _affordable(turn: Turn, entry: Entry) -> bool:
    """Reject *entry* if the account cannot carry what it opens."""
    refusal = unaffordable(turn, entry, entry.request)
    if refusal is not None:
        ending.reject(turn, entry, refusal)
    return refusal is None


def unaffordable(turn: Turn, entry: Entry, terms: OrderRequest) -> codes.Refusal | None:
    """Return why the account cannot carry what is left to fill of *entry* on *terms*, or None."""
    pit, left = turn.pit, terms.quantity - entry.filled
    if entry.instrument.contract.legs:
        legs = trading.legs_of(turn, entry, left)
        found = [(pit.catalogue.get(leg.contract.con_id), leg) for leg in legs]
        trades = [Trade(one, leg.action, leg.quantity, leg.price) for one, leg in found if one]
        objection = pit.account.objection_to(trades) if trades else None
    else:
        touch = pit.book_of(entry.instrument).price(terms.action)
        price = terms.limit_price or terms.stop_price or touch
        objection = pit.account.objection(terms.action, entry.instrument, left, price)
    return codes.Refusal(*objection) if objection else None
