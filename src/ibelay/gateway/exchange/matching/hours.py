"""When an instrument trades, and how long an order lives.

Rules:
1. Orders fill from the open up to, and not at, the close of a session; an order that may
   trade outside regular hours from its begin up to its end.
2. A quote of before the session fills nothing in it: at the open, orders wait for the first
   price.
3. A DAY order belongs to the session that runs or comes when it arrives, and ends at its
   close (at its end, if it may trade outside regular hours). After the close it waits for
   the next one; where none is known, for ever.
4. An OPG order belongs to the next open, GTD ends at its own time, GTC never.
5. An instrument without sessions follows the market's own open and close, with extended
   hours without end around them; without those it always trades.
"""

from __future__ import annotations

from bisect import bisect_right

from ibelay.gateway.exchange.events import OrderRequest
from ibelay.gateway.market.api import TradingSession

EVER_NS = 1 << 62


def boundless(open_ns: int | None, close_ns: int | None) -> tuple[TradingSession, ...]:
    """Return the one session of rule 5; None for no bound."""
    return (
        TradingSession(
            begin_ns=-EVER_NS,
            open_ns=-EVER_NS if open_ns is None else open_ns,
            close_ns=EVER_NS if close_ns is None else close_ns,
            end_ns=EVER_NS,
        ),
    )


class Timetable:
    """The sessions of one instrument.

    Args:
        sessions: In order of time, not overlapping; at least one.
    """

    def __init__(self, sessions: tuple[TradingSession, ...]) -> None:
        self._sessions = sessions
        self._ends = [one.end_ns for one in sessions]

    def at(self, now_ns: int) -> TradingSession | None:
        """Return the session *now_ns* lies in or, between two, the next; None after the last."""
        index = bisect_right(self._ends, now_ns)
        return self._sessions[index] if index < len(self._sessions) else None

    def after(self, session: TradingSession) -> TradingSession | None:
        """Return the session that follows *session*, or None."""
        return self.at(session.end_ns)

    def since(self, now_ns: int, *, outside: bool) -> int | None:
        """Return when the hours that *now_ns* lies in began; None if it is outside of them.

        Args:
            now_ns: The moment asked about.
            outside: Whether extended hours count.
        """
        session = self.at(now_ns)
        if session is None:
            return None
        if outside:
            return session.begin_ns if session.begin_ns <= now_ns else None
        return session.open_ns if session.open_ns <= now_ns < session.close_ns else None

    def next_boundary(self, now_ns: int) -> int | None:
        """Return the next moment at which hours begin or end, or None."""
        session = self.at(now_ns)
        if session is None:
            return None
        edges = (session.begin_ns, session.open_ns, session.close_ns, session.end_ns)
        coming = next(edge for edge in edges if edge > now_ns)
        return coming if coming < EVER_NS else None


def session_of(
    request: OrderRequest, timetable: Timetable, now_ns: int, *, outside: bool
) -> TradingSession | None:
    """Return the session *request* belongs to if it arrives at *now_ns* (rules 3 and 4)."""
    session = timetable.at(now_ns)
    if session is None or outside:
        return session
    edge_ns = session.open_ns if request.tif == "OPG" else session.close_ns
    return session if now_ns < edge_ns else timetable.after(session)


def expiry(request: OrderRequest, session: TradingSession | None, *, outside: bool) -> int | None:
    """Return when time ends *request*, which belongs to *session*; None for never."""
    if request.tif == "GTC":
        return None
    if request.tif == "GTD":
        return request.good_till_ns
    if session is None:
        return None
    end_ns = session.end_ns if outside else session.close_ns
    return end_ns if end_ns < EVER_NS else None
