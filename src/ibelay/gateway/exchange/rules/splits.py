"""What a stock split makes of an order's terms."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from ibelay.gateway.exchange.events import OrderRequest
from ibelay.gateway.exchange.rules.steps import step_at, whole
from ibelay.gateway.market.api import Instrument


def restated(request: OrderRequest, instrument: Instrument, ratio: Decimal) -> OrderRequest:
    """Return *request* for *ratio* new units of each old one.

    The quantity is rounded down to what can be traded, prices to the nearest step.
    """

    def price(old: Decimal | None) -> Decimal | None:
        if old is None:
            return None
        new = old / ratio
        step = step_at(instrument, new)
        return max(step, (new / step).to_integral_value() * step)

    return replace(
        request,
        quantity=whole(instrument, request.quantity * ratio),
        limit_price=price(request.limit_price),
        stop_price=price(request.stop_price),
        trail_amount=price(request.trail_amount),
        trail_stop_price=price(request.trail_stop_price),
        limit_offset=None if request.limit_offset is None else request.limit_offset / ratio,
    )
