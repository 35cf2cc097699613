"""What the trading program of a scenario does, and when: a closed set of words. Pure.

    [[fault.act]]
    at = "+30s"                       # after the start, in market time
    do = "enter SPY 100 stop=20"      # or a list

Rules:
1. Distances are dollars from the last price the program saw; ``below`` makes the entry a limit
   order that waits so far under it.
2. An act whose time comes while the program hears nothing is done with the next thing it hears,
   if it is a strategy of ibelay, and at its time if it is a script with its own timers.
3. ``watch`` and ``reconnect`` are a person's: they come from outside the program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ibelay.errors import ConfigurationError
from ibelay.model.faults import Span, forms

DISTANCE = Decimal(20)


@dataclass(frozen=True, slots=True)
class Enter:
    """Buy with a stop, and with a target if *target* is not None."""

    symbol: str
    quantity: Decimal
    stop: Decimal = DISTANCE
    target: Decimal | None = DISTANCE
    below: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CancelEntry:
    """Take back the entry in *symbol* if it still works."""

    symbol: str


@dataclass(frozen=True, slots=True)
class MoveStop:
    """Put the stop in *symbol* so far below the last price."""

    symbol: str
    stop: Decimal


@dataclass(frozen=True, slots=True)
class Close:
    """Get out of *symbol* at market."""

    symbol: str


@dataclass(frozen=True, slots=True)
class Watch:
    """A person adds *symbol* to the watch list."""

    symbol: str


@dataclass(frozen=True, slots=True)
class Reconnect:
    """A person asks for a fresh connection."""


Act = Enter | CancelEntry | MoveStop | Close | Watch | Reconnect


@dataclass(frozen=True, slots=True)
class Planned:
    """An act and when it is due, in ns of market time after the start."""

    at_ns: int
    act: Act


_WORDS: dict[str, tuple[Callable[..., Act], str]] = {
    "enter": (Enter, "enter SYMBOL QUANTITY [stop=DOLLARS] [target=DOLLARS|none] [below=DOLLARS]"),
    "cancel": (CancelEntry, "cancel SYMBOL"),
    "move-stop": (MoveStop, "move-stop SYMBOL DOLLARS"),
    "close": (Close, "close SYMBOL"),
    "watch": (Watch, "watch SYMBOL"),
    "reconnect": (Reconnect, "reconnect"),
}


def read_acts(table: Any, where: str) -> tuple[Planned, ...]:
    """Return the acts of one ``[[fault.act]]`` table.

    Raises:
        ConfigurationError: It cannot be understood; the sentence begins with *where*.
    """
    if not isinstance(table, dict) or set(table) != {"at", "do"}:
        raise ConfigurationError(f"{where}: an act has at and do, and nothing else")
    at_ns = _moment(table["at"], where)
    texts = [table["do"]] if isinstance(table["do"], str) else table["do"]
    if not isinstance(texts, list) or not texts:
        raise ConfigurationError(f"{where}: expected do = an act, or a list of them")
    return tuple(Planned(at_ns, read_act(str(text), where)) for text in texts)


def read_act(text: str, where: str) -> Act:
    """Return the act written as *text*.

    Raises:
        ConfigurationError: It is none.
    """
    word, *values = text.split() or [""]
    if word not in _WORDS:
        raise ConfigurationError(f"{where}: act {word!r} is not known: expected {_known()}")
    kind, usage = _WORDS[word]
    named = [value.split("=", 1) for value in values if "=" in value]
    plain = [value for value in values if "=" not in value]
    try:
        symbol = [forms.SYMBOL.read(value) for value in plain[:1]]
        amounts = [forms.AMOUNT.read(value) for value in plain[1:]]
        return kind(*symbol, *amounts, **{name: _distance(value) for name, value in named})
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{where}: {text!r} cannot be read: write {usage}") from error


def _distance(text: str) -> Any:
    return None if text == "none" else forms.AMOUNT.read(text)


def _moment(text: object, where: str) -> int:
    try:
        span: Span = forms.SPAN.read(str(text).removeprefix("+"))
    except ValueError:
        raise ConfigurationError(
            f"{where}: at = {text!r} is no time, expected one such as +30s"
        ) from None
    return span.ns


def _known() -> str:
    return ", ".join(_WORDS)
