"""Orders against the market: waking, trailing, electing and filling.

Rules:
1. Orders of a contract are tried by arrival, on each of its prices and when they arrive.
2. An order wakes, then is elected, then fills, all on one price if that price allows.
3. A stop is watched in the hours its order may trade in; a trailing one follows there, and
   once its parent has filled.
4. A MKT or LMT with time in force OPG fills whole, at the first price of the session: its
   first print, or touch where no prints are told; what that price does not fill ends.
5. An immediate order (IOC, FOK) ends after its first try inside its hours.
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.exchange.acts import ending, waking
from ibelay.gateway.exchange.acts.standing import tell, tell_if_changed
from ibelay.gateway.exchange.acts.turn import Turn
from ibelay.gateway.exchange.events import Executed
from ibelay.gateway.exchange.matching import prices, trailing, triggers
from ibelay.gateway.exchange.matching.combo import side_of
from ibelay.gateway.exchange.matching.top import Book
from ibelay.gateway.exchange.orders import brackets
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.gateway.exchange.orders.kinds import IMMEDIATE
from ibelay.gateway.exchange.tape import Fill
from ibelay.model.ids import ConId
from ibelay.model.order import BrokerOrderStatus


def match(turn: Turn, con_id: ConId) -> None:
    """Try every order that follows *con_id* (rule 1)."""
    for entry in turn.pit.shelf.following(con_id):
        attempt(turn, entry)


def attempt(turn: Turn, entry: Entry) -> None:
    """Wake, elect and fill *entry* as far as the market, the session and its bracket allow."""
    if entry.held or entry.done or not waking.awake(turn, entry):
        return
    since_ns = turn.trading_since(entry)
    if since_ns is None or entry.locating or entry.kind.at_close:
        return
    limit = brackets.fillable(entry)
    if limit > 0:
        book = turn.pit.book_of(entry.instrument)
        if entry.request.tif == "OPG":
            _open(turn, entry, book, since_ns)
        elif entry.triggered or _elect(turn, entry, book, since_ns):
            _take(turn, entry, book, limit, since_ns)
    if entry.request.tif in IMMEDIATE and not entry.done:
        ending.cancel(turn, entry)


def _elect(turn: Turn, entry: Entry, book: Book, since_ns: int) -> bool:
    if entry.kind.trails:
        before = entry.request
        for price in triggers.watched(entry, book, since_ns):
            entry.request = trailing.follow(entry.request, entry.instrument, price)
        if entry.request is not before:
            tell(turn, entry)
    if not triggers.elected(entry, book, since_ns):
        return False
    entry.triggered = True
    tell(turn, entry)
    return True


def _take(turn: Turn, entry: Entry, book: Book, limit: Decimal, since_ns: int) -> None:
    if book.at_ns < since_ns:
        return
    price = prices.fill_price(entry.request, entry.kind, book)
    quantity = prices.fill_quantity(entry.request, book, limit=limit, filled=entry.filled)
    if price is not None and quantity > 0:
        legs = legs_of(turn, entry, quantity)
        book.take(entry.request.action, quantity)
        fill(turn, entry, quantity, price, legs)


def _open(turn: Turn, entry: Entry, book: Book, since_ns: int) -> None:
    """Fill an OPG order at the first price of its session, or end it (rule 4)."""
    if entry.session is None or since_ns < entry.session.open_ns:
        return
    price = book.last if book.prints else book.price(entry.request.action)
    if price is None or (book.last_at_ns if book.prints else book.at_ns) < since_ns:
        return
    if prices.within_limit(entry.request, entry.kind, price):
        fill(turn, entry, entry.remaining, price)
    else:
        ending.cancel(turn, entry)


def close(turn: Turn, entry: Entry) -> None:
    """Fill a closing order at the session's last price, or end it."""
    book = turn.pit.book_of(entry.instrument)
    price = book.last if book.prints else book.price(entry.request.action)
    good = price is not None and prices.within_limit(entry.request, entry.kind, price)
    quantity = brackets.fillable(entry)
    if price is not None and good and quantity > 0 and not entry.asleep and not entry.locating:
        fill(turn, entry, quantity, price)
    if not entry.done:
        ending.cancel(turn, entry)


def fill(
    turn: Turn, entry: Entry, quantity: Decimal, price: Decimal, legs: tuple[Fill, ...] = ()
) -> None:
    """Book a fill and everything that follows from it, before anything else is matched."""
    pit = turn.pit
    executions, charges = pit.tape.record(entry, quantity, price, legs, turn.now_ns)
    turn.out.extend(executions)
    if entry.remaining:
        tell(turn, entry)
    else:
        size = entry.request.quantity.normalize()
        ending.end(turn, entry, BrokerOrderStatus.FILLED, f"Filled Size: {size:f}")
    turn.out.extend(charges)
    turn.out.extend(pit.account.row(con_id) for con_id in dict.fromkeys(entry.sources))
    _settle(turn, entry, quantity)
    _stir(turn, executions)


def _stir(turn: Turn, executions: list[Executed]) -> None:
    """Let orders that wait for an execution, or for margin, hear of these.

    What fills then stirs the others again, in rounds rather than calls within calls.
    """
    waiting = turn.pit.shelf.conditional()
    waking.note(waiting, executions)
    turn.stirred = bool(waiting)
    if turn.stirring:
        return
    turn.stirring = True
    while turn.stirred:
        turn.stirred = False
        for entry in turn.pit.shelf.conditional():
            attempt(turn, entry)
    turn.stirring = False


def _settle(turn: Turn, entry: Entry, quantity: Decimal) -> None:
    """Let group, siblings and children follow the fill of *entry*."""
    if entry.own_oca_group:
        group = turn.pit.shelf.group(entry.request.oca_group)
        for other, left in brackets.oca_quantities(entry, quantity, group):
            ending.resize(turn, other, left)
    if entry.parent is not None:
        ending.fit_children(turn, entry.parent)
    for child in entry.children:
        tell_if_changed(turn, child)


def legs_of(turn: Turn, entry: Entry, quantity: Decimal) -> tuple[Fill, ...]:
    """Return what is traded of each leg of a combination; nothing for a single contract."""
    fills = []
    for leg in entry.instrument.contract.legs:
        side = side_of(leg, entry.request.action)
        named, price = turn.pit.catalogue.get(leg.con_id), turn.pit.top(leg.con_id).price(side)
        if named is not None and price is not None:
            fills.append(Fill(named.contract, side, quantity * leg.ratio, price))
    return tuple(fills)
