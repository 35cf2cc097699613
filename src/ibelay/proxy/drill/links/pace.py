"""How fast a client talks: IB allows 50 messages a second on one connection.

Messages that were kept back by a fault arrive together when it ends. They are not counted:
nobody can tell how fast they were written.
"""

from __future__ import annotations

from collections import deque

from ibelay.proxy.drill.facts import Asked, Began, Closed, Ended, Fact
from ibelay.proxy.drill.findings import Docket, Finding, Heading
from ibelay.proxy.drill.links.lines import MAX_LINES
from ibelay.proxy.drill.thresholds import SECOND_NS, Thresholds


class Pace:
    """Counts the requests of each connection in the last second."""

    def __init__(self, thresholds: Thresholds, docket: Docket) -> None:
        self._most = thresholds.messages_max
        self._docket = docket
        self._recent: dict[int, deque[int]] = {}
        self._found_ns: int | None = None
        self._fault_ns: int | None = None
        self.worst = 0
        self.breaches = 0

    def see(self, fact: Fact) -> None:
        """Count *fact* if it is a request."""
        match fact:
            case Asked(at_ns=at_ns, line=number):
                self._docket.try_out(Heading.RATE)
                self._count(number, at_ns)
            case Closed(line=number):
                self._recent.pop(number, None)
            case Began() | Ended():
                self._fault_ns = fact.at_ns
            case _:
                pass

    def _count(self, number: int, at_ns: int) -> None:
        if self._fault_ns is not None and at_ns - self._fault_ns < SECOND_NS:
            self._recent.pop(number, None)
            return
        if number not in self._recent and len(self._recent) >= MAX_LINES:
            del self._recent[next(iter(self._recent))]
        recent = self._recent.setdefault(number, deque(maxlen=self._most * 20))
        recent.append(at_ns)
        while recent[0] <= at_ns - SECOND_NS:
            recent.popleft()
        self.worst = max(self.worst, len(recent))
        if len(recent) > self._most and (
            self._found_ns is None or at_ns - self._found_ns >= SECOND_NS
        ):
            self._found_ns = at_ns
            self.breaches += 1
            what = f"{len(recent)} messages were sent within a second"
            why = f"IB answers more than {self._most} with code 100, and the third time it hangs up"
            cure = "send from a queue that lets out at most that many, cancels first"
            self._docket.find(Finding(at_ns, Heading.RATE, what, why, cure))
