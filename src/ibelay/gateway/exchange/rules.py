"""Why an order is refused: IB's codes for requests that cannot be taken.

**Source**: IB_FACTS section 1d. A refusal of a new order means it is not in the book; a
refusal of a modification leaves the original working.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from ibelay.gateway.exchange.events import OrderRequest, Refused
from ibelay.gateway.exchange.matching import LIMIT_TYPES, STOP_TYPES
from ibelay.gateway.exchange.orders import Entry
from ibelay.gateway.market.api import Instrument
from ibelay.model.ids import ClientId, OrderId
from ibelay.model.order import BrokerOrderStatus

ORDER_TYPES = frozenset({"MKT", "LMT", "STP", "STP LMT"})
TIMES_IN_FORCE = frozenset({"DAY", "GTC", "IOC"})


class Refusal(NamedTuple):
    """IB's code and sentence."""

    code: int
    text: str

    def to(self, client_id: ClientId, order_id: OrderId) -> Refused:
        """Return the event that tells the client."""
        return Refused(client_id=client_id, order_id=order_id, code=self.code, text=self.text)


NO_DEFINITION = Refusal(200, "No security definition has been found for the request")
DUPLICATE_ID = Refusal(103, "Duplicate order id")
FILLED = Refusal(104, "Cannot modify a filled order.")
MISSING_PARENT = Refusal(10006, "Missing parent order.")


def not_found(order_id: int) -> Refusal:
    """Return the answer to a cancel of an order this client never placed."""
    return Refusal(10147, f"OrderId {order_id} that needs to be cancelled is not found.")


def cannot_cancel(order_id: int, status: BrokerOrderStatus) -> Refusal:
    """Return the answer to a cancel of an order that is over."""
    return Refusal(
        10148,
        f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {status}.",
    )


def no_funds(needed: Decimal, available: Decimal) -> Refusal:
    """Return the answer to an order beyond the buying power, both in dollars."""
    return Refusal(
        201,
        f"Order rejected - reason:the order opens {needed:.2f} USD of positions, "
        f"more than the buying power of {max(available, Decimal(0)):.2f} USD",
    )


def check_terms(request: OrderRequest, instrument: Instrument, account: str) -> Refusal | None:
    """Return why type, time in force, quantity, account or prices cannot be taken, or None."""
    if request.order_type not in ORDER_TYPES:
        return Refusal(387, "Unsupported order type for this exchange and security type.")
    if request.tif not in TIMES_IN_FORCE or (
        request.tif == "IOC" and (request.order_type in STOP_TYPES or request.parent_id)
    ):
        return Refusal(111, "The TIF and the order type are incompatible.")
    if request.quantity <= 0:
        return Refusal(434, "The order size cannot be zero.")
    if request.account not in {"", account}:
        return Refusal(321, f"Error validating request: invalid account code {request.account!r}")
    return _check_prices(request, instrument.min_tick)


def _check_prices(request: OrderRequest, min_tick: Decimal) -> Refusal | None:
    needed = []
    if request.order_type in LIMIT_TYPES:
        needed.append(request.limit_price)
    if request.order_type in STOP_TYPES:
        needed.append(request.stop_price)
    for price in needed:
        if price is None:
            return Refusal(107, "Cannot transmit incomplete order.")
        if price <= 0 or price % min_tick:
            return Refusal(
                110, "The price does not conform to the minimum price variation for this contract."
            )
    return None


def check_change(entry: Entry, request: OrderRequest) -> Refusal | None:
    """Return why *request* cannot replace the terms of the working *entry*, or None."""
    before = entry.request
    if request.order_type != before.order_type:
        return Refusal(329, "Order modify failed. Cannot change to the new order type.")
    if request.action is not before.action or request.quantity <= entry.filled:
        return Refusal(105, "Order being modified does not match original order.")
    if "IOC" in {request.tif, before.tif} and request.tif != before.tif:
        return Refusal(105, "Order being modified does not match original order.")
    if request.oca_group and request.oca_group != before.oca_group:
        return Refusal(10326, "OCA group revision is not allowed.")
    if request.oca_group and request.oca_type not in {0, before.oca_type}:
        return Refusal(10327, "OCA type revision is not allowed.")
    return _check_parent(entry, request)


def _check_parent(entry: Entry, request: OrderRequest) -> Refusal | None:
    """Refuse a parent id that no longer names a working order (IB_FACTS section 3, Brackets)."""
    if not request.parent_id:
        return None
    parent = entry.parent
    if parent is None or parent.request.order_id != request.parent_id:
        return Refusal(10341, "Parent order id revision is not allowed.")
    if parent.done and not entry.held:
        return Refusal(135, f"Can't find order with id = {request.parent_id}")
    return None
