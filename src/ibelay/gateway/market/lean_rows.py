"""Rows of LEAN's stock CSV files, read from their zips.

Rules:
1. Prices are in 1/10,000 dollar, times in milliseconds since midnight in New York, at the
   beginning of the row's second or minute. A row here carries the time of its END, when
   what it tells is known.
2. Quote rows have eleven fields: time, bid open, high, low, close, bid size, ask open, high,
   low, close, ask size; the closing quote is taken. An empty field leaves it as it was.
3. A quote with a side at zero, or bid above ask, is left out and the one before stands;
   nothing else is filtered, so pre-market quotes may be far apart.
4. Trade rows have six: time, open, high, low, close, volume. Each makes up to four trades,
   open, the two extremes and close, that share the volume, so that bars made of them have
   the right range and volume.

**Source**: LEAN's Data/equity readme; the files themselves, 2013-10-07 to 09.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ibelay.errors import ConfigurationError

_DAY_MS = 24 * 60 * 60 * 1000
_MS_NS = 1_000_000
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, UnicodeDecodeError)


class QuoteRow(NamedTuple):
    """The top of book at the end of a row, prices in 1/10,000 dollar."""

    at_ns: int
    bid: int
    bid_size: int
    ask: int
    ask_size: int


class TradeRow(NamedTuple):
    """A trade, price in 1/10,000 dollar."""

    at_ns: int
    price: int
    size: int


def read_quotes(path: Path, origin_ns: int) -> list[QuoteRow]:
    """Return the quotes in the zip *path*; *origin_ns* is midnight plus one row's length.

    Raises:
        ConfigurationError: The file is damaged; names it and the line.
    """
    rows: list[QuoteRow] = []
    before = QuoteRow(origin_ns, 0, 0, 0, 0)
    for number, line in enumerate(_lines(path), 1):
        try:
            before = _quote(line, origin_ns, before)
        except ValueError as error:
            raise _bad_line(path, number, line, "a time and ten numbers") from error
        if 0 < before.bid <= before.ask:
            rows.append(before)
    return rows


def read_trades(path: Path, origin_ns: int) -> list[TradeRow]:
    """Return the trades in the zip *path*; as ``read_quotes``."""
    rows: list[TradeRow] = []
    at_ns = origin_ns
    for number, line in enumerate(_lines(path), 1):
        try:
            rows += _trades(line, origin_ns, at_ns)
        except ValueError as error:
            raise _bad_line(path, number, line, "a time and five numbers") from error
        at_ns = rows[-1].at_ns
    return rows


def _lines(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".csv")]
            text = archive.read(names[0]).decode("ascii") if len(names) == 1 else ""
    except _UNREADABLE as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error}): expected a zip with one CSV file; fetch it again"
        ) from error
    if len(names) != 1:
        raise ConfigurationError(f"{path} holds {len(names)} CSV files: expected one")
    return text.splitlines()


def _bad_line(path: Path, number: int, line: str, expected: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path} line {number} cannot be read: expected {expected}, times not going back, "
        f"found {line[:80]!r}; fetch the file again"
    )


def _time_ns(text: str, origin_ns: int, earliest_ns: int) -> int:
    milliseconds = int(text)
    at_ns = origin_ns + milliseconds * _MS_NS
    if not 0 <= milliseconds < _DAY_MS or at_ns < earliest_ns:
        raise ValueError(text)
    return at_ns


def _quote(line: str, origin_ns: int, before: QuoteRow) -> QuoteRow:
    time, _, _, _, bid, bid_size, _, _, _, ask, ask_size = line.split(",")
    row = QuoteRow(
        _time_ns(time, origin_ns, before.at_ns),
        int(bid) if bid else before.bid,
        int(bid_size) if bid_size else before.bid_size,
        int(ask) if ask else before.ask,
        int(ask_size) if ask_size else before.ask_size,
    )
    if min(row) < 0:
        raise ValueError(line)
    return row


def _trades(line: str, origin_ns: int, earliest_ns: int) -> Iterator[TradeRow]:
    time, *numbers = line.split(",")
    first, high, low, last, volume = map(int, numbers)
    if not 0 < low <= min(first, last) <= max(first, last) <= high or volume < 0:
        raise ValueError(line)
    at_ns = _time_ns(time, origin_ns, earliest_ns)
    path = [first]
    for price in (low, high, last) if last >= first else (high, low, last):
        if price != path[-1]:
            path.append(price)
    share, rest = divmod(volume, len(path))
    for price in path[:-1]:
        yield TradeRow(at_ns, price, share)
    yield TradeRow(at_ns, path[-1], share + rest)
