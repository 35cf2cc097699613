"""Bars of a day made of its minutes alone: rough, and quick enough for years of days.

Rules:
1. A bar goes through the prices at the beginnings of its minutes and at its end. What
   happened between them is not looked at.
2. A day's volume is drawn once, and shared out by the activity of the minutes.
3. Bars stand within the session of the day; the bar of a day within the regular session of
   stocks, for stocks, options and indices.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ibelay.gateway.market.api import Instrument
from ibelay.gateway.market.making.days import MadeDay
from ibelay.gateway.market.making.legs import MINUTE_NS, minute_of
from ibelay.gateway.market.making.tempo import Activity
from ibelay.model.market import Bar

_REGULAR = frozenset({"STK", "OPT", "IND"})
_DAILY_LOTS = {"STK": 90_000, "FUT": 60_000, "OPT": 400, "CRYPTO": 40_000, "BOND": 60}
_LOTS = {"STK": Decimal(100), "CRYPTO": Decimal("0.05"), "BOND": Decimal(50)}
_LOTS_PER_PRINT = 3


def daily_bar(made: MadeDay, instrument: Instrument) -> Bar:
    """Return the bar of the whole day, which begins at midnight."""
    day = made.day
    if instrument.contract.sec_type in _REGULAR:
        span = range(minute_of(day, day.open_ns), minute_of(day, day.close_ns))
    else:
        span = made.span(instrument)
    return _bar(made, instrument, span, day.midnight_ns, 1.0)


def minute_bars(made: MadeDay, instrument: Instrument, minutes: int) -> list[Bar]:
    """Return the bars of so many *minutes*, on multiples of them since midnight."""
    day, span = made.day, made.span(instrument)
    activity = Activity(day)
    weights = [activity.at(minute) for minute in span]
    whole = sum(weights) or 1.0
    since_midnight = (day.start_ns - day.midnight_ns) // MINUTE_NS
    first = span.start - (span.start + since_midnight) % minutes
    found: list[Bar] = []
    for begin in range(first, span.stop, minutes):
        part = range(max(begin, span.start), min(begin + minutes, span.stop))
        weight = sum(weights[part.start - span.start : part.stop - span.start]) / whole
        at_ns = day.start_ns + begin * MINUTE_NS
        found.append(_bar(made, instrument, part, at_ns, weight))
    return found


def _bar(made: MadeDay, instrument: Instrument, span: range, at_ns: int, share: float) -> Bar:
    path: Sequence[float] = made.worth.of(instrument).minutes[span.start : span.stop + 1]
    prices = (path[0], max(path), min(path), path[-1], sum(path) / len(path))
    first, high, low, last, average = (made.stepped(instrument, price) for price in prices)
    kind = instrument.contract.sec_type
    drawn = made.chance(instrument, "volume").uniform(0.8, 1.25)
    lots = int(_DAILY_LOTS.get(kind, 0) * drawn * share)
    return Bar(
        at_ns=at_ns,
        open=first,
        high=high,
        low=low,
        close=last,
        volume=_LOTS.get(kind, Decimal(1)) * lots,
        wap=average,
        count=lots // _LOTS_PER_PRINT,
    )
