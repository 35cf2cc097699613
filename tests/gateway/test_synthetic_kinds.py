"""Made-up prices of every kind of instrument: tied to each other, and made when asked for."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - as in the other tests
from itertools import pairwise
from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibelay.gateway.market import synthetic
from ibelay.gateway.market.api import Instrument, MarketEvent, Print, QuoteChange, event_time_ns
from ibelay.gateway.market.hours import SECOND_NS
from ibelay.gateway.market.making.days import SERIES_MAX
from ibelay.gateway.market.pricing.model import RATE, YEAR_NS, from_price
from ibelay.gateway.market.synthetic import OPTION_BARS_MAX, SyntheticMarket
from ibelay.model.market import Quote

DATE = "2025-06-02"
MINUTE_NS, HOUR_NS = 60 * SECOND_NS, 3600 * SECOND_NS
WORDS = (
    *("SPY", "QQQ", "SPX:IND", "VIX:IND", "ES:FUT", "CL:FUT", "EUR.USD:CASH", "GBP.USD:CASH"),
    *("EUR.GBP:CASH", "USD.JPY:CASH", "BTC:CRYPTO", "91282CLW9:BOND"),
)
MARKET = synthetic(1, WORDS, DATE)
TRADED = ["SPY", "SPX", "ESM5", "ESZ5", "CLN5", "EUR.USD", "BTC.USD", "91282CLW9"]
OPTION = "SPY   250620C00450000"


def named(local: str, market: SyntheticMarket = MARKET) -> Instrument:
    (found,) = [
        one
        for one in market.universe
        if one.contract.local_symbol == local and one.contract.sec_type != "CONTFUT"
    ]
    return found


def during(
    local: str, begin_ns: int, seconds: int = 60, market: SyntheticMarket = MARKET
) -> list[MarketEvent]:
    con_id = named(local, market).contract.con_id
    return list(market.events_of(con_id, begin_ns, begin_ns + seconds * SECOND_NS))


def quotes(events: list[MarketEvent]) -> list[Quote]:
    return [event.quote for event in events if isinstance(event, QuoteChange)]


def middle(local: str, at_ns: int) -> float:
    """Return the middle of the last quote or print of the minute before *at_ns*."""
    event = during(local, at_ns - MINUTE_NS)[-1]
    if isinstance(event, Print):
        return float(event.price)
    assert event.quote.bid is not None
    assert event.quote.ask is not None
    return float(event.quote.bid + event.quote.ask) / 2


@pytest.mark.parametrize("local", [*TRADED, OPTION])
def test_asking_in_pieces_and_backwards_gives_the_same_events(local: str) -> None:
    begin = MARKET.open_ns + HOUR_NS
    whole = during(local, begin, 300)
    other = synthetic(1, WORDS, DATE)
    con_id = named(local, other).contract.con_id
    piece = 7_300_000_007
    starts = range(begin, begin + 300 * SECOND_NS, piece)
    end = begin + 300 * SECOND_NS
    pieces = {t: list(other.events_of(con_id, t, min(t + piece, end))) for t in reversed(starts)}
    assert [event for t in starts for event in pieces[t]] == whole
    assert whole


@pytest.mark.parametrize("local", [*TRADED, OPTION])
def test_quotes_stand_on_ticks_in_order_and_do_not_cross(local: str) -> None:
    one = named(local)
    events = during(local, MARKET.open_ns, 600)
    times = [event_time_ns(event) for event in events]
    assert times == sorted(times)
    for quote in quotes(events):
        if quote.ask is None:
            assert not one.tradable
            continue
        assert quote.bid is None or quote.bid < quote.ask
        for price in filter(None, (quote.bid, quote.ask)):
            steps = [s.increment for s in one.price_steps if price >= s.low_edge]
            assert price % (steps[-1] if steps else one.min_tick) == 0
        assert quote.previous_close is not None


def test_what_derives_has_no_events_until_it_is_named() -> None:
    shown = {event.con_id for event in MARKET.events(MARKET.open_ns, MARKET.open_ns + MINUTE_NS)}
    assert shown == {one.contract.con_id for one in MARKET.instruments}
    assert named(OPTION).contract.con_id not in shown
    assert during(OPTION, MARKET.open_ns)
    with pytest.raises(KeyError):
        MARKET.events_of(named(OPTION).contract.con_id.__class__(5), 0, 1)


def test_index_is_ten_times_its_fund_and_has_prints_without_size() -> None:
    at_ns = MARKET.open_ns + HOUR_NS
    assert middle("SPX", at_ns) == pytest.approx(10 * middle("SPY", at_ns), rel=2e-4)
    events = during("SPX", at_ns)
    assert {event.size for event in events if isinstance(event, Print)} == {D(0)}
    first = quotes(during("SPX", MARKET.open_ns))
    assert [(quote.bid, quote.ask) for quote in first] == [(None, None)]
    assert first[0].previous_close is not None


def test_future_is_its_index_grown_to_expiry() -> None:
    at_ns = MARKET.open_ns + HOUR_NS
    for local in ("ESM5", "ESZ5"):
        expires_ns = named(local).expires_ns
        assert expires_ns is not None
        grown = middle("SPX", at_ns) * exp(0.03 * (expires_ns - at_ns) / YEAR_NS)
        assert middle(local, at_ns) == pytest.approx(grown, rel=3e-4)


def test_pairs_agree_with_each_other() -> None:
    at_ns = MARKET.open_ns + HOUR_NS
    cross = middle("EUR.USD", at_ns) / middle("GBP.USD", at_ns)
    assert middle("EUR.GBP", at_ns) == pytest.approx(cross, rel=2e-4)
    assert 100 < middle("USD.JPY", at_ns) < 200


def test_fear_rises_when_the_market_falls() -> None:
    begin, end = MARKET.open_ns + MINUTE_NS, MARKET.close_ns
    fear = middle("VIX", end) / middle("VIX", begin) - 1
    market = middle("SPX", end) / middle("SPX", begin) - 1
    assert fear * market < 0


def test_option_pairs_keep_parity_within_their_spreads() -> None:
    """Buying the call and selling the put costs the forward less the strike, give or take."""
    at_ns = MARKET.open_ns + HOUR_NS
    spot = middle("SPY", at_ns)
    for strike in ("00430000", "00450000", "00465000"):
        call, put = (
            quotes(during(f"SPY   250620{right}{strike}", at_ns - MINUTE_NS))[-1] for right in "CP"
        )
        assert call.bid is not None
        assert call.ask is not None
        assert put.bid is not None
        assert put.ask is not None
        expires_ns = named(f"SPY   250620C{strike}").expires_ns
        assert expires_ns is not None
        years = (expires_ns - at_ns) / YEAR_NS
        fair = spot * exp(-0.01 * years) - float(strike) / 1000 * exp(-RATE * years)
        assert float(call.bid - put.ask) - 0.05 < fair < float(call.ask - put.bid) + 0.05


def test_calls_of_a_chain_get_cheaper_with_the_strike() -> None:
    at_ns = MARKET.open_ns + HOUR_NS
    asks = [
        quotes(during(f"SPY   250620C00{strike}000", at_ns - MINUTE_NS))[-1].ask
        for strike in range(425, 476, 5)
    ]
    assert all(low >= high for low, high in pairwise(filter(None, asks)))


def test_volatility_that_an_option_implies_is_plausible_and_skewed() -> None:
    at_ns = MARKET.open_ns + HOUR_NS
    implied = []
    for strike in ("430", "465"):
        local = f"SPY   250620P00{strike}000"
        found = from_price(named(local), middle("SPY", at_ns), middle(local, at_ns), at_ns)
        assert found is not None
        implied.append(found.implied_volatility)
    assert 0.08 < implied[1] < implied[0] < 0.35


@settings(max_examples=15)
@given(st.integers(0, 6 * 3600))
def test_board_of_an_option_is_what_all_its_events_would_show(second: int) -> None:
    at_ns = MARKET.open_ns + second * SECOND_NS
    con_id = named(OPTION).contract.con_id
    standing = list(MARKET.standing(con_id, at_ns))
    every = list(MARKET.events_of(con_id, MARKET.start_ns, at_ns))
    assert [e for e in standing if isinstance(e, Print)] == [
        e for e in every if isinstance(e, Print)
    ]
    assert quotes(standing) == quotes(every)[-1:]


def test_board_of_a_stock_is_all_its_events() -> None:
    con_id = named("SPY").contract.con_id
    at_ns = MARKET.start_ns + HOUR_NS
    every = list(MARKET.events_of(con_id, MARKET.start_ns, at_ns))
    assert list(MARKET.standing(con_id, at_ns)) == every


def test_options_have_no_quotes_before_the_open_and_none_after_the_close() -> None:
    assert during(OPTION, MARKET.open_ns - HOUR_NS, 3600) == []
    assert during(OPTION, MARKET.close_ns, 3600) == []


def test_expired_future_has_no_events_on_the_day() -> None:
    assert during("ESZ4", MARKET.open_ns, 3600) == []


def test_fraction_of_a_coin_can_be_had_and_no_fraction_of_a_bond() -> None:
    sizes = {quote.bid_size for quote in quotes(during("BTC.USD", MARKET.open_ns))}
    assert any(size is not None and 0 < size < 1 for size in sizes)
    bond = quotes(during("91282CLW9", MARKET.open_ns, 600))
    assert all(quote.bid_size is not None and quote.bid_size % 1 == 0 for quote in bond)


def test_bars_of_an_option_are_the_same_from_wherever_they_are_asked_for() -> None:
    con_id = named(OPTION).contract.con_id
    late, early = MARKET.open_ns + 3 * HOUR_NS + 7, MARKET.open_ns
    end = late + 20 * MINUTE_NS
    of_late = synthetic(1, WORDS, DATE).bars(con_id, late, end, 60)
    assert [bar for bar in MARKET.bars(con_id, early, end, 60) if bar.at_ns >= late] == of_late
    assert len(of_late) == 19
    market = synthetic(1, WORDS, DATE)
    market.bars(con_id, late, end, 60)
    assert market.bars(con_id, early, end, 60) == MARKET.bars(con_id, early, end, 60)


def test_asking_for_every_option_keeps_a_limited_number_of_them() -> None:
    market = synthetic(1, ["SPY", "IBM"], DATE)
    options = [one.contract.con_id for one in market.universe if one.contract.sec_type == "OPT"]
    begin = market.open_ns + HOUR_NS
    first = market.bars(options[0], begin, begin + 2 * MINUTE_NS, 60)
    for con_id in options[: SERIES_MAX + 50]:
        market.events_of(con_id, begin, begin)
    for con_id in options[: OPTION_BARS_MAX + 20]:
        market.bars(con_id, begin, begin, 5)
    assert len(market._today._series) <= SERIES_MAX
    assert len(market._bars) <= OPTION_BARS_MAX
    assert market.bars(options[0], begin, begin + 2 * MINUTE_NS, 60) == first
