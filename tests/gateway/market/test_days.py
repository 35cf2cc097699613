"""Markets of several days, and the nights in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ibelay.errors import ConfigurationError
from ibelay.gateway.market import synthetic
from ibelay.gateway.market.api import Market, Print, QuoteChange
from ibelay.gateway.market.calendars.instruments import with_hours
from ibelay.gateway.market.days import DaysMarket
from ibelay.gateway.market.hours import MAX_DAYS, SECOND_NS, market_days, trading_day
from ibelay.gateway.market.nights import Nights, nights_of
from ibelay.model.ids import ConId

SPY = ConId(756733)
FRIDAY, TUESDAY = trading_day("2025-01-17"), trading_day("2025-01-21")


@pytest.fixture(scope="module")
def market() -> Market:
    """A Friday, and the Tuesday after a long weekend."""
    days = [synthetic(1, ["SPY", "BAC"], day.date.isoformat()) for day in (FRIDAY, TUESDAY)]
    return DaysMarket(days, (FRIDAY.date, TUESDAY.date))


def last_price(market: Market, at_ns: int) -> object:
    events = market.events_of(SPY, at_ns - 300 * SECOND_NS, at_ns)
    return [event.price for event in events if isinstance(event, Print)][-1]


def test_it_begins_on_the_first_day_and_ends_on_the_last(market: Market) -> None:
    assert (market.start_ns, market.open_ns) == (FRIDAY.start_ns, FRIDAY.open_ns)
    assert (market.close_ns, market.end_ns) == (TUESDAY.close_ns, TUESDAY.end_ns)


def test_instruments_have_the_sessions_of_all_days(market: Market) -> None:
    spy = next(one for one in market.instruments if one.contract.con_id == SPY)
    assert [one.open_ns for one in spy.sessions] == [FRIDAY.open_ns, TUESDAY.open_ns]
    assert "20250117:0400-20250117:2000;20250118:CLOSED" in spy.trading_hours
    assert len({one.contract.con_id for one in market.instruments}) == len(market.instruments)


def test_every_day_plays_its_own_prices_and_the_night_is_empty(market: Market) -> None:
    assert list(market.events(FRIDAY.end_ns, TUESDAY.start_ns)) == []
    begin, end = TUESDAY.open_ns, TUESDAY.open_ns + 10 * SECOND_NS
    alone = synthetic(1, ["SPY", "BAC"], "2025-01-21")
    whole = [
        replace(e, quote=replace(e.quote, previous_close=None)) if isinstance(e, QuoteChange) else e
        for e in market.events(begin, end)
    ]
    expected = [
        replace(e, quote=replace(e.quote, previous_close=None)) if isinstance(e, QuoteChange) else e
        for e in alone.events(begin, end)
    ]
    assert whole == expected
    assert whole


def test_the_close_before_is_carried_over(market: Market) -> None:
    close = last_price(market, FRIDAY.close_ns)
    quotes = [
        event.quote
        for event in market.events_of(SPY, TUESDAY.start_ns, TUESDAY.start_ns + 60 * SECOND_NS)
        if isinstance(event, QuoteChange)
    ]
    assert quotes
    assert {quote.previous_close for quote in quotes} == {close}


def test_bars_of_both_days_and_none_of_the_night(market: Market) -> None:
    bars = market.bars(SPY, FRIDAY.close_ns - 60 * SECOND_NS, TUESDAY.open_ns, 1800)
    assert bars[0].at_ns == FRIDAY.close_ns
    assert [b for b in bars if FRIDAY.end_ns <= b.at_ns < TUESDAY.start_ns] == []
    assert bars[-1].at_ns == TUESDAY.open_ns - 1800 * SECOND_NS


def test_what_is_not_traded_here_is_a_key_error(market: Market) -> None:
    with pytest.raises(KeyError):
        market.bars(ConId(1), 0, 1, 5)
    with pytest.raises(KeyError):
        list(market.events_of(ConId(1), 0, 1))


def test_a_long_weekend_is_one_night(market: Market) -> None:
    nights = nights_of(market.instruments)
    assert nights.end_of(FRIDAY.end_ns - 1) is None
    assert nights.end_of(FRIDAY.end_ns) == TUESDAY.start_ns
    assert nights.end_of(TUESDAY.start_ns - 1) == TUESDAY.start_ns
    assert nights.end_of(TUESDAY.start_ns) is None
    assert nights.end_of(TUESDAY.end_ns) is None


def test_there_is_no_night_where_something_trades_around_the_clock(market: Market) -> None:
    stock = market.instruments[0]
    assert nights_of([stock]).end_of(FRIDAY.end_ns) is not None
    coin = replace(stock, contract=replace(stock.contract, sec_type="CRYPTO"))
    awake = [stock, with_hours(coin, FRIDAY.date, TUESDAY.date)]
    assert nights_of(awake).end_of(FRIDAY.end_ns) is None
    assert nights_of([stock, replace(stock, sessions=())]).end_of(FRIDAY.end_ns) is None


def test_no_nights_is_always_day() -> None:
    assert Nights().end_of(5) is None


def test_days_are_counted_in_trading_days_and_hold_what_lies_between() -> None:
    assert market_days("2025-01-17", 1) == (date(2025, 1, 17),)
    assert market_days("2025-01-17", 2) == tuple(date(2025, 1, day) for day in range(17, 22))
    for count in (0, MAX_DAYS + 1):
        with pytest.raises(ConfigurationError, match="cannot be played: expected 1 to"):
            market_days("2025-01-17", count)


def test_the_past_of_a_day_is_told_once() -> None:
    """Days know what came before them; asked from before them, each tells its own part."""
    days = [synthetic(1, ["SPY"], day.date.isoformat()) for day in (FRIDAY, TUESDAY)]
    both = DaysMarket(days, (FRIDAY.date, TUESDAY.date))
    begin, end = FRIDAY.open_ns, TUESDAY.open_ns
    alone = days[1]
    assert both.bars(SPY, begin, end, 300) == alone.bars(SPY, begin, end, 300)
    daily = both.bars(SPY, FRIDAY.start_ns - 7 * 86_400 * SECOND_NS, TUESDAY.end_ns, 86_400)
    times = [bar.at_ns for bar in daily]
    assert times == sorted(set(times))
    assert times[-2:] == [FRIDAY.midnight_ns, TUESDAY.midnight_ns]
    assert both.history_ns(SPY) == days[0].history_ns(SPY)
    opens = [one.open_ns for one in both.sessions(SPY, FRIDAY.start_ns, TUESDAY.end_ns)]
    assert opens == [FRIDAY.open_ns, TUESDAY.open_ns]


def test_what_derives_exists_on_its_days() -> None:
    days = [synthetic(1, ["SPY"], day.date.isoformat()) for day in (FRIDAY, TUESDAY)]
    both = DaysMarket(days, (FRIDAY.date, TUESDAY.date))
    options = [one for one in both.universe if one.contract.sec_type == "OPT"]
    assert len({one.contract.con_id for one in options}) == len(options)
    last = options[-1]
    assert [one.open_ns for one in last.sessions] == [FRIDAY.open_ns, TUESDAY.open_ns]
    at_ns = TUESDAY.open_ns + 600 * SECOND_NS
    events = list(both.standing(last.contract.con_id, at_ns))
    assert isinstance(events[-1], QuoteChange)
    expired = next(o for o in options if o.contract.last_trade_date == "20250117")
    assert list(both.events_of(expired.contract.con_id, FRIDAY.open_ns, FRIDAY.open_ns + 10**10))
    assert list(both.standing(expired.contract.con_id, at_ns)) == []
    with pytest.raises(KeyError):
        both.history_ns(ConId(1))
