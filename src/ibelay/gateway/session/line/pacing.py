"""IB's pacing: how many messages a second, and how much history in how long.

Rules:
1. A client may send 50 messages in any second of our time, whatever the market's speed:
   half its 100 market data lines.
2. ``reject``: a message above that is answered with 100 and not served; the third second in
   which that happens ends the connection. ``pace``: it is served when its time comes.
3. History in bars of 30 s or less: not the same request twice in 15 s, fewer than 6 requests
   for one contract and kind of data in 2 s, at most 60 in 10 minutes, where BID_ASK counts
   twice. What is too much gets 162.
4. A request for history is past as soon as either clock, the market's or ours, says so: at
   60 times the speed a client that keeps IB's limits on its own watch keeps them here, and
   so does one that goes by the market's clock.

**Source**: shared IB facts, section 4 (DOC 11, 11.01, 21.01.03). That a breach is a second
and not a message is inferred; the facts say only "three breaches".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from enum import StrEnum
from typing import NamedTuple

SECOND_NS = 1_000_000_000
MESSAGES_PER_SECOND = 50
MAX_BREACHES = 3
SMALL_BAR_S = 30
IDENTICAL_NS = 15 * SECOND_NS
BURST, BURST_NS = 6, 2 * SECOND_NS
HISTORY_LIMIT, HISTORY_NS = 60, 600 * SECOND_NS


class Pacing(StrEnum):
    """What a gateway does with too many messages."""

    PACE = "pace"
    REJECT = "reject"
    OFF = "off"


class MessageRate:
    """Counts the messages of one client."""

    def __init__(self) -> None:
        self._sent: deque[int] = deque(maxlen=MESSAGES_PER_SECOND)
        self._breached_ns: int | None = None
        self.breaches = 0

    def has_room(self, wall_ns: int) -> bool:
        """Return whether one more message now is within the limit."""
        return len(self._sent) < MESSAGES_PER_SECOND or wall_ns - self._sent[0] >= SECOND_NS

    def count(self, wall_ns: int) -> None:
        """Count a message that is served."""
        self._sent.append(wall_ns)

    def breach(self, wall_ns: int) -> bool:
        """Count a message above the limit; return whether it was one too often."""
        if self._breached_ns is None or wall_ns - self._breached_ns >= SECOND_NS:
            self._breached_ns = wall_ns
            return self.charge()
        return self.breaches >= MAX_BREACHES

    def charge(self) -> bool:
        """Count a breach, whenever the last was; return whether it was one too often."""
        self.breaches += 1
        return self.breaches >= MAX_BREACHES


class _Past(NamedTuple):
    market_ns: int
    wall_ns: int
    weight: int
    same: Hashable
    series: Hashable


class HistoryRate:
    """Counts the requests for small bars of one client."""

    def __init__(self) -> None:
        self._past: deque[_Past] = deque()

    def allows(
        self, market_ns: int, wall_ns: int, *, same: Hashable, series: Hashable, weight: int = 1
    ) -> bool:
        """Count a request and return whether it is within the limits.

        Args:
            market_ns: Market time.
            wall_ns: Our clock, monotonic.
            same: Equal for identical requests.
            series: Equal for the same contract, exchange and kind of data.
            weight: 2 for BID_ASK.
        """

        def within(one: _Past, window_ns: int) -> bool:
            return max(market_ns - one.market_ns, wall_ns - one.wall_ns) < window_ns

        self._past = deque(one for one in self._past if within(one, HISTORY_NS))
        past = self._past
        allowed = (
            not any(one.same == same and within(one, IDENTICAL_NS) for one in past)
            and _weight(one for one in past if one.series == series and within(one, BURST_NS))
            + weight
            < BURST
            and _weight(past) + weight <= HISTORY_LIMIT
        )
        if allowed:
            past.append(_Past(market_ns, wall_ns, weight, same, series))
        return allowed


def _weight(past: Iterable[_Past]) -> int:
    return sum(one.weight for one in past)
