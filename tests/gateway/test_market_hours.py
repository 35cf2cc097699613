"""New York's hours, and the names and numbers of stocks."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.hours import is_weekday, trading_day
from ibelay.gateway.market.symbols import clean_symbols, con_id_of, usual_price


@pytest.mark.parametrize(("day", "utc_hour"), [("2013-10-08", 13), ("2024-01-16", 14)])
def test_open_follows_daylight_saving(day: str, utc_hour: int) -> None:
    opened = datetime.fromtimestamp(trading_day(day).open_ns / 1e9, timezone.utc)  # noqa: UP017
    assert (opened.hour, opened.minute) == (utc_hour, 30)


def test_hours_in_order_and_in_ib_form() -> None:
    day = trading_day("2013-10-08")
    hour = 3600 * 10**9
    assert day.start_ns - day.midnight_ns == 4 * hour
    assert day.close_ns - day.open_ns == 6.5 * hour
    assert day.end_ns - day.close_ns == 4 * hour
    assert day.liquid_hours == "20131008:0930-20131008:1600"


@pytest.mark.parametrize("text", ["tomorrow", "2013-13-01", "2013-10-05"])
def test_unusable_date_is_refused_with_the_date_in_the_sentence(text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        trading_day(text)


def test_weekend_is_no_weekday() -> None:
    assert [is_weekday(date(2013, 10, day)) for day in (4, 5, 6, 7)] == [True, False, False, True]


def test_symbols_are_cleaned_and_nonsense_is_refused() -> None:
    assert clean_symbols([" spy", "SPY", "brk.b"]) == ["SPY", "BRK.B"]
    for symbols in ([], [""], ["../etc"], ["SPÄ"]):
        with pytest.raises(ConfigurationError, match="expected"):
            clean_symbols(symbols)


def test_numbers_of_symbols_are_stable() -> None:
    assert con_id_of("SPY") == 756733
    assert con_id_of("ZZZT") == 964731791
    assert 20 <= usual_price("ZZZT") < 300
