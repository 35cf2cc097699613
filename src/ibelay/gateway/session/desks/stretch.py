"""Historical bars: from the client's words to a stretch of market time and its bars.

Rules:
1. Durations in seconds reach back from the end of the last complete bar; days, weeks,
   months and years begin at midnight in New York of the first day they touch, as IB counts
   trading days.
2. Nothing later than market time is told, and no bar that is still in the making.
3. With regular hours only, bars from the open to the close.
4. Sizes up to 30 minutes come from the market; longer ones are put together from minutes,
   so that the first hourly bar of the session begins at the open, as IB's does.

**Source**: IB "Historical Data" page (durations, bar sizes, formatDate).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import groupby

from ibelay.errors import WireError
from ibelay.gateway.market.api import Market
from ibelay.model.ids import ConId
from ibelay.model.market import Bar
from ibelay.wire.requests import RequestHistoricalData
from ibelay.wire.times import SECOND_NS, day, local, moment, parse_moment

DAY_S = 86_400
_BAR_SIZES = {
    **{f"{n} sec{s}": n for n in (1, 5, 10, 15, 30) for s in ("", "s")},
    **{f"{n} min{s}": n * 60 for n in (1, 2, 3, 5, 10, 15, 20, 30) for s in ("", "s")},
    **{f"{n} hour{s}": n * 3600 for n in (1, 2, 3, 4, 8) for s in ("", "s")},
    **{f"1 day{s}": DAY_S for s in ("", "s")},
}
_DURATION = re.compile(r"([1-9]\d{0,5}) ([SDWMY])")
_DAYS = {"D": 1, "W": 7, "M": 30, "Y": 365}
_FROM_MINUTES_ABOVE_S = 1800
_EPOCH_SECONDS = 2
TRADED = frozenset({"TRADES", "ADJUSTED_LAST"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Market time from *start_ns* to *end_ns* in bars of *size_s* seconds."""

    start_ns: int
    end_ns: int
    size_s: int


def stretch(request: RequestHistoricalData, market: Market, now_ns: int) -> Stretch:
    """Return what *request* asks for, cut to what has happened and to its hours.

    Raises:
        WireError: Its end, duration, bar size or kind of data is not one that is served.
    """
    if request.what_to_show.upper() not in TRADED:
        raise WireError(
            f"whatToShow {request.what_to_show[:20]!r} is not served by the paper gateway, "
            "expected TRADES"
        )
    size_s = _BAR_SIZES.get(request.bar_size.strip())
    if size_s is None:
        raise WireError(f"bar size {request.bar_size[:20]!r} unknown, expected such as '5 mins'")
    end_ns = min(now_ns, parse_moment(request.end) if request.end else now_ns)
    start_ns = max(market.start_ns, _start(request.duration, end_ns, size_s))
    if request.regular_hours:
        start_ns, end_ns = max(start_ns, market.open_ns), min(end_ns, market.close_ns)
    return Stretch(start_ns=start_ns, end_ns=end_ns, size_s=size_s)


def _start(duration: str, end_ns: int, size_s: int) -> int:
    match = _DURATION.fullmatch(duration.strip())
    if match is None:
        raise WireError(f"duration {duration[:20]!r} unknown, expected such as '3600 S' or '1 D'")
    count = int(match[1])
    if match[2] == "S":
        return end_ns - end_ns % (size_s * SECOND_NS) - count * SECOND_NS
    days = min(count * _DAYS[match[2]], 36_500)
    last = local(end_ns - 1).replace(hour=0, minute=0, second=0)
    return int((last - timedelta(days=days - 1)).timestamp()) * SECOND_NS


def bars(market: Market, con_id: ConId, what: Stretch) -> list[Bar]:
    """Return the bars of *what* that are complete."""
    if what.size_s <= _FROM_MINUTES_ABOVE_S:
        return market.bars(con_id, what.start_ns, what.end_ns, what.size_s)
    minutes = market.bars(con_id, what.start_ns, what.end_ns, 60)
    midnight = local(what.start_ns).replace(hour=0, minute=0, second=0)
    midnight_ns, size_ns = int(midnight.timestamp()) * SECOND_NS, what.size_s * SECOND_NS
    groups = groupby(minutes, lambda bar: (bar.at_ns - midnight_ns) // size_ns)
    return [_together(list(group)) for _number, group in groups]


def _together(parts: Sequence[Bar]) -> Bar:
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


def dated(found: Sequence[Bar], size_s: int, format_date: int) -> list[tuple[str, Bar]]:
    """Return each bar with its time as the client wants it written.

    Daily bars carry a date; others epoch seconds with formatDate 2, else a moment.
    """
    if size_s >= DAY_S:
        return [(day(bar.at_ns), bar) for bar in found]
    if format_date == _EPOCH_SECONDS:
        return [(str(bar.at_ns // SECOND_NS), bar) for bar in found]
    return [(moment(bar.at_ns), bar) for bar in found]
