"""When instruments trade, over several days: sessions, and hours in IB's form.

Rules:
1. US stocks: pre-market 04:00, regular 09:30 to 16:00, after hours to 20:00, New York. On
   an early close the regular session ends then and after hours four hours later.
2. US options: 09:30 to 16:00, or to the early close; no extended hours.
3. CME futures: 23 hours, from 17:00 on the eve to 16:00 Chicago (16:15 until 18 September
   2015), regular from 08:30. An early close ends both; the next session begins at 17:00.
4. Forex: from 17:15 on the eve to 17:00 New York, Monday to Friday, but for Christmas and
   New Year's Day.
5. Crypto: every day from midnight to midnight, New York.
6. A session belongs to the day it ends on, the trade date, but crypto's, which belongs to
   the day it begins on.
7. IB tells of the days to come: hours are written for a week beyond the last day (as far
   as holidays are known), a day without a session as ``20131012:CLOSED``.

**Source**: IB "Contract details" (``tradingHours``, ``liquidHours``, ``timeZoneId``), and
the exchanges' pages of trading hours as known in 2025.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from ibelay.gateway.market.api import TradingSession
from ibelay.gateway.market.calendars.holidays import (
    Exchange,
    early_close,
    is_trading_day,
    is_weekday,
)
from ibelay.gateway.market.calendars.table import LAST_YEAR

NEW_YORK = ZoneInfo("America/New_York")
CHICAGO = ZoneInfo("America/Chicago")
_SECOND_NS = 1_000_000_000
_KEPT_TIMETABLES = 64
_AHEAD = timedelta(days=7)
_DAY = timedelta(days=1)
_AFTER_HOURS_H = 4
_CME_LATE_UNTIL = date(2015, 9, 18)
_FOREX_REST = {(1, 1), (12, 25)}


class Hours(StrEnum):
    """A way of trading."""

    US_STOCKS = "US stocks"
    US_OPTIONS = "US options"
    CME_FUTURES = "CME futures"
    FOREX = "forex"
    CRYPTO = "crypto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """What an instrument's fields of the same names want to know.

    Attributes:
        sessions: In order of time.
        trading_hours: All hours in IB's form.
        liquid_hours: Regular hours in IB's form.
        time_zone: Of both texts, as IB names it.
    """

    sessions: tuple[TradingSession, ...]
    trading_hours: str
    liquid_hours: str
    time_zone: str


@lru_cache(maxsize=_KEPT_TIMETABLES)
def timetable(hours: Hours, first: date, last: date) -> Timetable:
    """Return when something with these *hours* trades from *first* to *last*, included.

    The session that is under way when *last* ends is among them.

    Raises:
        ConfigurationError: A year has no known holidays, see ``holidays``.
    """
    make, zone, zone_name = _MAKERS[hours]
    known_until = date(max(last.year, LAST_YEAR), 12, 31)
    told_until = min(last + _AHEAD, known_until)
    dates = [first + _DAY * number for number in range((told_until - first).days + 1)]
    by_date = {day: make(day) for day in dates}
    end_ns = at(last + _DAY, time(0), NEW_YORK)
    return Timetable(
        sessions=tuple(one for one in by_date.values() if one and one.begin_ns < end_ns),
        trading_hours=";".join(
            _written(one.begin_ns, one.end_ns, zone) if one else _closed(day)
            for day, one in by_date.items()
        ),
        liquid_hours=";".join(
            _written(one.open_ns, one.close_ns, zone) if one else _closed(day)
            for day, one in by_date.items()
        ),
        time_zone=zone_name,
    )


def session_of(hours: Hours, day: date) -> TradingSession | None:
    """Return the session of the trade date *day*, None where there is none.

    Raises:
        ConfigurationError: The year has no known holidays, see ``holidays``.
    """
    return _MAKERS[hours][0](day)


def at(day: date, clock: time, zone: ZoneInfo) -> int:
    """Return *clock* on *day* in *zone* as ns since the epoch, UTC."""
    return int(datetime.combine(day, clock, zone).timestamp()) * _SECOND_NS


def _stocks(day: date) -> TradingSession | None:
    if not is_trading_day(Exchange.NYSE, day):
        return None
    close = early_close(Exchange.NYSE, day) or time(16)
    return TradingSession(
        begin_ns=at(day, time(4), NEW_YORK),
        open_ns=at(day, time(9, 30), NEW_YORK),
        close_ns=at(day, close, NEW_YORK),
        end_ns=at(day, close.replace(hour=close.hour + _AFTER_HOURS_H), NEW_YORK),
    )


def _options(day: date) -> TradingSession | None:
    stocks = _stocks(day)
    return stocks and _without_extended(stocks.open_ns, stocks.close_ns)


def _cme(day: date) -> TradingSession | None:
    if not is_trading_day(Exchange.CME, day):
        return None
    usual = time(16, 15) if day <= _CME_LATE_UNTIL else time(16)
    end_ns = at(day, early_close(Exchange.CME, day) or usual, CHICAGO)
    return TradingSession(
        begin_ns=at(day - _DAY, time(17), CHICAGO),
        open_ns=at(day, time(8, 30), CHICAGO),
        close_ns=end_ns,
        end_ns=end_ns,
    )


def _forex(day: date) -> TradingSession | None:
    if not is_weekday(day) or (day.month, day.day) in _FOREX_REST:
        return None
    return _without_extended(at(day - _DAY, time(17, 15), NEW_YORK), at(day, time(17), NEW_YORK))


def _crypto(day: date) -> TradingSession | None:
    return _without_extended(at(day, time(0), NEW_YORK), at(day + _DAY, time(0), NEW_YORK))


def _without_extended(open_ns: int, close_ns: int) -> TradingSession:
    return TradingSession(begin_ns=open_ns, open_ns=open_ns, close_ns=close_ns, end_ns=close_ns)


_MAKERS: dict[Hours, tuple[Callable[[date], TradingSession | None], ZoneInfo, str]] = {
    Hours.US_STOCKS: (_stocks, NEW_YORK, "US/Eastern"),
    Hours.US_OPTIONS: (_options, NEW_YORK, "US/Eastern"),
    Hours.CME_FUTURES: (_cme, CHICAGO, "US/Central"),
    Hours.FOREX: (_forex, NEW_YORK, "US/Eastern"),
    Hours.CRYPTO: (_crypto, NEW_YORK, "US/Eastern"),
}


def _closed(day: date) -> str:
    return f"{day:%Y%m%d}:CLOSED"


def _written(begin_ns: int, end_ns: int, zone: ZoneInfo) -> str:
    begin, end = (datetime.fromtimestamp(ns // _SECOND_NS, zone) for ns in (begin_ns, end_ns))
    return f"{begin:%Y%m%d:%H%M}-{end:%Y%m%d:%H%M}"
