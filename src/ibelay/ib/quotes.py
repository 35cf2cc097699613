"""Top of book per stream, told once per network read.

Rules:
1. Ticks arrive one side at a time; a quote is emitted after the read that changed it, so a
   burst of ticks in one segment makes one quote.
2. No bid (ask): IB sends price -1 or 0 with size 0, or size 0 alone. Both become None.
3. A last price (of an index) and the previous close come without a size; only -1 with
   size 0 means none.
4. Delayed ticks (66 to 71, 74, 75) count like live ones; the notice 10167 says they are delayed.

Source: IB "Available Tick Types"; client notes section 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.model.events import QuoteSeen
from ibelay.model.ids import ConId
from ibelay.model.market import Quote

_PRICES = {
    "1": ("bid", "bid_size"),
    "66": ("bid", "bid_size"),
    "2": ("ask", "ask_size"),
    "67": ("ask", "ask_size"),
    "4": ("last", "last_size"),
    "68": ("last", "last_size"),
    "9": ("previous_close", ""),
    "75": ("previous_close", ""),
}
_SIZES = {
    "0": "bid_size",
    "69": "bid_size",
    "3": "ask_size",
    "70": "ask_size",
    "5": "last_size",
    "71": "last_size",
    "8": "volume",
    "74": "volume",
}
_PRICE_OF = {"bid_size": "bid", "ask_size": "ask"}


@dataclass(slots=True)
class _Book:
    con_id: ConId
    values: dict[str, Decimal | None] = field(default_factory=dict)


class QuoteBooks:
    """The books of one link, by request id."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._books: dict[str, _Book] = {}
        self._changed: dict[str, _Book] = {}

    def open(self, request_id: int, con_id: ConId) -> None:
        """Start an empty book for a stream."""
        self._books[str(request_id)] = _Book(con_id)

    def close(self, request_id: int) -> bool:
        """Forget a stream; return whether it was one of quotes."""
        self._changed.pop(str(request_id), None)
        return self._books.pop(str(request_id), None) is not None

    def price_tick(self, request_id: str, tick_type: str, price: str, size: str) -> None:
        """Take one tickPrice message."""
        book, names = self._books.get(request_id), _PRICES.get(tick_type)
        if book is None or names is None or not price:
            return
        paid, amount = Decimal(price), Decimal(size or 0)
        name, size_name = names
        none = not amount and (paid == -1 or size_name in _PRICE_OF)
        self._set(request_id, book, name, None if none else paid)
        if size_name:
            self._set(request_id, book, size_name, None if none else amount)

    def size_tick(self, request_id: str, tick_type: str, size: str) -> None:
        """Take one tickSize message."""
        book, name = self._books.get(request_id), _SIZES.get(tick_type)
        if book is None or name is None or not size:
            return
        amount = Decimal(size)
        if not amount and name in _PRICE_OF:
            self._set(request_id, book, _PRICE_OF[name], None)
            self._set(request_id, book, name, None)
        else:
            self._set(request_id, book, name, amount)

    def changed(self) -> list[QuoteSeen]:
        """Return one event per book that changed since the last call."""
        if not self._changed:
            return []
        books, self._changed = self._changed, {}
        at_ns = self._now_ns()
        return [
            QuoteSeen(con_id=book.con_id, quote=Quote(at_ns=at_ns, **book.values))
            for book in books.values()
        ]

    def _set(self, request_id: str, book: _Book, name: str, value: Decimal | None) -> None:
        if book.values.get(name) != value:
            book.values[name] = value
            self._changed[request_id] = book
