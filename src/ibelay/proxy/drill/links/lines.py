"""Connections as they can be seen from the middle: whose, how long silent, whether held.

Rules:
1. An answer is owed from a request that IB always answers until anything at all comes.
2. A line is *held* while a fault keeps everything from passing, such as a freeze.
   A freeze of all clients holds those that come later too. What still comes within a second
   was under way; what comes later proves that the fault is over.
3. A line is dead when an answer is owed for longer than a patience, or when it has been held
   that long.
"""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.model.faults import Clear, Freeze, HalfOpen, Thaw, Timeout, Unplug
from ibelay.model.ids import ClientId
from ibelay.proxy.drill.facts import Asked, Began, Closed, Ended, Fact, Opened, Told
from ibelay.proxy.drill.thresholds import SECOND_NS
from ibelay.wire import requests as ask
from ibelay.wire.answers import NextIdTold, NoticeTold

MAX_LINES = 64
UNDER_WAY_NS = SECOND_NS
UPSTREAM_LOST = frozenset({1100, 2110})
UPSTREAM_BACK = frozenset({1101, 1102})
_ALWAYS_ANSWERED = (
    ask.RequestCurrentTime,
    ask.RequestPositions,
    ask.RequestOpenOrders,
    ask.RequestAllOpenOrders,
    ask.RequestExecutions,
    ask.RequestCompletedOrders,
    ask.RequestIds,
    ask.RequestManagedAccounts,
    ask.PlaceOrder,
    ask.CancelOrder,
)


@dataclass(slots=True)
class Line:
    """One connection."""

    number: int
    opened_ns: int
    client_id: ClientId | None = None
    ready_ns: int | None = None
    told_ns: int | None = None
    owed_ns: int | None = None
    held_ns: int | None = None
    upstream_lost_ns: int | None = None

    def silent_since_ns(self) -> int | None:
        """Return since when nothing has come although something should have; None if all is well.

        What passes while a fault is said to hold the line is believed.
        """
        since = [at for at in (self.owed_ns, self.held_ns) if at is not None]
        return max(min(since), self.told_ns or 0) if since else None

    def silent_ns(self, now_ns: int) -> int:
        """Return how long that has been."""
        since = self.silent_since_ns()
        return 0 if since is None else now_ns - since


class Lines:
    """The connections that are open."""

    def __init__(self) -> None:
        self.open: dict[int, Line] = {}
        self._freezes: list[Freeze | Unplug] = []
        self._held_ns = 0

    def before(self, fact: Fact) -> Line | None:
        """Take in what is true as *fact* happens; return its line, if it is of one."""
        match fact:
            case Opened(at_ns=at_ns, line=number):
                return self._opened(number, at_ns)
            case Began() | Ended():
                self._fault(fact)
                return None
            case Asked(request=ask.StartApi(client_id=client_id)):
                line = self.open.get(fact.line)
                if line is not None:
                    line.client_id = client_id
                    self._hold_newcomer(line, fact.at_ns)
                return line
            case Asked() | Told() | Closed():
                return self.open.get(fact.line)

    def after(self, fact: Fact) -> None:
        """Take in what is true once everybody has looked at *fact*."""
        line = self.open.get(fact.line) if isinstance(fact, Asked | Told | Closed) else None
        if line is None:
            return
        match fact:
            case Asked(request=request) if isinstance(request, _ALWAYS_ANSWERED):
                if line.owed_ns is None:
                    line.owed_ns = fact.at_ns
            case Told(passed=True):
                self._told(line, fact)
            case Closed():
                del self.open[fact.line]
            case _:
                pass

    def _opened(self, number: int, at_ns: int) -> Line:
        if len(self.open) >= MAX_LINES:
            del self.open[next(iter(self.open))]
        self.open[number] = line = Line(number, at_ns)
        self._hold_newcomer(line, at_ns)
        return line

    def _told(self, line: Line, fact: Told) -> None:
        line.told_ns, line.owed_ns = fact.at_ns, None
        if line.held_ns is not None and fact.at_ns - self._held_ns > UNDER_WAY_NS:
            self._let_go()  # whatever was said of its end, something has come through
        match fact.answer:
            case NextIdTold() if line.ready_ns is None:
                line.ready_ns = fact.at_ns
            case NoticeTold(code=code) if code in UPSTREAM_LOST:
                line.upstream_lost_ns = line.upstream_lost_ns or fact.at_ns
            case NoticeTold(code=code) if code in UPSTREAM_BACK:
                line.upstream_lost_ns = None

    def _let_go(self) -> None:
        self._freezes.clear()
        for line in self.open.values():
            line.held_ns = None

    def _hold_newcomer(self, line: Line, at_ns: int) -> None:
        if any(getattr(one, "client", None) in {None, line.client_id} for one in self._freezes):
            line.held_ns = line.held_ns or at_ns

    def _fault(self, fact: Began | Ended) -> None:
        command = fact.command
        over = isinstance(fact, Ended) or isinstance(command, Thaw | Clear)
        who = getattr(command, "client", None)
        if not isinstance(command, Freeze | HalfOpen | Thaw | Clear | Timeout | Unplug):
            return
        if not over:
            self._held_ns = fact.at_ns
        if isinstance(command, Freeze | Unplug) and not over:
            self._freezes = [*self._freezes[-MAX_LINES:], command]
        elif over and not isinstance(command, HalfOpen | Timeout):
            self._freezes = [
                one
                for one in self._freezes
                if who is not None and getattr(one, "client", None) != who
            ]
        for line in self.open.values():
            if who is None or line.client_id == who:
                line.held_ns = None if over else (line.held_ns or fact.at_ns)
