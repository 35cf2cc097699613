"""Messages about prices as they come."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ibelay.model.market import Bar, Quote
from ibelay.wire.encode.message import message
from ibelay.wire.fields import decimal_text
from ibelay.wire.times import SECOND_NS


def tick_price(request_id: int, tick: int, price: Decimal, size: Decimal, mask: int = 0) -> bytes:
    """Return tickPrice."""
    return message(
        "1", "6", str(request_id), str(tick), decimal_text(price), decimal_text(size), str(mask)
    )


def tick_size(request_id: int, tick: int, size: Decimal) -> bytes:
    """Return tickSize."""
    return message("2", "6", str(request_id), str(tick), decimal_text(size))


def tick_string(request_id: int, tick: int, value: str) -> bytes:
    """Return tickString."""
    return message(46, 6, request_id, tick, value)


def tick_generic(request_id: int, tick: int, value: Decimal) -> bytes:
    """Return tickGeneric."""
    return message(45, 6, request_id, tick, value)


def tick_option_computation(request_id: int, tick: int, figures: Sequence[float]) -> bytes:
    """Return tickOptionComputation, computed from a price.

    Args:
        request_id: Of the stream or of the calculation.
        tick: 10 bid, 11 ask, 12 last, 13 model, 53 as asked for.
        figures: Implied volatility, delta, price, present value of dividends, gamma, vega,
            theta, price of the underlying; -1 and -2 for what is not known.
    """
    return message(21, request_id, tick, 1, *(repr(round(figure, 8)) for figure in figures))


def tick_by_tick_last(
    request_id: int, kind: int, trade: tuple[int, Decimal, Decimal], venue: str
) -> bytes:
    """Return tickByTick of a print: (time in ns, price, size), traded at *venue*."""
    at_ns, price, size = trade
    return message(99, request_id, kind, at_ns // SECOND_NS, price, size, 0, venue, "")


def tick_by_tick_bid_ask(request_id: int, quote: Quote) -> bytes:
    """Return tickByTick of a quote; a side that is not there is 0."""
    prices = (quote.bid or 0, quote.ask or 0, quote.bid_size or 0, quote.ask_size or 0)
    return message(99, request_id, 3, quote.at_ns // SECOND_NS, *prices, 0)


def tick_by_tick_mid_point(request_id: int, at_ns: int, price: Decimal) -> bytes:
    """Return tickByTick of a mid-point."""
    return message(99, request_id, 4, at_ns // SECOND_NS, price)


DepthRow = tuple[int, int, int, Decimal, Decimal]


def market_depth(request_id: int, row: DepthRow) -> bytes:
    """Return updateMktDepth.

    Args:
        request_id: Of the subscription.
        row: Position from 0, operation (0 insert, 1 update, 2 delete), side (0 ask, 1 bid),
            price, size.
    """
    return message(12, 1, request_id, *row)


def market_depth_l2(request_id: int, row: DepthRow, maker: str, *, smart: bool) -> bytes:
    """Return updateMktDepthL2; *row* as in :func:`market_depth`, *maker* a name."""
    position, *rest = row
    return message(13, 1, request_id, position, maker, *rest, smart)


def tick_parameters(request_id: int, min_tick: Decimal, bbo_exchange: str) -> bytes:
    """Return tickReqParams; 3 means that snapshots are permitted."""
    return message(81, request_id, min_tick, bbo_exchange, 3)


def tick_snapshot_end(request_id: int) -> bytes:
    """Return tickSnapshotEnd."""
    return message(57, 1, request_id)


def market_data_type(request_id: int, kind: int) -> bytes:
    """Return marketDataType."""
    return message(58, 1, request_id, kind)


def bar_figures(bar: Bar) -> tuple[object, ...]:
    """Return the seven figures of *bar* in the order of the wire."""
    return (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wap, bar.count)


def real_time_bar(request_id: int, bar: Bar) -> bytes:
    """Return realtimeBar; its time is the bar's beginning."""
    return message(50, 3, request_id, bar.at_ns // SECOND_NS, *bar_figures(bar))
