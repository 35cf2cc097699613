"""Trailing stops: the trigger follows the best price there was, and never backs off.

Rules:
1. The trigger of a sell stays the trailing amount (or percentage) below the highest price
   its trigger method has seen, that of a buy above the lowest, rounded away from the market
   to the price step.
2. It begins at the price the client named, else at the market's first.
3. The limit of a TRAIL LIMIT moves along, at its offset from the trigger; an offset that is
   not given is the distance between the first trigger and the limit.

**Source**: IB "Trailing Stop" and "Trailing Stop Limit" order pages.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from ibelay.gateway.exchange.events import OrderRequest
from ibelay.gateway.exchange.rules.steps import step_at
from ibelay.gateway.market.api import Instrument
from ibelay.model.order import Action


def begin(request: OrderRequest) -> OrderRequest:
    """Return a new trailing *request* with the trigger it begins at, if the client named one.

    Prices of 0 are none: servers show them for what is not set, and clients send them back.
    """
    return at_trigger(
        replace(request, limit_price=request.limit_price or None), request.trail_stop_price or None
    )


def at_trigger(request: OrderRequest, trigger: Decimal | None) -> OrderRequest:
    """Return *request* with its trigger at *trigger*, and its limit as far from it as asked."""
    offset = request.limit_offset
    if offset is None and trigger is not None and request.limit_price is not None:
        offset = (trigger - request.limit_price) * -request.action.sign
    limit = request.limit_price
    if offset is not None and trigger is not None:
        limit = trigger + offset * request.action.sign
    return replace(
        request,
        stop_price=trigger,
        trail_stop_price=trigger,
        limit_offset=offset,
        limit_price=limit,
    )


def follow(request: OrderRequest, instrument: Instrument, price: Decimal) -> OrderRequest:
    """Return *request* after the market came to *price*; itself if its trigger stays."""
    sign = request.action.sign
    distance = request.trail_amount
    if distance is None:
        distance = price * (request.trail_percent or Decimal(0)) / 100
    rounding = ROUND_CEILING if request.action is Action.BUY else ROUND_FLOOR
    raw = price + distance * sign
    step = step_at(instrument, raw)
    trigger = (raw / step).to_integral_value(rounding) * step
    before = request.stop_price
    if before is not None and (trigger - before) * sign >= 0:
        return request
    return at_trigger(request, trigger)
