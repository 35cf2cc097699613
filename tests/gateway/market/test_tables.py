"""Replay of CSV and Parquet files, and of files that are neither."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.api import Market, Print, QuoteChange
from ibelay.gateway.market.hours import SECOND_NS, trading_day
from ibelay.gateway.market.replay import rows as all_rows
from ibelay.gateway.market.replay.tables import columns as columns_module
from ibelay.gateway.market.replay.tables import parquet_file
from ibelay.gateway.market.replay.tables.csv_file import read_csv
from ibelay.gateway.market.replay.tables.market import csv, parquet

HEADER = "time,symbol,bid,ask,bid_size,ask_size,last,last_size"
QUOTE = "2025-06-02T09:30:00.250,SPY,589.11,589.12,300,500,,"
TRADE = "2025-06-02T09:30:00.400,SPY,,,,,589.12,100"
MONDAY = trading_day("2025-06-02")
fuzzed = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    max_examples=300,
)


def write(folder: Path, *lines: str, name: str = "recording.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def all_of(market: Market) -> list[QuoteChange | Print]:
    return list(market.events(market.start_ns, market.end_ns))


def complaint(read: Callable[[Path], object], path: Path) -> str:
    """Return why *path* was refused, nothing if it was read; any other error is the test's."""
    try:
        read(path)
    except ConfigurationError as error:
        return str(error)
    return ""


def test_a_quote_and_a_trade_are_played_at_their_moments(tmp_path: Path) -> None:
    market = csv(write(tmp_path, HEADER, QUOTE, TRADE))
    quote, trade = all_of(market)
    assert isinstance(quote, QuoteChange)
    assert isinstance(trade, Print)
    assert quote.con_id == trade.con_id == 756733
    assert quote.quote.at_ns == MONDAY.open_ns + SECOND_NS // 4
    assert (quote.quote.bid, quote.quote.ask) == (D("589.11"), D("589.12"))
    assert (quote.quote.bid_size, quote.quote.ask_size) == (D(300), D(500))
    assert (trade.price, trade.size) == (D("589.12"), D(100))
    assert (market.start_ns, market.end_ns) == (MONDAY.start_ns, MONDAY.end_ns)
    assert (market.open_ns, market.close_ns) == (MONDAY.open_ns, MONDAY.close_ns)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("time", "2025-06-02T09:30:00.25"),
        ("time", "2025-06-02 13:30:00.250000000Z"),
        ("time", "2025-06-02T15:30:00.25+02:00"),
        ("time_ms", str((MONDAY.open_ns + SECOND_NS // 4) // 10**6)),
        ("time_us", str((MONDAY.open_ns + SECOND_NS // 4) // 10**3)),
        ("time_ns", str(MONDAY.open_ns + SECOND_NS // 4)),
    ],
)
def test_times_are_iso_or_counted_in_the_unit_of_their_column(
    tmp_path: Path, column: str, text: str
) -> None:
    (trade,) = all_of(csv(write(tmp_path, f"symbol,{column},last,last_size", f"SPY,{text},5,1")))
    assert isinstance(trade, Print)
    assert trade.at_ns == MONDAY.open_ns + SECOND_NS // 4


def test_empty_fields_leave_their_side_and_zero_takes_it_away(tmp_path: Path) -> None:
    rows = [
        QUOTE,
        "2025-06-02T09:30:01,SPY,589.10,,,,,",
        "2025-06-02T09:30:02,SPY,,0,,0,,",
    ]
    market = csv(write(tmp_path, HEADER, *rows))
    _first, second, third = [e.quote for e in all_of(market) if isinstance(e, QuoteChange)]
    assert (second.bid, second.bid_size, second.ask) == (D("589.10"), D(300), D("589.12"))
    assert (third.bid, third.ask, third.ask_size) == (D("589.10"), None, D(0))


def test_instruments_of_every_kind_have_their_own_hours(tmp_path: Path) -> None:
    at = "2025-06-02T09:30:00"
    market = csv(
        write(
            tmp_path,
            "time,symbol,last,last_size",
            *(f"{at},{word},5,1" for word in ("SPY", "ES:FUT", "EUR.USD:CASH", "BTC:CRYPTO")),
        )
    )
    kinds = [one.contract.sec_type for one in market.instruments]
    assert kinds == ["STK", "FUT", "CASH", "CRYPTO"]
    assert len({one.sessions for one in market.instruments}) == 4
    assert len({one.contract.con_id for one in market.instruments}) == 4
    assert len(all_of(market)) == 4


def test_days_follow_each_other_with_the_close_before(tmp_path: Path) -> None:
    later = "2025-06-03T09:31:00,SPY,590,590.02,1,1,,"
    market = csv(write(tmp_path, HEADER, QUOTE, TRADE, later))
    last = all_of(market)[-1]
    assert isinstance(last, QuoteChange)
    assert last.quote.previous_close == D("589.12")
    assert market.end_ns == trading_day("2025-06-03").end_ns


def test_a_recording_of_a_weekend_can_be_of_coins(tmp_path: Path) -> None:
    row = "2025-06-07T12:00:00,BTC:CRYPTO,100000,1"
    market = csv(write(tmp_path, "time,symbol,last,last_size", row))
    assert len(all_of(market)) == 1
    assert market.open_ns <= market.end_ns


def test_symbols_are_chosen_and_must_be_there(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER, QUOTE, QUOTE.replace("SPY", "BAC"))
    assert [one.contract.symbol for one in csv(path, ["bac"]).instruments] == ["BAC"]
    with pytest.raises(ConfigurationError, match=r"no rows of IBM: symbols there: SPY, BAC$"):
        csv(path, ["IBM"])
    with pytest.raises(ConfigurationError, match=r"named in two ways"):
        csv(write(tmp_path, HEADER, QUOTE, QUOTE.replace("SPY", "SPY:STK")))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "time,symbol",
        "symbol,bid,ask,bid_size,ask_size",
        "time,time_ms,symbol,last,last_size",
        "time,symbol,last,last,last_size",
        "time,symbol,last",
        "time,symbol,bid,ask",
        "time,symbol,last,last_size,volume",
    ],
)
def test_a_header_that_does_not_fit_is_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(ConfigurationError, match=r"recording\.csv begins with .* each once"):
        csv(write(tmp_path, header, "1,2"))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("", "expected 8 fields"),
        ("2025-06-02T09:30:01,SPY", "expected 8 fields"),
        ("yesterday,SPY,1,2,1,1,,", "expected a time such as"),
        ("2025-13-02T09:30:01,SPY,1,2,1,1,,", "month must be in"),
        ("1748871000,SPY,1,2,1,1,,", "expected a time such as"),
        ("2025-06-02T09:29:59,SPY,1,2,1,1,,", "do not go back"),
        ("2125-06-02T09:29:59,SPY,1,2,1,1,,", "between 1970 and 2100"),
        ("2025-06-02T09:30:01,,1,2,1,1,,", "symbol of 1 to 32 characters"),
        (f"2025-06-02T09:30:01,{'X' * 33},1,2,1,1,,", "symbol of 1 to 32 characters"),
        ("2025-06-02T09:30:01,SPY,x,2,1,1,,", "expected a plain number"),
        ("2025-06-02T09:30:01,SPY,-1,2,1,1,,", "expected a plain number"),
        ("2025-06-02T09:30:01,SPY,NaN,2,1,1,,", "expected a plain number"),
        ("2025-06-02T09:30:01,SPY,1e9,2,1,1,,", "expected a plain number"),
        ("2025-06-02T09:30:01,SPY,2,1,1,1,,", "not above the ask"),
        ("2025-06-02T09:30:01,SPY,,,,,5,", "last and last_size together"),
        ("2025-06-02T09:30:01,SPY,,,,,0,5", "above zero"),
        ("2025-06-02T09:30:01,SPY,,,,,,", "a quote or a trade in it"),
    ],
)
def test_a_damaged_row_is_named(tmp_path: Path, row: str, expected: str) -> None:
    path = write(tmp_path, HEADER, QUOTE, row, QUOTE)
    with pytest.raises(ConfigurationError, match=r"recording\.csv row 3 cannot be read") as caught:
        csv(path)
    assert expected in str(caught.value)


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        csv(tmp_path / "nowhere.csv")
    path = tmp_path / "bytes.csv"
    path.write_bytes(b"time,symbol,last,last_size\n\xff\xfe")
    with pytest.raises(ConfigurationError, match="expected a CSV file in UTF-8"):
        csv(path)
    path.write_bytes(b"time," * 100_000)
    with pytest.raises(ConfigurationError, match="line 1 is longer than 1000 characters"):
        csv(path)
    path.write_bytes(b'time,symbol,last,last_size\n"2025')
    with pytest.raises(ConfigurationError, match="cannot be read"):
        csv(path)


def test_a_recording_too_large_for_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(all_rows, "MAX_ROWS", 1)
    with pytest.raises(ConfigurationError, match="more than 1 rows: choose fewer days"):
        csv(write(tmp_path, HEADER, QUOTE, TRADE))


def test_too_many_symbols_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns_module, "MAX_SYMBOLS", 1)
    with pytest.raises(ConfigurationError, match="at most 1 symbols"):
        csv(write(tmp_path, HEADER, QUOTE, QUOTE.replace("SPY", "BAC")))


def test_the_head_of_a_spreadsheet_program_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "bom.csv"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER.upper()}\r\n{QUOTE}\r\n{TRADE}".encode())
    assert len(all_of(csv(path))) == 2


@fuzzed
@given(st.lists(st.text(st.sampled_from('0123456789-:T.,SPYxé"\n\r\0 '), max_size=40), max_size=6))
def test_whatever_is_in_a_file_it_is_read_or_refused(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "fuzz.csv"
    path.write_text("\n".join([HEADER, QUOTE, *lines]), encoding="utf-8")
    assert len(complaint(read_csv, path)) < 600


# Parquet -------------------------------------------------------------------------------


def frame(**changed: object) -> pl.DataFrame:
    """Return the two rows of the CSV tests as a table."""
    table: dict[str, object] = {
        "time": [datetime(2025, 6, 2, 13, 30, n, 250_000, UTC) for n in (0, 1)],
        "symbol": ["SPY", "SPY"],
        "bid": [589.11, None],
        "ask": [589.12, None],
        "bid_size": [300, None],
        "ask_size": [500, None],
        "last": [None, 589.12],
        "last_size": [None, 100.0],
    }
    return pl.DataFrame({**table, **changed})


def stored(folder: Path, table: pl.DataFrame) -> Path:
    path = folder / "recording.parquet"
    table.write_parquet(path)
    return path


def test_parquet_plays_as_the_same_csv_does(tmp_path: Path) -> None:
    later = TRADE.replace("00.400", "01.250")
    expected = all_of(csv(write(tmp_path, HEADER, QUOTE, later)))
    assert all_of(parquet(stored(tmp_path, frame()))) == expected


def test_parquet_times_without_a_zone_are_new_yorks(tmp_path: Path) -> None:
    naive = [datetime(2025, 6, 2, 9, 30, n, 250_000) for n in (0, 1)]  # noqa: DTZ001 - the point
    with_zone = all_of(parquet(stored(tmp_path, frame())))
    assert all_of(parquet(stored(tmp_path, frame(time=naive)))) == with_zone


def test_parquet_rows_are_judged_as_those_of_csv(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="row 2 cannot be read: expected a plain number"):
        parquet(stored(tmp_path, frame(bid=[-1.0, None])))
    with pytest.raises(ConfigurationError, match=r"parquet .*cannot be read"):
        parquet(stored(tmp_path, frame(bid=[float("inf"), None])))
    with pytest.raises(ConfigurationError, match="begins with the columns"):
        parquet(stored(tmp_path, frame().rename({"bid": "bidd"})))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        parquet(stored(tmp_path, frame(bid=[[1], [2]])))


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.parquet"
    for content in (b"", b"PAR1" + b"\0" * 100 + b"PAR1"):
        path.write_bytes(content)
        with pytest.raises(ConfigurationError, match="expected a Parquet file"):
            parquet(path)
    with pytest.raises(ConfigurationError, match="expected a Parquet file"):
        parquet(tmp_path / "nowhere.parquet")


@pytest.mark.parametrize("place", [4, 177, 696, 869, 1042])
def test_a_bent_parquet_file_is_read_or_refused(tmp_path: Path, place: int) -> None:
    """Some of these make the library abort its process, which is not ours."""
    path = stored(tmp_path, frame())
    content = bytearray(path.read_bytes())
    place %= len(content)
    content[place : place + 8] = b"\xff" * 8
    path.write_bytes(content[: len(content)])
    assert len(complaint(parquet, path)) < 600


def test_a_reader_that_dies_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dying = tmp_path / "dying.py"
    dying.write_text("import os; print('time,symbol', flush=True); os.abort()\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(parquet_file, "_READER", "dying")
    with pytest.raises(ConfigurationError, match="its reader died of it"):
        parquet(stored(tmp_path, frame()))


def test_a_reader_that_hangs_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hanging.py").write_text("import signal; signal.pause()\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(parquet_file, "_READER", "hanging")
    monkeypatch.setattr(parquet_file, "PATIENCE_S", 0.5)
    with pytest.raises(ConfigurationError, match=r"more than 0\.5 s to read"):
        parquet(stored(tmp_path, frame()))


def test_without_polars_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'ibelay\[parquet\]'"):
        parquet(tmp_path / "any.parquet")
