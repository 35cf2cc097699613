"""What IB computes of an option: volatility and greeks from a price, and a price from them.

Works for any market, made up or recorded: it needs the option's terms, the underlying's
price and the time.

**Source**: IB "Option Greeks" page (ticks 10 to 13 and 53, and the two calculations).
"""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.gateway.market.api import Instrument
from ibelay.gateway.market.pricing.black_scholes import Greeks, Setting, Vanilla, greeks
from ibelay.gateway.market.pricing.implied import implied_volatility

RATE = 0.04
DIVIDENDS = 0.01
YEAR_NS = 365 * 86_400 * 1_000_000_000
# An option that is about to expire is priced as if a minute were left.
_SHORTEST_NS = 60 * 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """One option computation as IB sends it.

    Attributes:
        implied_volatility: Per year.
        greeks: With the price they belong to.
        under_price: Of the underlying, dollars.
        present_value_of_dividends: Dollars per share until expiry.
    """

    implied_volatility: float
    greeks: Greeks
    under_price: float
    present_value_of_dividends: float


def terms(option: Instrument, at_ns: int) -> Vanilla | None:
    """Return what is priced of *option* at *at_ns*; None if it is no living option."""
    contract = option.contract
    if option.expires_ns is None or at_ns >= option.expires_ns or contract.right not in {"C", "P"}:
        return None
    years = max(option.expires_ns - at_ns, _SHORTEST_NS) / YEAR_NS
    return Vanilla(contract.right, float(contract.strike), years)


def setting(under_price: float) -> Setting:
    """Return the rates of this world around *under_price*."""
    return Setting(under_price, RATE, DIVIDENDS)


def from_price(
    option: Instrument, under_price: float, price: float, at_ns: int
) -> Computation | None:
    """Return what *price* implies; None where no volatility does, or *option* is over."""
    vanilla = terms(option, at_ns)
    if vanilla is None or under_price <= 0:
        return None
    volatility = implied_volatility(vanilla, setting(under_price), price)
    return None if volatility is None else _computed(vanilla, under_price, volatility)


def from_volatility(
    option: Instrument, under_price: float, volatility: float, at_ns: int
) -> Computation | None:
    """Return what *option* is worth; None if it is over or the numbers are not positive."""
    vanilla = terms(option, at_ns)
    if vanilla is None or under_price <= 0 or volatility <= 0:
        return None
    return _computed(vanilla, under_price, volatility)


def _computed(vanilla: Vanilla, under_price: float, volatility: float) -> Computation:
    return Computation(
        implied_volatility=volatility,
        greeks=greeks(vanilla, setting(under_price), volatility),
        under_price=under_price,
        present_value_of_dividends=under_price * DIVIDENDS * vanilla.years,
    )
