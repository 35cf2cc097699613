"""Nights: when nothing of a market trades.

A night is a stretch between two sessions, or a weekend, in which no instrument has a session.
Market time may pass through it at once: nothing happens in it but what was recorded outside
the sessions, and no bars are made.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from ibelay.control.agenda import NEVER_NS
from ibelay.gateway.market.api import Instrument


class Nights:
    """The nights of a market, in order of time.

    Args:
        stretches: From (included) and to (excluded) in ns since the epoch, UTC.
    """

    def __init__(self, stretches: Sequence[tuple[int, int]] = ()) -> None:
        self._stretches = tuple(stretches)
        self._begins = [begin for begin, _end in self._stretches]

    def end_of(self, now_ns: int) -> int | None:
        """Return when the night ends that *now_ns* lies in; None in the day."""
        number = bisect_right(self._begins, now_ns) - 1
        if number < 0 or now_ns >= self._stretches[number][1]:
            return None
        return self._stretches[number][1]

    def begins_after(self, now_ns: int) -> int:
        """Return when the next night begins, later than *now_ns*; beyond all times if none does."""
        number = bisect_right(self._begins, now_ns)
        return self._begins[number] if number < len(self._begins) else NEVER_NS


def nights_of(instruments: Iterable[Instrument]) -> Nights:
    """Return when none of *instruments* trades: never if one keeps its sessions to itself."""
    sessions = {one.sessions for one in instruments}
    if () in sessions:
        return Nights()
    spans = sorted({(s.begin_ns, s.end_ns) for some in sessions for s in some})
    found, awake_until = [], spans[0][1] if spans else 0
    for begin_ns, end_ns in spans:
        if begin_ns > awake_until:
            found.append((awake_until, begin_ns))
        awake_until = max(awake_until, end_ns)
    return Nights(found)
