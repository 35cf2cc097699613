"""The verdict: what was judged, by which limit, with which figures, and what was found.

Rules:
1. A heading fails by grave findings alone, passes if there was an occasion to fail and none,
   and is *untried* otherwise: nobody is praised for what did not happen.
2. A report passes when no heading fails. It is a value: nothing in it changes later.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ibelay.proxy.drill.findings import Finding, Heading, Note
from ibelay.proxy.drill.thresholds import Thresholds

EXIT_PASSED, EXIT_FAILED = 0, 1


class Verdict(StrEnum):
    """How a heading, or a whole report, comes out."""

    PASS = "PASS"  # noqa: S105  # a verdict, no password
    FAIL = "FAIL"
    UNTRIED = "UNTRIED"


@dataclass(frozen=True, slots=True)
class Judged:
    """One heading.

    Attributes:
        heading: What was judged.
        verdict: How it came out.
        limit: What had to be met, in words.
        figure: What was met.
        findings: In the order of time.
        beyond: Findings that were counted and not kept.
    """

    heading: Heading
    verdict: Verdict
    limit: str
    figure: str
    findings: tuple[Finding, ...]
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class OutageSeen:
    """One outage; times in nanoseconds, None for what did not come.

    Attributes:
        kind: cut, dead, upstream or left.
        client_id: Whose connection it was.
        began_ns: When, on the clock of the facts.
        notice_ns: From the loss until the client gave a dead line up.
        blind_ns: From the loss until it was whole again.
        recovery_ns: From the gateway's return until then.
        attempts: Connections made until one worked.
        ridden: The line came back by itself.
        missing: What it never got.
    """

    kind: str
    client_id: int
    began_ns: int
    notice_ns: int | None
    blind_ns: int | None
    recovery_ns: int | None
    attempts: int
    ridden: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Numbers, for comparing one bot with another.

    Attributes:
        orders: New orders written.
        changes: Changes of orders written.
        into_dead_link: Orders and changes written into a dead link.
        caught_by_fault: Orders written in the moments before anybody could notice a fault.
        duplicates: New orders that repeated one of unknown outcome.
        ids_reused: New orders under the id of an old one.
        after_advice: New orders after an advisory about an equal one that works.
        most_orders_per_decision: Broker orders of the worst decision.
        connections: Connections made.
        refused: Connections refused with 326.
        outages: How often a client lost the truth.
        outages_whole: After how many it was whole again.
        notice_worst_ns: Longest time until a dead line was given up.
        blind_median_ns: Median time from a loss until whole again.
        blind_worst_ns: Longest.
        recovery_worst_ns: Longest time from the gateway's return until whole again.
        streams_asked: Subscriptions asked for.
        streams_restored: Streams asked for again that were owed.
        streams_lost: Streams never asked for again.
        streams_doubled: Streams asked for while subscribed.
        naked_ns: Time in which positions lacked a stop.
        naked_workable_ns: How much of it the line worked.
        fills_received: Executions that reached the client, each counted once.
        fills_missed: Orders of which a fill never reached it.
        messages_worst: Requests in the busiest second of one connection.
    """

    orders: int
    changes: int
    into_dead_link: int
    caught_by_fault: int
    duplicates: int
    ids_reused: int
    after_advice: int
    most_orders_per_decision: int
    connections: int
    refused: int
    outages: int
    outages_whole: int
    notice_worst_ns: int | None
    blind_median_ns: int | None
    blind_worst_ns: int | None
    recovery_worst_ns: int | None
    streams_asked: int
    streams_restored: int
    streams_lost: int
    streams_doubled: int
    naked_ns: int
    naked_workable_ns: int
    fills_received: int
    fills_missed: int
    messages_worst: int


@dataclass(frozen=True, slots=True)
class Act:
    """A fault and what the bot did from then until the next one."""

    at_ns: int
    command: str
    notes: tuple[Note, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the judge has to say.

    Attributes:
        began_ns: Time of the first fact; all times shown count from it.
        ended_ns: When the report was asked for.
        thresholds: By which it was judged.
        headings: One for each of ``Heading``, in that order.
        figures: Numbers.
        outages: In the order of time.
        acts: The timeline; the first act is the calm before any fault.
    """

    began_ns: int
    ended_ns: int
    thresholds: Thresholds
    headings: tuple[Judged, ...]
    figures: Figures
    outages: tuple[OutageSeen, ...]
    acts: tuple[Act, ...]

    @property
    def verdict(self) -> Verdict:
        """FAIL if a heading fails, UNTRIED if none was tried, else PASS.

        How many messages a bot sends in a second is seen of everyone, and proves nothing.
        """
        if any(one.verdict is Verdict.FAIL for one in self.headings):
            return Verdict.FAIL
        verdicts = {one.verdict for one in self.headings if one.heading is not Heading.RATE}
        return Verdict.PASS if Verdict.PASS in verdicts else Verdict.UNTRIED

    @property
    def exit_code(self) -> int:
        """0 if the bot passes, else 1, also where there was no bot: for CI."""
        return EXIT_PASSED if self.verdict is Verdict.PASS else EXIT_FAILED

    def judged(self, heading: Heading) -> Judged:
        """Return what is said under *heading*."""
        return next(one for one in self.headings if one.heading is heading)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found, in the order of time."""
        found = (finding for one in self.headings for finding in one.findings)
        return tuple(sorted(found, key=lambda finding: finding.at_ns))
