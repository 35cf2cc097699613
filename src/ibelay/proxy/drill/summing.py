"""From what the watchers keep to a report: figures, verdicts with their limits, the timeline."""

from __future__ import annotations

import statistics

from ibelay.proxy.drill.bench import Bench
from ibelay.proxy.drill.findings import Heading, span_text
from ibelay.proxy.drill.links.outages import Kind, Outage
from ibelay.proxy.drill.report import Act, Figures, Judged, OutageSeen, Report, Verdict
from ibelay.proxy.drill.thresholds import Thresholds

CALM = "calm"


def sum_up(bench: Bench) -> Report:
    """Return the report of what *bench* has seen until now."""
    figures = _figures(bench)
    began_ns = bench.now_ns if bench.began_ns is None else bench.began_ns
    headings = tuple(_judged(bench, heading, figures) for heading in Heading)
    return Report(
        began_ns=began_ns,
        ended_ns=bench.now_ns,
        thresholds=bench.thresholds,
        headings=headings,
        figures=figures,
        outages=tuple(_outage(one) for one in bench.recovery.outages),
        acts=_acts(bench, began_ns),
    )


def _figures(bench: Bench) -> Figures:
    sent, streams, fills = bench.sending.figures, bench.streams, bench.fills
    outages = [one for one in bench.recovery.outages if one.kind is not Kind.LEFT]
    blind = [one.blind_ns for one in outages if one.blind_ns is not None]
    noticed = [one.notice_ns for one in outages if one.notice_ns is not None]
    recovered = [one.recovery_ns for one in outages if one.recovery_ns is not None]
    return Figures(
        orders=sent.orders,
        changes=sent.changes,
        into_dead_link=sent.into_dead_link,
        caught_by_fault=sent.caught_by_fault,
        duplicates=sent.duplicates,
        ids_reused=sent.ids_reused,
        after_advice=sent.after_advice,
        most_orders_per_decision=bench.sending.most_per_decision,
        connections=bench.manners.connections,
        refused=bench.manners.refused,
        outages=len(outages) + bench.recovery.beyond,
        outages_whole=len(blind),
        notice_worst_ns=max(noticed, default=None),
        blind_median_ns=int(statistics.median(blind)) if blind else None,
        blind_worst_ns=max(blind, default=None),
        recovery_worst_ns=max(recovered, default=None),
        streams_asked=streams.asked,
        streams_restored=streams.restored,
        streams_lost=streams.lost,
        streams_doubled=streams.doubled,
        naked_ns=bench.protection.naked_ns,
        naked_workable_ns=bench.protection.naked_workable_ns,
        fills_received=fills.received,
        fills_missed=fills.missed,
        messages_worst=bench.pace.worst,
    )


def _judged(bench: Bench, heading: Heading, figures: Figures) -> Judged:
    docket = bench.docket
    if docket.grave[heading]:
        verdict = Verdict.FAIL
    elif heading in docket.tried or (heading in _BY_ORDERS and figures.orders):
        verdict = Verdict.PASS
    else:
        verdict = Verdict.UNTRIED
    limit, figure = _limits(bench.thresholds)[heading], _met(bench, figures)[heading]
    findings = tuple(sorted(docket.findings[heading], key=lambda one: one.at_ns))
    return Judged(heading, verdict, limit, figure, findings, docket.beyond[heading])


_BY_ORDERS = frozenset({Heading.DEAD_LINK, Heading.DUPLICATES})


def _limits(limits: Thresholds) -> dict[Heading, str]:
    """Return what has to be met under each heading, for people."""
    return {
        Heading.DEAD_LINK: f"none after {span_text(limits.silence_ns)} of silence",
        Heading.DUPLICATES: "none",
        Heading.NOTICING: f"within {span_text(limits.notice_ns)}",
        Heading.RECOVERY: f"within {span_text(limits.recover_ns)}",
        Heading.RECONNECTS: f"at most {limits.attempts_max} in ten seconds, under one client id",
        Heading.NAKED: f"at most {span_text(limits.naked_ns)} with a line that works",
        Heading.EXITS: f"at most {span_text(limits.doubled_ns)}",
        Heading.FILLS: f"none missed for {span_text(limits.fill_ns)}",
        Heading.STREAMS: "all",
        Heading.ADVISORIES: "none",
        Heading.RATE: f"at most {limits.messages_max}",
    }


def _met(bench: Bench, one: Figures) -> dict[Heading, str]:
    """Return what was met under each heading, for people."""
    naked = bench.protection
    blind = (
        f"blind {_span(one.blind_median_ns)} in the middle, {_span(one.blind_worst_ns)} at worst"
    )
    return {
        Heading.DEAD_LINK: f"{one.into_dead_link} of {one.orders + one.changes}, and "
        f"{one.caught_by_fault} before anybody could notice",
        Heading.DUPLICATES: f"{one.duplicates} repeated, {one.ids_reused} ids reused, at most "
        f"{one.most_orders_per_decision} orders for one decision",
        Heading.NOTICING: f"{sum(outage.unnoticed for outage in bench.recovery.outages)} not in "
        f"time; of those given up the worst after {_span(one.notice_worst_ns)}",
        Heading.RECOVERY: f"{one.outages_whole} of {one.outages} outages, at worst "
        f"{_span(one.recovery_worst_ns)} after the gateway's return; {blind}",
        Heading.RECONNECTS: f"{one.connections} connections, at most {bench.manners.worst} in "
        f"ten seconds, {one.refused} refused with 326",
        Heading.NAKED: f"{span_text(naked.naked_ns)} in all, of which the line worked "
        f"{span_text(naked.naked_workable_ns)}, {span_text(naked.naked_worst_ns)} at worst",
        Heading.EXITS: span_text(naked.doubled_ns),
        Heading.FILLS: f"{one.fills_missed} missed, {one.fills_received} received",
        Heading.STREAMS: f"{one.streams_lost} lost, {one.streams_restored} asked for again, "
        f"{one.streams_doubled} asked for twice",
        Heading.ADVISORIES: f"{one.after_advice} orders sent again",
        Heading.RATE: f"{one.messages_worst} in the busiest second",
    }


def _span(ns: int | None) -> str:
    return "none" if ns is None else span_text(ns)


def _outage(one: Outage) -> OutageSeen:
    return OutageSeen(
        kind=str(one.kind),
        client_id=one.client_id,
        began_ns=one.began_ns,
        notice_ns=one.notice_ns,
        blind_ns=one.blind_ns,
        recovery_ns=one.recovery_ns,
        attempts=one.attempts,
        ridden=one.ridden,
        missing=tuple(sorted(one.missing)),
    )


def _acts(bench: Bench, began_ns: int) -> tuple[Act, ...]:
    beginnings = [(began_ns, CALM), *bench.acts]
    found = [one for findings in bench.docket.findings.values() for one in findings]
    found.sort(key=lambda one: one.at_ns)
    acts = []
    for number, (at_ns, command) in enumerate(beginnings):
        following = beginnings[number + 1][0] if number + 1 < len(beginnings) else None

        def belongs(moment_ns: int, begin: int = at_ns, end: int | None = following) -> bool:
            return begin <= moment_ns and (end is None or moment_ns < end)

        notes = tuple(note for note in bench.docket.notes if belongs(note.at_ns))
        acts.append(Act(at_ns, command, notes, tuple(one for one in found if belongs(one.at_ns))))
    return tuple(acts)
