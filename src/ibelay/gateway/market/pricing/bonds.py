"""Prices and yields of bonds that pay a fixed coupon twice a year.

With yield y and n half years to maturity, of which the first has run the share a::

    dirty = Σ (c/2) / (1 + y/2)^(i - a)  +  100 / (1 + y/2)^(n - a)
    clean = dirty - a c/2

Prices are per 100 of face, clean, as bonds are quoted; years are of 365.25 days.
"""

from __future__ import annotations

import math

_LOWEST, _HIGHEST = -0.5, 2.0
_STEPS = 60
_ZERO_YIELD = 1e-9


def clean_price(coupon: float, years: float, bond_yield: float) -> float:
    """Return the price of a bond with *years* to run.

    Args:
        coupon: Per cent of face per year.
        years: To maturity, positive.
        bond_yield: Per year, compounded twice (0.04 for 4 %), above -200 %.
    """
    halves = math.ceil(years * 2)
    run = halves - years * 2
    growth = 1.0 + bond_yield / 2.0
    last = math.pow(growth, run - halves)
    # The sum of a geometric row; at a yield of zero every coupon is worth itself.
    rate = growth - 1.0
    row = halves if abs(rate) < _ZERO_YIELD else (math.pow(growth, run) - last) / rate
    return coupon / 2 * (row - run) + 100.0 * last


def yield_of(coupon: float, years: float, price: float) -> float | None:
    """Return the yield at which the bond costs *price*; None outside -50 % to 200 %.

    The price falls as the yield rises, so that halving the bracket always ends at the root.
    """
    low, high = _LOWEST, _HIGHEST
    if not clean_price(coupon, years, high) <= price <= clean_price(coupon, years, low):
        return None
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if clean_price(coupon, years, middle) > price:
            low = middle
        else:
            high = middle
    return (low + high) / 2
