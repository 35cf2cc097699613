"""What a check found, as a table and a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.console import Console
from rich.table import Table
from rich.text import Text


class Outcome(StrEnum):
    """How a step ended."""

    PASS = "PASS"  # noqa: S105  # an outcome, not a secret
    FAIL = "FAIL"
    SKIP = "SKIP"


_STYLES = {Outcome.PASS: "green", Outcome.FAIL: "bold red", Outcome.SKIP: "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One step's outcome.

    Attributes:
        took_ns: Time from its start to its answer; None if it did not run.
        target_ms: What a healthy connection needs at most, if there is such a figure.
    """

    name: str
    outcome: Outcome
    took_ns: int | None = None
    target_ms: int | None = None
    detail: str = ""


def show(console: Console, rows: Sequence[Row]) -> None:
    """Print the table and the summary line."""
    table = Table()
    table.add_column("step")
    table.add_column("result")
    table.add_column("ms", justify="right")
    table.add_column("usual", justify="right")
    table.add_column("what was seen", overflow="fold")
    for row in rows:
        # Text, not markup: a broker's sentence may contain square brackets.
        table.add_row(
            row.name,
            Text(row.outcome, style=_STYLES[row.outcome]),
            "–" if row.took_ns is None else f"{row.took_ns / 1e6:.1f}",
            "" if row.target_ms is None else f"≤ {row.target_ms}",
            Text(row.detail),
        )
    console.print(table)
    console.print(Text(summary(rows)), soft_wrap=True)


def summary(rows: Sequence[Row]) -> str:
    """Return the verdict in one line, naming the steps that failed."""
    total_ms = sum(row.took_ns or 0 for row in rows) / 1e6
    passed = sum(row.outcome is Outcome.PASS for row in rows)
    if all_passed(rows):
        return f"PASS: all {passed} steps in {total_ms:.0f} ms"
    failed = ", ".join(row.name for row in rows if row.outcome is Outcome.FAIL) or "not finished"
    return f"FAIL ({failed}): {passed} of {len(rows)} steps passed in {total_ms:.0f} ms"


def all_passed(rows: Sequence[Row]) -> bool:
    """Return whether there are rows and every one of them passed."""
    return bool(rows) and all(row.outcome is Outcome.PASS for row in rows)
