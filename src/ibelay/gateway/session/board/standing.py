"""What stands on the board at a moment, also at night: then what the last session left."""

from __future__ import annotations

from ibelay.gateway.market.api import Instrument, Market, MarketEvent
from ibelay.wire.times import SECOND_NS

_LONGEST_NIGHT_NS = 5 * 86_400 * SECOND_NS


def standing(market: Market, one: Instrument, at_ns: int) -> list[MarketEvent]:
    """Return, in order of time, what a board needs to show *one* at *at_ns*."""
    con_id = one.contract.con_id
    found = list(market.standing(con_id, at_ns))
    if found:
        return found
    ended = (
        session.end_ns
        for session in market.sessions(con_id, at_ns - _LONGEST_NIGHT_NS, at_ns)
        if market.start_ns < session.end_ns <= at_ns
    )
    last_ns = max(ended, default=None)
    return [] if last_ns is None else list(market.standing(con_id, last_ns - 1))
