"""One day of US stocks, in New York time.

Pre-market from 04:00, regular session 09:30 to 16:00, after hours until 20:00; on an early
close the regular session ends then and after hours four hours later. Weekends and holidays
are refused. Several days, and what trades at other hours, are in ``calendars.sessions``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.calendars.holidays import (
    Exchange,
    is_weekday,
    next_trading_day,
    trading_days,
)
from ibelay.gateway.market.calendars.sessions import NEW_YORK, Hours, at, session_of

SECOND_NS = 1_000_000_000
MAX_DAYS = 366
__all__ = ["NEW_YORK", "SECOND_NS", "TradingDay", "is_weekday", "market_days", "trading_day"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingDay:
    """One date's hours in ns since the epoch, UTC."""

    date: date
    midnight_ns: int
    start_ns: int
    open_ns: int
    close_ns: int
    end_ns: int

    @property
    def trading_hours(self) -> str:
        """All hours in IB's form, ``20131008:0400-20131008:2000``."""
        return _written(self.start_ns, self.end_ns)

    @property
    def liquid_hours(self) -> str:
        """The regular session in IB's form."""
        return _written(self.open_ns, self.close_ns)


def trading_day(text: str) -> TradingDay:
    """Return the hours of the date *text*, written YYYY-MM-DD.

    Raises:
        ConfigurationError: *text* is no date, or one on which stocks do not trade; the sentence
            names the next trading day.
    """
    day = _date(text)
    session = session_of(Hours.US_STOCKS, day)
    if session is None:
        kind = "a holiday of the US exchanges" if is_weekday(day) else f"a {day:%A}"
        raise ConfigurationError(
            f"date {text} is {kind}, when US stocks do not trade: "
            f"the next trading day is {next_trading_day(Exchange.NYSE, day)}"
        )
    return TradingDay(
        date=day,
        midnight_ns=at(day, time(0), NEW_YORK),
        start_ns=session.begin_ns,
        open_ns=session.open_ns,
        close_ns=session.close_ns,
        end_ns=session.end_ns,
    )


def market_days(first: str, count: int) -> tuple[date, ...]:
    """Return every date from *first* to the *count*-th trading day of US stocks from it on.

    Weekends and holidays in between are among them: futures and coins may trade.

    Raises:
        ConfigurationError: *first* is no date, or *count* is not from 1 to ``MAX_DAYS``.
    """
    begin = _date(first)
    if not 1 <= count <= MAX_DAYS:
        raise ConfigurationError(f"{count} days cannot be played: expected 1 to {MAX_DAYS}")
    last = next(islice(trading_days(Exchange.NYSE, begin), count - 1, None))
    return tuple(begin + timedelta(days=n) for n in range((last - begin).days + 1))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"date {text!r} cannot be read: expected YYYY-MM-DD, such as 2013-10-08"
        ) from error


def _written(begin_ns: int, end_ns: int) -> str:
    begin, end = (datetime.fromtimestamp(ns // SECOND_NS, NEW_YORK) for ns in (begin_ns, end_ns))
    return f"{begin:%Y%m%d:%H%M}-{end:%Y%m%d:%H%M}"
