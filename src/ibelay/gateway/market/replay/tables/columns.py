"""The columns of a recording in one table, and the rows they make.

Rules:
1. The first line names the columns, in any order: ``time``, ``symbol``, and ``bid``, ``ask``,
   ``bid_size``, ``ask_size`` (a quote) or ``last``, ``last_size`` (a trade) or all of them. A
   column by another name is refused, so that a misspelt one is not missed in silence.
2. ``time`` is ISO 8601; without an offset it is New York's. A count since the epoch names its
   unit in the column instead: ``time_s``, ``time_ms``, ``time_us`` or ``time_ns``. Times do
   not go back.
3. A symbol is a word as ``--symbols`` takes it: ``SPY``, ``ES:FUT``, ``EUR.USD:CASH``.
4. Prices and sizes are plain numbers, not negative. An empty field leaves its side of the
   symbol's quote as it was; a price of zero says that there is no such side. A bid above
   its ask is refused.
5. A row with ``last`` is a trade and has ``last_size``; a row whose quote fields are all
   empty tells nothing of the quote. A row that tells nothing at all is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.calendars.sessions import NEW_YORK
from ibelay.gateway.market.replay.rows import QuoteRow, Row, TradeRow, check_count

TIMES = {"time": 0, "time_s": 1_000_000_000, "time_ms": 1_000_000, "time_us": 1_000, "time_ns": 1}
QUOTE = ("bid", "ask", "bid_size", "ask_size")
TRADE = ("last", "last_size")
MAX_SYMBOLS = 1_000
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,15})?")
_COUNT = re.compile(r"\d{1,19}")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?")
_SYMBOL_CHARACTERS = 32
_SECOND_NS = 1_000_000_000
_LAST_NS = 4_102_444_800 * _SECOND_NS  # the year 2100
_ZERO = Decimal(0)
_NOTHING = QuoteRow(0, None, _ZERO, None, _ZERO)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each column stands; -1 where there is none."""

    count: int
    time: int
    unit_ns: int
    symbol: int
    quote: tuple[int, ...]
    trade: tuple[int, ...]


def columns(names: Sequence[str], where: str) -> Columns:
    """Return the places of the columns *names* of the file *where*.

    Raises:
        ConfigurationError: One is missing, unknown or there twice.
    """
    found = [name.strip().lower() for name in names]
    times = [name for name in found if name in TIMES]
    known = {*TIMES, "symbol", *QUOTE, *TRADE}
    strange = [name for name in found if name not in known]
    if strange or len(times) != 1 or "symbol" not in found or len(set(found)) != len(found):
        raise _bad_header(where, names)
    for group in (QUOTE, TRADE):
        if 0 < sum(name in found for name in group) < len(group):
            raise _bad_header(where, names)
    if not any(name in found for name in ("bid", "last")):
        raise _bad_header(where, names)
    return Columns(
        count=len(found),
        time=found.index(times[0]),
        unit_ns=TIMES[times[0]],
        symbol=found.index("symbol"),
        quote=tuple(found.index(name) for name in QUOTE if name in found),
        trade=tuple(found.index(name) for name in TRADE if name in found),
    )


class Reader:
    """Takes the rows of a table one by one and sorts them by symbol.

    Args:
        header: The columns.
        where: The file, for complaints.
    """

    def __init__(self, header: Columns, where: str) -> None:
        self._header = header
        self._where = where
        self._number = 1
        self._at_ns = 0
        self._count = 0
        self._quotes: dict[str, QuoteRow] = {}
        self.rows: dict[str, list[Row]] = {}

    def take(self, fields: Sequence[str]) -> None:
        """Read the next row.

        Raises:
            ConfigurationError: It cannot be read, or there are too many.
        """
        self._number += 1
        try:
            self._read(fields)
        except ValueError as error:
            raise ConfigurationError(
                f"{self._where} row {self._number} cannot be read: {error}; "
                f"found {','.join(fields)[:80]!r}"
            ) from error

    def _read(self, fields: Sequence[str]) -> None:
        header = self._header
        if len(fields) != header.count:
            raise ValueError(f"expected {header.count} fields as in the first line")
        at_ns = _time(fields[header.time], header.unit_ns)
        if at_ns < self._at_ns:
            raise ValueError("expected times that do not go back")
        self._at_ns = at_ns
        symbol = self._symbol(fields[header.symbol])
        told = self._quote(symbol, at_ns, [fields[place] for place in header.quote])
        told |= self._trade(symbol, at_ns, [fields[place] for place in header.trade])
        if not told:
            raise ValueError("expected a quote or a trade in it")

    def _symbol(self, text: str) -> str:
        symbol = text.strip().upper()
        if symbol not in self.rows:
            if not 0 < len(symbol) <= _SYMBOL_CHARACTERS:
                raise ValueError(f"expected a symbol of 1 to {_SYMBOL_CHARACTERS} characters")
            if len(self.rows) >= MAX_SYMBOLS:
                raise ValueError(f"expected at most {MAX_SYMBOLS} symbols in one file")
            self.rows[symbol] = []
        return symbol

    def _quote(self, symbol: str, at_ns: int, texts: Sequence[str]) -> bool:
        if not any(texts):
            return False
        before = self._quotes.get(symbol, _NOTHING)
        bid, ask, bid_size, ask_size = texts
        row = QuoteRow(
            at_ns,
            (number(bid) or None) if bid else before.bid,
            number(bid_size) if bid_size else before.bid_size,
            (number(ask) or None) if ask else before.ask,
            number(ask_size) if ask_size else before.ask_size,
        )
        if row.bid is not None and row.ask is not None and row.bid > row.ask:
            raise ValueError("expected a bid that is not above the ask")
        self._quotes[symbol] = row
        self._add(symbol, row)
        return True

    def _trade(self, symbol: str, at_ns: int, texts: Sequence[str]) -> bool:
        if not any(texts):
            return False
        if not all(texts):
            raise ValueError("expected last and last_size together")
        price, size = map(number, texts)
        if not price:
            raise ValueError("expected a last price above zero")
        self._add(symbol, TradeRow(at_ns, price, size))
        return True

    def _add(self, symbol: str, row: Row) -> None:
        self.rows[symbol].append(row)
        self._count += 1
        check_count(self._count)


@lru_cache(maxsize=1 << 16)
def number(text: str) -> Decimal:
    """Return the number *text*.

    Raises:
        ValueError: It is not a plain number of at most 15 digits before and after the point.
    """
    if not _NUMBER.fullmatch(text) or not text.isascii():
        raise ValueError(f"expected a plain number such as 101.25 instead of {text[:30]!r}")
    return Decimal(text)


def _time(text: str, unit_ns: int) -> int:
    """Return the moment *text*, ns since the epoch, UTC; *unit_ns* 0 stands for ISO 8601."""
    if unit_ns:
        if not _COUNT.fullmatch(text) or not text.isascii():
            raise ValueError("expected a whole number of the time column's unit since 1970")
        at_ns = int(text) * unit_ns
    else:
        at_ns = _iso(text)
    if not 0 < at_ns < _LAST_NS:
        raise ValueError("expected a time between 1970 and 2100; is the unit right?")
    return at_ns


def _iso(text: str) -> int:
    match = _ISO.fullmatch(text)
    if match is None or not text.isascii():
        raise ValueError("expected a time such as 2025-06-02T09:30:00.250 or ...T13:30:00Z")
    moment = datetime.fromisoformat(match[1] + (match[3] or ""))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=NEW_YORK)
    return int(moment.timestamp()) * _SECOND_NS + int((match[2] or "0").ljust(9, "0"))


def _bad_header(where: str, names: Sequence[str]) -> ConfigurationError:
    return ConfigurationError(
        f"{where} begins with the columns {','.join(names)[:120]!r}: expected time (or time_s, "
        "time_ms, time_us, time_ns), symbol, and bid,ask,bid_size,ask_size or last,last_size "
        "or all of these, each once"
    )
