"""When a waiting order is elected: IB's trigger methods.

Rules:
1. Stops are elected by a price at or beyond the trigger (a sell at or below it), MIT and LIT
   by one that has come to it from the other side.
2. Methods: 1 two touches in a row, 2 the last price, 3 two prints in a row, 4 the touch,
   7 last or touch, 8 the midpoint. The touch of a sell stop is the ask, of a buy stop the
   bid: a wide quote elects nothing.
3. By default stocks, futures and the rest look at the last price, options at two touches,
   forex at the touch. Where the market has told no last price yet (a replay of quotes
   alone), the default is the touch the order would trade at, so that a stop still works.
4. Prices of before the running session elect nothing in it.

**Source**: ibkrguides.com "Modify the Stop Trigger Method"; the numbers: IB API, Order.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ibelay.gateway.exchange.matching.top import Book
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.model.order import Action

DEFAULT, DOUBLE_TOUCH, LAST, DOUBLE_LAST, TOUCH, LAST_OR_TOUCH, MIDDLE = 0, 1, 2, 3, 4, 7, 8
METHODS = frozenset({DEFAULT, DOUBLE_TOUCH, LAST, DOUBLE_LAST, TOUCH, LAST_OR_TOUCH, MIDDLE})
_TWICE = frozenset({DOUBLE_TOUCH, DOUBLE_LAST})
_DEFAULTS = {"OPT": DOUBLE_TOUCH, "FOP": DOUBLE_TOUCH, "CASH": TOUCH}


def method_of(entry: Entry) -> int:
    """Return the trigger method of *entry*, its contract's default if it names none."""
    default = _DEFAULTS.get(entry.instrument.contract.sec_type, LAST)
    return entry.request.trigger_method or default


def elected(entry: Entry, book: Book, since_ns: int) -> bool:
    """Return whether *book* elects *entry*; prices of before *since_ns* do not count."""
    trigger = entry.request.stop_price
    if trigger is None:
        return False
    method = method_of(entry)
    beyond = any(_beyond(entry, trigger, price) for price in watched(entry, book, since_ns))
    if method not in _TWICE:
        return beyond
    number = book.prints if method == DOUBLE_LAST else book.quotes
    if number != entry.counted:
        entry.counted = number
        entry.streak = entry.streak + 1 if beyond else 0
    return entry.streak > 1


def watched(entry: Entry, book: Book, since_ns: int) -> Iterator[Decimal]:
    """Yield the prices the trigger of *entry* looks at now (rules 2 to 4)."""
    method = method_of(entry)
    action = entry.request.action
    if method in {LAST, DOUBLE_LAST, LAST_OR_TOUCH} and book.last is not None:
        if book.last_at_ns >= since_ns:
            yield book.last
    elif method == LAST and entry.request.trigger_method == DEFAULT:
        yield from _known(book.price(action), book, since_ns)
    if method in {DOUBLE_TOUCH, TOUCH, LAST_OR_TOUCH}:
        yield from _known(book.price(action.opposite), book, since_ns)
    if method == MIDDLE:
        yield from _known(book.middle(), book, since_ns)


def _known(price: Decimal | None, book: Book, since_ns: int) -> Iterator[Decimal]:
    if price is not None and book.at_ns >= since_ns:
        yield price


def _beyond(entry: Entry, trigger: Decimal, price: Decimal) -> bool:
    rising = (entry.request.action is Action.BUY) is not entry.kind.touched
    return price >= trigger if rising else price <= trigger
