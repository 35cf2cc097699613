"""At what price an order fills, and how much of it.

Rules:
1. Orders take; they fill at the opposite touch (a buy at the ask), never beyond their limit.
   MIDPRICE fills at the midpoint, which may lie between two steps of the price.
2. An order fills as far as the size of the touch reaches. All-or-none and FOK take their
   whole rest or nothing; a first fill is never below the minimum quantity.

**Source**: IB_FACTS section 3; IB's paper trading likewise simulates from the top of book.
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.exchange.events import OrderRequest
from ibelay.gateway.exchange.matching.top import Book
from ibelay.gateway.exchange.orders.kinds import Kind
from ibelay.model.order import Action

ZERO = Decimal(0)


def within_limit(request: OrderRequest, kind: Kind, price: Decimal) -> bool:
    """Return whether *request* may trade at *price*."""
    limit = request.limit_price
    if not kind.limit and not (kind.middle and limit):
        return True
    if limit is None:
        return False
    return price <= limit if request.action is Action.BUY else price >= limit


def fill_price(request: OrderRequest, kind: Kind, book: Book) -> Decimal | None:
    """Return the price at which an active *request* fills now, None if it does not."""
    price = book.middle() if kind.middle else book.price(request.action)
    return price if price is not None and within_limit(request, kind, price) else None


def fill_quantity(request: OrderRequest, book: Book, *, limit: Decimal, filled: Decimal) -> Decimal:
    """Return how much of *request* fills at the touch, 0 for nothing.

    Args:
        request: The order.
        book: What the market offers.
        limit: How much of the order may fill as far as other orders are concerned.
        filled: What it has filled before.
    """
    quantity = book.available(request.action, limit)
    whole = request.all_or_none or request.tif == "FOK"
    if whole and quantity < request.quantity - filled:
        return ZERO
    least = request.minimum_quantity
    if least and not filled and quantity < min(least, request.quantity):
        return ZERO
    return quantity
