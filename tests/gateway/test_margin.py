"""Margin: what positions bind, what orders would do, and what cannot be paid for."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from typing import Any

import pytest

from ibelay.gateway.exchange.accounts import Account, Trade
from ibelay.gateway.exchange.money.margin import Requirement, requirement
from ibelay.gateway.market.api import Instrument
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.model.order import Action

BUY, SELL = Action.BUY, Action.SELL
UNDER = ConId(1)


def instrument(
    sec_type: str = "STK",
    *,
    con_id: int = 9,
    multiplier: int = 1,
    right: str = "",
    strike: int = 0,
    **terms: Any,
) -> Instrument:
    """Return an instrument with *terms* of its own."""
    contract = Contract(
        symbol="X",
        sec_type=sec_type,
        con_id=ConId(con_id),
        multiplier=D(multiplier),
        right=right,
        strike=D(strike),
    )
    return Instrument(contract=contract, long_name="X", **terms)


def option(right: str, strike: int) -> Instrument:
    return instrument(
        "OPT",
        con_id=2,
        right=right,
        strike=strike,
        multiplier=100,
        under_con_id=UNDER,
        under_sec_type="STK",
    )


STOCK = instrument(con_id=1)
ES = instrument(
    "FUT",
    con_id=3,
    multiplier=50,
    initial_margin=D(16_500),
    maintenance_margin=D(15_000),
)
COIN = instrument("CRYPTO", con_id=4)
EURUSD = Instrument(
    contract=Contract(symbol="EUR", sec_type="CASH", con_id=ConId(5)), long_name="EUR"
)


@pytest.mark.parametrize(
    ("what", "quantity", "price", "initial", "maintenance"),
    [
        (STOCK, 100, "40", 1000, 1000),
        (STOCK, -100, "40", 1200, 1200),
        (STOCK, -100, "10", 500, 500),
        (STOCK, -100, "4", 400, 400),
        (STOCK, -100, "1", 250, 250),
        (ES, 2, "4500", 33_000, 30_000),
        (ES, -2, "4500", 33_000, 30_000),
        (instrument("FUT", multiplier=10), 1, "100", 100, 80),
        (instrument("FUT", multiplier=1000), 1, "-30", 3000, 2400),
        (COIN, 2, "30000", 60_000, 60_000),
        (instrument("BOND", multiplier=1000), 10, "98", 2450, 1960),
        (EURUSD, 20_000, "1.1", 0, 0),
        (option("C", 100), 5, "3", 0, 0),
        (STOCK, 0, "40", 0, 0),
    ],
)
def test_a_position_binds_what_its_class_asks(
    what: Instrument, quantity: int, price: str, initial: int, maintenance: int
) -> None:
    bound = requirement(what, D(quantity), D(price))
    assert bound == Requirement(D(initial), D(maintenance))


def account(cash: int = 10_000) -> Account:
    return Account("DU1", D(cash), [STOCK, option("C", 100), ES, COIN, EURUSD])


def test_funds_are_equity_less_margin_and_buying_power_four_times_that() -> None:
    mine = account()
    mine.mark(UNDER, D(100))
    mine.apply(STOCK.contract, BUY, D(100), D(100), D(0))
    state = mine.margin()
    assert (state.initial, state.maintenance, state.equity_with_loan) == (
        D(2500),
        D(2500),
        D(10_000),
    )
    assert (state.available_funds, state.excess_liquidity) == (D(7500), D(7500))
    assert mine.buying_power == 30_000
    mine.mark(UNDER, D(5))
    assert mine.buying_power == (10_000 - 9500 - 125) * 4


def test_options_lend_nothing_and_premium_received_is_bound() -> None:
    mine = account()
    mine.mark(UNDER, D(100))
    call = option("C", 100)
    mine.apply(call.contract, BUY, D(1), D(3), D(0))
    assert (mine.margin().equity_with_loan, mine.margin().initial) == (D(9700), D(0))
    mine.apply(call.contract, SELL, D(2), D(3), D(0))
    state = mine.margin()
    assert (state.equity_with_loan, state.initial) == (D(10_300), D(2300))
    assert state.available_funds == 10_000 - 2000


def test_money_in_another_currency_binds_a_haircut() -> None:
    mine = account()
    mine.mark(EURUSD.contract.con_id, D("1.25"))
    mine.apply(EURUSD.contract, BUY, D(40_000), D("1.25"), D(0))
    assert mine.margin().initial == 1500


def test_an_effect_is_before_change_and_after_with_the_commission() -> None:
    mine = account()
    mine.mark(UNDER, D(100))
    mine.apply(STOCK.contract, BUY, D(100), D(100), D(0))
    effect = mine.effect(BUY, STOCK, D(100), D(100))
    assert effect.figures() == {
        "commission": D(1),
        "initMarginBefore": D(2500),
        "initMarginChange": D(2500),
        "initMarginAfter": D(5000),
        "maintMarginBefore": D(2500),
        "maintMarginChange": D(2500),
        "maintMarginAfter": D(5000),
        "equityWithLoanBefore": D(10_000),
        "equityWithLoanChange": D(-1),
        "equityWithLoanAfter": D(9999),
    }
    assert effect.commission_currency == "USD"
    assert mine.quantity(UNDER) == 100


def test_an_order_beyond_the_funds_is_objected_to_with_both_amounts() -> None:
    mine = account()
    mine.mark(UNDER, D(100))
    assert mine.objection(BUY, STOCK, D(399), D(100)) is None
    code, text = mine.objection(BUY, STOCK, D(401), None) or (0, "")
    assert code == 201
    assert "EQUITY WITH LOAN VALUE [9998.00 USD]" in text
    assert "INITIAL MARGIN [10025.00 USD]" in text


def test_a_limit_better_than_the_market_pays_for_nothing() -> None:
    """Else a buy at 1 of what is worth 100 would be its own funds."""
    mine = account()
    mine.mark(UNDER, D(100))
    assert mine.objection(BUY, STOCK, D(500), D(1))
    assert mine.objection(SELL, STOCK, D(500), D(10_000))


def test_an_option_bought_costs_its_own_price_not_the_mark() -> None:
    mine = account(1000)
    call = option("C", 100)
    mine.mark(call.contract.con_id, D(50))
    assert mine.objection(BUY, call, D(1), D(9)) is None
    assert mine.objection(BUY, call, D(1), D(10))


def test_what_only_closes_is_never_objected_to() -> None:
    mine = account()
    mine.apply(STOCK.contract, BUY, D(300), D(100), D(0))
    mine.mark(UNDER, D(50))
    assert mine.margin().available_funds < 0
    assert mine.objection(SELL, STOCK, D(300), D(10)) is None
    assert mine.objection(SELL, STOCK, D(500), D(50))


def test_coins_are_not_sold_short() -> None:
    mine = account(100_000)
    mine.mark(COIN.contract.con_id, D(30_000))
    assert mine.objection(SELL, COIN, D("0.1"), None) == (
        201,
        "Order rejected - reason:cryptocurrencies cannot be sold short",
    )
    mine.apply(COIN.contract, BUY, D(1), D(30_000), D(50))
    assert mine.objection(SELL, COIN, D(1), None) is None


def test_without_mark_or_price_nothing_can_be_said() -> None:
    assert account().objection(BUY, STOCK, D(10**9), None) is None


def test_a_combination_is_judged_by_all_its_legs_together() -> None:
    mine = account(1000)
    mine.mark(UNDER, D(100))
    call = option("C", 100)
    legs = [Trade(STOCK, BUY, D(20), D(100)), Trade(call, BUY, D(1), D(3))]
    effect = mine.effect_of(legs)
    assert (effect.change.initial, effect.change.equity_with_loan) == (D(500), D(-302))
    assert effect.commission == 2
    assert mine.objection_to(legs) is None
    assert mine.objection_to([*legs, *legs])


def test_an_instrument_the_account_was_not_told_of_binds_its_own_margin() -> None:
    mine = Account("DU1", D(50_000))
    assert mine.effect(BUY, ES, D(1), D(4500)).after.initial == 16_500
