"""European options by Black and Scholes, with a continuous dividend yield.

With spot S, strike K, years T, volatility σ, rate r and yield q::

    d1 = (ln(S/K) + (r - q + σ²/2) T) / (σ √T)      d2 = d1 - σ √T
    call = S e^(-qT) N(d1) - K e^(-rT) N(d2)         put = call - S e^(-qT) + K e^(-rT)

American options are priced as European ones: what early exercise is worth is left out.

**Source**: F. Black and M. Scholes, "The Pricing of Options and Corporate Liabilities"
(1973), and R. Merton's dividend yield (1973). Units of the greeks as IB shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, exp, log, pi, sqrt

DAYS_PER_YEAR = 365.0
_VOL_POINT = 0.01
_SQRT_2, _SQRT_2_PI = sqrt(2.0), sqrt(2.0 * pi)


@dataclass(frozen=True, slots=True)
class Vanilla:
    """A call (*right* C) or put (P) with *years* to expiry; strike and years are positive."""

    right: str
    strike: float
    years: float


@dataclass(frozen=True, slots=True)
class Setting:
    """What an option is priced in.

    Attributes:
        spot: Price of the underlying, dollars, positive.
        rate: Interest per year, continuous.
        dividends: Dividend yield per year, continuous.
    """

    spot: float
    rate: float = 0.04
    dividends: float = 0.0

    def forward(self, years: float) -> float:
        """Return the price for delivery in *years*."""
        return self.spot * exp((self.rate - self.dividends) * years)


@dataclass(frozen=True, slots=True)
class Greeks:
    """How the price moves.

    Attributes:
        price: Dollars per share.
        delta: Dollars per dollar of the underlying.
        gamma: Delta per dollar of the underlying.
        vega: Dollars per point (0.01) of volatility.
        theta: Dollars per calendar day; negative for what decays.
    """

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float


def price(option: Vanilla, setting: Setting, volatility: float) -> float:
    """Return dollars per share; *volatility* is per year, positive (0.2 for 20 %)."""
    d1, d2 = _d1_d2(option, setting, volatility)
    sign = 1.0 if option.right == "C" else -1.0
    spot, strike = _discounted(option, setting)
    return sign * (spot * normal(sign * d1) - strike * normal(sign * d2))


def greeks(option: Vanilla, setting: Setting, volatility: float) -> Greeks:
    """Return price and greeks; *volatility* is per year, positive."""
    d1, d2 = _d1_d2(option, setting, volatility)
    sign = 1.0 if option.right == "C" else -1.0
    spot, strike = _discounted(option, setting)
    root = sqrt(option.years)
    density = exp(-d1 * d1 / 2.0) / _SQRT_2_PI
    decay = (
        -spot * density * volatility / (2.0 * root)
        + sign * setting.dividends * spot * normal(sign * d1)
        - sign * setting.rate * strike * normal(sign * d2)
    )
    return Greeks(
        price=sign * (spot * normal(sign * d1) - strike * normal(sign * d2)),
        delta=sign * spot / setting.spot * normal(sign * d1),
        gamma=spot * density / (setting.spot**2 * volatility * root),
        vega=spot * density * root * _VOL_POINT,
        theta=decay / DAYS_PER_YEAR,
    )


def bounds(option: Vanilla, setting: Setting) -> tuple[float, float]:
    """Return the prices of volatility zero and of infinite volatility."""
    spot, strike = _discounted(option, setting)
    if option.right == "C":
        return max(0.0, spot - strike), spot
    return max(0.0, strike - spot), strike


def normal(x: float) -> float:
    """Return the standard normal distribution function."""
    return 0.5 * (1.0 + erf(x / _SQRT_2))


def _d1_d2(option: Vanilla, setting: Setting, volatility: float) -> tuple[float, float]:
    spread = volatility * sqrt(option.years)
    drift = (setting.rate - setting.dividends) * option.years
    d1 = (log(setting.spot / option.strike) + drift) / spread + spread / 2.0
    return d1, d1 - spread


def _discounted(option: Vanilla, setting: Setting) -> tuple[float, float]:
    return (
        setting.spot * exp(-setting.dividends * option.years),
        option.strike * exp(-setting.rate * option.years),
    )
