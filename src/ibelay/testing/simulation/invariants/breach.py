"""What an invariant is, what it says when it is broken, and how long each duty may take.

Rules:
1. An invariant sees every observation of the kinds it reads, in the order of the run, and
   nothing else. It never looks back: what it needs later it remembers, at O(1) an observation.
2. The same matter is said once, when it is first seen.
3. A bound is the longest time the code's own settings explain, and a margin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Protocol

from ibelay.machines.backoff import SECOND_NS
from ibelay.testing.simulation.observed import Observation


@dataclass(frozen=True, slots=True)
class Breach:
    """An invariant did not hold: *sentence* says what happened and what was expected."""

    invariant: str
    at_ns: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.invariant} at {self.at_ns / SECOND_NS:.3f} s: {self.sentence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long each duty may take (virtual time, ns), and how much may be at risk.

    Attributes:
        unknown_ns: I4: an order without an outcome, READY and in peace throughout. Absence is
            proven by three snapshots over 60 s, after 10 s without an acknowledgement.
        ready_ns: I14: from the end of all faults to READY (DESIGN section 5).
        restored_ns: I14: from the same moment to no UNKNOWN and nothing naked.
        passing_ns: I14: what is naked for no longer is in the middle of something.
        agreed_ns: I9: from the broker's last word on a contract, READY and in peace, to equal
            books. A reconciliation every 60 s, and a difference must stand for 10 s.
        taken_ns: I13: from a fill that is told live, over a link that stands, to its record.
        booked_ns: I13: from any fill that is told, READY throughout, to its record.
        told_late_ns: I13: what is told so shortly before the end may still be under way.
        obeyed_ns: I15: from a decision's record to its first byte, the bot awake.
        decided_again_ns: I15: the same if the decision lapsed and had to be taken again: the
            longest wait between two tries is 60 s.
        unhealthy_ns: I16: until a bot that is not READY calls itself unhealthy.
        alarmed_ns: I16: until it has told its operator.
        naked_ns: NAKED: until exits fit what is held, READY and in peace throughout.
        double_ns: DUPLICATE: until a double that the broker made is gone, in the same way.
        cancelled_ns: CANCELLED: until an order whose cancel is on disk is over, READY and in peace
            throughout. Said again with every snapshot, every 60 s at least.
        streaming_ns: STREAMS: until a streamed contract has a bar, READY and in peace throughout.
        exposure: I12: most shares of one contract that what is held and every entry that may
            still fill come to; None claims nothing.
    """

    unknown_ns: int = 180 * SECOND_NS
    ready_ns: int = 120 * SECOND_NS
    restored_ns: int = 180 * SECOND_NS
    passing_ns: int = 10 * SECOND_NS
    agreed_ns: int = 90 * SECOND_NS
    taken_ns: int = 2 * SECOND_NS
    booked_ns: int = 60 * SECOND_NS
    told_late_ns: int = 5 * SECOND_NS
    obeyed_ns: int = 30 * SECOND_NS
    decided_again_ns: int = 90 * SECOND_NS
    unhealthy_ns: int = 5 * SECOND_NS
    alarmed_ns: int = 60 * SECOND_NS
    naked_ns: int = 90 * SECOND_NS
    double_ns: int = 180 * SECOND_NS
    cancelled_ns: int = 120 * SECOND_NS
    streaming_ns: int = 90 * SECOND_NS
    exposure: Decimal | None = None


class Invariant(Protocol):
    """One sentence that must hold throughout a run.

    Attributes:
        number: Its name in the design: I1 to I16, or a word.
        sentence: What must hold.
        reads: The kinds of observation it is given.
    """

    number: ClassVar[str]
    sentence: ClassVar[str]
    reads: ClassVar[frozenset[type]]

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Take *seen* into account, and yield what it breaks."""
        ...


def seconds(ns: int) -> str:
    """Return *ns* as people read it: ``12.5 s``."""
    return f"{ns / SECOND_NS:.1f} s"
