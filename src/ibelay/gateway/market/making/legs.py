"""The shape of a day: legs that the whole market shares, and each symbol's way through them.

Rules:
1. A level is how far a price is from where its day began, as a share; there is one for the
   beginning of each minute and one for the day's end.
2. The market's day is a path of legs: each drifts one way for 6 to 20 minutes, turns back
   when the price has gone too far, and carries noise. The first leg after the open goes 0.7
   to 1 %, so that somebody who waits for a break-out is served within the hour; a whole
   regular session ranges over roughly 2 to 3 %. Outside the session all is ten times calmer.
3. A symbol's legs begin and end with the market's. Three times out of four they go its way
   (*loyalty*); how far, and the noise, are the symbol's own. This is the common factor by
   which symbols are correlated.
4. ``MARKET`` names the symbol whose own path is the market's.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from ibelay.gateway.market.hours import SECOND_NS, TradingDay

MARKET = "SPY"
LOYALTY = 0.75
MINUTE_NS = 60 * SECOND_NS
_FIRST_LEG = 14
_TOO_FAR = 0.009
_QUIET = 0.1
_NOISE = 0.0002
_KEPT_DAYS = 1024


@dataclass(frozen=True, slots=True)
class _Leg:
    """A leg of the market: the minute it begins, its length, its way (1 or -1)."""

    minute: int
    minutes: int
    way: int


def seeded(*parts: object) -> Random:
    """Return chance that depends on *parts* only, in every process (Random hashes with SHA)."""
    return Random(":".join(map(str, parts)))  # noqa: S311 - prices are not secrets


def minute_of(day: TradingDay, at_ns: int) -> int:
    """Return how many whole minutes of *day* have passed at *at_ns*."""
    return (at_ns - day.start_ns) // MINUTE_NS


@lru_cache(maxsize=_KEPT_DAYS)
def levels(seed: int, symbol: str, day: TradingDay, loyalty: float = LOYALTY) -> array[float]:
    """Return the levels of *symbol* on *day* (rules 1 to 3)."""
    if symbol == MARKET:
        return _market(seed, day)[0]
    chance = seeded(seed, symbol, day.date.isoformat(), "path")
    begins = {leg.minute: leg for leg in _market(seed, day)[1]}
    opens, closes = minute_of(day, day.open_ns), minute_of(day, day.close_ns)
    level, drift = 0.0, 0.0
    path = array("d", [level])
    for minute in range(minute_of(day, day.end_ns)):
        leg = begins.get(minute)
        if leg is not None:
            way = leg.way if chance.random() < loyalty else -leg.way
            if minute == opens:
                size = chance.uniform(0.007, 0.010)
            else:
                size = chance.uniform(0.003, 0.009)
                way = _back(level) if abs(level) > _TOO_FAR else way
            drift = way * size / leg.minutes
        pace = 1.0 if opens <= minute < closes else _QUIET
        level += pace * (drift + chance.gauss(0, _NOISE))
        path.append(level)
    return path


@lru_cache(maxsize=_KEPT_DAYS)
def _market(seed: int, day: TradingDay) -> tuple[array[float], tuple[_Leg, ...]]:
    """Return the market's levels and its legs (rule 2)."""
    chance = seeded(seed, MARKET, day.date.isoformat(), "path")
    chance.random()  # once chose where the day begins: drawn still, so that seeds keep their days
    opens, closes = minute_of(day, day.open_ns), minute_of(day, day.close_ns)
    level, left, drift = 0.0, 0, 0.0
    path, legs = array("d", [level]), list[_Leg]()
    for minute in range(minute_of(day, day.end_ns)):
        if minute == opens or not left:
            if minute == opens:
                left, way = _FIRST_LEG, chance.choice((-1, 1))
                size = chance.uniform(0.007, 0.010)
            else:
                left = chance.randint(6, 20)
                way = _back(level) if abs(level) > _TOO_FAR else chance.choice((-1, 1))
                size = chance.uniform(0.003, 0.009)
            drift = way * size / left
            legs.append(_Leg(minute, left, way))
        left -= 1
        pace = 1.0 if opens <= minute < closes else _QUIET
        level += pace * (drift + chance.gauss(0, _NOISE))
        path.append(level)
    return path, tuple(legs)


def _back(level: float) -> int:
    return -1 if level > 0 else 1
