"""From an operator's words to a market and its beginning."""

from __future__ import annotations

from pathlib import Path

import pytest

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.hours import SECOND_NS, trading_day
from ibelay.gateway.market.opening import MarketChoice, begin_ns, check_form, open_market

MONDAY = trading_day("2025-06-02")
TABLE = "time,symbol,last,last_size\n2025-06-03T09:30:00,BAC,44,100\n"


def test_the_usual_market_is_four_stocks_of_one_day() -> None:
    market = open_market(MarketChoice())
    assert [one.contract.symbol for one in market.instruments] == ["SPY", "AIG", "BAC", "IBM"]
    assert (market.start_ns, market.end_ns) == (MONDAY.start_ns, MONDAY.end_ns)


def test_several_made_up_days_pass_over_holidays() -> None:
    market = open_market(MarketChoice(date="2025-01-17", days=2, symbols=("SPY",)))
    assert market.start_ns == trading_day("2025-01-17").start_ns
    assert market.close_ns == trading_day("2025-01-21").close_ns


def test_a_table_is_played_whole_on_its_own_days(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TABLE)
    market = open_market(MarketChoice(form=f"csv:{path}"))
    assert [one.contract.symbol for one in market.instruments] == ["BAC"]
    assert begin_ns(market, 36_000) == trading_day("2025-06-03").midnight_ns + 36_000 * SECOND_NS


def test_other_recordings_are_asked_where_they_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no LEAN data folder"):
        open_market(MarketChoice(form=f"lean:{tmp_path}"))
    with pytest.raises(ConfigurationError, match="expected a Parquet file"):
        open_market(MarketChoice(form=f"parquet:{tmp_path / 'none.parquet'}"))


@pytest.mark.parametrize("form", ["live", "lean", "lean:", "csv", "xlsx:a", ""])
def test_another_form_is_refused(form: str) -> None:
    with pytest.raises(ConfigurationError, match="expected synthetic or lean:PATH or csv:PATH"):
        check_form(form)


@pytest.mark.parametrize("form", ["synthetic", "csv:a.csv", "parquet:a.parquet"])
def test_only_a_lean_folder_has_resolutions_to_choose_from(form: str) -> None:
    check_form("lean:folder", "minute")
    with pytest.raises(ConfigurationError, match="'minute' is of LEAN folders only"):
        check_form(form, "minute")


def test_a_market_begins_before_its_open_or_when_asked() -> None:
    market = open_market(MarketChoice(symbols=("SPY",)))
    assert begin_ns(market, None) == MONDAY.open_ns - 120 * SECOND_NS
    with pytest.raises(ConfigurationError, match=r"start 03:00 is .* 04:00 to 20:00, New York"):
        begin_ns(market, 3 * 3600)


@pytest.mark.parametrize("days", [0, 1000])
def test_a_number_of_days_that_cannot_be_played_is_refused(days: int) -> None:
    with pytest.raises(ConfigurationError, match="cannot be played"):
        open_market(MarketChoice(days=days))
