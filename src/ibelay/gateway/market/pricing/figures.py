"""Bars of figures that are no prices: volatilities and yields.

Rules:
1. The historical volatility of a day is that of the 30 daily returns up to its close, per
   year of 252 days; before there are 30, there is none.
2. A bar of a figure opens where the figure stood the day before and closes where it stands.
3. A bar of yields is a bar of prices turned: the highest price is the lowest yield.

**Source**: IB "Historical Data" page, whatToShow HISTORICAL_VOLATILITY,
OPTION_IMPLIED_VOLATILITY and YIELD_*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from math import log, sqrt
from statistics import stdev

from ibelay.gateway.market.api import Instrument
from ibelay.gateway.market.pricing.bonds import yield_of
from ibelay.model.market import Bar

WINDOW = 30
_YEAR = 252
_DAYS_PER_YEAR = 365.25
_NS = 1_000_000_000
_PLACES = 6
_NOT_TRADED = Decimal(-1)


def historical_volatility(closes: Sequence[float]) -> float:
    """Return the volatility per year of the daily *closes*, at least three, all positive."""
    returns = [log(after / before) for before, after in pairwise(closes)]
    return stdev(returns) * sqrt(_YEAR)


def historical_volatility_bars(days: Sequence[Bar]) -> list[Bar]:
    """Return the volatility of each of the daily bars *days* that has enough before it."""
    closes = [float(day.close) for day in days]
    values = [
        historical_volatility(closes[number - WINDOW : number + 1])
        for number in range(WINDOW, len(days))
    ]
    steps = zip(days[WINDOW + 1 :], pairwise(values), strict=True)
    return [figure_bar(day.at_ns, before, now) for day, (before, now) in steps]


def figure_bar(at_ns: int, before: float, now: float) -> Bar:
    """Return a bar that goes from *before* to *now* (rule 2); it counts no trades."""
    first, last = Decimal(str(round(before, _PLACES))), Decimal(str(round(now, _PLACES)))
    return Bar(
        at_ns=at_ns,
        open=first,
        high=max(first, last),
        low=min(first, last),
        close=last,
        volume=_NOT_TRADED,
        wap=_NOT_TRADED,
        count=-1,
    )


def yield_bars(bond: Instrument, prices: Sequence[Bar]) -> list[Bar]:
    """Return *prices* of *bond* as yields in per cent (rule 3).

    Raises:
        KeyError: *bond* has no coupon or no maturity among its facts.
    """
    facts = dict(bond.facts)
    coupon, matures = float(facts["coupon"]), date.fromisoformat(facts["maturity"])

    def turned(price: Decimal, at_ns: int) -> Decimal:
        today = datetime.fromtimestamp(at_ns // _NS, UTC).date()
        years = max((matures - today).days, 1) / _DAYS_PER_YEAR
        found = yield_of(coupon, years, float(price)) or 0.0
        return Decimal(str(round(found * 100, _PLACES)))

    return [
        replace(
            bar,
            open=turned(bar.open, bar.at_ns),
            high=turned(bar.low, bar.at_ns),
            low=turned(bar.high, bar.at_ns),
            close=turned(bar.close, bar.at_ns),
            wap=_NOT_TRADED,
        )
        for bar in prices
    ]
