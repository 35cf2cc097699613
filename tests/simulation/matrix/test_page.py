"""docs/reference/faults.md is what the files and the runs say, and others are run fairly."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.simulation.matrix.results import FAULTS, result

from ibelay.testing.matrix.page import NOT_RUN, PAGE, compose, row, rows_of
from ibelay.testing.matrix.runner import ACTORS

ROOT = Path(__file__).resolve().parents[3]
STALE = "docs/reference/faults.md is not what the runs say; run make faults-page"


EXACT = (3, 4, 5, 7, 9)
"""Duplicates, lost fills, told wrongly, into a dead line, books: no chance moves these."""


def same(told: str, now: str) -> bool:
    """Return whether two rows say the same; times and bars may differ by the draw of a back-off."""
    before, after = told.split("|")[1:-1], now.split("|")[1:-1]
    return all(
        one.strip() == other.strip() if at in EXACT else _near(one.strip(), other.strip())
        for at, (one, other) in enumerate(zip(before, after, strict=True))
    )


def _near(one: str, other: str) -> bool:
    first, second = one.removesuffix(" s"), other.removesuffix(" s")
    try:
        return abs(float(first) - float(second)) <= 15 + 0.2 * float(first)
    except ValueError:
        return one == other


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / PAGE).read_text(encoding="utf-8")


def test_the_page_says_what_the_files_say(page: str) -> None:
    rows = rows_of(page)
    wanted = {(number, actor) for number in FAULTS for actor in ACTORS} - NOT_RUN
    assert set(rows) == wanted
    assert compose(rows) == page, STALE


@pytest.mark.parametrize("number", FAULTS)
def test_the_page_has_the_figures_of_the_bot(number: str, page: str) -> None:
    assert same(rows_of(page)[number, "ibelay"], row("ibelay", result(number))), STALE


@pytest.mark.parametrize(
    ("number", "actor"),
    [
        ("F01", "ib_async"),
        ("F10", "watchdog"),
        ("F20", "ib_async"),
        ("F23", "dropin"),
        ("F28", "dropin"),
        ("F40", "watchdog"),
    ],
)
def test_the_page_has_the_figures_of_the_others(number: str, actor: str, page: str) -> None:
    assert same(rows_of(page)[number, actor], row(actor, result(number, actor))), STALE


def test_advice_makes_bare_ib_async_enter_again_and_the_drop_in_not() -> None:
    """What F20 reported happens here, too: otherwise a comparison would say nothing."""
    assert result("F20", "ib_async").judgement.figures.book.duplicates > 0
    assert result("F20", "dropin").judgement.figures.book.duplicates == 0


def test_bare_ib_async_writes_into_a_dead_line() -> None:
    assert result("F01", "ib_async").judgement.figures.sent.into_dead_link == 3
