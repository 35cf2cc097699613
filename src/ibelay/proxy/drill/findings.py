"""What the judge finds: sentences under headings, as many as a person will read.

Rules:
1. A finding says in one sentence when and what happened, why it matters and how to cure it.
2. A *grave* finding fails its heading; any other is advice.
3. Of each heading the first ``MAX_FINDINGS`` are kept and the rest are counted.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

MAX_FINDINGS = 40
MAX_NOTES = 2_000


class Heading(StrEnum):
    """What a bot is judged by."""

    DEAD_LINK = "orders into a dead link"
    DUPLICATES = "duplicate orders"
    NOTICING = "dead lines noticed"
    RECOVERY = "whole again"
    RECONNECTS = "manners of reconnecting"
    NAKED = "positions without a stop"
    EXITS = "exits beyond the position"
    FILLS = "fills missed"
    STREAMS = "data streams restored"
    ADVISORIES = "advice taken for a refusal"
    RATE = "messages a second"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a bot did wrong, or could do better.

    Attributes:
        at_ns: When, on the clock of the facts.
        heading: What it is about.
        what: What happened.
        why: Why it matters.
        cure: What to change.
        grave: Whether it fails the heading.
    """

    at_ns: int
    heading: Heading
    what: str
    why: str
    cure: str
    grave: bool = True

    def sentence(self, began_ns: int) -> str:
        """Return it in one sentence; the time counts from *began_ns*."""
        when = clock_text(self.at_ns - began_ns)
        return f"at {when} {self.what}; {self.why}: {self.cure}."


@dataclass(frozen=True, slots=True)
class Note:
    """Something a bot did that is worth telling in the timeline."""

    at_ns: int
    text: str


class Docket:
    """Findings and notes, bounded."""

    def __init__(self) -> None:
        self.findings: dict[Heading, list[Finding]] = {heading: [] for heading in Heading}
        self.grave: dict[Heading, int] = dict.fromkeys(Heading, 0)
        self.beyond: dict[Heading, int] = dict.fromkeys(Heading, 0)
        self.tried: set[Heading] = set()
        self.notes: deque[Note] = deque(maxlen=MAX_NOTES)

    def find(self, finding: Finding) -> None:
        """Keep *finding*, or count it where there are enough."""
        self.tried.add(finding.heading)
        self.grave[finding.heading] += finding.grave
        if len(self.findings[finding.heading]) < MAX_FINDINGS:
            self.findings[finding.heading].append(finding)
        else:
            self.beyond[finding.heading] += 1

    def note(self, at_ns: int, text: str) -> None:
        """Keep something worth telling."""
        self.notes.append(Note(at_ns, text))

    def try_out(self, *headings: Heading) -> None:
        """Say that there was an occasion to fail in *headings*."""
        self.tried.update(headings)


def clock_text(ns: int) -> str:
    """Return a time since the beginning as ``mm:ss.mmm``, or ``h:mm:ss.mmm``."""
    milliseconds = max(ns, 0) // 1_000_000
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02}" if hours else f"{minutes:02}"
    return f"{head}:{rest // 1000:02}.{rest % 1000:03}"


def span_text(ns: int) -> str:
    """Return a length of time in the unit a person would choose."""
    if ns < 1_000_000_000:
        return f"{ns / 1_000_000:.0f} ms"
    return (
        f"{ns / 1_000_000_000:.1f} s" if ns < 120_000_000_000 else f"{ns / 60_000_000_000:.1f} min"
    )
