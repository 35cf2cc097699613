"""When an instrument trades, as far as clients are told."""

from __future__ import annotations

from collections.abc import Sequence

from ibelay.gateway.market.api import Instrument, Market, TradingSession


def sessions(market: Market, one: Instrument) -> Sequence[TradingSession]:
    """Return the sessions of *one*; the market's own day if it names none."""
    if one.sessions:
        return one.sessions
    day = TradingSession(
        begin_ns=market.start_ns,
        open_ns=market.open_ns,
        close_ns=market.close_ns,
        end_ns=market.end_ns,
    )
    return (day,)


def regular(found: Sequence[TradingSession], at_ns: int) -> bool:
    """Return whether *at_ns* lies in the regular hours of one of *found*."""
    return any(one.open_ns <= at_ns < one.close_ns for one in found)


def trading(found: Sequence[TradingSession], at_ns: int) -> bool:
    """Return whether *at_ns* lies in any hours, regular or extended, of one of *found*."""
    return any(one.begin_ns <= at_ns < one.end_ns for one in found)
