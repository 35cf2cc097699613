"""What the forms of a report have in common: its headline, its lines, and clean text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ibelay.proxy.drill.findings import Finding, Heading, clock_text, span_text
from ibelay.proxy.drill.report import Act, OutageSeen, Report, Verdict

MAX_LINES_OF_AN_ACT = 40


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the timeline: when, what, and whether it was wrong."""

    when: str
    text: str
    wrong: bool


def clean(text: str) -> str:
    """Return *text* without anything that could move a cursor: symbols come from the wire."""
    return "".join(one if one.isprintable() else "?" for one in text)


def headline(report: Report) -> str:
    """Return the report in one sentence."""
    lasted = span_text(report.ended_ns - report.began_ns)
    failed = [one.heading for one in report.headings if one.verdict is Verdict.FAIL]
    passed = sum(one.verdict is Verdict.PASS for one in report.headings)
    if failed:
        names = ", ".join(failed)
        return f"FAIL after {lasted}: {names}; {passed} of {len(report.headings)} headings pass"
    if report.verdict is Verdict.UNTRIED:
        return f"UNTRIED after {lasted}: nothing happened by which a bot could be judged"
    untried = len(report.headings) - passed
    rest = f", {untried} had no occasion" if untried else ""
    return f"PASS after {lasted}: {passed} of {len(report.headings)} headings{rest}"


def grave(report: Report) -> list[Finding]:
    """Return what fails the bot, in the order of time."""
    return [one for one in report.findings if one.grave]


def advice(report: Report) -> list[Finding]:
    """Return what it could do better, in the order of time."""
    return [one for one in report.findings if not one.grave]


@dataclass(frozen=True, slots=True)
class Charge:
    """Findings that are alike: why they matter and how to cure them, said once.

    Attributes:
        heading: What they are about.
        lesson: Why, and how to cure it.
        cases: When and what, in the order of time.
        beyond: Cases under the heading that were counted and not kept.
    """

    heading: str
    lesson: str
    cases: tuple[str, ...]
    beyond: int


def charges(report: Report, found: Iterable[Finding]) -> list[Charge]:
    """Return *found* with what is alike put together, in the order of the headings."""
    alike: dict[tuple[Heading, str], list[Finding]] = {}
    for one in found:
        alike.setdefault((one.heading, f"{one.why}: {one.cure}."), []).append(one)
    order = sorted(alike.items(), key=lambda item: list(Heading).index(item[0][0]))
    told: set[Heading] = set()
    parts = []
    for (heading, lesson), ones in order:
        cases = tuple(_case(report, one) for one in ones)
        beyond = 0 if heading in told else report.judged(heading).beyond
        parts.append(Charge(str(heading), clean(lesson), cases, beyond))
        told.add(heading)
    return parts


def _case(report: Report, one: Finding) -> str:
    return f"at {clock_text(one.at_ns - report.began_ns)} {clean(one.what)}"


def act_title(report: Report, act: Act) -> str:
    """Return when an act began and what it was."""
    return f"{clock_text(act.at_ns - report.began_ns)}  {clean(act.command)}"


def act_lines(report: Report, act: Act, most: int = MAX_LINES_OF_AN_ACT) -> list[Line]:
    """Return what the bot did in an act, in the order of time; one line if it did nothing."""
    told = [(note.at_ns, note.text, False) for note in act.notes]
    told += [(one.at_ns, one.what, one.grave) for one in act.findings]
    told.sort(key=lambda line: line[0])
    lines = [
        Line(clock_text(at_ns - report.began_ns), clean(text), wrong)
        for at_ns, text, wrong in told[:most]
    ]
    if len(told) > most:
        lines.append(Line("", f"and {len(told) - most} more", wrong=False))
    return lines or [Line("", "nothing was seen of it on the line", wrong=False)]


def outage_row(report: Report, outage: OutageSeen) -> tuple[str, ...]:
    """Return when, what, noticed, blind, recovered, attempts and what was missing."""
    noticed = "rode it through" if outage.ridden and outage.notice_ns is None else ""
    missing = ", ".join(outage.missing)
    return (
        clock_text(outage.began_ns - report.began_ns),
        f"{outage.kind}, client {outage.client_id}",
        noticed or ("-" if outage.notice_ns is None else span_text(outage.notice_ns)),
        "not whole" if outage.blind_ns is None else span_text(outage.blind_ns),
        "-" if outage.recovery_ns is None else span_text(outage.recovery_ns),
        str(outage.attempts),
        missing or "-",
    )


OUTAGE_COLUMNS = (
    "when",
    "what",
    "noticed after",
    "blind for",
    "whole after return",
    "attempts",
    "never got",
)
