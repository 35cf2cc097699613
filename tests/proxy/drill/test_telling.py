"""The report as people and machines get it."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console
from tests.proxy.drill.play import SPY, Play

from ibelay.model.contract import Contract
from ibelay.proxy.drill.facts import Who
from ibelay.proxy.drill.findings import Heading
from ibelay.proxy.drill.report import Report
from ibelay.proxy.drill.telling.screen import show
from ibelay.proxy.drill.telling.written import as_json, as_markdown
from ibelay.wire import answers, requests


def screen(report: Report) -> str:
    """Return what is printed."""
    out = io.StringIO()
    show(report, Console(file=out, width=160, force_terminal=False))
    return out.getvalue()


@pytest.fixture
def report() -> Report:
    """A bot that sleeps through a freeze, sends twice, and forgets its data."""
    play = Play()
    play.connect()
    play.ask(requests.RequestMarketData(1, SPY))
    play.place(1)
    play.tell(answers.TickTold("tickPrice", 1))
    play.wait(60)
    play.begin("freeze 20s")
    play.wait(18)
    play.place(2)
    play.end("freeze 20s")
    play.close(Who.GATEWAY)
    play.wait(2)
    play.connect()
    play.begin("rst")
    play.wait(200)
    return play.report()


def test_the_verdict_comes_first_on_a_screen(report: Report) -> None:
    lines = screen(report).splitlines()
    assert lines[0].startswith("FAIL after 4.7 min: orders into a dead link, duplicate orders,")
    assert any(line.startswith("FAIL") and "orders into a dead link" in line for line in lines)
    assert "01:00.000  freeze span=20s" in screen(report)
    assert "01:18.000  connected again" not in screen(report)
    assert "01:20.000  connected again after 20.0 s, attempt 1" in screen(report)
    assert "cut" not in lines[0]


def test_findings_are_sentences_with_a_cure(report: Report) -> None:
    said = screen(report)
    assert "orders into a dead link: nobody can say whether it arrives, or when" in said
    assert (
        "  - at 01:18.000 BUY 100 SPY MKT (order 1/2) was sent 18.0 s after the line had gone"
    ) in said
    assert said.index("What to mend") < said.index("  - at 01:18.000") < said.index("calm")


def test_markdown_says_the_same(report: Report) -> None:
    text = as_markdown(report)
    assert text.startswith("# FAIL after 4.7 min: ")
    assert "| FAIL | data streams restored | all | 1 lost, 0 asked for again" in text
    assert "### 01:00.000  freeze span=20s" in text
    assert "**orders into a dead link**: nobody can say" in text
    assert "- at 01:18.000 BUY 100 SPY MKT (order 1/2) was sent 18.0 s after" in text
    assert "- **`01:18.000` BUY 100 SPY MKT (order 1/2) was sent 18.0 s after" in text
    assert "## Outages" in text


def test_json_has_everything_and_can_be_read_again(report: Report) -> None:
    values = json.loads(as_json(report))
    assert (values["format"], values["verdict"]) == (1, "FAIL")
    assert values["figures"]["into_dead_link"] == 1
    assert {one["heading"] for one in values["headings"]} == {str(one) for one in Heading}
    assert values["thresholds"]["notice_ns"] == 15 * 10**9
    assert values["acts"][0]["command"] == "calm"


def test_what_comes_from_the_wire_cannot_dress_up_a_report() -> None:
    play = Play()
    play.connect()
    nasty = Contract(symbol="[red]A\x1b[2J|`b`\n# c")
    play.notice(1100)
    play.wait(3)
    play.place(1, contract=nasty)
    report = play.report()
    for text in (screen(report), as_markdown(report)):
        assert "\x1b" not in text
        assert "\n# c" not in text[1:]
    assert "[red]A?[2J|`b`?# c" in screen(report)
    assert "\\[red\\]A?\\[2J\\|\\`b\\`?\\# c" in as_markdown(report)


def test_an_empty_report_is_told_as_one() -> None:
    empty = Play().report()
    assert screen(empty).startswith("UNTRIED after 0 ms: nothing happened")
    assert as_markdown(empty).startswith("# UNTRIED")
