"""What time alone does: opens and closes, ends of orders, times to wake.

Rules:
1. Each order is on the agenda for the next moment at which time can change it: its end, its
   good-after time, a time among its conditions, or the next edge of its sessions.
2. Moments are worked off in order, each at its own time, before anything that happens later;
   at one moment the older order comes first.
3. At the close, closing orders trade first, then DAY orders end.
4. Positions in what stops trading are settled then, after the orders, and before the day ends.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from ibelay.gateway.exchange.acts import ending, trading
from ibelay.gateway.exchange.acts.standing import tell_if_changed
from ibelay.gateway.exchange.acts.turn import Events, Pit, Turn
from ibelay.gateway.exchange.matching import conditions
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.gateway.exchange.orders.shelf import MAX_LIVE

AGENDA_MAX = 4 * MAX_LIVE


def turn_at(pit: Pit, now_ns: int) -> Turn:
    """Begin a turn at *now_ns*, with what was due before it."""
    follow(pit, now_ns, pit.unsaid)
    return Turn(pit, now_ns, pit.unsaid)


def follow(pit: Pit, now_ns: int, out: Events) -> None:
    """Do what was due up to and including *now_ns*."""
    while pit.agenda and pit.agenda[0][0] <= now_ns:
        at_ns, perm_id = heappop(pit.agenda)
        entry = pit.shelf.get(perm_id)
        if entry is None or entry.wake_ns != at_ns:
            continue
        entry.wake_ns = None
        pit.heard_of(at_ns)
        turn = Turn(pit, at_ns, out)
        _look_at(turn, entry)
        if not entry.done:
            schedule(turn, entry)
    out.extend(pit.account.expire(now_ns))
    pit.heard_of(now_ns)


def schedule(turn: Turn, entry: Entry) -> None:
    """Put *entry* on the agenda, unless it stands there for an earlier moment already."""
    wake_ns = min(_moments(turn.now_ns, entry), default=None)
    if wake_ns is None or (entry.wake_ns is not None and entry.wake_ns <= wake_ns):
        return
    entry.wake_ns = wake_ns
    heappush(turn.pit.agenda, (wake_ns, entry.perm_id))
    if len(turn.pit.agenda) > AGENDA_MAX:
        _clear(turn.pit)


def _clear(pit: Pit) -> None:
    """Drop what no longer counts from the agenda: at most one row per order is left."""
    pit.agenda[:] = [(one.wake_ns, one.perm_id) for one in pit.shelf.live() if one.wake_ns]
    heapify(pit.agenda)


def _moments(now_ns: int, entry: Entry) -> list[int]:
    asked = entry.request
    candidates = [
        entry.expires_ns,
        entry.instrument.expires_ns,
        asked.good_after_ns,
        entry.timetable.next_boundary(now_ns),
        *conditions.moments(asked.conditions),
    ]
    return [moment for moment in candidates if moment is not None and moment > now_ns]


def _look_at(turn: Turn, entry: Entry) -> None:
    """Let time have its effect on *entry* (rule 3)."""
    session = entry.session
    if entry.kind.at_close and session is not None and session.close_ns <= turn.now_ns:
        trading.close(turn, entry)
    elif _over(turn, entry):
        ending.cancel(turn, entry)
    else:
        tell_if_changed(turn, entry)
        if entry.request.conditions or entry.request.good_after_ns is not None:
            trading.attempt(turn, entry)


def _over(turn: Turn, entry: Entry) -> bool:
    ends = (entry.expires_ns, entry.instrument.expires_ns)
    return any(moment is not None and moment <= turn.now_ns for moment in ends)
