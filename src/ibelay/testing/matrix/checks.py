"""The table of checks: what a scenario file may expect of a run. Pure.

Rules:
1. A check is a name, the form of its argument, the figure it looks at, and one comparison.
   There is no other way to expect something, so that two scenarios mean the same by a word.
2. A time that was never reached (``never``) fails every limit.
3. A figure that the actor cannot have (a script without our journal has no UNKNOWN) is measured
   as what an outsider would call it: nothing doubted is never, nothing unknown is zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ibelay.errors import ConfigurationError
from ibelay.journal.records import Severity
from ibelay.model.faults import forms
from ibelay.testing.matrix.figures.measured import Figures, seconds


@dataclass(frozen=True, slots=True)
class Form:
    """How an argument is written in TOML; *read* raises ``ValueError`` for anything else."""

    expected: str
    read: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table.

    Attributes:
        form: Of the argument.
        says: What it expects, with ``{}`` for the argument, for the page.
        figure: What it looks at.
        met: Whether a figure meets an argument.
        shown: How a figure is said.
    """

    form: Form
    says: str
    figure: Callable[[Figures], Any]
    met: Callable[[Any, Any], bool]
    shown: Callable[[Any], str] = str


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)  # noqa: TRY004  # forms raise ValueError, whatever is wrong
    return value


def _span(value: Any) -> int:
    return int(forms.SPAN.read(str(value)).ns)


def _holdings(value: Any) -> dict[str, Decimal]:
    if not isinstance(value, dict):
        raise ValueError(value)  # noqa: TRY004  # the same
    return {
        forms.SYMBOL.read(str(symbol)): Decimal(quantity)
        for symbol, quantity in value.items()
        if quantity
    }


def _codes(value: Any) -> frozenset[int]:
    if not isinstance(value, list):
        raise ValueError(value)  # noqa: TRY004  # the same
    return frozenset(_whole(code) for code in value)


def _pattern(value: Any) -> re.Pattern[str]:
    try:
        return re.compile(str(value))
    except re.error as error:
        raise ValueError(value) from error


COUNT = Form("a count, such as 1", _whole)
FLAG = Form("true or false", _flag)
LIMIT = Form('a time, such as "30s"', _span)
HOLDINGS = Form("a table, such as { SPY = 100 }", _holdings)
CODES = Form("a list of codes, such as [103, 322]", _codes)
PATTERN = Form("a regular expression", _pattern)
TEXT = Form("a word", str)


def _within(figure: int | None, limit_ns: int) -> bool:
    return figure is not None and figure <= limit_ns


def _no_later(figure: int, limit_ns: int) -> bool:
    return figure <= limit_ns


def _same(figure: Any, expected: Any) -> bool:
    return bool(figure == expected)


def _at_most(figure: int, most: int) -> bool:
    return figure <= most


def _holds(held: dict[str, Decimal]) -> str:
    return (
        ", ".join(f"{quantity:f} {symbol}" for symbol, quantity in sorted(held.items())) or "flat"
    )


def _told(codes: dict[int, int]) -> str:
    return ", ".join(f"{code}" for code in sorted(codes)) or "none"


def _last_words(notes: tuple[tuple[Severity, str], ...]) -> str:
    return f"{len(notes)} notes"


_LOUDER = [severity.value for severity in Severity]


def _loudest(figures: Figures) -> str:
    spoken = [severity.value for severity, _text in figures.heard.notes]
    return max(spoken, key=_LOUDER.index, default=_LOUDER[0])


def _no_louder(spoken: str, most: str) -> bool:
    return most in _LOUDER and _LOUDER.index(spoken) <= _LOUDER.index(most)


CHECKS: dict[str, Check] = {
    # The connection
    "suspect_within": Check(
        LIMIT, "the line is doubted within {}", lambda f: f.link.suspect_ns, _within, seconds
    ),
    "dead_within": Check(
        LIMIT, "the line is given up within {}", lambda f: f.link.dead_ns, _within, seconds
    ),
    "ready_within": Check(
        LIMIT, "ready {} after the trouble at most", lambda f: f.link.ready_ns, _within, seconds
    ),
    "outage_at_most": Check(
        LIMIT, "not ready for {} at most", lambda f: f.link.outage_ns, _no_later, seconds
    ),
    "attempts_at_most": Check(
        COUNT, "at most {} attempts to connect", lambda f: f.link.attempts, _at_most
    ),
    "no_teardown": Check(
        FLAG, "the connection is kept", lambda f: f.link.torn_down == 0, _same
    ),
    "same_client_id": Check(
        FLAG, "it comes back under its own client id",
        lambda f: len(f.link.client_ids) <= 1, _same,
    ),
    "ready_too_early": Check(
        COUNT, "ready {} times before a complete snapshot", lambda f: f.link.early, _same
    ),
    "state": Check(TEXT, "in the end {}", lambda f: f.link.state, _same),
    "healthy": Check(FLAG, "healthy in the end: {}", lambda f: f.link.healthy, _same),
    "process_alive": Check(FLAG, "the process lives on", lambda f: f.link.crashes == 0, _same),
    # The book
    "orders_at_broker": Check(COUNT, "{} orders at the broker", lambda f: f.book.orders, _same),
    "orders_at_most": Check(
        COUNT, "at most {} orders at the broker", lambda f: f.book.orders, _at_most
    ),
    "duplicates": Check(COUNT, "{} duplicates", lambda f: f.book.duplicates, _same),
    "working": Check(COUNT, "{} orders at work in the end", lambda f: f.book.working, _same),
    "working_twice": Check(
        COUNT, "{} orders at work twice in the end", lambda f: f.book.working_twice, _same
    ),
    "executions": Check(COUNT, "{} executions", lambda f: f.book.executions, _same),
    "lost_fills": Check(COUNT, "{} lost fills", lambda f: f.book.lost_fills, _same),
    "told_wrongly": Check(
        COUNT, "{} symbols of which the program was told another total",
        lambda f: f.book.told_twice, _same,
    ),
    "position": Check(
        HOLDINGS, "the broker holds {}", lambda f: f.book.position, _same, _holds
    ),
    "books_equal": Check(FLAG, "its books are the broker's", lambda f: f.book.books_equal, _same),
    "open_orders": Check(
        COUNT, "it holds {} orders to be at work in the end", lambda f: f.book.open_orders, _same
    ),
    "believes": Check(HOLDINGS, "its books say {}", lambda f: f.book.believes, _same, _holds),
    "commissions_sane": Check(
        FLAG,
        "what it believes to have paid lies between nothing and the broker's figure",
        lambda f: f.book.commissions_sane,
        _same,
    ),
    "naked_at_most": Check(
        LIMIT, "nothing held without its stop for longer than {}",
        lambda f: f.book.naked_ns, _no_later, seconds,
    ),
    "protected": Check(
        FLAG, "what is held has its stop in the end", lambda f: not f.book.naked_end, _same
    ),
    # What left
    "orders_into_dead_link": Check(
        COUNT, "{} orders into a dead line", lambda f: f.sent.into_dead_link, _same
    ),
    "orders_while_isolated": Check(
        COUNT, "{} orders while IB's servers were away", lambda f: f.sent.while_isolated, _same
    ),
    "orders_sent_at_most": Check(
        COUNT, "at most {} orders and changes sent", lambda f: f.sent.orders, _at_most
    ),
    "cancels": Check(COUNT, "{} cancels", lambda f: f.sent.cancels, _same),
    "order_ids_reused": Check(
        COUNT, "{} order ids used again", lambda f: f.sent.order_ids_reused, _same
    ),
    "request_ids_reused": Check(
        COUNT, "{} request ids used again", lambda f: f.sent.request_ids_reused, _same
    ),
    "subscriptions_per_symbol": Check(
        COUNT, "{} stream of a kind for each symbol", lambda f: f.sent.per_symbol, _same
    ),
    # What was heard and said
    "streams_restored_within": Check(
        LIMIT, "bars of every symbol {} after the trouble at most",
        lambda f: f.heard.streams_ns, _within, seconds,
    ),
    "bars_missing": Check(COUNT, "{} bars missing", lambda f: f.heard.bars_missing, _same),
    "never_told": Check(
        CODES, "never told {}", lambda f: f.heard.codes,
        lambda codes, never: not never & codes.keys(), _told,
    ),
    "unknown_resolved_within": Check(
        LIMIT, "no order's fate unknown for longer than {}",
        lambda f: f.heard.unknown_ns, _no_later, seconds,
    ),
    "unknown_left": Check(
        COUNT, "the fate of {} orders unknown in the end", lambda f: f.heard.unknown_end, _same
    ),
    "noted": Check(
        PATTERN, "the operator is told `{}`", lambda f: f.heard.notes,
        lambda notes, wanted: any(wanted.search(text) for _severity, text in notes), _last_words,
    ),
    "loudest": Check(TEXT, "nothing is said louder than {}", _loudest, _no_louder),
    "alarm_within": Check(
        LIMIT, "a critical alarm within {}", lambda f: f.heard.alarm_ns, _within, seconds
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expected:
    """One line of ``[fault.expect]``: a check and its argument, as read and as written."""

    name: str
    value: Any
    written: str


def read_expected(table: Any, where: str) -> tuple[Expected, ...]:
    """Return what a file expects.

    Raises:
        ConfigurationError: A check is not in the table, or its argument has another form.
    """
    if not isinstance(table, dict) or not table:
        raise ConfigurationError(f"{where}: expected [fault.expect] with a check or more")
    return tuple(_expected(name, value, where) for name, value in table.items())


def _expected(name: str, value: Any, where: str) -> Expected:
    check = CHECKS.get(name)
    if check is None:
        known = ", ".join(sorted(CHECKS))
        raise ConfigurationError(f"{where}: check {name!r} is not known: expected one of {known}")
    try:
        read = check.form.read(value)
    except ValueError as error:
        raise ConfigurationError(
            f"{where}: {name} = {value!r} cannot be read: expected {check.form.expected}"
        ) from error
    return Expected(name, read, _written(value))


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{quantity} {symbol}" for symbol, quantity in value.items()) or "nothing"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
