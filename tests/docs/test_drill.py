"""The guide to the drill says what is played, what is judged, and by which limits."""

from __future__ import annotations

import re
from pathlib import Path

from ibelay.control.scenario import At
from ibelay.proxy.drill.findings import Heading
from ibelay.proxy.drill.script.half_hour import MINUTES, half_hour
from ibelay.proxy.drill.thresholds import SECOND_NS, Thresholds

TEXT = (Path(__file__).parents[2] / "docs" / "guides" / "drill.md").read_text(encoding="utf-8")
HALF = {"": 0.0, "½": 0.5}


def rows(title: str) -> list[list[str]]:
    """Return the rows of the table below a title, without its head."""
    table = TEXT.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_act_of_the_half_hour_is_told_with_its_minute() -> None:
    told = []
    for minute, _what, _owed in rows("What happens"):
        match = re.fullmatch(r"(\d+)(½?)", minute)
        assert match
        told.append(float(match[1]) + HALF[match[2]])
    moments = [step.when for step in half_hour().steps]
    assert told == [when.ns / (60 * SECOND_NS) for when in moments if isinstance(when, At)]
    assert f"; {MINUTES:g} is the whole script" in TEXT


def test_every_heading_is_explained_in_the_order_of_the_report() -> None:
    assert [row[0] for row in rows("What is judged")] == [str(heading) for heading in Heading]


def test_the_limits_are_those_of_the_table() -> None:
    limits, told = Thresholds(), {row[0]: row[2] for row in rows("What is judged")}
    seconds = {
        Heading.NOTICING: limits.notice_ns,
        Heading.RECOVERY: limits.recover_ns,
        Heading.NAKED: limits.naked_ns,
        Heading.EXITS: limits.doubled_ns,
        Heading.FILLS: limits.fill_ns,
    }
    for heading, ns in seconds.items():
        assert told[heading] == f"{ns // SECOND_NS} s"
    assert told[Heading.DEAD_LINK].startswith(f"{limits.silence_ns // SECOND_NS} s of silence")
    assert told[Heading.RATE] == f"{limits.messages_max}"
    assert limits.attempts_max == 10


def test_the_example_runs() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(compile(program, "the guide", "exec"), {})  # noqa: S102  # our own page
