"""Ticks of the past, found from one end without looking at all there are.

Rules:
1. From a beginning on, and back from an end, at most a week is looked through: a long weekend
   and what is hardly traded are bridged, and no client makes the others wait for years.
2. Back from an end the stretch is widened until it holds enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ibelay.gateway.market.api import Market, MarketEvent
from ibelay.model.ids import ConId
from ibelay.wire.times import SECOND_NS

FARTHEST_NS = 7 * 86_400 * SECOND_NS
_FIRST_NS = 120 * SECOND_NS
_WIDER = 8
Wanted = Callable[[MarketEvent], bool]


def later(market: Market, con_id: ConId, begin_ns: int, end_ns: int) -> Iterator[MarketEvent]:
    """Yield the events from *begin_ns* on, included, up to *end_ns* (rule 1)."""
    return market.events_of(con_id, begin_ns - 1, min(end_ns, begin_ns + FARTHEST_NS))


def earlier(
    market: Market, con_id: ConId, end_ns: int, count: int, wanted: Wanted
) -> list[MarketEvent]:
    """Return more than the last *count* events before *end_ns* that are *wanted*, if there are."""
    back_ns = _FIRST_NS
    while True:
        events = market.events_of(con_id, end_ns - back_ns, end_ns)
        found = [event for event in events if wanted(event)]
        if len(found) >= 2 * count or back_ns >= FARTHEST_NS:
            return found
        back_ns = min(_WIDER * back_ns, FARTHEST_NS)
