"""Holidays, early closes, and sessions at every kind of hours."""

from __future__ import annotations

import importlib.util
import sys
from datetime import date, datetime, time, timedelta
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.calendars import regenerate, table
from ibelay.gateway.market.calendars.holidays import (
    Exchange,
    early_close,
    is_trading_day,
    next_trading_day,
    trading_days,
)
from ibelay.gateway.market.calendars.sessions import (
    CHICAGO,
    NEW_YORK,
    Hours,
    session_of,
    timetable,
)
from ibelay.gateway.market.hours import trading_day

KNOWN_DAYS = st.dates(date(table.FIRST_YEAR, 1, 1), date(table.LAST_YEAR, 12, 1))
FRIDAY, KING_DAY, TUESDAY = date(2025, 1, 17), date(2025, 1, 20), date(2025, 1, 21)


def wall(at_ns: int, zone: object = NEW_YORK) -> str:
    assert zone in {NEW_YORK, CHICAGO}
    place = NEW_YORK if zone is NEW_YORK else CHICAGO
    return f"{datetime.fromtimestamp(at_ns // 10**9, place):%m%d %H:%M}"


@pytest.mark.parametrize(
    "day",
    [
        date(2001, 9, 11),
        date(2012, 10, 29),  # a hurricane
        date(2024, 3, 29),
        date(2025, 1, 9),  # a president's funeral
        date(2025, 6, 19),
        date(2025, 11, 27),
        date(2025, 6, 7),
    ],
)
def test_days_without_stocks_are_known(day: date) -> None:
    assert not is_trading_day(Exchange.NYSE, day)


def test_futures_trade_on_a_monday_that_stocks_rest() -> None:
    assert not is_trading_day(Exchange.NYSE, KING_DAY)
    assert is_trading_day(Exchange.CME, KING_DAY)
    assert early_close(Exchange.CME, KING_DAY) == time(12)


def test_early_closes_are_known() -> None:
    assert early_close(Exchange.NYSE, date(2025, 11, 28)) == time(13)
    assert early_close(Exchange.NYSE, date(2025, 11, 26)) is None


def test_the_next_trading_day_is_beyond_holiday_and_weekend() -> None:
    assert next_trading_day(Exchange.NYSE, FRIDAY) == TUESDAY
    assert list(islice(trading_days(Exchange.NYSE, FRIDAY), 2)) == [FRIDAY, TUESDAY]


def test_a_holiday_is_refused_with_the_next_trading_day() -> None:
    with pytest.raises(ConfigurationError, match=r"2025-01-20 is a holiday .* is 2025-01-21$"):
        trading_day("2025-01-20")
    with pytest.raises(ConfigurationError, match=r"is a Saturday, .* is 2025-01-21$"):
        trading_day("2025-01-18")


def test_an_early_close_shortens_the_day() -> None:
    day = trading_day("2025-11-28")
    assert (wall(day.close_ns), wall(day.end_ns)) == ("1128 13:00", "1128 17:00")
    assert day.trading_hours == "20251128:0400-20251128:1700"
    assert day.liquid_hours == "20251128:0930-20251128:1300"


def test_stocks_and_options_have_a_session_per_trading_day() -> None:
    stocks = timetable(Hours.US_STOCKS, FRIDAY, TUESDAY)
    assert [wall(one.begin_ns) for one in stocks.sessions] == ["0117 04:00", "0121 04:00"]
    assert [wall(one.end_ns) for one in stocks.sessions] == ["0117 20:00", "0121 20:00"]
    assert stocks.trading_hours.startswith(
        "20250117:0400-20250117:2000;20250118:CLOSED;20250119:CLOSED;20250120:CLOSED;"
        "20250121:0400-20250121:2000;"
    )
    options = timetable(Hours.US_OPTIONS, FRIDAY, TUESDAY)
    assert options.trading_hours == options.liquid_hours == stocks.liquid_hours


def test_futures_begin_on_the_eve_and_know_short_days() -> None:
    futures = timetable(Hours.CME_FUTURES, FRIDAY, KING_DAY)
    assert [wall(one.begin_ns, CHICAGO) for one in futures.sessions] == [
        "0116 17:00",
        "0119 17:00",
        "0120 17:00",
    ]
    assert [wall(one.end_ns, CHICAGO) for one in futures.sessions] == [
        "0117 16:00",
        "0120 12:00",
        "0121 16:00",
    ]
    assert "20250119:1700-20250120:1200;" in futures.trading_hours
    assert ";20250120:0830-20250120:1200;" in futures.liquid_hours
    assert futures.time_zone == "US/Central"
    former = session_of(Hours.CME_FUTURES, date(2013, 10, 8))
    assert former is not None
    assert wall(former.end_ns, CHICAGO) == "1008 16:15"


def test_forex_rests_at_weekends_and_crypto_never() -> None:
    forex = timetable(Hours.FOREX, FRIDAY, KING_DAY).sessions
    assert [wall(one.begin_ns) for one in forex] == ["0116 17:15", "0119 17:15", "0120 17:15"]
    assert session_of(Hours.FOREX, date(2025, 12, 25)) is None
    crypto = timetable(Hours.CRYPTO, FRIDAY, KING_DAY).sessions
    assert len(crypto) == 4
    assert all(one.end_ns == two.begin_ns for one, two in pairwise(crypto))


def test_hours_are_told_as_far_as_holidays_are_known() -> None:
    last = date(table.LAST_YEAR, 12, 30)
    assert timetable(Hours.US_STOCKS, last, last).trading_hours.count(";") == 1


@given(st.sampled_from(Hours), KNOWN_DAYS, st.integers(0, 9))
def test_sessions_come_in_order_and_never_overlap(hours: Hours, first: date, days: int) -> None:
    found = timetable(hours, first, first + timedelta(days=days)).sessions
    for one in found:
        assert one.begin_ns <= one.open_ns < one.close_ns <= one.end_ns
    assert all(one.end_ns <= two.begin_ns for one, two in pairwise(found))


def test_the_shipped_table_is_what_the_library_says() -> None:
    """Whoever changes one without the other is told the command in the table's own docstring."""
    assert Path(table.__file__).read_text(encoding="utf-8") == regenerate.source()


def test_another_year_is_asked_of_the_library() -> None:
    assert not is_trading_day(Exchange.NYSE, date(1985, 9, 27))  # another hurricane
    assert is_trading_day(Exchange.NYSE, date(1985, 9, 26))
    with pytest.raises(ConfigurationError, match="are not known"):
        is_trading_day(Exchange.NYSE, date(1200, 1, 3))


def test_without_the_extra_another_year_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "exchange_calendars", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'ibelay\[calendars\]'"):
        is_trading_day(Exchange.NYSE, date(1984, 1, 3))


def test_the_library_is_not_on_the_start_path() -> None:
    """It is imported by name in one place; nothing that starts the gateway names it."""
    assert importlib.util.find_spec("exchange_calendars") is not None
    source = Path(regenerate.__file__).parents[2]
    naming = [p.name for p in source.rglob("*.py") if '"exchange_calendars"' in p.read_text()]
    assert naming == ["regenerate.py"]
