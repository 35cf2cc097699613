"""Times in which a client could not know the truth, from the loss until it is whole again.

Rules:
1. An outage is of one client id. It begins when its connection ends (*cut*), when nothing
   passes any more (*dead*), or when IB's servers are lost (*upstream*); *left* is one that the
   client made itself, and nobody is blamed for its length.
2. A further loss before the client is whole belongs to the same outage.
3. A cut and an upstream loss are noticed by themselves. A dead line is noticed when the client
   hangs up or connects anew; if data comes again first, it was *ridden* through.
4. The time to become whole counts from when the gateway can be reached, as far as that is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ibelay.model.ids import ClientId

POSITIONS, OPEN_ORDERS, EXECUTIONS = "positions", "open orders", "executions"
A_CONNECTION = "a connection"


class Kind(StrEnum):
    """What was lost."""

    CUT = "cut"
    DEAD = "dead"
    UPSTREAM = "upstream"
    LEFT = "left"


@dataclass(slots=True)
class Outage:
    """One of them; times are None until they come.

    Attributes:
        kind: What was lost last.
        client_id: Whose connection it was.
        began_ns: When the first loss of it was.
        lost_ns: When the last was.
        trusted: Live orders when it began.
        noticed_ns: When the client showed that it knew.
        back_ns: When the gateway could be reached again.
        connected_ns: When the client had a working connection again.
        late_ns: When it was connected, if that had been found to be too late.
        whole_ns: When it knew everything again.
        attempts: Connections it opened until then.
        missing: What it had not been answered; all of it is needed to be whole.
        asked: What it has asked for since it was connected.
        ridden: The line came back by itself.
        unnoticed: It was not noticed in time, and that has been found.
        streams_lost: How many streams the client had lost for good before it.
    """

    kind: Kind
    client_id: ClientId
    began_ns: int
    lost_ns: int
    trusted: int = 0
    noticed_ns: int | None = None
    back_ns: int | None = None
    connected_ns: int | None = None
    late_ns: int | None = None
    whole_ns: int | None = None
    attempts: int = 0
    missing: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    ridden: bool = False
    unnoticed: bool = False
    streams_lost: int = 0

    def lose_again(self, kind: Kind, at_ns: int) -> None:
        """Take in a further loss."""
        self.kind, self.lost_ns = kind, at_ns
        self.noticed_ns = self.back_ns = self.connected_ns = self.late_ns = None
        self.unnoticed = False
        self.missing.clear()
        self.asked.clear()

    @property
    def notice_ns(self) -> int | None:
        """How long it took to notice a dead line; None if it was not, or was no dead line."""
        if self.kind is not Kind.DEAD or self.noticed_ns is None:
            return None
        return self.noticed_ns - self.lost_ns

    @property
    def blind_ns(self) -> int | None:
        """How long the client did not know the truth; None while it does not."""
        return None if self.whole_ns is None else self.whole_ns - self.began_ns

    @property
    def recovery_ns(self) -> int | None:
        """How long it took from the gateway's return; None if it is not whole, or was ridden."""
        if self.whole_ns is None or self.ridden:
            return None
        back = self.connected_ns if self.back_ns is None else self.back_ns
        return max(0, self.whole_ns - max(self.lost_ns, back or self.lost_ns))
