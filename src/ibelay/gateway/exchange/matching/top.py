"""What the market shows of one contract: the touch with its sizes, and the last trade.

Rules:
1. A quote's size is what may be taken from that side until the next quote of the contract;
   several orders share it in order of arrival. A quote that tells no size limits nothing.
2. The last price is that of the last print, or what a quote tells of it.
3. A day's volume counts its prints, unless quotes tell it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from ibelay.gateway.market.api import Print
from ibelay.model.market import Quote
from ibelay.model.order import Action

ZERO = Decimal(0)


class Book(Protocol):
    """What an order sees, of a contract or of a combination of some."""

    @property
    def at_ns(self) -> int:
        """When the touch was told, ns since the epoch, UTC."""
        ...

    @property
    def quotes(self) -> int:
        """How often the touch was told."""
        ...

    @property
    def prints(self) -> int:
        """How often a last price was told."""
        ...

    @property
    def last(self) -> Decimal | None:
        """The last price, or None."""
        ...

    @property
    def last_at_ns(self) -> int:
        """When it was told."""
        ...

    def price(self, action: Action) -> Decimal | None:
        """Return the price at which *action* would trade, None if there is no such side."""
        ...

    def available(self, action: Action, wanted: Decimal) -> Decimal:
        """Return how much of *wanted* the touch still offers to *action*."""
        ...

    def take(self, action: Action, quantity: Decimal) -> None:
        """Remove *quantity* from the side that *action* trades against."""
        ...

    def middle(self) -> Decimal | None:
        """Return the price between the sides, None unless there are both."""
        ...


class Top:
    """The top of book of one contract."""

    def __init__(self) -> None:
        self.at_ns = -1
        self.quotes = 0
        self.prints = 0
        self.bid: Decimal | None = None
        self.ask: Decimal | None = None
        self.last: Decimal | None = None
        self.last_at_ns = -1
        self.volume = ZERO
        self.reference: Decimal | None = None
        self._bid_left: Decimal | None = None
        self._ask_left: Decimal | None = None

    def quoted(self, quote: Quote) -> None:
        """Show a new touch."""
        self.at_ns = quote.at_ns
        self.quotes += 1
        self.bid, self.ask = quote.bid, quote.ask
        self._bid_left, self._ask_left = quote.bid_size, quote.ask_size
        if quote.last is not None:
            self._traded(quote.last, quote.at_ns)
        if quote.volume is not None:
            self.volume = quote.volume
        if quote.previous_close is not None:
            self.reference = quote.previous_close

    def printed(self, trade: Print) -> None:
        """Show a trade of others."""
        self._traded(trade.price, trade.at_ns)
        self.volume += trade.size

    def new_day(self) -> None:
        """Begin to count the volume anew, and changes from the last price there was."""
        self.reference = self.last or self.middle() or self.reference
        self.volume = ZERO

    def split(self, ratio: Decimal) -> None:
        """Restate prices after *ratio* new units for each old one; sizes come with quotes."""
        self.bid = None if self.bid is None else self.bid / ratio
        self.ask = None if self.ask is None else self.ask / ratio
        self.last = None if self.last is None else self.last / ratio
        self.reference = None if self.reference is None else self.reference / ratio

    def _traded(self, price: Decimal, at_ns: int) -> None:
        self.last, self.last_at_ns = price, at_ns
        self.prints += 1
        if self.reference is None:
            self.reference = price

    def price(self, action: Action) -> Decimal | None:
        """See ``Book``."""
        return self.ask if action is Action.BUY else self.bid

    def available(self, action: Action, wanted: Decimal) -> Decimal:
        """See ``Book``."""
        left = self._ask_left if action is Action.BUY else self._bid_left
        return wanted if left is None else min(wanted, left)

    def take(self, action: Action, quantity: Decimal) -> None:
        """See ``Book``."""
        if action is Action.BUY and self._ask_left is not None:
            self._ask_left -= quantity
        elif action is Action.SELL and self._bid_left is not None:
            self._bid_left -= quantity

    def middle(self) -> Decimal | None:
        """See ``Book``."""
        if self.bid is None or self.ask is None:
            return None
        return (self.bid + self.ask) / 2

    def mark(self) -> Decimal | None:
        """Return the value of one unit: mid, else the side there is, else the last price."""
        if self.bid is not None and self.ask is not None:
            return (self.bid + self.ask) / 2
        return self.bid or self.ask or self.last
