"""Orders that enter: alone, or as a whole bracket.

Rules:
1. An order with ``transmit=False`` is held, unseen, until a member of its bracket arrives
   with ``transmit=True``; then the whole bracket enters, parent first.
2. A bracket whose top order opens more than the account may is rejected, with its children.
3. What waits for a session to open is told so (399); what asks for extended hours in vain is
   told so (2109); a short sale whose shares are not to be had waits for them (404).
4. Time begins to count for an order when it enters.

**Source**: IB_FACTS section 1d and 3, "transmit=False" and "Brackets".
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.exchange.acts import clock, ending, trading
from ibelay.gateway.exchange.acts.standing import tell
from ibelay.gateway.exchange.acts.turn import Turn
from ibelay.gateway.exchange.matching import hours
from ibelay.gateway.exchange.orders import brackets, codes
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.gateway.exchange.orders.kinds import IMMEDIATE
from ibelay.model.order import Action
from ibelay.wire.times import moment

ZERO = Decimal(0)


def release(turn: Turn, entry: Entry) -> None:
    """Let a whole bracket enter (rule 1), then match what entered."""
    top = brackets.root(entry)
    entering = [member for member in brackets.family(top) if member.held and not member.done]
    if top.held and not _affordable(turn, top):
        return
    for member in entering:
        member.held = False
        begin(turn, member)
        _locate(turn, member)
        tell(turn, member)
        advise(turn, member)
    for con_id in dict.fromkeys(source for member in entering for source in member.sources):
        trading.match(turn, con_id)
    for member in entering:
        if not member.done and member.request.tif in IMMEDIATE:
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


def _affordable(turn: Turn, entry: Entry) -> bool:
    """Reject *entry* with 201 if it opens more than the account may."""
    needed, available = _opens(turn, entry), turn.pit.account.buying_power
    if needed <= available:
        return True
    ending.reject(turn, entry, codes.no_funds(needed, available))
    return False


def _opens(turn: Turn, entry: Entry) -> Decimal:
    """Return the dollars of new position *entry* would open; 0 if no price is known."""
    pit, request = turn.pit, entry.request
    if entry.instrument.contract.legs:
        return _legs_open(turn, entry)
    touch = pit.book_of(entry.instrument).price(request.action)
    price = request.limit_price or request.stop_price or touch or ZERO
    opening = pit.account.opening(entry.con_id, request.action, request.quantity)
    return opening * price * entry.instrument.contract.multiplier


def _legs_open(turn: Turn, entry: Entry) -> Decimal:
    """Return what a combination pays, net of what it gets; 0 if it gets more."""
    pit, request = turn.pit, entry.request
    price = request.limit_price
    if price is None:
        price = pit.book_of(entry.instrument).price(request.action)
    named = pit.catalogue.get(entry.instrument.contract.legs[0].con_id)
    if price is None or named is None:
        return ZERO
    return max(ZERO, price * request.action.sign * request.quantity * named.contract.multiplier)
