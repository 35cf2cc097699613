"""What a what-if order is answered: margins and the commission, nothing in the book.

**Source**: IB "Previewing Orders" page.
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.exchange.events import BookOrder
from ibelay.gateway.exchange.money.cash import rounded
from ibelay.gateway.session.floor import Floor


def preview(floor: Floor, order: BookOrder) -> dict[str, Decimal | str]:
    """Return the figures of a what-if by IB's names, in whole cents."""
    effect = floor.exchange.effect(order.request)
    figures = {name: rounded(value) for name, value in effect.figures().items()}
    return {**figures, "commissionCurrency": effect.commission_currency}
