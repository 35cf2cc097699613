"""The last trading days of options and futures.

Rules:
1. A day that is a holiday moves to the trading day before it.
2. Options expire on Fridays: the next five, the third Friday of this and the next three
   months, of the quarters up to a year ahead, and of the first January beyond it.
3. Futures expire by the rule of their root: the third Friday of the month (stock
   indices); three trading days before the 25th of the month before (crude oil; the last
   one before if the 25th is none); the third to last trading day of the month (metals).

**Source**: the exchanges' contract specifications, as known in 2025.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from ibelay.gateway.market.calendars.holidays import Exchange, is_trading_day, is_weekday
from ibelay.gateway.market.calendars.table import FIRST_YEAR, LAST_YEAR

_DAY = timedelta(days=1)
_FRIDAY = 4
_WEEKS, _MONTHS, _YEAR = 5, 4, timedelta(days=366)
_QUARTER = 3
THIRD_FRIDAY, BEFORE_THE_25TH, THIRD_TO_LAST = (
    "third Friday",
    "before the 25th",
    "third to last day",
)


def option_expiries(today: date) -> dict[date, bool]:
    """Return the days in order, *today* included, and of each whether it is a monthly one."""
    months = [third_friday(*one) for one in _months_from(today.year, today.month, 30)]
    ahead = [day for day in months if day >= today]
    year_on = today + _YEAR
    near = ahead[:_MONTHS]
    quarters = [day for day in ahead if day.month % _QUARTER == 0 and day <= year_on]
    january = next(day for day in ahead if day.month == 1 and day > year_on - _DAY)
    monthly = {*near, *quarters, january}
    friday = today + _DAY * ((_FRIDAY - today.weekday()) % 7)
    weekly = {trading_day_before(friday + 7 * _DAY * week) for week in range(_WEEKS)}
    return {day: day in monthly for day in sorted(monthly | weekly) if day >= today}


def future_expiries(
    rule: str, months: tuple[int, ...], today: date, *, past: int, ahead: int
) -> list[tuple[int, int, date]]:
    """Return (year, month, last trading day), *past* expired ones and *ahead* living ones."""
    begin = today.year - 3
    every = [
        (year, month, future_expiry(rule, year, month))
        for year, month in _months_from(begin, 1, 12 * 7)
        if month in months
    ]
    living = [one for one in every if one[2] >= today]
    over = [one for one in every if one[2] < today]
    return over[-past:] + living[:ahead] if past else living[:ahead]


def future_expiry(rule: str, year: int, month: int) -> date:
    """Return the last trading day of the contract month (rule 3).

    Raises:
        ValueError: There is no such *rule*.
    """
    if rule == THIRD_FRIDAY:
        return third_friday(year, month)
    if rule == BEFORE_THE_25TH:
        before = date(year, month, 1) - _DAY
        return _step_back(trading_day_before(before.replace(day=25)), 3)
    if rule == THIRD_TO_LAST:
        after = date(year + month // 12, month % 12 + 1, 1)
        return _step_back(trading_day_before(after - _DAY), 2)
    raise ValueError(f"no rule of expiry {rule!r}")


def third_friday(year: int, month: int) -> date:
    """Return the third Friday of the month, or the trading day before it."""
    first = date(year, month, 1)
    return trading_day_before(first + _DAY * ((_FRIDAY - first.weekday()) % 7 + 14))


def trading_day_before(day: date) -> date:
    """Return *day* if stocks trade on it, else the last day before on which they do."""
    while not trades(day):
        day -= _DAY
    return day


def trades(day: date) -> bool:
    """Return whether US stocks trade on *day*; beyond the known years, on every weekday."""
    if FIRST_YEAR <= day.year <= LAST_YEAR:
        return is_trading_day(Exchange.NYSE, day)
    return is_weekday(day)


def _step_back(day: date, trading_days: int) -> date:
    for _ in range(trading_days):
        day = trading_day_before(day - _DAY)
    return day


def _months_from(year: int, month: int, count: int) -> Iterator[tuple[int, int]]:
    for number in range(year * 12 + month - 1, year * 12 + month - 1 + count):
        yield number // 12, number % 12 + 1
