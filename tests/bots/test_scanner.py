"""The scanner file: what it may say, and what is said when it does not."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from ibelay.bots.scanner import (
    Scanner,
    Setup,
    Side,
    SliceName,
    format_scanner,
    load_scanner,
    parse_scanner,
)
from ibelay.errors import ConfigurationError

GOOD = """\
date = "2013-10-08"

[[setup]]
symbol = "TSLA"
side = "long"
pivot = 445.00
stop = 443.10
partial = 447.13
target1 = 460.25
target2 = 470.50
quantity = 100

[[setup]]
symbol = "SPY"
side = "short"
pivot = 165.0
stop = 165.5
partial = 164
target1 = 164
target2 = 163
quantity = 10
"""


def test_a_file_gives_its_setups_with_exact_prices() -> None:
    scanner = parse_scanner(GOOD)
    assert scanner.date == "2013-10-08"
    assert scanner.symbols == ("TSLA", "SPY")
    first = next(scanner.of("TSLA"))
    assert (first.side, first.pivot, first.partial) == (
        Side.LONG,
        Decimal("445.00"),
        Decimal("447.13"),
    )


def test_a_scanner_written_and_read_again_is_the_same() -> None:
    scanner = parse_scanner(GOOD)
    assert parse_scanner(format_scanner(scanner)) == scanner


def test_a_toml_date_is_as_good_as_a_text_date() -> None:
    assert parse_scanner(GOOD.replace('"2013-10-08"', "2013-10-08")).date == "2013-10-08"


def test_another_days_file_is_refused_with_both_dates(tmp_path: Path) -> None:
    path = tmp_path / "scanner.toml"
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_scanner(path, "2013-10-09")
    assert "2013-10-08" in str(caught.value)
    assert "2013-10-09" in str(caught.value)
    assert load_scanner(path, "2013-10-08") == load_scanner(path)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_scanner(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("stop = 443.10", "stop = 446", r"line 3, TSLA: .*stop 446 must be below pivot 445.00"),
        ("stop = 165.5", "stop = 164.5", r"line 13, SPY: .*stop 164.5 must be above pivot 165.0"),
        ("target2 = 470.50", "target2 = 460.25", "line 3, TSLA: .*target1 .*below target2"),
        ("partial = 447.13", "partial = 445", "line 3, TSLA: .*pivot .*below partial"),
        ("partial = 447.13", "partial = 461", "line 3, TSLA: .*partial .*below target1"),
        ("pivot = 445.00", 'pivot = "445"', "line 3, TSLA: pivot is '445', expected a price"),
        ("pivot = 445.00", "pivot = true", "line 3, TSLA: pivot is True"),
        ("pivot = 445.00", "pivot = nan", "pivot is NaN, expected a price above 0"),
        ("stop = 443.10", "stop = -1", "stop is -1, expected a price above 0"),
        ("quantity = 10\n", "quantity = 3\n", "line 13, SPY: .*at least 4 shares"),
        ("quantity = 10\n", "quantity = 4.5\n", "SPY: quantity is .* expected whole shares"),
        ("quantity = 10\n", "", "line 13, SPY: quantity is missing"),
        ("quantity = 10\n", "quantity = 10\nsize = 1\n", "line 13, SPY: 'size' is not known"),
        ('side = "short"', 'side = "down"', 'SPY: side is \'down\', expected "long" or "short"'),
        ('symbol = "SPY"', 'symbol = ""', "line 13: symbol is missing"),
        ('date = "2013-10-08"', 'date = "2013-02-30"', "date '2013-02-30', expected .*YYYY-MM-DD"),
        ('date = "2013-10-08"', "", "date None"),
        ('date = "2013-10-08"', 'date = "2013-10-08"\nday = 1', "has 'day' at its top"),
        ('date = "2013-10-08"', "date = ", "is not TOML: .*line 1"),
    ],
)
def test_a_bad_row_is_named_by_line_and_symbol(old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationError, match=says) as caught:
        parse_scanner(GOOD.replace(old, new), source="today.toml")
    assert "today.toml" in str(caught.value)


def test_a_file_without_setups_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"no \[\[setup\]\]"):
        parse_scanner('date = "2013-10-08"')
    with pytest.raises(ConfigurationError, match="no setup"):
        Scanner("2013-10-08", ())


def test_the_same_pivot_twice_is_refused_however_it_is_written() -> None:
    row = GOOD[GOOD.index("[[setup]]") : GOOD.index('[[setup]]\nsymbol = "SPY"')]
    with pytest.raises(ConfigurationError, match=r"TSLA long 445 stands .* twice"):
        parse_scanner(GOOD + "\n" + row.replace("445.00", "445.0"))


@pytest.mark.parametrize(
    ("quantity", "parts"), [(100, (50, 25, 25)), (4, (2, 1, 1)), (5, (2, 1, 2)), (7, (3, 1, 3))]
)
def test_slices_round_down_and_the_last_has_the_rest(
    quantity: int, parts: tuple[int, int, int]
) -> None:
    setup = Setup(
        symbol="TSLA",
        side=Side.LONG,
        pivot=Decimal(445),
        stop=Decimal(443),
        partial=Decimal("447.13"),
        target1=Decimal("460.25"),
        target2=Decimal("470.50"),
        quantity=quantity,
    )
    names = tuple(name for name, _, _ in setup.slices())
    assert names == (SliceName.PARTIAL, SliceName.TARGET1, SliceName.TARGET2)
    assert tuple(int(part) for _, part, _ in setup.slices()) == parts


@pytest.mark.parametrize(
    ("side", "previous", "close", "broken"),
    [
        (Side.LONG, "445", "445.01", True),
        (Side.LONG, "445", "445", False),
        (Side.LONG, "445.01", "445.02", False),
        (Side.SHORT, "165", "164.99", True),
        (Side.SHORT, "165", "165", False),
        (Side.SHORT, "164.99", "164", False),
    ],
)
def test_a_break_out_needs_a_close_beyond_after_one_that_was_not(
    side: Side, previous: str, close: str, *, broken: bool
) -> None:
    scanner = parse_scanner(GOOD)
    setup = next(setup for setup in scanner.setups if setup.side is side)
    assert setup.broken_by(Decimal(previous), Decimal(close)) is broken
