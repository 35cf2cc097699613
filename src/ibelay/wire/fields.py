"""Fields: text between NULs, and what stands for numbers, booleans and "not set".

Conventions:
1. A number that is not set is empty, ``1.7976931348623157E308`` (double), 2147483647 (int)
   or 9223372036854775807 (long, decimal); all of them become None here.
2. A boolean is ``1`` or ``0``; empty is false. Some clients write ``true``.
3. Decimals leave without an exponent and without trailing zeros.
4. Client text is hostile: lengths and magnitudes are bounded, digits are ASCII.

**Source**: shared IB facts, section 6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from ibelay.errors import WireError

UNSET_DOUBLE = "1.7976931348623157E308"
UNSET_INTEGER = 2_147_483_647
UNSET_LONG = 9_223_372_036_854_775_807
MAX_TEXT = 4096
_MIN_INT32 = -(2**31)
_DIGITS_INT32 = 10  # fewer digits always fit
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = re.compile(
    r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE]([+-]?[0-9]{1,3}))?"
)
_MAX_MAGNITUDE = 15
_UNSET_NUMBERS = frozenset({Decimal(UNSET_INTEGER), Decimal(UNSET_LONG)})
_TRUE = frozenset({"1", "true", "True"})
_FALSE = frozenset({"", "0", "false", "False"})


def names(text: str) -> tuple[str, ...]:
    """Return the words of *text*: field names in the order of the wire."""
    return tuple(text.split())


def decimal_text(value: Decimal) -> str:
    """Return *value* as IB writes numbers: ``100``, ``0.25``, never ``1E+2``."""
    text = str(value)
    if "E" in text:
        text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


TEXT_OF: dict[type, Callable[[Any], str]] = {
    Decimal: decimal_text,
    bool: lambda value: "1" if value else "0",
    type(None): lambda _value: "",
}
"""How the types are written that ``str`` writes otherwise: None is empty, booleans are 1 and 0."""


class FieldReader:
    """Reads the fields of one message in order.

    Every method raises ``WireError`` when the field is missing or is not what it should be.
    """

    def __init__(self, payload: bytes) -> None:
        fields = payload.decode("utf-8", "backslashreplace").split("\0")
        if fields[-1] == "":
            fields.pop()
        self._fields = fields
        self._next = 0

    @property
    def left(self) -> int:
        """How many fields have not been read."""
        return len(self._fields) - self._next

    @property
    def length(self) -> int:
        """How many characters all fields have together."""
        return sum(map(len, self._fields))

    def text(self) -> str:
        """Return the next field as it is."""
        if self._next >= len(self._fields):
            raise WireError(f"the message ends after {self._next} fields, more are expected")
        value = self._fields[self._next]
        self._next += 1
        if len(value) > MAX_TEXT:
            raise WireError(f"field {self._next} has {len(value)} characters, at most {MAX_TEXT}")
        return value

    def texts(self, count: int) -> list[str]:
        """Return the next *count* fields as they are."""
        values = self._fields[self._next : self._next + count]
        if len(values) < count:
            raise WireError(f"the message ends after {len(self._fields)} fields, more are expected")
        self._next += count
        longest = max(map(len, values), default=0)
        if longest > MAX_TEXT:
            raise WireError(f"a field has {longest} characters, at most {MAX_TEXT}")
        return values

    def named(self, names: Sequence[str]) -> dict[str, str]:
        """Return the next fields under *names*."""
        return {name: self.text() for name in names}

    def skip(self, count: int = 1) -> None:
        """Pass over *count* fields."""
        for _ in range(count):
            self.text()

    def skip_long(self) -> None:
        """Pass over a field that may be as long as its frame, such as a document."""
        if self._next >= len(self._fields):
            raise WireError(f"the message ends after {self._next} fields, more are expected")
        self._next += 1

    def integer(self) -> int:
        """Return the next field as an int32; empty is 0."""
        return integer(self.text())

    def decimal(self) -> Decimal | None:
        """Return the next field as a number, None if not set."""
        return decimal(self.text())

    def flag(self) -> bool:
        """Return the next field as a boolean."""
        return flag(self.text())


def integer(text: str) -> int:
    """Return *text* as an int32; empty is 0."""
    if not text:
        return 0
    if len(text) < _DIGITS_INT32 and text.isascii() and text.isdigit():
        return int(text)  # nearly all of them, and not to be doubted
    if not _INTEGER.fullmatch(text) or not _MIN_INT32 <= int(text) <= UNSET_INTEGER:
        raise WireError(f"{text[:40]!r} is not a 32-bit integer")
    return int(text)


def decimal(text: str) -> Decimal | None:
    """Return *text* as a number, None if it is one of the forms of "not set"."""
    if not text:
        return None
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise WireError(f"{text[:40]!r} is not a number")
    if match[1] is not None and int(match[1]) == 308:  # only the unset double is that large
        return None
    value = Decimal(text)
    if value in _UNSET_NUMBERS:
        return None
    if value and not -_MAX_MAGNITUDE <= value.adjusted() <= _MAX_MAGNITUDE:
        raise WireError(f"{text[:40]!r} is out of range for a price or a quantity")
    return value


def flag(text: str) -> bool:
    """Return *text* as a boolean; empty is false."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise WireError(f"{text[:40]!r} is not a boolean, expected 1 or 0")
