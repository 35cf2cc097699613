"""How one value of a command is written: a form reads text and writes it back.

Rules:
1. ``read(write(value)) == value`` for every value a form can read.
2. What cannot be read raises ``ValueError`` with what was expected, and nothing else.
3. A span of time is market time unless it begins with ``wall:``. Market time is what makes a
   scenario repeatable at any speed; wall time is what a client's own timers count.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from ibelay.model.faults.messages import BY_NAME, Message
from ibelay.model.ids import ClientId, OrderId, PermId

MAX_SPAN_NS = 7 * 86_400 * 1_000_000_000
MAX_COUNT = 1_000_000
MAX_TEXT = 500
_UNITS_NS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_SPAN = re.compile(r"(?:(wall):)?(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)")
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9 ._/\-]{0,31}")
_ADDRESS = re.compile(r"(\d{1,10})/(-?\d{1,10})")
_PERM_ID = re.compile(r"#(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: *ns* nanoseconds of the market's clock, or of ours."""

    ns: int
    wall: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Which order is meant: by its client and order id, its permId, or its symbol.

    A symbol means its oldest working order.
    """

    symbol: str = ""
    client_id: ClientId = ClientId(0)
    order_id: OrderId = OrderId(0)
    perm_id: PermId = PermId(0)


@dataclass(frozen=True, slots=True)
class Ratio:
    """New shares for old ones: 4:1 gives four for one."""

    new: int
    old: int


@dataclass(frozen=True, slots=True)
class Form:
    """How a value is read and written.

    Attributes:
        expected: Completes "expected ...".
        read: Raises ``ValueError`` for anything else.
        write: Gives what *read* reads.
    """

    expected: str
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


def words(*known: str) -> Form:
    """Return the form of a word out of *known*."""

    def read(text: str) -> str:
        if text not in known:
            raise ValueError(text)
        return text

    return Form(" or ".join(known), read)


def whole(lowest: int, highest: int) -> Form:
    """Return the form of a whole number from *lowest* to *highest*."""

    def read(text: str) -> int:
        if not re.fullmatch(r"-?\d{1,12}", text):
            raise ValueError(text)
        value = int(text)
        if not lowest <= value <= highest:
            raise ValueError(text)
        return value

    return Form(f"a whole number from {lowest} to {highest}", read)


def _span(text: str) -> Span:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(text)
    ns = int(Decimal(match[2]) * _UNITS_NS[match[3]])
    if not 0 <= ns <= MAX_SPAN_NS:
        raise ValueError(text)
    return Span(ns, wall=match[1] is not None)


def _span_text(span: Span) -> str:
    number = f"{(Decimal(span.ns) / 10**6).normalize():f}ms"
    for unit in ("h", "m", "s"):
        if span.ns and span.ns % _UNITS_NS[unit] == 0:
            number = f"{span.ns // _UNITS_NS[unit]}{unit}"
            break
    return f"wall:{number}" if span.wall else number


def _decimal(text: str) -> Decimal:
    if not re.fullmatch(r"-?\d{1,12}(\.\d{1,9})?", text):
        raise ValueError(text)
    try:
        return Decimal(text)
    except InvalidOperation as error:  # pragma: no cover  # the pattern lets none through
        raise ValueError(text) from error


def _positive(text: str) -> Decimal:
    value = _decimal(text)
    if value <= 0:
        raise ValueError(text)
    return value


def _decimal_text(value: Decimal) -> str:
    return f"{value:f}"


def _symbol(text: str) -> str:
    symbol = text.upper()
    if not _SYMBOL.fullmatch(symbol) or symbol != symbol.strip():
        raise ValueError(text)
    return symbol


def _target(text: str) -> Target:
    if match := _ADDRESS.fullmatch(text):
        return Target(client_id=ClientId(int(match[1])), order_id=OrderId(int(match[2])))
    if match := _PERM_ID.fullmatch(text):
        return Target(perm_id=PermId(int(match[1])))
    return Target(symbol=_symbol(text))


def _target_text(target: Target) -> str:
    if target.symbol:
        return target.symbol
    return f"#{target.perm_id}" if target.perm_id else f"{target.client_id}/{target.order_id}"


def _ratio(text: str) -> Ratio:
    match = re.fullmatch(r"([1-9]\d{0,3}):([1-9]\d{0,3})", text)
    if match is None:
        raise ValueError(text)
    return Ratio(int(match[1]), int(match[2]))


def _message(text: str) -> Message:
    found = BY_NAME.get(text.lower())
    if found is None:
        raise ValueError(text)
    return found


def _count(text: str) -> int | None:
    if text == "always":
        return None
    count: int = whole(1, MAX_COUNT).read(text)
    return count


def _text(text: str) -> str:
    if not 0 < len(text) <= MAX_TEXT or not text.isprintable():
        raise ValueError(text)
    return text


SPAN = Form("a time such as 500ms, 30s, 2m, 1h, or wall:30s", _span, _span_text)
AMOUNT = Form("a positive number such as 601.25", _positive, _decimal_text)
SYMBOL = Form("a symbol such as SPY", _symbol)
TARGET = Form("an order: its symbol, CLIENT/ORDER, or #PERMID", _target, _target_text)
RATIO = Form("a ratio such as 4:1", _ratio, lambda ratio: f"{ratio.new}:{ratio.old}")
MESSAGE = Form(
    "a message by IB's name, such as orderStatus or placeOrder",
    _message,
    lambda message: str(message.name),
)
COUNT = Form(
    f"a count from 1 to {MAX_COUNT}, or always",
    _count,
    lambda count: "always" if count is None else str(count),
)
CLIENT = whole(0, 2**31 - 1)
NUMBER = whole(-(2**31), 2**31 - 1)
CODE = whole(0, 99_999)
PORT = whole(0, 65_535)
SIZE = whole(1, 1_000_000_000)
TEXT = Form(f"printable text, at most {MAX_TEXT} characters", _text)
YES_NO = Form(
    "yes or no",
    lambda text: words("yes", "no").read(text) == "yes",
    lambda yes: "yes" if yes else "no",
)
SIDE = Form("BUY or SELL", lambda text: words("BUY", "SELL").read(text.upper()))
SPEED = AMOUNT
