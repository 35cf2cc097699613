"""What options, futures and bonds are worth: no arbitrage, and every way back."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - as in the other tests
from math import exp

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ibelay.gateway.market.api import Instrument
from ibelay.gateway.market.pricing.black_scholes import (
    Setting,
    Vanilla,
    bounds,
    greeks,
    normal,
    price,
)
from ibelay.gateway.market.pricing.bonds import clean_price, yield_of
from ibelay.gateway.market.pricing.implied import implied_volatility
from ibelay.gateway.market.pricing.model import YEAR_NS, from_price, from_volatility
from ibelay.gateway.market.pricing.surface import surface
from ibelay.model.contract import Contract

SPOTS = st.floats(5, 5000)
MONEYNESS = st.floats(0.6, 1.6)
YEARS = st.floats(1 / 365, 3)
VOLATILITIES = st.floats(0.05, 1.5)
RATES = st.floats(-0.01, 0.08)
RIGHTS = st.sampled_from("CP")


@given(SPOTS, MONEYNESS, YEARS, VOLATILITIES, RATES, RATES)
def test_call_less_put_is_forward_less_strike_discounted(
    spot: float, moneyness: float, years: float, volatility: float, rate: float, dividends: float
) -> None:
    setting, strike = Setting(spot, rate, dividends), spot * moneyness
    call, put = (price(Vanilla(right, strike, years), setting, volatility) for right in "CP")
    parity = (setting.forward(years) - strike) * exp(-rate * years)
    assert call - put == pytest.approx(parity, abs=1e-9 * spot)


@given(RIGHTS, SPOTS, MONEYNESS, YEARS, VOLATILITIES)
def test_price_lies_between_its_bounds_and_rises_with_volatility(
    right: str, spot: float, moneyness: float, years: float, volatility: float
) -> None:
    option, setting = Vanilla(right, spot * moneyness, years), Setting(spot, 0.04, 0.01)
    least, most = bounds(option, setting)
    here, above = (price(option, setting, v) for v in (volatility, volatility + 0.1))
    assert least - 1e-9 * spot <= here <= above + 1e-9 * spot <= most + 2e-9 * spot


@given(SPOTS, MONEYNESS, YEARS, VOLATILITIES, st.floats(1.001, 1.3))
def test_calls_fall_and_puts_rise_with_the_strike(
    spot: float, moneyness: float, years: float, volatility: float, further: float
) -> None:
    setting, strikes = Setting(spot), (spot * moneyness, spot * moneyness * further)
    low_call, high_call = (price(Vanilla("C", k, years), setting, volatility) for k in strikes)
    low_put, high_put = (price(Vanilla("P", k, years), setting, volatility) for k in strikes)
    assert high_call <= low_call + 1e-9 * spot
    assert low_put <= high_put + 1e-9 * spot


@given(RIGHTS, SPOTS, MONEYNESS, YEARS, VOLATILITIES)
def test_implied_volatility_is_the_way_back(
    right: str, spot: float, moneyness: float, years: float, volatility: float
) -> None:
    option, setting = Vanilla(right, spot * moneyness, years), Setting(spot, 0.04, 0.01)
    found = greeks(option, setting, volatility)
    assume(found.vega > 1e-6 * spot)  # where the price says anything about the volatility
    implied = implied_volatility(option, setting, found.price)
    assert implied == pytest.approx(volatility, abs=1e-5)


@given(RIGHTS, SPOTS, MONEYNESS, YEARS, st.floats(0, 2))
def test_implied_volatility_reprices_or_there_is_none(
    right: str, spot: float, moneyness: float, years: float, share: float
) -> None:
    option, setting = Vanilla(right, spot * moneyness, years), Setting(spot, 0.04, 0.01)
    asked = spot * share
    implied = implied_volatility(option, setting, asked)
    if implied is None:
        highest, lowest = (price(option, setting, v) for v in (5.0, 0.001))
        least, most = bounds(option, setting)
        assert not (lowest < asked < highest and least < asked < most)
    else:
        assert price(option, setting, implied) == pytest.approx(asked, abs=1e-6 * spot)


@given(RIGHTS, st.floats(50, 500), st.floats(0.8, 1.25), st.floats(0.05, 2), st.floats(0.1, 0.8))
def test_greeks_are_the_slopes_of_the_price(
    right: str, spot: float, moneyness: float, years: float, volatility: float
) -> None:
    strike, step = spot * moneyness, spot * 1e-4
    option = Vanilla(right, strike, years)

    def at(*, spot: float = spot, years: float = years, volatility: float = volatility) -> float:
        return price(Vanilla(right, strike, years), Setting(spot, 0.04, 0.01), volatility)

    found = greeks(option, Setting(spot, 0.04, 0.01), volatility)
    assert found.price == pytest.approx(at())
    up, down = at(spot=spot + step), at(spot=spot - step)
    assert found.delta == pytest.approx((up - down) / (2 * step), abs=1e-4)
    assert found.gamma == pytest.approx((up - 2 * at() + down) / step**2, abs=1e-3)
    vega = (at(volatility=volatility + 1e-4) - at(volatility=volatility - 1e-4)) / 0.02
    assert found.vega == pytest.approx(vega, abs=1e-5 * spot)
    day = 1 / 365
    theta = (at(years=years - day / 100) - at(years=years + day / 100)) / 0.02
    assert found.theta == pytest.approx(theta, abs=1e-4 * spot)


def test_textbook_values() -> None:
    """Hull, Options, Futures and Other Derivatives: S 42, K 40, r 10 %, σ 20 %, half a year."""
    setting = Setting(42, 0.10, 0.0)
    assert price(Vanilla("C", 40, 0.5), setting, 0.2) == pytest.approx(4.76, abs=0.005)
    assert price(Vanilla("P", 40, 0.5), setting, 0.2) == pytest.approx(0.81, abs=0.005)
    assert normal(0) == 0.5


@given(
    st.integers(0, 50),
    st.sampled_from(["SPX", "SPY", "AIG", "ZZZT"]),
    st.floats(2 / 365, 2.5),
    MONEYNESS,
)
def test_surface_leaves_no_vertical_arbitrage(
    seed: int, symbol: str, years: float, moneyness: float
) -> None:
    """A call with a higher strike is never dearer, a put never cheaper."""
    one, setting = surface(seed, symbol, "2025-06-02"), Setting(100.0, 0.04, 0.01)
    forward = setting.forward(years)
    strikes = (100 * moneyness, 100 * moneyness * 1.01)
    calls, puts = (
        [
            price(Vanilla(right, k, years), setting, one.volatility(k, forward, years))
            for k in strikes
        ]
        for right in "CP"
    )
    assert calls[1] <= calls[0] + 1e-9
    assert puts[0] <= puts[1] + 1e-9


def test_surface_skews_to_puts_has_a_term_structure_and_follows_the_seed() -> None:
    one = surface(1, "SPX", "2025-06-02")
    assert one.volatility(90, 100, 0.25) > one.at_the_money(0.25) > one.volatility(103, 100, 0.25)
    assert one.at_the_money(0.02) != one.at_the_money(2.0)
    assert 0.10 < one.at_the_money() < 0.22
    assert one == surface(1, "SPX", "2025-06-02")
    others = [surface(2, "SPX", "2025-06-02"), surface(1, "AIG", "2025-06-02")]
    assert one not in [*others, surface(1, "SPX", "2025-06-03")]


@given(st.floats(0, 12), st.floats(0.1, 30), st.floats(-0.02, 0.15))
def test_yield_is_the_way_back_from_a_bond_price(coupon: float, years: float, y: float) -> None:
    assert yield_of(coupon, years, clean_price(coupon, years, y)) == pytest.approx(y, abs=1e-8)


def test_bond_at_par_yields_its_coupon_and_falls_as_yields_rise() -> None:
    assert clean_price(4.25, 10.0, 0.0425) == pytest.approx(100)
    assert clean_price(4.25, 9.75, 0.05) < clean_price(4.25, 9.75, 0.04)
    assert yield_of(4.25, 10.0, 1e9) is None
    assert yield_of(4.25, 10.0, 0.0) is None


def option(right: str = "C", expires_ns: int | None = YEAR_NS) -> Instrument:
    contract = Contract(symbol="X", sec_type="OPT", strike=D(100), right=right)
    return Instrument(contract=contract, long_name="", expires_ns=expires_ns)


def test_computation_from_a_price_and_back_agree() -> None:
    there = from_volatility(option(), 101.0, 0.3, 0)
    assert there is not None
    back = from_price(option(), 101.0, there.greeks.price, 0)
    assert back is not None
    assert back.implied_volatility == pytest.approx(0.3, abs=1e-8)
    assert back.under_price == 101.0
    assert back.present_value_of_dividends == pytest.approx(1.01)


def test_nothing_is_computed_of_what_is_no_living_option_or_costs_too_little() -> None:
    assert from_price(option(), 101.0, 0.5, 0) is None
    assert from_price(option(expires_ns=None), 101.0, 9.0, 0) is None
    assert from_price(option(), 101.0, 9.0, YEAR_NS) is None
    assert from_price(option(right=""), 101.0, 9.0, 0) is None
    assert from_volatility(option(), 101.0, 0.0, 0) is None
    assert from_volatility(option(), 0.0, 0.3, 0) is None
