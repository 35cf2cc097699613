"""Words become instruments as IB describes them, with made-up numbers that never collide."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.api import Instrument
from ibelay.gateway.market.hours import trading_day
from ibelay.gateway.market.universe.build import Universe, universe
from ibelay.gateway.market.universe.expiries import future_expiry, option_expiries, trades
from ibelay.gateway.market.universe.futures import continuous
from ibelay.gateway.market.universe.known import BONDS, COINS, FUTURES, INDICES, PAIRS
from ibelay.gateway.market.universe.numbers import STRIKES, option_number, unique
from ibelay.gateway.market.universe.options import local_symbol, strike_step
from ibelay.gateway.market.universe.words import Kind, Word, read_words

DAY = trading_day("2025-06-02")
EVERY_WORD = (
    *("SPY", "QQQ", "AIG", "BAC", "IBM", "ZZZT"),
    *(f"{symbol}:IND" for symbol in INDICES),
    *(f"{root}:FUT" for root in FUTURES),
    *(f"{pair}:CASH" for pair in PAIRS),
    *(f"{coin}:CRYPTO" for coin in COINS),
    *(f"{cusip}:BOND" for cusip in BONDS),
)


def of(*words: str, day: str = "2025-06-02") -> Universe:
    return universe(read_words(words), trading_day(day))


def named(everything: Universe, local: str) -> Instrument:
    (found,) = [one for one in everything.everything if one.contract.local_symbol == local]
    return found


def test_words_say_symbol_and_type() -> None:
    assert read_words(["spy", " es:fut ", "SPY", "eur.usd:CASH"]) == (
        Word("SPY", Kind.STOCK),
        Word("ES", Kind.FUTURE),
        Word("EUR.USD", Kind.FOREX),
    )


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("ES:OPT", "STK, IND, FUT"),
        ("XX:FUT", "ES, NQ"),
        ("USD.EUR:CASH", "EUR.USD"),
        ("EUR.USD.JPY:CASH", "EUR.USD"),
        ("DOGE:CRYPTO", "BTC, ETH"),
        ("", "letters and digits"),
        ("../x", "letters and digits"),
    ],
)
def test_words_that_name_nothing_are_refused_with_what_exists(word: str, hint: str) -> None:
    with pytest.raises(ConfigurationError, match=hint):
        read_words([word])


def test_words_of_the_guide_exist_with_what_it_says_comes_with_them() -> None:
    guide = Path(__file__).parents[2] / "docs" / "guides" / "markets.md"
    words = re.findall(r"^\| `([A-Z0-9.:]+)` \|", guide.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(words) == len(Kind)
    assert {word.kind for word in read_words(words)} == set(Kind)
    assert of(*words).derived


def test_no_words_and_too_many_words_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least one"):
        read_words([])
    with pytest.raises(ConfigurationError, match="200 at most"):
        read_words([f"S{n}" for n in range(201)])


def test_everything_there_is_has_its_own_number() -> None:
    everything = of(*EVERY_WORD).everything
    assert len({one.contract.con_id for one in everything}) == len(everything) > 6000
    assert all(0 < one.contract.con_id < 2**31 for one in everything)
    assert {one.contract.sec_type for one in everything} == {
        *("STK", "IND", "FUT", "OPT", "CASH", "CRYPTO", "BOND"),
    }


def test_same_number_twice_is_refused_with_both_names() -> None:
    (one,) = of("BTC:CRYPTO").listed
    (other,) = of("BTC:CRYPTO", day="2025-06-03").listed
    with pytest.raises(ConfigurationError, match=r"BTC.USD .* BTC.USD"):
        unique([one, other])


def test_what_words_name_is_listed_in_their_order_and_the_rest_derives() -> None:
    found = of("SPX:IND", "ES:FUT", "SPY")
    assert [one.contract.local_symbol for one in found.listed] == ["SPX", "ESM5", "SPY"]
    derived = {(one.contract.symbol, one.contract.sec_type) for one in found.derived}
    assert derived == {
        *(("SPX", "OPT"), ("SPY", "OPT")),
        *(("ES", "IND"), ("ES", "FUT"), ("MES", "IND"), ("MES", "FUT")),
    }


def test_future_is_described_as_ib_does() -> None:
    december = named(of("ES:FUT"), "ESZ5")
    contract = december.contract
    assert contract.con_id == 495512563
    assert (contract.exchange, contract.multiplier, contract.trading_class) == ("CME", D(50), "ES")
    assert (contract.last_trade_date, december.contract_month) == ("20251219", "202512")
    assert (december.min_tick, december.under_con_id) == (D("0.25"), 11004968)
    assert december.initial_margin is not None
    assert december.maintenance_margin is not None
    assert december.maintenance_margin < december.initial_margin
    assert december.time_zone == "US/Central"


@pytest.mark.parametrize(("day", "front"), [("2025-06-20", "ESM5"), ("2025-06-23", "ESU5")])
def test_front_month_is_the_first_that_has_not_expired(day: str, front: str) -> None:
    found = of("ES:FUT", day=day)
    assert found.listed[0].contract.local_symbol == front
    living = [one for one in found.derived if one.tradable and one.contract.sec_type == "FUT"]
    assert 4 <= len(living) + 1 <= 8
    expired = [one for one in found.derived if not one.tradable and one.expires_ns]
    assert len(expired) == 4
    assert continuous(found.listed[0]).contract.sec_type == "CONTFUT"


@pytest.mark.parametrize(
    ("rule", "year", "month", "last"),
    [
        ("third Friday", 2025, 12, date(2025, 12, 19)),
        ("third Friday", 2026, 6, date(2026, 6, 18)),
        ("before the 25th", 2025, 7, date(2025, 6, 20)),
        ("before the 25th", 2026, 1, date(2025, 12, 19)),
        ("third to last day", 2025, 6, date(2025, 6, 26)),
        ("third to last day", 2025, 12, date(2025, 12, 29)),
    ],
)
def test_last_trading_days(rule: str, year: int, month: int, last: date) -> None:
    assert future_expiry(rule, year, month) == last


def test_unknown_rule_of_expiry_is_refused() -> None:
    with pytest.raises(ValueError, match="no rule"):
        future_expiry("full moon", 2025, 1)


@given(st.dates(date(2005, 1, 3), date(2040, 12, 1)))
def test_option_expiries_are_trading_days_ahead_with_weeks_months_and_a_long_one(
    today: date,
) -> None:
    expiries = option_expiries(today)
    assert list(expiries) == sorted(expiries)
    assert all(day >= today and trades(day) for day in expiries)
    assert sum(expiries.values()) >= 5
    assert len(expiries) >= 9
    assert 365 <= (max(expiries) - today).days <= 1000


def test_option_is_described_as_ib_does() -> None:
    option = named(of("SPY"), "SPY   250620C00450000")
    contract = option.contract
    assert (contract.symbol, contract.sec_type, contract.exchange) == ("SPY", "OPT", "SMART")
    assert (contract.last_trade_date, contract.strike, contract.right) == ("20250620", D(450), "C")
    assert (contract.multiplier, option.under_con_id) == (D(100), 756733)
    assert [step.increment for step in option.price_steps] == [D("0.01"), D("0.01")]
    ibm = named(of("IBM"), "IBM   250620P00185000")
    assert [(s.low_edge, s.increment) for s in ibm.price_steps] == [
        (D(0), D("0.01")),
        (D(3), D("0.05")),
    ]


def test_index_options_have_a_weekly_class_and_a_monthly_one_that_ends_the_day_before() -> None:
    options = [one.contract for one in of("SPX:IND").derived if one.contract.sec_type == "OPT"]
    monthly = {one.last_trade_date for one in options if one.trading_class == "SPX"}
    weekly = {one.last_trade_date for one in options if one.trading_class == "SPXW"}
    assert "20250717" in monthly
    assert "20250718" in weekly
    assert not monthly & weekly


def test_strikes_surround_the_price_in_even_steps() -> None:
    strikes = sorted(
        {
            one.contract.strike
            for one in of("SPY").derived
            if one.contract.last_trade_date == "20250606"
        }
    )
    assert (strikes[0], strikes[30], strikes[-1]) == (D(420), D(450), D(480))
    assert len(strikes) == 61
    assert (strike_step(38), strike_step(450), strike_step(4500)) == (D("0.5"), D(1), D(10))


def test_local_symbol_of_an_option_is_osi() -> None:
    assert local_symbol("F", date(2025, 6, 20), "P", D("12.5")) == "F     250620P00012500"


@given(
    trading_class=st.sampled_from(["SPY", "ZZZT"]),
    first=st.integers(0, 4000),
    step=st.sampled_from([D("0.5"), D(1), D("2.5")]),
    day=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
)
def test_a_chain_of_64_strikes_has_128_numbers(
    trading_class: str, first: int, step: D, day: date
) -> None:
    numbers = {
        option_number(trading_class, day, (first + n) * step, step, right)
        for n in range(STRIKES)
        for right in "CP"
    }
    assert len(numbers) == 2 * STRIKES


def test_pair_coin_and_bond_trade_in_their_own_units() -> None:
    euro, yen, coin, bond = of(
        "EUR.USD:CASH", "USD.JPY:CASH", "BTC:CRYPTO", "037833AL4:BOND"
    ).listed
    assert (euro.contract.symbol, euro.contract.currency) == ("EUR", "USD")
    assert (euro.contract.exchange, euro.min_tick, euro.min_size) == (
        "IDEALPRO",
        D("0.00005"),
        D(1),
    )
    assert (yen.min_tick, yen.contract.currency) == (D("0.005"), "JPY")
    assert (coin.contract.exchange, coin.size_increment) == ("PAXOS", D("0.00000001"))
    assert dict(bond.sec_ids)["ISIN"] == "US037833AL42"
    assert dict(bond.facts)["coupon"] == "3.85"
    assert dict(bond.facts)["maturity"] == "20430504"


def test_index_takes_no_orders() -> None:
    (spx,) = of("SPX:IND").listed
    assert not spx.tradable
    assert (spx.contract.con_id, spx.contract.exchange) == (416904, "CBOE")


def test_stock_of_a_fund_says_so() -> None:
    fund, share = of("SPY", "IBM").listed
    assert (fund.stock_type, share.stock_type) == ("ETF", "COMMON")
