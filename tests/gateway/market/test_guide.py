"""The guide to markets: what it shows can be played."""

from __future__ import annotations

import re
from pathlib import Path

from ibelay.gateway.market.api import Print, QuoteChange
from ibelay.gateway.market.calendars import table
from ibelay.gateway.market.opening import FORMS
from ibelay.gateway.market.replay.rows import MAX_ROWS
from ibelay.gateway.market.replay.tables.market import csv

GUIDE = Path(__file__).parents[3] / "docs/guides/markets.md"


def test_the_table_of_the_guide_is_played(tmp_path: Path) -> None:
    (example,) = re.findall(r"```csv\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "example.csv"
    path.write_text(example)
    market = csv(path)
    kinds = [type(event) for event in market.events(market.start_ns, market.end_ns)]
    assert kinds == [QuoteChange, Print, QuoteChange, QuoteChange]
    assert [one.contract.sec_type for one in market.instruments] == ["STK", "FUT"]


def test_the_guide_names_every_form_and_the_limits() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for form in FORMS:
        assert f"| `{form}` |" in text
    assert f"from {table.FIRST_YEAR} to {table.LAST_YEAR}" in text
    assert MAX_ROWS == 5_000_000  # "five million rows"
