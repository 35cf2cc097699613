"""On which days a US exchange trades, and when it closes early.

Rules:
1. The shipped table answers for its years at once; another year is asked of the library of
   the extra ``ibelay[calendars]``, once, and refused with a sentence where it is missing.
2. Saturdays and Sundays are never trading days of an exchange here; that futures begin a
   Monday on Sunday evening is a matter of ``sessions``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from enum import StrEnum
from functools import lru_cache

from ibelay.gateway.market.calendars import table
from ibelay.gateway.market.calendars.regenerate import Exceptions, exceptions_of

_SATURDAY = 5
_KEPT_YEARS = 64


class Exchange(StrEnum):
    """Whose days are asked for: US stocks and options, or CME's equity index futures."""

    NYSE = "NYSE"
    CME = "CME"


_TABLES = {
    Exchange.NYSE: (table.NYSE_CLOSED, table.NYSE_EARLY),
    Exchange.CME: (table.CME_CLOSED, table.CME_EARLY),
}


def is_weekday(day: date) -> bool:
    """Return whether *day* is Monday to Friday."""
    return day.weekday() < _SATURDAY


def is_trading_day(exchange: Exchange, day: date) -> bool:
    """Return whether *exchange* has a session on *day*.

    Raises:
        ConfigurationError: The year is not in the table and the extra is not installed.
    """
    return is_weekday(day) and day not in _year(exchange, day.year)[0]


def early_close(exchange: Exchange, day: date) -> time | None:
    """Return when *day*'s session ends in the exchange's own time, if early; else None.

    Raises:
        ConfigurationError: See ``is_trading_day``.
    """
    return _year(exchange, day.year)[1].get(day)


def next_trading_day(exchange: Exchange, day: date) -> date:
    """Return the first trading day after *day*.

    Raises:
        ConfigurationError: See ``is_trading_day``.
    """
    return next(trading_days(exchange, day + timedelta(days=1)))


def trading_days(exchange: Exchange, first: date) -> Iterator[date]:
    """Yield the trading days from *first* on, for ever.

    Raises:
        ConfigurationError: See ``is_trading_day``.
    """
    day = first
    while True:
        if is_trading_day(exchange, day):
            yield day
        day += timedelta(days=1)


@lru_cache(maxsize=_KEPT_YEARS)
def _year(exchange: Exchange, year: int) -> tuple[frozenset[date], dict[date, time]]:
    """Return the year's days without a session, and its early closes."""
    if table.FIRST_YEAR <= year <= table.LAST_YEAR:
        closed, early = _TABLES[exchange]
        found = Exceptions(
            closed=tuple(closed.get(year, "").split()), early=tuple(early.get(year, "").split())
        )
    else:
        found = exceptions_of(exchange, year, year)[year]
    return (
        frozenset(_day(year, text) for text in found.closed),
        {_day(year, text): time(int(text[5:7]), int(text[7:9])) for text in found.early},
    )


def _day(year: int, text: str) -> date:
    return date(year, int(text[:2]), int(text[2:4]))
