"""The hours of US stocks, in New York time.

Pre-market from 04:00, regular session 09:30 to 16:00, after hours until 20:00. Exchange
holidays and early closes are not known here: a replay has the days its folder has, and a
synthetic day exists on any weekday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from ibelay.errors import ConfigurationError

NEW_YORK = ZoneInfo("America/New_York")
SECOND_NS = 1_000_000_000
_SATURDAY = 5


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
        return f"{self.date:%Y%m%d}:0400-{self.date:%Y%m%d}:2000"

    @property
    def liquid_hours(self) -> str:
        """The regular session in IB's form."""
        return f"{self.date:%Y%m%d}:0930-{self.date:%Y%m%d}:1600"


def is_weekday(day: date) -> bool:
    """Return whether *day* is Monday to Friday."""
    return day.weekday() < _SATURDAY


def trading_day(text: str) -> TradingDay:
    """Return the hours of the date *text*, written YYYY-MM-DD.

    Raises:
        ConfigurationError: *text* is no date, or a Saturday or Sunday.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"date {text!r} cannot be read: expected YYYY-MM-DD, such as 2013-10-08"
        ) from error
    if not is_weekday(day):
        raise ConfigurationError(
            f"date {text} is a {day:%A}, when US stocks do not trade: choose a weekday"
        )
    return TradingDay(
        date=day,
        midnight_ns=_at(day, time(0)),
        start_ns=_at(day, time(4)),
        open_ns=_at(day, time(9, 30)),
        close_ns=_at(day, time(16)),
        end_ns=_at(day, time(20)),
    )


def _at(day: date, clock: time) -> int:
    return int(datetime.combine(day, clock, NEW_YORK).timestamp()) * SECOND_NS
