"""How large a request may be, so that no client can make the exchange slow or large.

IB has limits of its own here and does not publish them; these are far above what bots send.
Beyond them an order is rejected with 201 and a sentence that names the limit.
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.exchange.events import OrderRequest
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.gateway.exchange.rules.codes import Refusal

MAX_GENERATIONS = 6
MAX_CHILDREN = 100
MAX_GROUP = 200
MAX_CONDITIONS = 32
MAX_QUANTITY = Decimal(10) ** 12
MAX_PRICE = Decimal(10) ** 12


def check_limits(request: OrderRequest, parent: Entry | None, group_size: int) -> Refusal | None:
    """Return why *request* is too much, or None.

    Args:
        request: A new order.
        parent: The order it names as its parent, if that is there.
        group_size: The living members of the OCA group it names.
    """
    if len(request.conditions) > MAX_CONDITIONS:
        return _too_many("conditions of an order", MAX_CONDITIONS)
    if request.oca_group and group_size >= MAX_GROUP:
        return _too_many("orders of an OCA group", MAX_GROUP)
    if parent is not None and len(parent.children) >= MAX_CHILDREN:
        return _too_many("children of an order", MAX_CHILDREN)
    if _generation(parent) >= MAX_GENERATIONS:
        return _too_many("generations of attached orders", MAX_GENERATIONS)
    prices = (request.limit_price, request.stop_price, request.trail_amount)
    if any(price is not None and abs(price) > MAX_PRICE for price in prices):
        return _too_many("dollars of a price", MAX_PRICE)
    if request.quantity > MAX_QUANTITY:
        return _too_many("units of an order", MAX_QUANTITY)
    return None


def _generation(parent: Entry | None) -> int:
    """Return how many orders stand above a child of *parent*."""
    count = 0
    while parent is not None:
        parent, count = parent.parent, count + 1
    return count


def _too_many(what: str, limit: Decimal | int) -> Refusal:
    return Refusal(201, f"Order rejected - reason:too many {what}, at most {limit} are taken")
