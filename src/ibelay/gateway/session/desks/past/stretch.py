"""From a client's words to a stretch of market time.

Rules:
1. Durations in seconds reach back from the end of the last complete bar; weeks, months and
   years begin at midnight in New York of the first day they touch.
2. Days are trading days of the instrument: on a Monday ``2 D`` begins on Friday.
3. Nothing later than market time is told.

**Source**: IB "Historical Data" page (durations, bar sizes, whatToShow). That days are
trading days is how users count them (``5 D`` of daily bars are five bars).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from ibelay.errors import WireError
from ibelay.gateway.market.api import TradingSession
from ibelay.wire.requests import RequestHistoricalData
from ibelay.wire.times import SECOND_NS, local, parse_moment

DAY_S = 86_400
WEEK_S = 7 * DAY_S
MONTH_S = 30 * DAY_S
BAR_SIZES: Mapping[str, int] = MappingProxyType(
    {
        **{f"{n} sec{s}": n for n in (1, 5, 10, 15, 30) for s in ("", "s")},
        **{f"{n} min{s}": n * 60 for n in (1, 2, 3, 5, 10, 15, 20, 30) for s in ("", "s")},
        **{f"{n} hour{s}": n * 3600 for n in (1, 2, 3, 4, 8) for s in ("", "s")},
        **dict.fromkeys(("1 day", "1 days", "1D"), DAY_S),
        **dict.fromkeys(("1 week", "1 weeks", "1W"), WEEK_S),
        **dict.fromkeys(("1 month", "1 months", "1M"), MONTH_S),
    }
)
_DURATION = re.compile(r"([1-9]\d{0,5}) ([SDWMY])")
_DAYS = {"D": 1, "W": 7, "M": 30, "Y": 365}
_MOST_DAYS = 36_500
_LONGEST_BREAK_DAYS = 10
_NS_A_DAY = DAY_S * SECOND_NS
Sessions = Callable[[int, int], Sequence[TradingSession]]
"""(after ns, until ns) to the sessions of one instrument that this touches."""


class What(StrEnum):
    """What bars are made of."""

    TRADES = "TRADES"
    ADJUSTED_LAST = "ADJUSTED_LAST"
    AGGTRADES = "AGGTRADES"
    BID = "BID"
    ASK = "ASK"
    MIDPOINT = "MIDPOINT"
    BID_ASK = "BID_ASK"
    SCHEDULE = "SCHEDULE"
    HISTORICAL_VOLATILITY = "HISTORICAL_VOLATILITY"
    OPTION_IMPLIED_VOLATILITY = "OPTION_IMPLIED_VOLATILITY"
    YIELD_BID = "YIELD_BID"
    YIELD_ASK = "YIELD_ASK"
    YIELD_BID_ASK = "YIELD_BID_ASK"
    YIELD_LAST = "YIELD_LAST"

    @property
    def traded(self) -> bool:
        """Whether the bars are made of prints."""
        return self in {What.TRADES, What.ADJUSTED_LAST, What.AGGTRADES}

    @property
    def volatility(self) -> bool:
        """Whether the bars are of a volatility, by the day."""
        return self in {What.HISTORICAL_VOLATILITY, What.OPTION_IMPLIED_VOLATILITY}

    @property
    def priced(self) -> What:
        """The prices that a yield is made of; itself for everything else."""
        name = self.removeprefix("YIELD_")
        if name == self:
            return self
        return What.TRADES if name == "LAST" else What(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Market time from *start_ns* to *end_ns* in bars of *size_s* seconds, made of *what*."""

    start_ns: int
    end_ns: int
    size_s: int
    what: What
    regular_hours: bool


def what_to_show(text: str) -> What:
    """Return the kind of data *text* names.

    Raises:
        WireError: It is none that is served.
    """
    if text.upper() not in What.__members__:
        served = ", ".join(What)
        raise WireError(f"whatToShow {text[:30]!r} is not served here, expected one of {served}")
    return What(text.upper())


def stretch(request: RequestHistoricalData, now_ns: int, sessions: Sessions) -> Stretch:
    """Return what *request* asks for, cut to what has happened.

    Args:
        request: See there.
        now_ns: Market time.
        sessions: Of the instrument asked about.

    Raises:
        WireError: Its end, duration, bar size or kind of data is not one that is served.
    """
    what = what_to_show(request.what_to_show)
    size_s = BAR_SIZES.get(request.bar_size.strip())
    if size_s is None:
        raise WireError(f"bar size {request.bar_size[:20]!r} unknown, expected such as '5 mins'")
    if request.end and (request.keep_up_to_date or what is What.ADJUSTED_LAST):
        raise WireError("an end is not allowed with keepUpToDate or ADJUSTED_LAST: leave it empty")
    end_ns = min(now_ns, parse_moment(request.end) if request.end else now_ns)
    return Stretch(
        start_ns=duration_start(request.duration, end_ns, sessions, size_s),
        end_ns=end_ns,
        size_s=size_s,
        what=what,
        regular_hours=request.regular_hours,
    )


def duration_start(duration: str, end_ns: int, sessions: Sessions, size_s: int = 1) -> int:
    """Return where *duration* begins that ends at *end_ns* (rules 1 and 2).

    Raises:
        WireError: *duration* is not one.
    """
    match = _DURATION.fullmatch(duration.strip())
    if match is None:
        raise WireError(f"duration {duration[:20]!r} unknown, expected such as '3600 S' or '1 D'")
    count = int(match[1])
    if match[2] == "S":
        return end_ns - end_ns % (size_s * SECOND_NS) - count * SECOND_NS
    days = min(count * _DAYS[match[2]], _MOST_DAYS)
    traded = _trading_days(days, end_ns, sessions) if match[2] == "D" else []
    return traded[-days] if len(traded) >= days else _midnight(end_ns - 1, days - 1)


def _trading_days(count: int, end_ns: int, sessions: Sessions) -> list[int]:
    """Return the midnights of at least *count* trading days before *end_ns*, if there are.

    A session counts for the day on which it closes, as those of futures that begin the
    evening before.
    """
    after_ns = end_ns - (2 * count + _LONGEST_BREAK_DAYS) * _NS_A_DAY
    begun = (one for one in sessions(after_ns, end_ns) if one.begin_ns < end_ns)
    days = {_midnight(one.close_ns - 1) for one in begun}
    return sorted(one for one in days if one < end_ns)


def _midnight(at_ns: int, days_before: int = 0) -> int:
    day = local(at_ns).replace(hour=0, minute=0, second=0)
    return int((day - timedelta(days=days_before)).timestamp()) * SECOND_NS
