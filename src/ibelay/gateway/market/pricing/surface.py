"""The volatility surface of an underlying: made up, smooth, and the same for the same seed.

Rules:
1. At the money the volatility runs from a short one to a long one::

       atm(T) = long + (short - long) e^(-T / 0.4)

   *long* lies between 22 and 48 % (13 to 17 % for indices and the funds on them), *short*
   within a quarter of it.
2. Away from the money it is atm(T) (1 - skew x + smile x²) with x = ln(K/F) / √T, where T
   counts as two weeks at least and x as 0.8 at most: puts below cost more than calls above.
3. A surface is a function of (seed, symbol, date); within a day it does not move, so that
   prices of options move with the underlying and with time alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from random import Random

_INDEX_LIKE = frozenset({"SPX", "NDX", "SPY", "QQQ", "IWM", "DIA"})
_TERM_YEARS = 0.4
_SHORTEST = 14 / 365
_FURTHEST = 0.8
_MONTH = 30 / 365


@dataclass(frozen=True, slots=True)
class Surface:
    """Volatilities per year of one underlying on one day."""

    short: float
    long: float
    skew: float
    smile: float

    def at_the_money(self, years: float = _MONTH) -> float:
        """Return the volatility of an option at the forward with *years* to run."""
        return self.long + (self.short - self.long) * exp(-years / _TERM_YEARS)

    def volatility(self, strike: float, forward: float, years: float) -> float:
        """Return the volatility of *strike*; *forward* is the price in *years*."""
        x = log(strike / forward) / sqrt(max(years, _SHORTEST))
        x = max(-_FURTHEST, min(_FURTHEST, x))
        return self.at_the_money(years) * (1.0 - self.skew * x + self.smile * x * x)


def surface(seed: int, symbol: str, date: str) -> Surface:
    """Return the surface of *symbol* on *date* (YYYY-MM-DD)."""
    lasting = _seeded(seed, symbol, "surface")
    todays = _seeded(seed, symbol, date, "surface")
    low, high = (0.13, 0.17) if symbol in _INDEX_LIKE else (0.22, 0.48)
    long = lasting.uniform(low, high)
    return Surface(
        short=long * todays.uniform(0.75, 1.25),
        long=long,
        skew=lasting.uniform(0.25, 0.45),
        smile=lasting.uniform(0.3, 0.5),
    )


def _seeded(*parts: object) -> Random:
    return Random(":".join(map(str, parts)))  # noqa: S311 - prices are not secrets
