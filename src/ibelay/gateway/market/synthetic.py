"""Prices that never were: a seeded day of trading for any symbols.

Rules:
1. Everything is a function of (seed, symbol, date), each symbol on its own; asking in
   another order or in other pieces gives the same prices.
2. A day is a path of minutes made of legs: each leg drifts one way for 6 to 20 minutes,
   turns back when the price has gone too far from where it began, and carries noise. The
   first leg after the open goes 0.7 to 1 %, so that somebody who waits for a break-out is
   served within the hour; a whole regular session ranges over roughly 2 to 3 %.
3. Seconds are filled in a minute at a time, when asked for: one quote a second in the
   regular session and some prints, one quote in five seconds outside it; spread 1 to 3
   cents, sizes in hundreds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from random import Random

from ibelay.gateway.market.api import Market, MarketEvent, Print, QuoteChange
from ibelay.gateway.market.day_market import DayMarket, event_time_ns
from ibelay.gateway.market.hours import SECOND_NS, TradingDay, trading_day
from ibelay.gateway.market.symbols import clean_symbols, con_id_of, stock, usual_price
from ibelay.model.ids import ConId
from ibelay.model.market import Quote

_MINUTE_NS = 60 * SECOND_NS
_MS_NS = 1_000_000
_DAY_MINUTES = 16 * 60
_OPEN_MINUTE = 330
_CLOSE_MINUTE = 720
_TOO_FAR = 0.009
_QUIET = 0.1
_KEPT_MINUTES = 8


def synthetic(seed: int, symbols: Sequence[str], date: str) -> Market:
    """Return a made-up market of *symbols* on *date* (YYYY-MM-DD, a weekday).

    Raises:
        ConfigurationError: The date or a symbol cannot be used.
    """
    day = trading_day(date)
    names = clean_symbols(symbols)
    return DayMarket(day, {stock(name, day): SyntheticSeries(seed, name, day) for name in names})


@lru_cache(maxsize=1 << 16)
def _dollars(cents: int) -> Decimal:
    return Decimal(cents) / 100


@lru_cache(maxsize=1 << 10)
def _shares(number: int) -> Decimal:
    return Decimal(number)


def _seeded(*parts: object) -> Random:
    """Return chance that depends on *parts* only, in every process (Random hashes with SHA)."""
    return Random(":".join(map(str, parts)))  # noqa: S311 - prices are not secrets


class SyntheticSeries:
    """The day of one symbol."""

    def __init__(self, seed: int, symbol: str, day: TradingDay) -> None:
        self._key = (seed, symbol, day.date.isoformat())
        self._con_id = con_id_of(symbol)
        self._start_ns = day.start_ns
        self._path = _minute_path(_seeded(*self._key, "path"), usual_price(symbol))
        self._minutes: dict[int, tuple[list[int], list[MarketEvent]]] = {}

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield events with ``after_ns < at_ns <= until_ns``, in order of time."""
        first = max(0, (after_ns - self._start_ns) // _MINUTE_NS)
        last = min(_DAY_MINUTES - 1, (until_ns - self._start_ns) // _MINUTE_NS)
        for minute in range(first, last + 1):
            times, events = self._minute(minute)
            yield from events[bisect_right(times, after_ns) : bisect_right(times, until_ns)]

    def _minute(self, minute: int) -> tuple[list[int], list[MarketEvent]]:
        """Return the minute's times and events; the latest few minutes are kept."""
        known = self._minutes.get(minute)
        if known is None:
            if len(self._minutes) >= _KEPT_MINUTES:
                self._minutes.pop(next(iter(self._minutes)))
            events = self._make(minute)
            known = self._minutes[minute] = ([event_time_ns(event) for event in events], events)
        return known

    def _make(self, minute: int) -> list[MarketEvent]:
        chance = _seeded(*self._key, minute)
        regular = _OPEN_MINUTE <= minute < _CLOSE_MINUTE
        path = _second_path(chance, self._path[minute], self._path[minute + 1], regular)
        minute_ns = self._start_ns + minute * _MINUTE_NS
        events: list[MarketEvent] = []
        for second in range(0, 60, 1 if regular else 5):
            _second(
                chance,
                events,
                con_id=self._con_id,
                at_ns=minute_ns + second * SECOND_NS,
                mid_cents=round(path[second] * 100),
                busy=regular,
            )
        return events


def _second(
    chance: Random,
    events: list[MarketEvent],
    *,
    con_id: ConId,
    at_ns: int,
    mid_cents: int,
    busy: bool,
) -> None:
    """Append one quote change and the prints that follow it within its second."""
    draw = chance.random
    spread = 1 + int(draw() * 3)
    bid = max(1, mid_cents - spread // 2)
    quote = Quote(
        at_ns=at_ns + (1 + int(draw() * 400)) * _MS_NS,
        bid=_dollars(bid),
        ask=_dollars(bid + spread),
        bid_size=_shares(100 * (1 + int(draw() * 8))),
        ask_size=_shares(100 * (1 + int(draw() * 8))),
    )
    events.append(QuoteChange(con_id=con_id, quote=quote))
    prints = int(draw() * 4) if busy else int(draw() * 1.25)
    for number in range(prints):
        price = bid if draw() < 0.5 else bid + spread
        size = 100 * (1 + int(draw() * 4))
        when = at_ns + (420 + 180 * number + int(draw() * 150)) * _MS_NS
        events.append(Print(con_id=con_id, at_ns=when, price=_dollars(price), size=_shares(size)))


def _minute_path(chance: Random, base: int) -> list[float]:
    """Return the price in dollars at the beginning of each minute, and at the day's end."""
    level = 0.0
    left, drift = 0, 0.0
    anchor = base * chance.uniform(0.97, 1.03)
    path = [anchor]
    for minute in range(_DAY_MINUTES):
        pace = 1.0 if _OPEN_MINUTE <= minute < _CLOSE_MINUTE else _QUIET
        if minute == _OPEN_MINUTE:
            left = 14
            drift = chance.choice((-1, 1)) * chance.uniform(0.007, 0.010) / left
        elif not left:
            left, drift = _next_leg(chance, level)
        left -= 1
        level += pace * (drift + chance.gauss(0, 0.0002))
        path.append(anchor * (1 + level))
    return path


def _next_leg(chance: Random, level: float) -> tuple[int, float]:
    """Return a leg's minutes and its drift per minute, as a share of the price."""
    minutes = chance.randint(6, 20)
    back = -1 if level > 0 else 1
    direction = back if abs(level) > _TOO_FAR else chance.choice((-1, 1))
    return minutes, direction * chance.uniform(0.003, 0.009) / minutes


def _second_path(chance: Random, begin: float, end: float, regular: bool) -> list[float]:
    """Return 60 prices from *begin* towards *end*: a random walk tied down at both ends."""
    step = begin * (0.00006 if regular else 0.00002)
    walk, total = [], 0.0
    for _ in range(60):
        walk.append(total)
        total += chance.gauss(0, step)
    return [
        begin + (end - begin) * second / 60 + walk[second] - total * second / 60
        for second in range(60)
    ]
