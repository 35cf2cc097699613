"""The day's scanner file: which pivots ps60 may trade today, and at what levels.

The file is TOML, one date and one table per symbol and side::

    date = "2013-10-08"

    [[setup]]
    symbol = "SPY"
    side = "long"        # long: the pivot is the resistance; short: it is the support
    pivot = 445.00
    stop = 443.10
    partial = 447.13     # half of the position leaves here
    target1 = 460.25     # a quarter leaves here
    target2 = 470.50     # the rest leaves here
    quantity = 100

Rules:
1. A file belongs to one session (US/Eastern date); another day's is refused.
2. Long: stop < pivot < partial <= target1 < target2. Short: the mirror image.
3. Quantity is a whole number of at least 4 shares. Half goes to the partial and a quarter to
   target1, both rounded **down**; target2 has the rest. Multiples of 4 divide evenly.
4. A (symbol, side, pivot) stands in the file once: attempts are counted by it.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

from ibelay.errors import ConfigurationError
from ibelay.model.order import Action

LEAST_QUANTITY = 4
_LEVELS = ("pivot", "stop", "partial", "target1", "target2")
_HEADER = re.compile(r"^[ \t]*\[\[\s*setup\s*\]\]", re.MULTILINE)


class Side(StrEnum):
    """Which way a break-out is traded."""

    LONG = "long"
    SHORT = "short"

    @property
    def entry(self) -> Action:
        """The action that opens a position of this side."""
        return Action.BUY if self is Side.LONG else Action.SELL

    @property
    def sign(self) -> int:
        """+1 for long, -1 for short: which way a price move pays."""
        return self.entry.sign


class SliceName(StrEnum):
    """The three parts of a position, by where each means to leave."""

    PARTIAL = "partial"
    TARGET1 = "target1"
    TARGET2 = "target2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One pivot of one symbol and side; prices per share, quantity in shares.

    Raises:
        ConfigurationError: The levels are out of order, or the quantity cannot be divided.
    """

    symbol: str
    side: Side
    pivot: Decimal
    stop: Decimal
    partial: Decimal
    target1: Decimal
    target2: Decimal
    quantity: int

    def __post_init__(self) -> None:
        problem = self._problem()
        if problem:
            raise ConfigurationError(f"setup {self.symbol} {self.side.value}: {problem}")

    @property
    def key(self) -> str:
        """What attempts are counted by: ``SPY long 445``, however many zeros the file has."""
        return f"{self.symbol} {self.side.value} {self.pivot.normalize():f}"

    def broken_by(self, previous_close: Decimal, close: Decimal) -> bool:
        """Return whether a bar closed beyond the pivot and the bar before it had not."""
        sign = self.side.sign
        return sign * previous_close <= sign * self.pivot < sign * close

    def slices(self) -> tuple[tuple[SliceName, Decimal, Decimal], ...]:
        """Return (name, quantity, target price) of the three slices (rule 3)."""
        half, quarter = self.quantity // 2, self.quantity // 4
        return (
            (SliceName.PARTIAL, Decimal(half), self.partial),
            (SliceName.TARGET1, Decimal(quarter), self.target1),
            (SliceName.TARGET2, Decimal(self.quantity - half - quarter), self.target2),
        )

    def _problem(self) -> str:
        for name in _LEVELS:
            price: Decimal = getattr(self, name)
            if not (price.is_finite() and price > 0):
                return f"{name} is {price}, expected a price above 0; correct it"
        if self.quantity < LEAST_QUANTITY:
            return (
                f"quantity is {self.quantity}, expected at least {LEAST_QUANTITY} shares, "
                "because the position leaves in a half and two quarters; raise it"
            )
        sign, word = self.side.sign, "below" if self.side is Side.LONG else "above"
        for first, second in pairwise(("stop", "pivot", "partial", "target1", "target2")):
            low, high = sign * getattr(self, first), sign * getattr(self, second)
            touching = first == "partial" and low == high
            if low >= high and not touching:
                return (
                    f"{first} {getattr(self, first)} must be {word} "
                    f"{second} {getattr(self, second)}; correct the levels"
                )
        return ""


@dataclass(frozen=True, slots=True)
class Scanner:
    """The setups of one session. *date* is the US/Eastern session date, YYYY-MM-DD.

    Raises:
        ConfigurationError: No setup at all, or two of the same symbol, side and pivot.
    """

    date: str
    setups: tuple[Setup, ...]

    def __post_init__(self) -> None:
        if not self.setups:
            raise ConfigurationError(f"the scanner of {self.date} has no setup; give at least one")
        seen: set[str] = set()
        for setup in self.setups:
            if setup.key in seen:
                raise ConfigurationError(
                    f"setup {setup.key} stands in the scanner file twice, and attempts are counted "
                    "per symbol, side and pivot; remove one"
                )
            seen.add(setup.key)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol once, in the order of the file."""
        return tuple(dict.fromkeys(setup.symbol for setup in self.setups))

    def of(self, symbol: str) -> Iterator[Setup]:
        """Yield the setups of one symbol."""
        return (setup for setup in self.setups if setup.symbol == symbol)

    def require(self, session_date: str, source: str = "the scanner file") -> Scanner:
        """Return this scanner if it is of *session_date*.

        Raises:
            ConfigurationError: It is another day's; both dates are in the message.
        """
        if self.date != session_date:
            raise ConfigurationError(
                f"{source} is refused: it is dated {self.date} and this session is {session_date}, "
                "and yesterday's pivots must not be traded today; give today's file"
            )
        return self


def load_scanner(path: Path, session_date: str | None = None) -> Scanner:
    """Read a scanner file.

    Args:
        path: The TOML file.
        session_date: US/Eastern date, YYYY-MM-DD, the file must be of; None to not ask yet
            (the strategy refuses entries on another date by itself).

    Raises:
        ConfigurationError: The file cannot be read, has a bad row, or is another day's.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"scanner file {path} cannot be read ({error}); expected a TOML text file"
        ) from error
    scanner = parse_scanner(text, source=str(path))
    return scanner if session_date is None else scanner.require(session_date, str(path))


def parse_scanner(text: str, source: str = "the scanner file") -> Scanner:
    """Return the scanner written in *text*; *source* names it in error messages.

    Raises:
        ConfigurationError: Not TOML, no date, or a bad row (named by line and symbol).
    """
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source} is not TOML: {error}; correct that line") from error
    unknown = sorted(set(document) - {"date", "setup"})
    if unknown:
        raise ConfigurationError(
            f"{source} has {unknown[0]!r} at its top, expected only 'date' and [[setup]] tables; "
            "remove it"
        )
    date = _date(document.get("date"), source)
    rows = document.get("setup", [])
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise ConfigurationError(f"{source} has no [[setup]] table; write one per symbol and side")
    lines = [1 + text.count("\n", 0, match.start()) for match in _HEADER.finditer(text)]
    setups = []
    for number, row in enumerate(rows):
        line = f"line {lines[number]}" if len(lines) == len(rows) else f"row {number + 1}"
        setups.append(_setup(row, f"{source}, {line}"))
    try:
        return Scanner(date, tuple(setups))
    except ConfigurationError as error:
        raise ConfigurationError(f"{source}: {error}") from error


def format_scanner(scanner: Scanner) -> str:
    """Return the scanner as the text of a file; parsing it gives the same scanner."""
    parts = [f'date = "{scanner.date}"\n']
    for setup in scanner.setups:
        rows = [f'symbol = "{setup.symbol}"', f'side = "{setup.side.value}"']
        rows += [f"{name} = {getattr(setup, name):f}" for name in _LEVELS]
        parts.append("\n".join(["[[setup]]", *rows, f"quantity = {setup.quantity}", ""]))
    return "\n".join(parts)


def _date(value: object, source: str) -> str:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return dt.date.fromisoformat(value).isoformat()
        except ValueError:
            pass  # e.g. 2013-02-30: the same sentence as for no date at all
    raise ConfigurationError(
        f"{source} has date {value!r}, expected the session's date as YYYY-MM-DD; write it"
    )


def _setup(row: dict[str, Any], where: str) -> Setup:
    symbol = row.get("symbol")
    if not isinstance(symbol, str) or not symbol.strip():
        raise ConfigurationError(f'{where}: symbol is missing; write symbol = "SPY"')
    where = f"{where}, {symbol}"
    names = [field.name for field in fields(Setup)]
    missing = [name for name in names if name not in row]
    unknown = sorted(set(row) - set(names))
    if missing or unknown:
        problem = f"{missing[0]} is missing" if missing else f"{unknown[0]!r} is not known"
        raise ConfigurationError(f"{where}: {problem}; expected exactly {', '.join(names)}")
    if row["side"] not in list(Side):
        raise ConfigurationError(f'{where}: side is {row["side"]!r}, expected "long" or "short"')
    quantity = row["quantity"]
    if not isinstance(quantity, int) or isinstance(quantity, bool):
        raise ConfigurationError(f"{where}: quantity is {quantity!r}, expected whole shares")
    prices = {name: _price(row[name], name, where) for name in _LEVELS}
    try:
        return Setup(symbol=symbol, side=Side(row["side"]), quantity=quantity, **prices)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from error


def _price(value: object, name: str, where: str) -> Decimal:
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return Decimal(value)
    raise ConfigurationError(f"{where}: {name} is {value!r}, expected a price such as 445.25")
