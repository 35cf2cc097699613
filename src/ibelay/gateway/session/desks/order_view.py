"""From the exchange's words for orders and fills to the server's messages.

**Source**: the sequence of a real fill, notes on ib_async, section 2: execDetails, openOrder
Filled, orderStatus Filled, commissionReport last.
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.exchange.events import BookOrder, OrderRequest
from ibelay.model.ids import ClientId
from ibelay.model.order import BrokerOrderStatus
from ibelay.wire import encode
from ibelay.wire.encode import OrderView
from ibelay.wire.requests import PlaceOrder
from ibelay.wire.times import moment

_NEEDS_LIMIT = frozenset({"LMT", "STP LMT"})
_NEEDS_STOP = frozenset({"STP", "STP LMT"})
_KNOWN_TYPES = _NEEDS_LIMIT | _NEEDS_STOP | {"MKT"}


def order_request(client_id: ClientId, asked: PlaceOrder) -> OrderRequest:
    """Return *asked* as the exchange takes it; prices its type does not use are dropped."""
    known = asked.order_type in _KNOWN_TYPES
    return OrderRequest(
        client_id=client_id,
        order_id=asked.order_id,
        contract=asked.contract,
        action=asked.action,
        quantity=asked.quantity,
        order_type=asked.order_type,
        limit_price=asked.limit_price if asked.order_type in _NEEDS_LIMIT or not known else None,
        stop_price=asked.stop_price if asked.order_type in _NEEDS_STOP or not known else None,
        tif=asked.tif,
        outside_rth=asked.outside_rth,
        order_ref=asked.order_ref,
        parent_id=asked.parent_id,
        transmit=asked.transmit,
        oca_group=asked.oca_group,
        oca_type=asked.oca_type,
        account=asked.account,
        what_if=asked.what_if,
        extra=asked.extra,
    )


def order_view(
    order: BookOrder, account: str, margins: dict[str, Decimal] | None = None
) -> OrderView:
    """Return *order* as openOrder and completedOrder show it."""
    request = order.request
    return OrderView(
        order_id=request.order_id,
        client_id=request.client_id,
        perm_id=order.perm_id,
        contract=request.contract,
        action=request.action,
        quantity=request.quantity,
        order_type=request.order_type,
        status=order.status.value,
        account=account,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        tif=request.tif,
        oca_group=request.oca_group,
        oca_type=request.oca_type,
        order_ref=request.order_ref,
        parent_id=request.parent_id,
        outside_rth=request.outside_rth,
        what_if=request.what_if,
        filled=order.filled,
        completed_at=moment(order.completed_ns) if order.completed_ns else "",
        completed_status=order.completed_status,
        echo=request.extra,
        margins=margins or {},
    )


def order_status(order: BookOrder) -> bytes:
    """Return the orderStatus of *order*."""
    request = order.request
    over = order.status is BrokerOrderStatus.INACTIVE
    return encode.order_status(
        request.order_id,
        order.status.value,
        filled=order.filled,
        remaining=Decimal(0) if over else order.remaining,
        average_price=order.average_fill_price,
        last_price=order.last_fill_price,
        perm_id=order.perm_id,
        parent_id=request.parent_id,
        client_id=request.client_id,
        why_held=order.why_held,
    )


def what_if_margins(
    order: BookOrder, values: list[tuple[str, str, str]], price: Decimal
) -> dict[str, Decimal]:
    """Return what a what-if order would do to margin: a quarter of its value at *price*.

    ``values`` are the account's figures before.
    """
    before = {
        key: Decimal(value)
        for key, value, currency in values
        if currency == "USD" and _money(value)
    }
    margin = before.get("InitMarginReq", Decimal(0))
    equity = before.get("EquityWithLoanValue", Decimal(0))
    change = order.request.quantity * price * order.request.contract.multiplier / 4
    return {
        "initMarginBefore": margin,
        "maintMarginBefore": margin,
        "equityWithLoanBefore": equity,
        "initMarginChange": change,
        "maintMarginChange": change,
        "equityWithLoanChange": Decimal(0),
        "initMarginAfter": margin + change,
        "maintMarginAfter": margin + change,
        "equityWithLoanAfter": equity,
    }


def _money(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()
