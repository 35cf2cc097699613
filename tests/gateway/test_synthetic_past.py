"""The days before a made-up day: bars of years, events of days, volatilities and yields."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - as in the other tests
from itertools import pairwise

import pytest

from ibelay.gateway.market import synthetic
from ibelay.gateway.market.api import Figure, Instrument
from ibelay.gateway.market.hours import SECOND_NS, trading_day
from ibelay.gateway.market.pricing.figures import (
    historical_volatility,
    historical_volatility_bars,
    yield_bars,
)
from ibelay.gateway.market.synthetic import SyntheticMarket
from ibelay.model.market import Bar

DATE, BEFORE = "2025-06-03", "2025-06-02"
DAY_S, MINUTE_NS = 86_400, 60 * SECOND_NS
DAY_NS = DAY_S * SECOND_NS
WORDS = ("IBM", "ES:FUT", "EUR.USD:CASH", "037833AL4:BOND", "SPX:IND")
MARKET = synthetic(1, WORDS, DATE)


def named(local: str, market: SyntheticMarket = MARKET) -> Instrument:
    return next(one for one in market.universe if one.contract.local_symbol == local)


def bars(local: str, days: int, size_s: int, until_ns: int = MARKET.end_ns) -> list[Bar]:
    con_id = named(local).contract.con_id
    return MARKET.bars(con_id, MARKET.start_ns - days * DAY_NS, until_ns, size_s)


@pytest.mark.parametrize("local", ["IBM", "ESM5", "EUR.USD", "037833AL4", "SPX"])
def test_a_year_of_daily_bars_is_there_and_plausible(local: str) -> None:
    found = bars(local, 365, DAY_S)
    assert 249 <= len(found) <= 252
    starts = [bar.at_ns for bar in found]
    assert starts == sorted(set(starts))
    for bar in found:
        assert bar.low <= min(bar.open, bar.close, bar.wap)
        assert max(bar.open, bar.close, bar.wap) <= bar.high
        assert bar.high / bar.low < D("1.08")
    moves = [abs(float(after.close / before.close) - 1) for before, after in pairwise(found)]
    assert 0.0005 < sum(moves) / len(moves) < 0.03
    assert max(moves) < 0.10


def test_day_under_way_has_no_daily_bar_yet() -> None:
    assert bars("IBM", 5, DAY_S, MARKET.close_ns)[-1].at_ns < MARKET.start_ns - DAY_NS // 2
    assert bars("IBM", 5, DAY_S)[-1].at_ns == trading_day(DATE).midnight_ns


def test_day_before_is_what_its_own_market_showed() -> None:
    """Events, bars and official prices; only the expiries that exist differ by date."""
    then = synthetic(1, WORDS, BEFORE)
    con_id = named("IBM").contract.con_id
    begin, end = then.open_ns + 3600 * SECOND_NS, then.open_ns + 3660 * SECOND_NS
    told = list(MARKET.events_of(con_id, begin, end))
    assert told == list(then.events_of(con_id, begin, end))
    assert told
    whole = then.bars(con_id, then.open_ns, then.close_ns, 300)
    assert MARKET.bars(con_id, then.open_ns, then.close_ns, 300) == whole
    day = next(bar for bar in bars("IBM", 3, DAY_S) if bar.at_ns == trading_day(BEFORE).midnight_ns)
    assert (day.open, day.close) == (whole[0].open, whole[-1].close)
    assert abs(day.high - max(bar.high for bar in whole)) < D("0.3")


def test_half_hours_of_a_year_are_quick_and_agree_with_the_days() -> None:
    con_id = named("IBM").contract.con_id
    found = MARKET.bars(con_id, MARKET.start_ns - 20 * DAY_NS, MARKET.start_ns, 1800)
    days = {bar.at_ns: bar for bar in bars("IBM", 20, DAY_S)}
    for midnight, day in list(days.items())[:-1]:
        inside = [bar for bar in found if midnight <= bar.at_ns < midnight + DAY_NS]
        assert len(inside) == 32
        regular = inside[11:24]
        assert (regular[0].open, regular[-1].close) == (day.open, day.close)
        assert max(bar.high for bar in regular) == day.high
        assert min(bar.low for bar in regular) == day.low
        assert sum(bar.volume for bar in inside) == pytest.approx(day.volume, rel=D("0.001"))
        assert regular[0].volume > regular[6].volume


def test_bars_run_on_from_the_past_into_the_day() -> None:
    found = bars("IBM", 1, 1800, MARKET.open_ns)
    times = [bar.at_ns for bar in found]
    assert times == sorted(set(times))
    assert times[0] < MARKET.start_ns <= times[-1]


def test_derived_instruments_have_a_past_that_begins_with_their_life() -> None:
    option = next(one for one in MARKET.universe if one.contract.sec_type == "OPT")
    con_id = option.contract.con_id
    found = MARKET.bars(con_id, MARKET.start_ns - 3650 * DAY_NS, MARKET.end_ns, DAY_S)
    assert 100 < len(found) < 190
    assert found[0].at_ns >= MARKET.history_ns(con_id) - DAY_NS // 2
    expired = named("ESZ4").contract
    gone = MARKET.bars(expired.con_id, MARKET.start_ns - 3650 * DAY_NS, MARKET.end_ns, DAY_S)
    assert len(gone) > 400
    assert gone[-1].at_ns <= trading_day("2024-12-20").midnight_ns


def test_stock_has_five_years() -> None:
    con_id = named("IBM").contract.con_id
    years = (MARKET.start_ns - MARKET.history_ns(con_id)) / (365 * DAY_NS)
    assert 4.9 < years < 5.1
    first = MARKET.bars(con_id, 0, MARKET.history_ns(con_id) + 3 * DAY_NS, DAY_S)
    assert len(first) >= 1


def test_sessions_of_the_past_and_of_the_day() -> None:
    con_id = named("IBM").contract.con_id
    found = MARKET.sessions(con_id, MARKET.start_ns - 7 * DAY_NS, MARKET.end_ns)
    assert [one.open_ns for one in found][-1] == MARKET.open_ns
    assert len(found) == 6
    assert MARKET.sessions(con_id, MARKET.end_ns, MARKET.end_ns + 1) == []


def test_historical_volatility_is_that_of_the_returns() -> None:
    assert historical_volatility([100, 101, 100, 101, 100]) == pytest.approx(0.182, abs=0.01)
    spx = named("SPX").contract.con_id
    begin = MARKET.start_ns - 30 * DAY_NS
    found = MARKET.volatility_bars(spx, begin, MARKET.end_ns, Figure.HISTORICAL_VOLATILITY)
    assert 18 <= len(found) <= 23
    assert all(D("0.05") < bar.close < D("0.6") for bar in found)
    assert historical_volatility_bars(bars("IBM", 20, DAY_S)) == []


def test_implied_volatility_opens_where_it_stood() -> None:
    ibm = named("IBM").contract.con_id
    begin = MARKET.start_ns - 30 * DAY_NS
    found = MARKET.volatility_bars(ibm, begin, MARKET.end_ns, Figure.OPTION_IMPLIED_VOLATILITY)
    assert len(found) >= 18
    assert all(after.open == before.close for before, after in pairwise(found))
    assert all(D("0.1") < bar.close < D("0.7") for bar in found)


def test_yields_are_prices_turned() -> None:
    prices = bars("037833AL4", 10, DAY_S)
    yields = yield_bars(named("037833AL4"), prices)
    assert all(D(3) < bar.low <= bar.close <= bar.high < D(8) for bar in yields)
    by_price = sorted(zip(prices, yields, strict=True), key=lambda pair: pair[0].close)
    assert by_price[0][1].close > by_price[-1][1].close
