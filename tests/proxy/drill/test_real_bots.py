"""The judge proved both ways: on a bot that was built for bad days, and on one that was not."""

from __future__ import annotations

import logging
import re

import pytest
from tests.proxy.drill.naive import naive
from tests.proxy.drill.recorded import of_ibelay, of_script

from ibelay.proxy.drill.findings import Heading
from ibelay.proxy.drill.report import Report, Verdict


@pytest.fixture(scope="module")
def guilty() -> Report:
    """The judgement of the naive script after the half-hour."""
    logging.disable(logging.ERROR)
    try:
        return of_script(naive, 1)
    finally:
        logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", [1, 2])
def test_ibelays_bot_has_a_clean_sheet_after_the_half_hour(seed: int) -> None:
    report = of_ibelay(seed)
    assert [(one.heading, one.findings) for one in report.headings if one.findings] == []
    assert report.verdict is Verdict.PASS
    untried = [one.heading for one in report.headings if one.verdict is Verdict.UNTRIED]
    assert untried == [Heading.ADVISORIES]
    figures = report.figures
    assert figures.outages == figures.outages_whole >= 10
    assert figures.orders > 10
    assert figures.streams_restored > 10


@pytest.mark.parametrize(
    "heading",
    [
        Heading.DEAD_LINK,
        Heading.DUPLICATES,
        Heading.NOTICING,
        Heading.RECOVERY,
        Heading.FILLS,
        Heading.STREAMS,
    ],
)
def test_a_script_that_trusts_its_line_is_found_guilty_of_it(
    guilty: Report, heading: Heading
) -> None:
    assert guilty.judged(heading).verdict is Verdict.FAIL


def test_a_script_is_not_found_guilty_of_what_it_did_not_do(guilty: Report) -> None:
    for heading in (Heading.RATE, Heading.ADVISORIES, Heading.NAKED, Heading.EXITS):
        assert guilty.judged(heading).verdict is not Verdict.FAIL
    lost = [one.what for one in guilty.judged(Heading.STREAMS).findings]
    assert len(lost) == 1
    assert "market data of SPY" in lost[0]


def test_each_duplicate_is_told_with_the_order_it_repeats(guilty: Report) -> None:
    first = guilty.judged(Heading.DUPLICATES).findings[0]
    assert re.search(r"repeated (BUY|SELL) 100 SPY MKT \(order 5/\d+\)", first.what)
    assert guilty.figures.most_orders_per_decision > 5
