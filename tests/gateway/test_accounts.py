"""Money of the account: every class of instrument, several currencies, days."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - the tests are full of them

import pytest

from ibelay.errors import ConfigurationError
from ibelay.gateway.exchange.accounts import Account
from ibelay.gateway.market.api import Instrument
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.model.order import Action

SPY = Contract(symbol="SPY", con_id=ConId(1))
ES = Contract(symbol="ES", sec_type="FUT", con_id=ConId(2), multiplier=D(50))
CALL = Contract(
    symbol="SPY",
    sec_type="OPT",
    con_id=ConId(3),
    multiplier=D(100),
    strike=D(500),
    right="C",
    last_trade_date="20250620",
)
EURUSD = Contract(symbol="EUR", sec_type="CASH", currency="USD", con_id=ConId(4))
USDJPY = Contract(symbol="USD", sec_type="CASH", currency="JPY", con_id=ConId(5))
EURGBP = Contract(symbol="EUR", sec_type="CASH", currency="GBP", con_id=ConId(6))
BTC = Contract(symbol="BTC", sec_type="CRYPTO", con_id=ConId(7))
BOND = Contract(symbol="US-T", sec_type="BOND", con_id=ConId(8), multiplier=D(1000))
SAP = Contract(symbol="SAP", currency="EUR", con_id=ConId(9))
CONTRACTS = (SPY, ES, CALL, EURUSD, USDJPY, EURGBP, BTC, BOND, SAP)
RATES = {"EUR": D("1.25"), "GBP": D("1.5"), "JPY": D("0.01")}
BUY, SELL = Action.BUY, Action.SELL


def account(cash: str = "100000") -> Account:
    """Return an account that may trade everything here, at round rates of exchange."""
    instruments = [Instrument(contract=one, long_name=one.symbol) for one in CONTRACTS]
    return Account("DU1", D(cash), instruments, rates=RATES)


def test_a_stock_is_paid_for_in_full() -> None:
    mine = account()
    assert mine.apply(SPY, BUY, D(100), D(400), D(1)) is None
    assert mine.balances == {"USD": D(59_999)}
    assert mine.net_liquidation == D(99_999)
    mine.mark(SPY.con_id, D(410))
    assert mine.unrealized == D(999)
    assert mine.apply(SPY, SELL, D(100), D(410), D(1)) == D(998)
    assert (mine.cash, mine.realized, mine.unrealized) == (D(100_998), D(998), D(0))


def test_a_future_pays_its_gains_and_never_its_notional() -> None:
    mine = account()
    mine.apply(ES, BUY, D(2), D(4500), D(4))
    assert mine.cash == D(99_996)
    mine.mark(ES.con_id, D(4510))
    assert mine.cash == D(99_996)
    assert mine.net_liquidation == D(100_996)
    assert mine.gross_position_value == 0
    assert mine.row(ES.con_id).position.average_cost == D(225_002)
    assert mine.apply(ES, SELL, D(3), D(4510), D(6)) == D(1000) - 4 - 4
    assert mine.cash == D(99_996) + 1000 - 6
    mine.mark(ES.con_id, D(4500))
    assert mine.net_liquidation == mine.cash + 500


def test_the_premium_of_an_option_is_paid_times_its_multiplier() -> None:
    mine = account()
    mine.apply(CALL, BUY, D(3), D("2.5"), D("1.95"))
    assert mine.cash == D(100_000) - 750 - D("1.95")
    assert mine.row(CALL.con_id).position.average_cost == D("250.65")
    short = account()
    short.apply(CALL, SELL, D(1), D(2), D(1))
    short.mark(CALL.con_id, D(3))
    assert (short.cash, short.net_liquidation) == (D(100_199), D(99_899))


def test_a_bond_costs_per_cent_of_its_face() -> None:
    mine = account()
    mine.apply(BOND, BUY, D(10), D("98.5"), D(5))
    assert mine.cash == D(100_000) - 9850 - 5
    mine.mark(BOND.con_id, D(99))
    assert mine.net_liquidation == D(100_045)


def test_a_coin_is_paid_for_in_full_and_in_fractions() -> None:
    mine = account()
    mine.apply(BTC, BUY, D("0.25"), D(40_000), D(18))
    assert mine.cash == D(89_982)


def test_forex_moves_two_balances_and_is_still_a_position() -> None:
    mine = account()
    mine.mark(EURUSD.con_id, D("1.25"))
    mine.apply(EURUSD, BUY, D(20_000), D("1.25"), D(2))
    assert mine.balances == {"USD": D(74_998), "EUR": D(20_000)}
    assert mine.net_liquidation == D(99_998)
    row = mine.row(EURUSD.con_id)
    assert (row.position.quantity, row.position.average_cost) == (D(20_000), D("1.2501"))
    mine.mark(EURUSD.con_id, D("1.30"))
    assert mine.net_liquidation == D(100_998)
    assert mine.unrealized == D(998)
    assert mine.gross_position_value == 0


def test_a_pair_that_begins_with_the_base_gives_the_rate_upside_down() -> None:
    mine = account()
    mine.mark(USDJPY.con_id, D(125))
    mine.apply(USDJPY, BUY, D(1000), D(125), D(0))
    assert mine.balances == {"USD": D(101_000), "JPY": D(-125_000)}
    assert mine.net_liquidation == D(100_000)


def test_a_cross_is_worth_what_the_rates_of_its_currencies_say() -> None:
    mine = account()
    mine.apply(EURGBP, BUY, D(12_000), D("0.8"), D(0))
    assert mine.balances == {"USD": D(100_000), "GBP": D(-9600), "EUR": D(12_000)}
    assert mine.net_liquidation == D(100_000) + 12_000 * D("1.25") - 9600 * D("1.5")
    assert mine.unrealized.quantize(D("1e-9")) == mine.net_liquidation - 100_000


def test_a_foreign_stock_is_paid_in_its_currency_and_counted_in_the_base() -> None:
    mine = account()
    mine.apply(SAP, BUY, D(100), D(100), D(4))
    assert mine.balances == {"USD": D(100_000), "EUR": D(-10_004)}
    mine.mark(SAP.con_id, D(104))
    assert mine.net_liquidation == D(100_495)
    assert mine.apply(SAP, SELL, D(100), D(104), D(4)) == D(392)
    assert mine.realized == D(490)


def test_a_currency_without_a_rate_is_refused_before_trading() -> None:
    odd = Instrument(contract=Contract(symbol="X", currency="XAU"), long_name="X")
    with pytest.raises(ConfigurationError, match="XAU to USD"):
        Account("DU1", D(1), [odd])
    Account("DU1", D(1), [odd], rates={"XAU": D(2000)})


def test_fixed_rates_are_against_the_base_whatever_it_is() -> None:
    mine = Account("DU1", D(1000), base="EUR")
    mine.apply(SPY, BUY, D(1), D(110), D(0))
    assert mine.net_liquidation.quantize(D("1e-9")) == D(1000)
    assert mine.gross_position_value.quantize(D("1e-9")) == D(100)


def test_a_day_begins_with_futures_paid_and_closed_positions_gone() -> None:
    mine = account()
    mine.apply(ES, BUY, D(1), D(4500), D(2))
    mine.apply(SPY, BUY, D(10), D(400), D(1))
    mine.apply(SPY, SELL, D(10), D(401), D(1))
    mine.mark(ES.con_id, D(4520))
    before = mine.net_liquidation
    mine.start_day()
    assert mine.net_liquidation == before
    assert mine.cash == before
    assert [row.position.contract for row in mine.rows()] == [ES]
    assert (mine.realized, mine.row(ES.con_id).position.average_cost) == (D(0), D(225_002))
