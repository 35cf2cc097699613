"""Replay of LEAN's options, futures, ticks and several days."""

from __future__ import annotations

import os
import zipfile
from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from pathlib import Path

import pytest

from ibelay.errors import ConfigurationError
from ibelay.gateway.market import lean
from ibelay.gateway.market.api import MarketEvent, Print, QuoteChange
from ibelay.gateway.market.hours import SECOND_NS, trading_day
from ibelay.gateway.market.replay.lean import files as lean_files
from ibelay.gateway.market.replay.lean.contracts import future, option, with_ids_of_their_own
from ibelay.model.market import Quote

REAL = Path(os.environ.get("IBELAY_MARKET_DATA", Path(__file__).parents[4] / "shared/market-data"))
needs_quotes = pytest.mark.skipif(
    not REAL.is_dir(), reason="no real quotes: IBELAY_MARKET_DATA names none"
)
DATE = "2013-10-08"
DAY = trading_day("2013-10-08")
OPEN_MS = 34_200_000
CALL = "20131008_spy_minute_quote_american_call_1650000_20131019.csv"
PUT = "20131008_spy_minute_quote_american_put_1655000_20131019.csv"


def write(folder: Path, path: str, **files: str) -> Path:
    """Write a zip of CSV files."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target


def quotes(events: list[MarketEvent]) -> list[Quote]:
    return [event.quote for event in events if isinstance(event, QuoteChange)]


def test_options_are_what_their_file_names_say() -> None:
    instrument = option(CALL)
    contract = instrument.contract
    assert (contract.symbol, contract.sec_type, contract.right) == ("SPY", "OPT", "C")
    assert (contract.strike, contract.multiplier) == (D(165), D(100))
    assert contract.last_trade_date == "20131018"  # the Friday before that Saturday
    assert contract.local_symbol == "SPY   131019C00165000"
    assert instrument.under_con_id == 756733
    assert option(PUT).contract.strike == D("165.5")


def test_futures_are_what_their_file_names_say() -> None:
    instrument = future("20131007_es_minute_quote_201312.csv")
    contract = instrument.contract
    assert (contract.local_symbol, contract.exchange) == ("ESZ3", "CME")
    assert (contract.last_trade_date, contract.multiplier) == ("20131220", D(50))
    assert instrument.min_tick == D("0.25")
    by_day = future("20131007_es_minute_quote_20131219.csv")
    assert by_day.contract == contract


@pytest.mark.parametrize(
    "name",
    ["nonsense.csv", "20131008_spy_minute_quote_american_call_1650000_20139919.csv"],
)
def test_a_file_that_does_not_name_its_option_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="does not name its contract"):
        option(name)


def test_a_future_of_unknown_terms_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="terms of the future ZZ are not known"):
        future("20131007_zz_minute_quote_201312.csv")
    with pytest.raises(ConfigurationError, match="does not name its contract"):
        future("20131007_es_minute_quote_201399.csv")
    with pytest.raises(ConfigurationError, match="ES has no month 201311"):
        future("20131007_es_minute_quote_201311.csv")


def test_no_two_contracts_get_the_same_id() -> None:
    one, two = with_ids_of_their_own([option(CALL), option(CALL)])
    assert two.contract.con_id == one.contract.con_id + 1


def test_a_chain_plays_with_sides_that_come_and_stay(tmp_path: Path) -> None:
    bid_only = f"{OPEN_MS + 60_000},1,2,3,21000,7,,,,,0"
    write(
        tmp_path,
        "option/usa/minute/spy/20131008_quote_american.zip",
        **{CALL: f"{OPEN_MS},1,2,3,20000,10,5,6,7,21500,20\n{bid_only}", PUT: ""},
    )
    market = lean(tmp_path, DATE, ["SPY:OPT"])
    call, put = market.instruments
    assert (call.contract.right, put.contract.right) == ("C", "P")
    first, second = quotes(list(market.events_of(call.contract.con_id, 0, market.end_ns)))
    assert (first.bid, first.ask, first.at_ns) == (D(2), D("2.15"), DAY.open_ns + 60 * SECOND_NS)
    assert (second.bid, second.bid_size) == (D("2.1"), D(7))
    assert (second.ask, second.ask_size) == (D("2.15"), D(20))
    assert list(market.events_of(put.contract.con_id, 0, market.end_ns)) == []
    assert (market.open_ns, market.close_ns) == (DAY.open_ns, DAY.close_ns)


def test_a_future_plays_by_the_clock_of_utc(tmp_path: Path) -> None:
    write(
        tmp_path,
        "future/cme/minute/es/20131008_quote.zip",
        **{"20131008_es_minute_quote_201312.csv": "0,1,1,1,1676.5,86,1,1,1,1676.75,97"},
    )
    for symbol in ("ES", "ES:FUT"):
        market = lean(tmp_path, DATE, [symbol])
        (quote,) = quotes(list(market.events(market.start_ns, market.end_ns)))
        assert (quote.bid, quote.ask) == (D("1676.5"), D("1676.75"))
        # One minute after midnight in UTC it is four hours before midnight in New York.
        assert quote.at_ns == DAY.midnight_ns - 4 * 3600 * SECOND_NS + 60 * SECOND_NS


def test_ticks_are_the_finest_and_suspicious_ones_are_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = "equity/usa/tick/spy/20131008"
    bid = f"{OPEN_MS}.125,1000000,200,0,0,P,1,0"
    ask = f"{OPEN_MS}.25,0,0,1000500,300,Q,1,0"
    write(tmp_path, f"{place}_quote.zip", **{"ticks.csv": f"{bid}\n{ask}"})
    good = f"{OPEN_MS}.5,1000300,100,D,1,0"
    far = f"{OPEN_MS}.75,9,100,D,1,1"
    write(tmp_path, f"{place}_trade.zip", **{"ticks.csv": f"{good}\n{far}"})
    market = lean(tmp_path, DATE, ["SPY"])
    first, second, trade = market.events(market.start_ns, market.end_ns)
    assert isinstance(second, QuoteChange)
    assert isinstance(trade, Print)
    assert (second.quote.bid, second.quote.ask) == (D(100), D("100.05"))
    assert second.quote.at_ns == DAY.open_ns + 250_000
    assert isinstance(first, QuoteChange)
    assert first.quote.ask is None
    assert (trade.price, trade.at_ns) == (D("100.03"), DAY.open_ns + 500_000)
    assert "1 crossed or suspicious rows" in caplog.text


@pytest.mark.parametrize("line", [f"{OPEN_MS},1000300,100,D,1", f"{OPEN_MS},1000300,100,D,1,2"])
def test_a_damaged_tick_is_named(tmp_path: Path, line: str) -> None:
    write(tmp_path, "equity/usa/tick/spy/20131008_trade.zip", **{"t.csv": line})
    with pytest.raises(ConfigurationError, match=r"t\.csv line 1 cannot be read: .* of a tick"):
        lean(tmp_path, DATE, ["SPY"])


def test_a_resolution_can_be_asked_for(tmp_path: Path) -> None:
    row = f"{OPEN_MS},1,2,3,1000000,200,5,6,7,1000500,300"
    write(tmp_path, "equity/usa/second/spy/20131008_quote.zip", **{"q.csv": row})
    write(tmp_path, "equity/usa/minute/spy/20131008_quote.zip", **{"q.csv": row})
    (quote,) = quotes(list(lean(tmp_path, DATE, ["SPY"], resolution="minute").events(0, 1 << 62)))
    assert quote.at_ns == DAY.open_ns + 60 * SECOND_NS
    with pytest.raises(ConfigurationError, match=r"expected 20131008_quote\.zip in tick under"):
        lean(tmp_path, DATE, ["SPY"], resolution="tick")
    with pytest.raises(ConfigurationError, match="resolution 'hour' is unknown"):
        lean(tmp_path, DATE, ["SPY"], resolution="hour")


def test_a_zip_that_would_unpack_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "equity/usa/second/spy/20131008_quote.zip", **{"q.csv": "x" * 100})
    monkeypatch.setattr(lean_files, "MAX_CSV_BYTES", 99)
    with pytest.raises(ConfigurationError, match="unpacks to more than"):
        lean(tmp_path, DATE, ["SPY"])


def test_factor_files_are_said_not_to_be_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    row = f"{OPEN_MS},1,2,3,1000000,200,5,6,7,1000500,300"
    write(tmp_path, "equity/usa/second/spy/20131008_quote.zip", **{"q.csv": row})
    (tmp_path / "equity/usa/factor_files").mkdir()
    lean(tmp_path, DATE, ["SPY"])
    assert "has factor_files: they are not used" in caplog.text


@pytest.mark.parametrize("symbol", ["SPY:BOND", "SPY:"])
def test_a_symbol_of_another_kind_is_refused(tmp_path: Path, symbol: str) -> None:
    (tmp_path / "equity").mkdir()
    with pytest.raises(ConfigurationError, match="expected STK, OPT or FUT"):
        lean(tmp_path, DATE, [symbol])


def test_days_follow_each_other_with_the_close_before(tmp_path: Path) -> None:
    row = f"{OPEN_MS},1,2,3,1000000,200,5,6,7,1000500,300"
    for day in ("20131004", "20131007"):
        write(tmp_path, f"equity/usa/second/spy/{day}_quote.zip", **{"q.csv": row})
    trade = f"{OPEN_MS + 5000},1000100,1000400,1000000,1000300,1000"
    write(tmp_path, "equity/usa/second/spy/20131004_trade.zip", **{"t.csv": trade})
    market = lean(tmp_path, "2013-10-04", ["SPY"], days=2)  # the second is a Monday
    first, second = quotes(list(market.events(market.start_ns, market.end_ns)))
    assert (first.previous_close, second.previous_close) == (None, D("100.03"))
    (spy,) = market.instruments
    assert len(spy.sessions) == 2
    bars = market.bars(spy.contract.con_id, market.start_ns, market.end_ns, 1800)
    at = trading_day("2013-10-07")
    assert all(
        bar.at_ns < trading_day("2013-10-04").end_ns or bar.at_ns >= at.start_ns for bar in bars
    )
    assert market.close_ns == at.close_ns
    assert market.end_ns == at.end_ns


def test_a_holiday_is_refused_with_the_next_trading_day(tmp_path: Path) -> None:
    (tmp_path / "equity").mkdir()
    with pytest.raises(ConfigurationError, match=r"is a Saturday, .* 2013-10-07"):
        lean(tmp_path, "2013-10-05", ["SPY"])


@pytest.mark.market_data
@needs_quotes
def test_three_real_days_of_a_future_stay_in_their_sessions() -> None:
    market = lean(REAL / "lean", "2013-10-07", ["ES"], days=3)
    front = market.instruments[0]
    assert front.contract.local_symbol == "ESZ3"
    con_id = front.contract.con_id
    trades = [e for e in market.events_of(con_id, 0, market.end_ns) if isinstance(e, Print)]
    assert len(trades) > 8000
    for trade in trades:
        assert any(s.begin_ns < trade.at_ns <= s.end_ns for s in front.sessions)
    first, second = front.sessions[:2]
    close = [trade.price for trade in trades if trade.at_ns <= first.close_ns][-1]
    later = quotes(list(market.events_of(con_id, second.begin_ns, second.end_ns)))
    assert {quote.previous_close for quote in later} == {close}


@pytest.mark.market_data
@needs_quotes
def test_a_real_chain_plays_with_its_stock() -> None:
    market = lean(REAL / "lean", "2014-06-05", ["TWX", "TWX:OPT"], days=2)
    stock, *options = market.instruments
    assert len(options) > 150
    assert len({one.contract.con_id for one in market.instruments}) == len(options) + 1
    for one in options:
        assert one.under_con_id == stock.contract.con_id
        assert one.contract.last_trade_date >= "20140620"
    count = 0
    for event in market.events(market.start_ns, market.end_ns):
        count += 1
        if isinstance(event, QuoteChange):
            bid, ask = event.quote.bid, event.quote.ask
            assert bid is None or ask is None or 0 < bid <= ask
    assert count > 50_000
