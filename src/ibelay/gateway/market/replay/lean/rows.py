"""Rows of LEAN's CSV files.

Rules:
1. Times are milliseconds since midnight in the file's time zone, at the beginning of the
   row's second or minute; a row here carries the time of its END, when what it tells is
   known. Ticks carry their own moment, to the microsecond.
2. A quote bar has eleven fields: time, bid open, high, low, close, bid size, ask open, high,
   low, close, ask size; the closing quote is taken. A quote tick has eight: time, bid, bid
   size, ask, ask size, exchange, condition, suspicious; mostly one side, the other at zero.
3. An empty price leaves its side as it was, size included; in ticks so does a zero. A zero
   in a bar says that there is no such side.
4. A quote whose bid is above its ask is left out and the one before stands; a tick marked
   suspicious is left out. How many there were is said in the log, once per file.
5. A trade bar has six: time, open, high, low, close, volume. It makes up to four trades,
   open, the two extremes and close, that share the volume, so that bars made of them have
   the right range and volume. A trade tick has six: time, price, size, exchange, condition,
   suspicious.
6. Anything else is refused with the file, the line and what was expected there.

**Source**: the readmes of LEAN's Data/equity, option and future; the files themselves,
2013-10-07 to 09 and 2014-06-05, 06.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.replay.rows import QuoteRow, TradeRow

_DAY_NS = 24 * 60 * 60 * 1_000_000_000
_MS_NS = 1_000_000
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,9})?")
_WHOLE = re.compile(r"\d{1,8}")
_ZERO = Decimal(0)
_TENTHS_OF_CENTS = 10_000
_SUSPICIOUS = "1"
_MARKS = ("0", "1")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a file is written.

    Attributes:
        midnight_ns: What its times count from, ns since the epoch, UTC.
        row_ns: How long a row lasts; 0 for ticks.
        scaled: Whether prices are in 1/10,000 (stocks, options) or plain (futures).
    """

    midnight_ns: int
    row_ns: int
    scaled: bool

    def price(self, text: str) -> Decimal:
        """Return the price *text* stands for.

        Raises:
            ValueError: It is no plain number.
        """
        return _scaled(text) if self.scaled else _number(text)

    def at_ns(self, text: str, earliest_ns: int) -> int:
        """Return when a row with the time *text* is known.

        Raises:
            ValueError: It is no time of the day, or before *earliest_ns*.
        """
        since_ns = int(text) * _MS_NS if _WHOLE.fullmatch(text) else int(_number(text) * _MS_NS)
        at_ns = self.midnight_ns + since_ns + self.row_ns
        if since_ns >= _DAY_NS or at_ns < earliest_ns:
            raise ValueError(text)
        return at_ns


def read_quotes(lines: Sequence[str], where: str, layout: Layout) -> list[QuoteRow]:
    """Return the quotes of *lines*, which stand in the file *where*.

    Raises:
        ConfigurationError: A line is damaged; names it.
    """
    read = _quote_bar if layout.row_ns else _quote_tick
    expected = "a time and ten numbers" if layout.row_ns else "a time and seven fields of a tick"
    rows: list[QuoteRow] = []
    before = QuoteRow(layout.midnight_ns, None, _ZERO, None, _ZERO)
    left_out = 0
    for number, line in enumerate(lines, 1):
        try:
            row = read(line.split(","), before, layout)
        except ValueError as error:
            raise bad_line(where, number, line, expected) from error
        if row is None or _crossed(row):
            left_out += 1
            continue
        before = row
        rows.append(row)
    _say_left_out(where, left_out)
    return rows


def read_trades(lines: Sequence[str], where: str, layout: Layout) -> list[TradeRow]:
    """Return the trades of *lines*; as ``read_quotes``."""
    expected = "a time and five numbers" if layout.row_ns else "a time and five fields of a tick"
    rows: list[TradeRow] = []
    at_ns, left_out = layout.midnight_ns, 0
    for number, line in enumerate(lines, 1):
        fields = line.split(",")
        try:
            at_ns = layout.at_ns(fields[0], at_ns)
            if layout.row_ns:
                rows += _trade_bar(fields, at_ns, layout)
            elif _suspicious(fields, 6):
                left_out += 1
            else:
                rows.append(_trade_tick(fields, at_ns, layout))
        except ValueError as error:
            raise bad_line(where, number, line, expected) from error
    _say_left_out(where, left_out)
    return rows


def bad_line(where: str, number: int, line: str, expected: str) -> ConfigurationError:
    """Return the complaint about one line of a file."""
    return ConfigurationError(
        f"{where} line {number} cannot be read: expected {expected}, times not going back, "
        f"found {line[:80]!r}; fetch the file again"
    )


@lru_cache(maxsize=1 << 16)
def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


@lru_cache(maxsize=1 << 16)
def _scaled(text: str) -> Decimal:
    return _number(text) / _TENTHS_OF_CENTS


def _quote_bar(fields: list[str], before: QuoteRow, layout: Layout) -> QuoteRow | None:
    time, _, _, _, bid, bid_size, _, _, _, ask, ask_size = fields
    return QuoteRow(
        layout.at_ns(time, before.at_ns),
        (layout.price(bid) or None) if bid else before.bid,
        _number(bid_size) if bid else before.bid_size,
        (layout.price(ask) or None) if ask else before.ask,
        _number(ask_size) if ask else before.ask_size,
    )


def _quote_tick(fields: list[str], before: QuoteRow, layout: Layout) -> QuoteRow | None:
    time, bid, bid_size, ask, ask_size, *_rest = fields
    at_ns = layout.at_ns(time, before.at_ns)
    if _suspicious(fields, 8):
        return None
    bid_price = layout.price(bid) if bid else _ZERO
    ask_price = layout.price(ask) if ask else _ZERO
    return QuoteRow(
        at_ns,
        bid_price or before.bid,
        _number(bid_size) if bid_price else before.bid_size,
        ask_price or before.ask,
        _number(ask_size) if ask_price else before.ask_size,
    )


def _suspicious(fields: list[str], count: int) -> bool:
    if len(fields) != count or fields[-1] not in _MARKS:
        raise ValueError(fields)
    return fields[-1] == _SUSPICIOUS


def _crossed(row: QuoteRow) -> bool:
    return row.bid is not None and row.ask is not None and row.bid > row.ask


def _trade_tick(fields: list[str], at_ns: int, layout: Layout) -> TradeRow:
    price = layout.price(fields[1])
    if not price:
        raise ValueError(fields)
    return TradeRow(at_ns, price, _number(fields[2]))


def _trade_bar(fields: list[str], at_ns: int, layout: Layout) -> Iterator[TradeRow]:
    _time, *texts, volume_text = fields
    first, high, low, last = map(layout.price, texts)
    volume = _number(volume_text)
    if not 0 < low <= min(first, last) <= max(first, last) <= high:
        raise ValueError(fields)
    path = [first]
    for price in (low, high, last) if last >= first else (high, low, last):
        if price != path[-1]:
            path.append(price)
    share = volume // len(path)
    for price in path[:-1]:
        yield TradeRow(at_ns, price, share)
    yield TradeRow(at_ns, path[-1], volume - share * (len(path) - 1))


def _say_left_out(where: str, count: int) -> None:
    if count:
        _log.warning("%s: %d crossed or suspicious rows are left out", where, count)
