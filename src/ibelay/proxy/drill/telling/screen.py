"""The report on a screen, to be read at three in the morning: the verdict first."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ibelay.proxy.drill.report import Report, Verdict
from ibelay.proxy.drill.telling import words

SHOWN_OF_EACH, SHOWN_OF_AN_ACT = 3, 12
_COLOURS = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.UNTRIED: "dim"}


def show(report: Report, console: Console) -> None:
    """Print *report*."""
    colour = _COLOURS[report.verdict]
    console.print(f"[{colour}]{escape(words.headline(report))}[/]\n")
    console.print(_headings(report))
    _show_findings(report, console)
    console.print("\n[bold]What happened, and what the bot did[/]")
    for act in report.acts:
        console.print(f"[cyan]{escape(words.act_title(report, act))}[/]", highlight=False)
        for line in words.act_lines(report, act, SHOWN_OF_AN_ACT):
            style = "red" if line.wrong else "default"
            console.print(f"  [{style}]{line.when:>12}  {escape(line.text)}[/]", highlight=False)
    if report.outages:
        console.print()
        console.print(_outages(report))


def _headings(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("", "what was judged", "limit", "met"):
        table.add_column(column, overflow="fold")
    for one in report.headings:
        verdict = f"[{_COLOURS[one.verdict]}]{one.verdict}[/]"
        table.add_row(verdict, escape(one.heading), escape(one.limit), escape(one.figure))
    return table


def _show_findings(report: Report, console: Console) -> None:
    for title, found in (
        ("What to mend", words.grave(report)),
        ("What could be better", words.advice(report)),
    ):
        if not found:
            continue
        console.print(f"\n[bold]{title}[/]")
        for charge in words.charges(report, found):
            console.print(f"[bold]{charge.heading}[/]: {escape(charge.lesson)}", highlight=False)
            for case in charge.cases[:SHOWN_OF_EACH]:
                console.print(escape(f"  - {case}"), highlight=False)
            more = len(charge.cases) - SHOWN_OF_EACH + charge.beyond
            if more > 0:
                console.print(f"  and {more} more like these")


def _outages(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, title="Outages", title_justify="left")
    for column in words.OUTAGE_COLUMNS:
        table.add_column(column, overflow="fold")
    for outage in report.outages:
        table.add_row(*(escape(cell) for cell in words.outage_row(report, outage)))
    return table
