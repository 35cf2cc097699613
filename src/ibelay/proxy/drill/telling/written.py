"""The report as files: Markdown for people, JSON for whatever comes after.

The JSON is ``dataclasses.asdict`` of the report and nothing else: times in nanoseconds, names
as in ``drill.report``, and the verdict beside them.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence

from ibelay.proxy.drill.findings import Finding
from ibelay.proxy.drill.report import Act, Report
from ibelay.proxy.drill.telling import words

FORMAT = 1


def as_json(report: Report) -> str:
    """Return *report* as JSON, for machines."""
    values = {"format": FORMAT, "verdict": str(report.verdict), **dataclasses.asdict(report)}
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


def as_markdown(report: Report) -> str:
    """Return *report* as Markdown, for people."""
    parts = [f"# {_escaped(words.headline(report))}", _headings(report)]
    parts += _findings("What to mend", words.grave(report), report)
    parts += _findings("What could be better", words.advice(report), report)
    parts.append("## What happened, and what the bot did")
    for act in report.acts:
        parts.append(f"### {_escaped(words.act_title(report, act))}")
        parts.append("\n".join(_act(report, act)))
    if report.outages:
        rows = [words.outage_row(report, outage) for outage in report.outages]
        parts += ["## Outages", _table(words.OUTAGE_COLUMNS, rows)]
    return "\n\n".join(parts) + "\n"


def _headings(report: Report) -> str:
    rows = [(one.verdict, one.heading, one.limit, one.figure) for one in report.headings]
    return _table(("verdict", "what was judged", "limit", "met"), rows)


def _findings(title: str, found: Sequence[Finding], report: Report) -> list[str]:
    if not found:
        return []
    parts = [f"## {title}"]
    for charge in words.charges(report, found):
        parts.append(f"**{charge.heading}**: {_escaped(charge.lesson)}")
        lines = [f"- {_escaped(case)}" for case in charge.cases]
        lines += [f"- and {charge.beyond} more"] if charge.beyond else []
        parts.append("\n".join(lines))
    return parts


def _act(report: Report, act: Act) -> Iterable[str]:
    for line in words.act_lines(report, act):
        text = f"`{line.when}` {_escaped(line.text)}" if line.when else _escaped(line.text)
        yield f"- **{text}**" if line.wrong else f"- {text}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Return *text* so that Markdown shows it as it is."""
    marked = "".join(f"\\{one}" if one in "\\`*_[]<>|#" else one for one in words.clean(text))
    return marked.strip()
