"""The volatility that a price implies.

The price grows with the volatility, so that the root is bracketed from the start: Newton's
step is taken where it stays inside the bracket, half of the bracket where it does not.
"""

from __future__ import annotations

from ibelay.gateway.market.pricing.black_scholes import (
    Setting,
    Vanilla,
    bounds,
    greeks,
)

LOWEST, HIGHEST = 0.001, 5.0
_CLOSE_ENOUGH = 1e-10
_MAX_STEPS = 80
_POINTS = 100.0


def implied_volatility(option: Vanilla, setting: Setting, price: float) -> float | None:
    """Return the volatility per year at which *option* costs *price* dollars per share.

    None where there is none between 0.1 % and 500 %: the price is below what exercising is
    worth, or above the underlying (call) or the strike (put).
    """
    least, most = bounds(option, setting)
    if not least < price < most:
        return None
    low, high = LOWEST, HIGHEST
    if not greeks(option, setting, low).price <= price <= greeks(option, setting, high).price:
        return None
    guess = 0.3
    for _ in range(_MAX_STEPS):
        found = greeks(option, setting, guess)
        error = found.price - price
        if error > 0:
            high = guess
        else:
            low = guess
        slope = found.vega * _POINTS
        step = guess - error / slope if slope > 0 else low
        following = step if low < step < high else (low + high) / 2
        if abs(following - guess) < _CLOSE_ENOUGH:
            return following
        guess = following
    return guess
