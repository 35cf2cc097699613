"""Replay of LEAN folders: small ones made here, and the real one where it is present."""

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

DATE = "2013-10-08"
DAY = trading_day(DATE)
OPEN_MS = 34_200_000
QUOTE = f"{OPEN_MS},1,2,3,1000000,200,5,6,7,1000500,300"
TRADE = f"{OPEN_MS},1000100,1000400,1000000,1000300,1000"
REAL = Path(os.environ.get("IBELAY_MARKET_DATA", Path(__file__).parents[4] / "shared/market-data"))


def write(folder: Path, name: str, *lines: str, resolution: str = "second") -> Path:
    path = folder / "equity" / "usa" / resolution / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{path.stem}.csv", "\n".join(lines))
    return path


def events(folder: Path) -> list[MarketEvent]:
    market = lean(folder, DATE, ["SPY"])
    return list(market.events(market.start_ns, market.end_ns))


def test_closing_quote_of_a_second_stands_at_its_end(tmp_path: Path) -> None:
    write(tmp_path, "spy/20131008_quote.zip", QUOTE)
    (event,) = events(tmp_path)
    assert isinstance(event, QuoteChange)
    assert event.con_id == 756733
    quote = event.quote
    assert quote.at_ns == DAY.open_ns + SECOND_NS
    assert (quote.bid, quote.ask) == (D(100), D("100.05"))
    assert (quote.bid_size, quote.ask_size) == (D(200), D(300))


def test_trade_row_becomes_prints_with_its_range_and_volume(tmp_path: Path) -> None:
    """They follow the quote of the same second; a bar of them is the row again."""
    write(tmp_path, "spy/20131008_quote.zip", QUOTE)
    write(tmp_path, "spy/20131008_trade.zip", TRADE)
    first, *prints = events(tmp_path)
    assert isinstance(first, QuoteChange)
    assert [p.price for p in prints if isinstance(p, Print)] == [
        D("100.01"),
        D(100),
        D("100.04"),
        D("100.03"),
    ]
    market = lean(tmp_path, DATE, ["SPY"])
    (bar,) = market.bars(first.con_id, DAY.open_ns, DAY.open_ns + 5 * SECOND_NS, 5)
    assert (bar.open, bar.high, bar.low, bar.close) == (
        D("100.01"),
        D("100.04"),
        D(100),
        D("100.03"),
    )
    assert bar.volume == 1000


def test_empty_fields_leave_their_side_as_it_was(tmp_path: Path) -> None:
    write(
        tmp_path,
        "spy/20131008_quote.zip",
        QUOTE,
        f"{OPEN_MS + 1000},,,,,,1000500,1000600,1000400,1000400,700",
    )
    last = events(tmp_path)[-1]
    assert isinstance(last, QuoteChange)
    assert (last.quote.bid, last.quote.bid_size) == (D(100), D(200))
    assert (last.quote.ask, last.quote.ask_size) == (D("100.04"), D(700))


def test_a_crossed_quote_is_left_out_and_counted_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    crossed = f"{OPEN_MS + 1000},1,2,3,1000600,200,5,6,7,1000500,300"
    write(tmp_path, "spy/20131008_quote.zip", QUOTE, crossed)
    assert len(events(tmp_path)) == 1
    assert "20131008_quote.csv: 1 crossed or suspicious rows are left out" in caplog.text


def test_a_side_at_zero_is_a_side_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path, "spy/20131008_quote.zip", f"{OPEN_MS},1,2,3,0,0,5,6,7,1000500,300")
    (event,) = events(tmp_path)
    assert isinstance(event, QuoteChange)
    assert (event.quote.bid, event.quote.ask) == (None, D("100.05"))


def test_seconds_are_preferred_to_minutes_which_stand_in_for_them(tmp_path: Path) -> None:
    write(tmp_path, "spy/20131008_quote.zip", QUOTE, resolution="minute")
    (by_minute,) = events(tmp_path)
    assert isinstance(by_minute, QuoteChange)
    assert by_minute.quote.at_ns == DAY.open_ns + 60 * SECOND_NS
    write(tmp_path, "spy/20131008_quote.zip", QUOTE)
    (by_second,) = events(tmp_path)
    assert isinstance(by_second, QuoteChange)
    assert by_second.quote.at_ns == DAY.open_ns + SECOND_NS


def test_missing_folder_symbol_and_day_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no LEAN data folder"):
        lean(tmp_path / "nowhere", DATE, ["SPY"])
    write(tmp_path, "spy/20131008_quote.zip", QUOTE)
    with pytest.raises(ConfigurationError, match=r"no quotes of TSLA: .* symbols there: SPY$"):
        lean(tmp_path, DATE, ["SPY", "TSLA"])
    with pytest.raises(ConfigurationError, match=r"on 2013-10-09: .* days there: 2013-10-08$"):
        lean(tmp_path, "2013-10-09", ["SPY"])


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        f"{OPEN_MS},1,2,3,x,200,5,6,7,1000500,300",
        f"{OPEN_MS},1,2,3,NaN,200,5,6,7,1000500,300",
        f"{OPEN_MS},1,2,3,1_000,200,5,6,7,1000500,300",
        f"{OPEN_MS},1,2,3,{'9' * 400},200,5,6,7,1000500,300",
        f"{OPEN_MS},1,2,3,-1000000,200,5,6,7,1000500,300",
        f"{OPEN_MS - 1000},1,2,3,1000000,200,5,6,7,1000500,300",
        "86400000,1,2,3,1000000,200,5,6,7,1000500,300",
    ],
)
def test_damaged_quote_line_is_named(tmp_path: Path, line: str) -> None:
    path = write(tmp_path, "spy/20131008_quote.zip", QUOTE, line)
    with pytest.raises(ConfigurationError, match=rf"{path.name} \S+ line 2 cannot be read"):
        lean(tmp_path, DATE, ["SPY"])


@pytest.mark.parametrize("line", ["", f"{OPEN_MS},5,4,6,5,100", f"{OPEN_MS},5,5,5,5,-1"])
def test_damaged_trade_line_is_named(tmp_path: Path, line: str) -> None:
    write(tmp_path, "spy/20131008_quote.zip", QUOTE)
    path = write(tmp_path, "spy/20131008_trade.zip", TRADE, line, TRADE)
    with pytest.raises(ConfigurationError, match=rf"{path.name} \S+ line 2 cannot be read"):
        lean(tmp_path, DATE, ["SPY"])


def test_damaged_zip_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "spy/20131008_quote.zip", QUOTE)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ConfigurationError, match=f"{path.name} cannot be read"):
        lean(tmp_path, DATE, ["SPY"])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "")
    with pytest.raises(ConfigurationError, match="holds 0 CSV files"):
        lean(tmp_path, DATE, ["SPY"])


@pytest.mark.market_data
@pytest.mark.skipif(not REAL.is_dir(), reason="no real quotes: IBELAY_MARKET_DATA names none")
@pytest.mark.parametrize("date", ["2013-10-07", "2013-10-08", "2013-10-09"])
def test_real_day_plays_in_order_with_bars_of_every_five_seconds(date: str) -> None:
    market = lean(REAL / "lean", date, ["SPY", "AIG", "BAC", "IBM"])
    now_ns, count = market.start_ns, 0
    for event in market.events(market.start_ns, market.end_ns):
        at_ns = event.at_ns if isinstance(event, Print) else event.quote.at_ns
        assert now_ns <= at_ns
        now_ns, count = at_ns, count + 1
        if isinstance(event, QuoteChange):
            quote = event.quote
            assert quote.bid is not None
            assert quote.ask is not None
            assert 0 < quote.bid <= quote.ask
    assert count > 100_000
    for instrument in market.instruments:
        bars = market.bars(instrument.contract.con_id, market.open_ns, market.close_ns, 5)
        assert len(bars) == 4680
        assert sum(bar.count > 0 for bar in bars) > 1500
    assert market.open_ns == trading_day(date).open_ns
    assert market.end_ns >= trading_day(date).end_ns
