"""When an order fills, at what price and how much of it: the top of book decides.

Rules:
1. Orders take; they fill at the opposite touch (a buy at the ask), never beyond their limit.
2. A quote's size is what may be taken from that side until the next quote of the contract;
   several orders share it in order of arrival. A quote that tells no size limits nothing.
3. A sell stop is elected when bid <= stop, a buy stop when ask >= stop: one quote suffices
   (IB's trigger method 4, "bid/ask"; IB's default for US stocks is the last price, which
   would need prints between quotes). An elected stop is a market or limit order.

**Source**: IB_FACTS section 3; IB's paper trading likewise simulates from the top of book.
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.exchange.events import OrderRequest
from ibelay.model.market import Quote
from ibelay.model.order import Action

STOP_TYPES = frozenset({"STP", "STP LMT"})
LIMIT_TYPES = frozenset({"LMT", "STP LMT"})


class Top:
    """The top of book of one contract and what is left of its sizes."""

    def __init__(self, quote: Quote) -> None:
        self.quote = quote
        self._bid_left = quote.bid_size
        self._ask_left = quote.ask_size

    def price(self, action: Action) -> Decimal | None:
        """Return the price at which *action* would trade, None if there is no such side."""
        return self.quote.ask if action is Action.BUY else self.quote.bid

    def available(self, action: Action, wanted: Decimal) -> Decimal:
        """Return how much of *wanted* the touch still offers to *action*."""
        left = self._ask_left if action is Action.BUY else self._bid_left
        return wanted if left is None else min(wanted, left)

    def take(self, action: Action, quantity: Decimal) -> None:
        """Remove *quantity* from the side that *action* trades against."""
        if action is Action.BUY and self._ask_left is not None:
            self._ask_left -= quantity
        elif action is Action.SELL and self._bid_left is not None:
            self._bid_left -= quantity

    def mark(self) -> Decimal | None:
        """Return the value of one unit: mid, else the side there is, else the last price."""
        bid, ask = self.quote.bid, self.quote.ask
        if bid is not None and ask is not None:
            return (bid + ask) / 2
        return bid or ask or self.quote.last


def elects(request: OrderRequest, top: Top) -> bool:
    """Return whether *top* elects the stop order *request* (rule 3)."""
    stop = request.stop_price
    touch = top.price(request.action)
    if stop is None or touch is None:
        return False
    return touch >= stop if request.action is Action.BUY else touch <= stop


def fill_price(request: OrderRequest, top: Top) -> Decimal | None:
    """Return the price at which an active *request* fills now, None if it does not."""
    touch = top.price(request.action)
    if touch is None or request.order_type not in LIMIT_TYPES:
        return touch
    limit = request.limit_price
    if limit is None:
        return None
    good = touch <= limit if request.action is Action.BUY else touch >= limit
    return touch if good else None
