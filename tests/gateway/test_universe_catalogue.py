"""Contracts are found as IB finds them: by number, by name, or by some of their terms."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.gateway.exchange.catalogue import FOUND_MAX, Catalogue
from ibelay.gateway.market.api import Instrument
from ibelay.gateway.market.hours import trading_day
from ibelay.gateway.market.universe.build import universe
from ibelay.gateway.market.universe.words import read_words
from ibelay.model.contract import ComboLeg, Contract
from ibelay.model.ids import ConId

WORDS = ("SPY", "AIG", "BAC", "IBM", "SPX:IND", "ES:FUT", "EUR.USD:CASH", "037833AL4:BOND")
EVERYTHING = universe(read_words(WORDS), trading_day("2025-06-02")).everything
CATALOGUE = Catalogue(EVERYTHING)


def found(symbol: str = "", sec_type: str = "", exchange: str = "", **terms: Any) -> list[str]:
    """Return the local symbols of what is found."""
    contract = Contract(symbol=symbol, sec_type=sec_type, exchange=exchange, **terms)
    return [one.contract.local_symbol for one in CATALOGUE.find(contract)]


@given(st.sampled_from(EVERYTHING))
def test_number_and_full_description_find_the_one_instrument(one: Instrument) -> None:
    assert CATALOGUE.find(Contract(symbol="", con_id=one.contract.con_id)) == [one]
    described = replace(one.contract, con_id=ConId(0))
    assert CATALOGUE.find(described, include_expired=True) == [one]


def test_number_nobody_has_finds_nothing() -> None:
    assert CATALOGUE.find(Contract(symbol="SPY", con_id=ConId(5))) == []
    assert CATALOGUE.get(ConId(5)) is None


def test_stock_is_found_on_smart_and_on_its_venues_only() -> None:
    assert found("SPY", "STK", "SMART") == ["SPY"]
    assert found("SPY", "STK", "ISLAND") == ["SPY"]
    assert found("SPY", "STK", "IDEALPRO") == []
    assert found("SPY", "STK", "SMART", currency="EUR") == []
    assert found("NONE", "STK", "SMART") == []


def test_future_without_a_month_is_every_living_expiry() -> None:
    assert found("ES", "FUT", "CME") == ["ESM5", "ESU5", "ESZ5", "ESH6", "ESM6", "ESU6"]
    assert found("ES", "FUT", "SMART") == []
    assert found("ES", "FUT", "CME", multiplier=D(5)) == []


@pytest.mark.parametrize("expiry", ["202512", "20251219"])
def test_future_is_found_by_month_and_by_day(expiry: str) -> None:
    assert found("ES", "FUT", "CME", last_trade_date=expiry) == ["ESZ5"]


def test_local_symbol_alone_is_enough() -> None:
    assert found(local_symbol="ESZ5", sec_type="FUT", exchange="CME") == ["ESZ5"]
    assert found(local_symbol="EUR.USD", sec_type="CASH", exchange="IDEALPRO", currency="") == [
        "EUR.USD"
    ]


def test_expired_contracts_are_found_when_asked_for() -> None:
    asked = Contract(symbol="ES", sec_type="FUT", exchange="CME")
    names = [c.contract.local_symbol for c in CATALOGUE.find(asked, include_expired=True)]
    assert names[:5] == ["ESM5", "ESM4", "ESU4", "ESZ4", "ESH5"]
    assert found("ES", "FUT", "CME", last_trade_date="20241220") == []


def test_continuous_contract_is_the_front_month_and_takes_no_orders() -> None:
    (one,) = CATALOGUE.find(Contract(symbol="ES", sec_type="CONTFUT", exchange="CME"))
    (front,) = CATALOGUE.find(Contract(symbol="", sec_type="FUT", local_symbol="ESM5", exchange=""))
    assert one.contract.con_id == front.contract.con_id
    assert (one.contract.sec_type, one.tradable) == ("CONTFUT", False)
    asked = Contract(symbol="", sec_type="CONTFUT", con_id=front.contract.con_id)
    assert CATALOGUE.find(asked) == [one]


def test_partial_option_is_everything_that_fits() -> None:
    of_day = found("SPY", "OPT", "SMART", last_trade_date="20250606")
    assert len(of_day) == 122
    calls = found("SPY", "OPT", "SMART", last_trade_date="20250606", right="CALL")
    assert len(calls) == 61
    assert found("SPY", "OPT", "SMART", last_trade_date="20250606", right="C", strike=D(450)) == [
        "SPY   250606C00450000"
    ]
    assert found("SPY", "OPT", "SMART", last_trade_date="20250606", strike=D("450.5")) == []


def test_trading_class_tells_index_options_apart() -> None:
    asked: dict[str, Any] = {"last_trade_date": "20250919", "strike": D(4500), "right": "P"}
    assert found("SPX", "OPT", "SMART", trading_class="SPXW", **asked) == ["SPXW  250919P04500000"]
    assert found("SPX", "OPT", "SMART", trading_class="SPX", **asked) == []


def test_combination_is_found_by_its_legs() -> None:
    spy, ibm = (CATALOGUE.find(Contract(symbol=s))[0].contract.con_id for s in ("SPY", "IBM"))
    legs = tuple(ComboLeg(con_id=one, ratio=1, action="BUY") for one in (spy, ibm))
    (bag,) = CATALOGUE.find(Contract(symbol="SPY", sec_type="BAG", legs=legs))
    assert (bag.contract.legs, bag.contract.con_id, bag.tradable) == (legs, 0, True)
    stray = (*legs, ComboLeg(con_id=ConId(5), ratio=1, action="SELL"))
    for wrong in ((), legs[:1], stray):
        assert CATALOGUE.find(Contract(symbol="SPY", sec_type="BAG", legs=wrong)) == []


def test_isin_and_cusip_find_the_bond() -> None:
    (bond,) = CATALOGUE.with_sec_id("isin", "US037833AL42")
    assert CATALOGUE.with_sec_id("CUSIP", "037833AL4") == [bond]
    assert CATALOGUE.with_sec_id("CUSIP", "nothing") == []


def test_search_goes_by_symbol_then_name_and_finds_no_derivatives() -> None:
    names = [one.contract.symbol for one in CATALOGUE.search("sp")]
    assert names[:2] == ["SPY", "SPX"]
    assert [one.contract.symbol for one in CATALOGUE.search("bank")] == ["BAC"]
    assert CATALOGUE.search("  ") == []
    assert CATALOGUE.search("ESZ5") == []
    assert {one.contract.sec_type for one in CATALOGUE.search("e")} <= {"STK", "IND", "CASH"}
    many = Catalogue(
        universe(read_words([f"AA{n}" for n in range(20)]), trading_day("2025-06-02")).listed
    )
    assert len(many.search("AA")) == FOUND_MAX


def test_chains_of_an_underlying_come_by_exchange_and_class() -> None:
    spx = CATALOGUE.search("SPX")[0].contract.con_id
    chains = CATALOGUE.option_chains(spx)
    assert [(one.exchange, one.trading_class) for one in chains] == [
        ("CBOE", "SPX"),
        ("CBOE", "SPXW"),
        ("SMART", "SPX"),
        ("SMART", "SPXW"),
    ]
    (weekly,) = [c for c in CATALOGUE.option_chains(spx, "SMART") if c.trading_class == "SPXW"]
    assert weekly.multiplier == 100
    assert weekly.expirations[0] == "20250606"
    assert list(weekly.strikes) == sorted(weekly.strikes)
    assert CATALOGUE.derivatives(spx) == ["OPT"]
    assert CATALOGUE.option_chains(ConId(5)) == []
