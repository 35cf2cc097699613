"""From placeOrder to the exchange's words.

What auxPrice means depends on the type: a trigger, the amount a stop trails by, or an
offset. Prices a type does not use are dropped: servers show 0 for them, and clients send
that back.

**Source**: IB "Order Types" pages.
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.exchange.events import OrderRequest
from ibelay.gateway.session.desks.orders import times
from ibelay.model.ids import ClientId
from ibelay.wire.requests import PlaceOrder

TRAILING = frozenset({"TRAIL", "TRAIL LIMIT", "TRAIL LIT", "TRAIL MIT"})
_NO_LIMIT = frozenset({"MKT", "STP", "TRAIL", "MIT", "MOC", "MTL", "MKT PRT", "STP PRT"})
_NO_AUX = frozenset({"MKT", "LMT", "MOC", "LOC", "MTL", "MKT PRT", "MIDPRICE"})


def order_request(client_id: ClientId, asked: PlaceOrder, now_ns: int) -> OrderRequest:
    """Return *asked* as the exchange takes it.

    Raises:
        BadTimeError: A time of the order cannot be read.
    """
    kind = asked.order_type
    trailing = kind in TRAILING
    ends = times.end_ns(asked.good_till_date, now_ns) if asked.tif == "GTD" else None
    begins = times.begin_ns(asked.good_after_time, now_ns) if asked.good_after_time else None
    return OrderRequest(
        client_id=client_id,
        order_id=asked.order_id,
        contract=asked.contract,
        action=asked.action,
        quantity=asked.quantity,
        order_type=kind,
        limit_price=None if kind in _NO_LIMIT else asked.limit_price,
        stop_price=None if trailing or kind in _NO_AUX else asked.aux_price,
        tif=asked.tif,
        outside_rth=asked.outside_rth,
        order_ref=asked.order_ref,
        parent_id=asked.parent_id,
        transmit=asked.transmit,
        oca_group=asked.oca_group,
        oca_type=asked.oca_type,
        account=asked.account,
        what_if=asked.what_if,
        trail_amount=_positive(asked.aux_price) if trailing else None,
        trail_percent=_positive(asked.trail_percent),
        trail_stop_price=asked.trail_stop_price,
        limit_offset=asked.limit_offset,
        good_till_ns=ends,
        good_after_ns=begins,
        conditions=times.dated(asked.conditions, now_ns),
        conditions_cancel=asked.conditions_cancel,
        conditions_outside_rth=asked.conditions_outside_rth,
        trigger_method=asked.trigger_method,
        all_or_none=asked.all_or_none,
        minimum_quantity=_positive(asked.minimum_quantity),
        cash_quantity=_positive(asked.cash_quantity),
        algorithm=asked.algorithm,
        algorithm_parameters=asked.algorithm_parameters,
        hedge_type=asked.hedge_type,
        hedge_parameter=asked.hedge_parameter,
        extra=asked.extra,
    )


def _positive(value: Decimal | None) -> Decimal | None:
    """Return *value*; servers and clients send 0 for "none" of these."""
    return value or None
