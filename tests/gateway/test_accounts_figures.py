"""IB's keys: totals in the base currency, and a ledger with a block per currency."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - the tests are full of them

import pytest

from ibelay.gateway.exchange.accounts import Account
from ibelay.gateway.exchange.money.cash import rounded
from ibelay.gateway.exchange.money.figures import Row
from ibelay.gateway.market.api import Instrument
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.model.order import Action

SPY = Contract(symbol="SPY", con_id=ConId(1))
ES = Contract(symbol="ES", sec_type="FUT", con_id=ConId(2), multiplier=D(50))
SAP = Contract(symbol="SAP", currency="EUR", con_id=ConId(3))
PUT = Contract(symbol="SPY", sec_type="OPT", con_id=ConId(4), multiplier=D(100), strike=D(90))
BUY, SELL = Action.BUY, Action.SELL


@pytest.fixture
def mine() -> Account:
    """An account with a stock, a future, an option, and a stock in euros."""
    instruments = [Instrument(contract=one, long_name="") for one in (SPY, ES, SAP, PUT)]
    made = Account("DU1", D(100_000), instruments, rates={"EUR": D("1.25")})
    made.apply(SPY, BUY, D(100), D(100), D(1))
    made.apply(SPY, SELL, D(50), D(102), D(1))
    made.apply(ES, BUY, D(1), D(4000), D(2))
    made.apply(SAP, BUY, D(80), D(100), D(4))
    made.apply(PUT, BUY, D(2), D(3), D("1.30"))
    made.mark(SPY.con_id, D(110))
    made.mark(ES.con_id, D(4010))
    made.mark(SAP.con_id, D(105))
    return made


def block(account: Account, currency: str) -> dict[str, D]:
    """Return the amounts of one ledger block."""
    words = {"AccountOrGroup", "Currency", "RealCurrency"}
    rows = account.ledger()
    return {
        row.key: D(row.value) for row in rows if row.currency == currency and row.key not in words
    }


def test_totals_agree_with_the_account(mine: Account) -> None:
    rows = {row.key: row for row in mine.totals()}
    assert rows["NetLiquidation"] == Row("NetLiquidation", "101589.70", "USD")
    assert D(rows["NetLiquidation"].value) == mine.net_liquidation
    assert D(rows["TotalCashValue"].value) == mine.cash
    assert D(rows["EquityWithLoanValue"].value) == mine.net_liquidation - 600
    state = mine.margin()
    assert D(rows["InitMarginReq"].value) == state.initial
    assert D(rows["LookAheadMaintMarginReq"].value) == state.maintenance
    assert D(rows["FullExcessLiquidity"].value) == state.excess_liquidity
    assert D(rows["PreviousDayEquityWithLoanValue"].value) == 100_000
    assert rows["AccountType"].currency == ""
    cushion = state.excess_liquidity / mine.net_liquidation
    assert rows["Cushion"].value == str(cushion.quantize(D("0.00001")))
    assert mine.cushion == cushion


def test_a_block_has_the_money_of_its_currency_by_class(mine: Account) -> None:
    euro = block(mine, "EUR")
    assert (euro["CashBalance"], euro["StockMarketValue"]) == (D(-8004), D(8400))
    assert (euro["NetLiquidationByCurrency"], euro["UnrealizedPnL"]) == (D(396), D(396))
    assert euro["ExchangeRate"] == D("1.25")
    dollar = block(mine, "USD")
    assert (dollar["StockMarketValue"], dollar["OptionMarketValue"]) == (D(5500), D(600))
    assert (dollar["FuturesPNL"], dollar["RealizedPnL"]) == (D(500), D("98.50"))


def test_base_is_the_sum_of_the_blocks_at_their_rates(mine: Account) -> None:
    base, euro, dollar = (block(mine, currency) for currency in ("BASE", "EUR", "USD"))
    for key in base.keys() - {"ExchangeRate"}:
        assert base[key] == dollar[key] + euro[key] * D("1.25"), key
    assert base["ExchangeRate"] == 1
    assert base["NetLiquidationByCurrency"] == mine.net_liquidation


def test_the_ledger_names_its_currencies_base_first(mine: Account) -> None:
    named = [(row.value, row.currency) for row in mine.ledger() if row.key == "Currency"]
    assert named == [("BASE", "BASE"), ("USD", "USD"), ("EUR", "EUR")]


def test_no_figure_is_written_with_an_exponent_or_as_negative_zero() -> None:
    made = Account("DU1", D(0), rates={"EUR": D(1)})
    made.apply(SAP, BUY, D("0.00001"), D("0.0001"), D(0))
    for row in made.values():
        assert "E-" not in row[1]
        assert not row[1].startswith("-0.0")


def test_the_largest_order_that_is_taken_can_be_written(mine: Account) -> None:
    """A million millions of options at as many dollars have more digits than decimals keep."""
    mine.apply(PUT, BUY, D(10) ** 12, D(10) ** 12, D(0))
    written = {row[0]: row[1] for row in mine.totals()}
    assert len(written["TotalCashValue"]) > 28
    assert rounded(mine.cash) == D(written["TotalCashValue"])
