"""Messages about prices of the past.

**Source**: field orders as ib_async 2.1 and the official clients read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ibelay.model.market import Bar, Quote
from ibelay.wire.encode.data import bar_figures
from ibelay.wire.encode.message import message
from ibelay.wire.times import SECOND_NS, ZONE_NAME, day, local_moment

_DONE = True
_NO_ATTRIBUTES = 0


def historical_data(
    request_id: int, start: str, end: str, bars: Sequence[tuple[str, Bar]]
) -> bytes:
    """Return historicalData; each bar comes with its date as text."""
    rows = [field for date, bar in bars for field in (date, *bar_figures(bar))]
    return message(17, request_id, start, end, len(bars), *rows)


def historical_data_update(request_id: int, date: str, bar: Bar) -> bytes:
    """Return historicalDataUpdate: the bar in the making; its close stands before its high."""
    prices = (bar.open, bar.close, bar.high, bar.low)
    return message(90, request_id, bar.count, date, *prices, bar.wap, bar.volume)


def historical_schedule(request_id: int, spans: Sequence[tuple[int, int]]) -> bytes:
    """Return historicalSchedule; *spans* are (begin, end) in ns since the epoch, UTC."""
    rows = [
        part for begin, end in spans for part in (local_moment(begin), local_moment(end), day(end))
    ]
    whole = (local_moment(spans[0][0]), local_moment(spans[-1][1]), ZONE_NAME)
    return message(106, request_id, *whole, len(spans), *rows)


def head_timestamp(request_id: int, text: str) -> bytes:
    """Return headTimestamp."""
    return message(88, request_id, text)


def histogram(request_id: int, sizes: Sequence[tuple[Decimal, Decimal]]) -> bytes:
    """Return histogramData; *sizes* are (price, shares)."""
    return message(89, request_id, len(sizes), *(part for row in sizes for part in row))


def historical_ticks(request_id: int, quotes: Sequence[Quote]) -> bytes:
    """Return historicalTicks: the mid-point of each of *quotes*, which has no size."""
    rows: list[object] = []
    for quote in quotes:
        if quote.bid is not None and quote.ask is not None:
            rows += [quote.at_ns // SECOND_NS, _NO_ATTRIBUTES, (quote.bid + quote.ask) / 2, 0]
    return message(96, request_id, len(rows) // 4, *rows, _DONE)


def historical_ticks_bid_ask(request_id: int, quotes: Sequence[Quote]) -> bytes:
    """Return historicalTicksBidAsk; a side that is not there is 0."""
    rows: list[object] = []
    for quote in quotes:
        prices, sizes = (quote.bid or 0, quote.ask or 0), (quote.bid_size or 0, quote.ask_size or 0)
        rows += [quote.at_ns // SECOND_NS, _NO_ATTRIBUTES, *prices, *sizes]
    return message(97, request_id, len(quotes), *rows, _DONE)


def historical_ticks_last(
    request_id: int, prints: Sequence[tuple[int, Decimal, Decimal]], venue: str
) -> bytes:
    """Return historicalTicksLast; *prints* are (time in ns, price, size), traded at *venue*."""
    rows: list[object] = []
    for at_ns, price, size in prints:
        rows += [at_ns // SECOND_NS, _NO_ATTRIBUTES, price, size, venue, ""]
    return message(98, request_id, len(prints), *rows, _DONE)
