"""What a what-if order is answered: margins and the commission, nothing in the book.

**Source**: IB "Previewing Orders" page.
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.exchange.events import BookOrder
from ibelay.gateway.session.board import ASK, BID, PriceTick
from ibelay.gateway.session.floor import Floor
from ibelay.model.order import Action

_ZERO = Decimal(0)


def preview(floor: Floor, order: BookOrder) -> dict[str, Decimal | str]:
    """Return the figures of a what-if at its own price, else at the touch, by IB's names."""
    request = order.request
    touch = ASK if request.action is Action.BUY else BID
    shown = floor.face(request.contract.con_id).shown()
    prices = [tick.price for tick in shown if isinstance(tick, PriceTick) and tick.kind == touch]
    price = request.limit_price or request.stop_price or next(iter(prices), _ZERO)
    return _margins(order, floor.exchange.account_values(floor.now_ns), price)


def _margins(
    order: BookOrder, values: list[tuple[str, str, str]], price: Decimal
) -> dict[str, Decimal | str]:
    """Return what *order* would do to margin: a quarter of its value at *price*.

    ``values`` are the account's figures before.
    """
    before = {
        key: Decimal(value)
        for key, value, currency in values
        if currency == "USD" and _money(value)
    }
    margin = before.get("InitMarginReq", _ZERO)
    equity = before.get("EquityWithLoanValue", _ZERO)
    change = order.request.quantity * price * order.request.contract.multiplier / 4
    return {
        "initMarginBefore": margin,
        "maintMarginBefore": margin,
        "equityWithLoanBefore": equity,
        "initMarginChange": change,
        "maintMarginChange": change,
        "equityWithLoanChange": _ZERO,
        "initMarginAfter": margin + change,
        "maintMarginAfter": margin + change,
        "equityWithLoanAfter": equity,
        "commissionCurrency": order.request.contract.currency,
    }


def _money(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()
