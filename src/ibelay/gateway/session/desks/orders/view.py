"""From the exchange's words for orders and fills to the server's messages.

**Source**: the sequence of a real fill, notes on ib_async, section 2: execDetails, openOrder
Filled, orderStatus Filled, commissionReport last.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ibelay.gateway.exchange.events import BookOrder, OrderRequest
from ibelay.gateway.session.desks.orders.request import TRAILING
from ibelay.model.order import BrokerOrderStatus
from ibelay.wire import encode
from ibelay.wire.encode import OrderView
from ibelay.wire.fields import decimal_text
from ibelay.wire.times import moment


def order_view(
    order: BookOrder, account: str, margins: Mapping[str, Decimal | str] | None = None
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
        stop_price=request.trail_amount if request.order_type in TRAILING else request.stop_price,
        tif=request.tif,
        oca_group=request.oca_group,
        oca_type=request.oca_type,
        order_ref=request.order_ref,
        parent_id=request.parent_id,
        outside_rth=request.outside_rth,
        what_if=request.what_if,
        conditions=request.conditions,
        conditions_cancel=request.conditions_cancel,
        conditions_outside_rth=request.conditions_outside_rth,
        algorithm=request.algorithm,
        algorithm_parameters=request.algorithm_parameters,
        filled=order.filled,
        completed_at=moment(order.completed_ns) if order.completed_ns else "",
        completed_status=order.completed_status,
        echo=_echo(request),
        margins=margins or {},
    )


def _echo(request: OrderRequest) -> dict[str, str]:
    """Return by IB's names what is shown of *request* besides what has a place in the view.

    A trailing stop is shown where it has got to. Times are shown as they were sent.
    """
    trails = request.order_type in TRAILING and request.stop_price is not None
    numbers = {
        "trailStopPrice": request.stop_price if trails else request.trail_stop_price,
        "trailingPercent": request.trail_percent,
        "lmtPriceOffset": request.limit_offset,
        "minQty": request.minimum_quantity,
        "cashQty": request.cash_quantity,
    }
    moments = {"goodTillDate": request.good_till_ns, "goodAfterTime": request.good_after_ns}
    texts = {
        "hedgeType": request.hedge_type,
        "hedgeParam": request.hedge_parameter,
        "triggerMethod": str(request.trigger_method),
        "allOrNone": "1" if request.all_or_none else "0",
    }
    return {
        **{name: moment(at_ns) for name, at_ns in moments.items() if at_ns is not None},
        **{name: decimal_text(value) for name, value in numbers.items() if value is not None},
        **{name: text for name, text in texts.items() if text},
        **request.extra,
    }


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
