"""How a client behaves at the door: how often it knocks, and what it says before it is let in.

Rules:
1. More connections in ten seconds than the limit are a storm, whatever became of them.
2. Before nextValidId a client says nothing but who it is: IB may drop the rest.
"""

from __future__ import annotations

from collections import deque

from ibelay.proxy.drill.facts import Asked, Fact, Opened, Told
from ibelay.proxy.drill.findings import Docket, Finding, Heading
from ibelay.proxy.drill.links.lines import Line
from ibelay.proxy.drill.thresholds import SECOND_NS, Thresholds
from ibelay.wire import requests as ask
from ibelay.wire.answers import NoticeTold

STORM_NS = 10 * SECOND_NS
ID_IN_USE = 326


class Manners:
    """Watches connections being made."""

    def __init__(self, thresholds: Thresholds, docket: Docket) -> None:
        self._most = thresholds.attempts_max
        self._docket = docket
        self._recent: deque[int] = deque(maxlen=self._most * 20)
        self._storm_ns: int | None = None
        self._hasty: set[int] = set()
        self.connections = 0
        self.refused = 0
        self.worst = 0

    def see(self, fact: Fact, line: Line | None) -> None:
        """Take in *fact*."""
        match fact:
            case Opened():
                self.connections += 1
                self._knocked(fact.at_ns)
            case Asked() if line is not None and line.ready_ns is None:
                self._spoke_early(fact, line)
            case Told(answer=NoticeTold(code=code), passed=True) if code == ID_IN_USE:
                self.refused += 1
                self._docket.note(fact.at_ns, "was refused: its client id is in use (326)")

    def _knocked(self, now_ns: int) -> None:
        self._recent.append(now_ns)
        while self._recent[0] <= now_ns - STORM_NS:
            self._recent.popleft()
        self.worst = max(self.worst, len(self._recent))
        calm = self._storm_ns is None or now_ns - self._storm_ns > STORM_NS
        if len(self._recent) > self._most and calm:
            self._storm_ns = now_ns
            what = f"the bot connected {len(self._recent)} times in ten seconds"
            why = "a gateway that is coming up answers slower still, and old lines pile up as 326"
            cure = "wait longer after every failure: 1, 2, 4 … 60 seconds, with some chance in it"
            self._docket.find(Finding(now_ns, Heading.RECONNECTS, what, why, cure))

    def _spoke_early(self, fact: Asked, line: Line) -> None:
        said_nothing = isinstance(fact.request, ask.StartApi | ask.SetServerLogLevel)
        if said_nothing or line.client_id is None or line.number in self._hasty:
            return
        if len(self._hasty) > 1000:
            self._hasty.clear()
        self._hasty.add(line.number)
        what = f"{type(fact.request).__name__} was sent before nextValidId had come"
        why = "IB may drop what comes that early, without a word"
        cure = "wait for nextValidId and managedAccounts before anything is asked"
        self._docket.find(Finding(fact.at_ns, Heading.RECONNECTS, what, why, cure))
