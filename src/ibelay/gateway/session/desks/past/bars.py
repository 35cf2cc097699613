"""Bars of the past: made, put together, cut to hours, written.

Rules:
1. No bar that is still in the making, unless it is asked for (``forming``).
2. Bars of prints come from the market; bars of quotes are made of its quotes, and stand
   flat at the last one where none came; before any quote there is no bar.
3. Bars above 30 minutes are put together from minutes, so that the first hourly bar of the
   session begins at the open, as IB's does; days, weeks and months are those of New York.
4. A BID_ASK bar has the average bid as open, the highest ask as high, the lowest bid as low
   and the average ask as close.
5. At most 50,000 bars an answer.
6. What came before the market's own days is told as far back as the market knows it: bars
   of a day and longer of daily bars, others above 30 minutes of half hours. Quotes of that
   time are where trades were; so are quotes for shorter bars that reach more than a week
   back, so that no client makes the others wait.
7. Yields are prices turned, for bonds only; volatilities come by the day, for stocks, funds
   and indices.
8. Where the market plays more than ten days, those before the last are told as those before
   the market are (rule 6), for bars of a day and longer: its minutes are not looked at.

**Source**: IB "Historical Data" page.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import groupby

from ibelay.errors import WireError
from ibelay.gateway.market.api import Figure, Instrument, Market, QuoteChange
from ibelay.gateway.market.pricing.figures import yield_bars
from ibelay.gateway.session.desks.past.stretch import DAY_S, MONTH_S, WEEK_S, Stretch, What
from ibelay.model.market import Bar, Quote
from ibelay.wire.times import SECOND_NS, day, local, moment

MAX_BARS = 50_000
_FROM_MINUTES_ABOVE_S = 1800
_MANY_DAYS = 10
_QUOTED_DAYS = 7
_TOO_MANY = f"more than {MAX_BARS} bars: ask for a shorter duration or longer bars"
_EPOCH_SECONDS = 2
_NOT_TRADED = Decimal(-1)
_PRICE_PLACES = Decimal("0.00000001")
Path = list[tuple[Decimal, Decimal]]


def bars(market: Market, one: Instrument, asked: Stretch) -> list[Bar]:
    """Return the bars of *asked* that are complete, oldest first.

    Raises:
        WireError: There would be too many.
    """
    con_id = one.contract.con_id
    asked = replace(asked, start_ns=max(asked.start_ns, market.history_ns(con_id)))
    if asked.what.volatility:
        return _volatilities(market, one, asked)
    priced = replace(asked, what=asked.what.priced)
    if priced.what is not asked.what:
        if one.contract.sec_type != "BOND":
            raise WireError(f"{asked.what} is of bonds only")
        return yield_bars(one, bars(market, one, priced))
    found = _before(market, one, asked) + _own(market, one, asked)
    if asked.size_s > _FROM_MINUTES_ABOVE_S:
        groups = groupby(found, lambda bar: bar_start(bar.at_ns, asked.size_s))
        found = [together(list(group)) for _begin, group in groups]
    if len(found) > MAX_BARS:
        raise WireError(_TOO_MANY)
    return found


def _before(market: Market, one: Instrument, asked: Stretch) -> list[Bar]:
    """Return the bars of what came before the market's own days (rule 6)."""
    end_ns = min(asked.end_ns, market.start_ns)
    if asked.start_ns >= end_ns:
        return []
    if asked.size_s < _FROM_MINUTES_ABOVE_S and (asked.what.traded or not _far(asked, end_ns)):
        return _regular(market, one, asked, _base(market, one, asked, asked.size_s, end_ns=end_ns))
    size_s = DAY_S if asked.size_s >= DAY_S else min(asked.size_s, _FROM_MINUTES_ABOVE_S)
    _check_count(asked, end_ns, size_s)
    found = market.bars(one.contract.con_id, asked.start_ns, end_ns, size_s)
    found = _untraded(found, asked.what)
    return found if size_s == DAY_S else _regular(market, one, asked, found)


def _own(market: Market, one: Instrument, asked: Stretch) -> list[Bar]:
    """Return the bars of the market's own days that *asked* is put together from."""
    own = replace(asked, start_ns=max(asked.start_ns, market.start_ns))
    if own.start_ns >= own.end_ns:
        return []
    days, own = _whole_days(market, one, own)
    base_s = asked.size_s if asked.size_s <= _FROM_MINUTES_ABOVE_S else 60
    return days + _regular(market, one, own, _base(market, one, own, base_s, end_ns=own.end_ns))


def _whole_days(market: Market, one: Instrument, own: Stretch) -> tuple[list[Bar], Stretch]:
    """Return bars of the days before the last, where there are many, and what is left (rule 8)."""
    last_ns = bar_start(own.end_ns - 1, DAY_S)
    if own.size_s < DAY_S or last_ns - own.start_ns <= _MANY_DAYS * DAY_S * SECOND_NS:
        return [], own
    days = _untraded(market.bars(one.contract.con_id, own.start_ns, last_ns, DAY_S), own.what)
    return days, replace(own, start_ns=last_ns) if days else own


def _untraded(found: list[Bar], what: What) -> list[Bar]:
    """Return bars of prints as those of quotes, unless it is prints that *what* names."""
    if what.traded:
        return found
    return [replace(bar, volume=_NOT_TRADED, wap=_NOT_TRADED, count=-1) for bar in found]


def _regular(market: Market, one: Instrument, asked: Stretch, found: list[Bar]) -> list[Bar]:
    """Return those of *found* that begin in regular hours, if only they are asked for."""
    if not asked.regular_hours or not found:
        return found
    sessions = market.sessions(one.contract.con_id, found[0].at_ns - 1, found[-1].at_ns)
    opens = [session.open_ns for session in sessions]
    places = ((bar, bisect_right(opens, bar.at_ns) - 1) for bar in found)
    return [bar for bar, n in places if n >= 0 and bar.at_ns < sessions[n].close_ns]


def _volatilities(market: Market, one: Instrument, asked: Stretch) -> list[Bar]:
    if one.contract.sec_type not in {"STK", "IND"}:
        raise WireError(f"{asked.what} is of stocks, funds and indices only")
    figure = Figure(asked.what)
    found = market.volatility_bars(one.contract.con_id, asked.start_ns, asked.end_ns, figure)
    groups = groupby(found, lambda bar: bar_start(bar.at_ns, max(asked.size_s, DAY_S)))
    return [together(list(group)) for _begin, group in groups]


def _base(
    market: Market, one: Instrument, asked: Stretch, size_s: int, *, end_ns: int
) -> list[Bar]:
    """Return the bars from the stretch's beginning to *end_ns*.

    Raises:
        WireError: There would be too many.
    """
    _check_count(asked, end_ns, size_s)
    con_id = one.contract.con_id
    if asked.what.traded:
        return market.bars(con_id, asked.start_ns, end_ns, size_s)
    begin = bar_start(asked.start_ns, size_s)
    begin += size_s * SECOND_NS if begin < asked.start_ns else 0
    quotes = (
        event.quote
        for event in market.events_of(con_id, begin, end_ns)
        if isinstance(event, QuoteChange)
    )
    return _of_quotes(quotes, begin, end_ns, size_s, asked.what)


def _far(asked: Stretch, end_ns: int) -> bool:
    """Return whether *asked* reaches too far back for its quotes to be made one by one."""
    return end_ns - asked.start_ns > _QUOTED_DAYS * DAY_S * SECOND_NS


def _check_count(asked: Stretch, end_ns: int, size_s: int) -> None:
    """Refuse what would be looked at for far more bars than are told."""
    if (end_ns - asked.start_ns) // (size_s * SECOND_NS) > 4 * MAX_BARS:
        raise WireError(_TOO_MANY)


def _of_quotes(
    quotes: Iterable[Quote], begin_ns: int, end_ns: int, size_s: int, what: What
) -> list[Bar]:
    size_ns, found, path = size_s * SECOND_NS, list[Bar](), Path()
    for quote in quotes:
        while quote.at_ns > begin_ns + size_ns:
            begin_ns, path = _close(found, path, begin_ns, size_ns, what)
        if quote.bid is not None and quote.ask is not None:
            path.append((quote.bid, quote.ask))
    while begin_ns + size_ns <= end_ns:
        begin_ns, path = _close(found, path, begin_ns, size_ns, what)
    return found


def _close(
    found: list[Bar], path: Path, begin_ns: int, size_ns: int, what: What
) -> tuple[int, Path]:
    """End the bar that began at *begin_ns*; return the next one's beginning and first price."""
    if path:
        found.append(_quote_bar(begin_ns, path, what))
    return begin_ns + size_ns, path[-1:]


def _quote_bar(at_ns: int, path: Path, what: What) -> Bar:
    if what is What.BID_ASK:
        bids, asks = [bid for bid, _ask in path], [ask for _bid, ask in path]
        prices = [_average(bids), max(asks), min(bids), _average(asks)]
    else:
        line = [_side(bid, ask, what) for bid, ask in path]
        prices = [line[0], max(line), min(line), line[-1]]
    return Bar(
        at_ns=at_ns,
        open=prices[0],
        high=prices[1],
        low=prices[2],
        close=prices[3],
        volume=_NOT_TRADED,
        wap=_NOT_TRADED,
        count=-1,
    )


def _side(bid: Decimal, ask: Decimal, what: What) -> Decimal:
    if what is What.BID:
        return bid
    return ask if what is What.ASK else (bid + ask) / 2


def _average(prices: Sequence[Decimal]) -> Decimal:
    return (sum(prices, Decimal(0)) / len(prices)).quantize(_PRICE_PLACES).normalize()


def bar_start(at_ns: int, size_s: int) -> int:
    """Return where the bar of *size_s* seconds begins that holds *at_ns*."""
    midnight = local(at_ns).replace(hour=0, minute=0, second=0)
    if size_s == WEEK_S:
        midnight -= timedelta(days=midnight.weekday())
    elif size_s == MONTH_S:
        midnight = midnight.replace(day=1)
    midnight_ns = int(midnight.timestamp()) * SECOND_NS
    if size_s >= DAY_S:
        return midnight_ns
    return at_ns - (at_ns - midnight_ns) % (size_s * SECOND_NS)


def together(parts: Sequence[Bar]) -> Bar:
    """Return one bar of the stretch of *parts*, which follow each other."""
    if parts[0].count < 0:
        return replace(
            parts[0],
            high=max(part.high for part in parts),
            low=min(part.low for part in parts),
            close=parts[-1].close,
        )
    volume = sum((part.volume for part in parts), Decimal(0))
    worth = sum((part.wap * part.volume for part in parts), Decimal(0))
    return replace(
        parts[0],
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        close=parts[-1].close,
        volume=volume,
        wap=(worth / volume).quantize(Decimal("0.0001")) if volume else parts[-1].wap,
        count=sum(part.count for part in parts),
    )


def date_text(at_ns: int, size_s: int, format_date: int) -> str:
    """Return a bar's time as the client wants it written.

    Daily and longer bars carry a date; others epoch seconds with formatDate 2, else a moment.
    """
    if size_s >= DAY_S:
        return day(at_ns)
    return str(at_ns // SECOND_NS) if format_date == _EPOCH_SECONDS else moment(at_ns)


def dated(found: Sequence[Bar], size_s: int, format_date: int) -> list[tuple[str, Bar]]:
    """Return each bar with its time as the client wants it written."""
    return [(date_text(bar.at_ns, size_s, format_date), bar) for bar in found]
