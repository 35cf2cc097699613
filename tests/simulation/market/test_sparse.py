"""The simulations' market: what every market keeps, with few quotes and any number of days."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal as D  # noqa: N817 - as in the other tests
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.api import Auction, MarketEvent, Print, QuoteChange, event_time_ns
from ibelay.gateway.market.bars import BarSeries
from ibelay.gateway.market.calendars.sessions import Hours
from ibelay.gateway.market.hours import SECOND_NS, trading_day
from ibelay.gateway.market.nights import nights_of
from ibelay.model.ids import ConId
from ibelay.testing.simulation.busy import FAR, STOP
from ibelay.testing.simulation.market.sparse import DAY_S, Sparse, SparseMarket

FRIDAY, MONDAY = trading_day("2025-06-06"), trading_day("2025-06-09")
MINUTE_NS, DAY_NS = 60 * SECOND_NS, DAY_S * SECOND_NS
_OTHER_PROCESS = """
from ibelay.testing.simulation.market.sparse import Sparse, SparseMarket
m = SparseMarket(7, ["SPY", "ZZZ"], "2025-06-06", 2, Sparse())
print(list(m.events(m.open_ns, m.open_ns + 90 * 10**9)))
"""


def market(
    *symbols: str,
    seed: int = 7,
    days: int = 2,
    every_s: int = 5,
    hours: Hours = Hours.US_STOCKS,
) -> SparseMarket:
    sparse = Sparse(every_s=every_s, hours=hours)
    return SparseMarket(seed, symbols or ("SPY",), "2025-06-06", days, sparse)


MARKET = market()
SPY = MARKET.instruments[0].contract.con_id
moments = st.integers(FRIDAY.start_ns - 5 * DAY_NS, MARKET.end_ns)


def test_same_arguments_give_the_same_prices_in_another_process() -> None:
    many = market("SPY", "ZZZ")
    here = list(many.events(many.open_ns, many.open_ns + 90 * SECOND_NS))
    other = subprocess.run(
        [sys.executable, "-c", _OTHER_PROCESS], capture_output=True, text=True, check=True
    )
    assert here
    assert other.stdout.strip() == str(here)


@given(st.lists(moments, min_size=3, max_size=3), st.booleans())
@settings(max_examples=40)
def test_prices_do_not_depend_on_how_they_are_asked_for(times: list[int], later: bool) -> None:
    """In pieces, in another order, beside other symbols, and by a market that began before."""
    fresh, beside = market(), market("IBM", "SPY", days=1 if later else 3)
    begin, middle, end = sorted(min(one, beside.end_ns) for one in times)  # both have that day
    end = min(end, begin + 7200 * SECOND_NS)
    middle = min(middle, end)
    second, first = fresh.events_of(SPY, middle, end), fresh.events_of(SPY, begin, middle)
    pieces = [list(second), list(first)]
    whole = list(MARKET.events_of(SPY, begin, end))
    assert pieces[1] + pieces[0] == whole
    assert list(beside.events_of(SPY, begin, end)) == whole
    assert [one for one in beside.events(begin, end) if one.con_id == SPY] == whole


@given(moments, st.lists(st.integers(1, 4000), min_size=1, max_size=60), st.integers(0, 3))
@settings(max_examples=40)
def test_whoever_follows_the_market_misses_nothing(begin: int, steps: list[int], back: int) -> None:
    """In steps of any size, also after a look back, as when a clock is set again."""
    one, at_ns, seen = market("SPY", "IBM"), begin, list[object]()
    for number, step in enumerate(steps):
        if number == back:
            assert list(one.events(begin, at_ns)) == seen
        until_ns = at_ns + step * SECOND_NS // 10
        seen += one.events(at_ns, until_ns)
        at_ns = until_ns
    assert seen == list(market("SPY", "IBM").events(begin, at_ns))


@pytest.mark.parametrize("other", [(8, "SPY"), (7, "QQQ")])
def test_seed_and_symbol_each_change_the_prices(other: tuple[int, str]) -> None:
    def shape(seed: int, symbol: str) -> list[float]:
        one = market(symbol, seed=seed)
        con_id = one.instruments[0].contract.con_id
        found = one.bars(con_id, one.open_ns, one.open_ns + 30 * MINUTE_NS, 60)
        return [float(bar.close / found[0].open) for bar in found]

    assert shape(*other) != shape(7, "SPY")


@pytest.mark.parametrize("every_s", [1, 5, 7, 60, 1800])
def test_day_is_plausible(every_s: int) -> None:
    """Quotes as often as asked for, on the tick, never crossed, in order, in hours only."""
    one = market("ZZZ", seed=3, every_s=every_s)
    events = list(one.events(FRIDAY.start_ns - 1, FRIDAY.end_ns))
    times = [event_time_ns(event) for event in events]
    assert times == sorted(times)
    assert FRIDAY.start_ns < times[0] <= FRIDAY.start_ns + SECOND_NS
    assert times[-1] < FRIDAY.end_ns
    quotes = [event.quote for event in events if isinstance(event, QuoteChange)]
    regular = [quote for quote in quotes if FRIDAY.open_ns < quote.at_ns <= FRIDAY.close_ns]
    assert len(regular) == 13 * -(-1800 // every_s)
    for quote in quotes:
        assert quote.bid is not None
        assert quote.ask is not None
        assert 1 <= (quote.ask - quote.bid) * 100 <= 2
        assert quote.bid * 100 % 1 == 0
    prints = [event for event in events if isinstance(event, Print)]
    assert len(quotes) / 3 < len(prints) <= len(quotes) + 2
    assert [event.auction for event in prints if event.auction] == [Auction.OPEN, Auction.CLOSE]


@pytest.mark.parametrize("seed", range(4))
def test_prices_move_enough_for_stops_and_targets_and_stay_where_they_belong(seed: int) -> None:
    """Within ten minutes, nearly always, further than a stop of ours is away; in weeks not 6 %."""
    one = market("SPY", seed=seed, days=20)
    minutes = one.bars(SPY, one.open_ns, FRIDAY.close_ns, 60)
    tens = [minutes[at : at + 10] for at in range(0, len(minutes), 10)]
    reached = [
        max(bar.high for bar in ten) - min(bar.low for bar in ten) > ten[0].open * STOP
        for ten in tens
    ]
    assert sum(reached) >= 0.9 * len(tens)
    far = [abs(ten[-1].close / ten[0].open - 1) > FAR for ten in tens]
    assert 0.1 * len(tens) < sum(far) < 0.9 * len(tens)
    days = one.bars(SPY, one.start_ns, one.end_ns, DAY_S)
    assert len(days) == 20
    assert max(bar.high for bar in days) / min(bar.low for bar in days) < D("1.06")
    steps = [abs(after.close / before.close - 1) for before, after in pairwise(minutes)]
    assert max(steps) < 0.005


@given(moments, st.sampled_from([1, 5, 10, 60, 300, 1200, 1800]), st.integers(0, 7200))
@settings(max_examples=40)
def test_bars_agree_with_the_events(begin: int, size_s: int, length_s: int) -> None:
    """As the gateway's own series makes them of the session's events from its beginning on."""
    end = min(begin + length_s * SECOND_NS, MARKET.end_ns)
    expected = [
        bar
        for session in MARKET.sessions(SPY, begin, end)
        for bar in BarSeries(
            _Session(session.begin_ns),
            midnight_ns=session.begin_ns - 4 * 3600 * SECOND_NS,
            start_ns=session.begin_ns,
            end_ns=session.end_ns,
            size_s=size_s,
        ).between(begin, end)
    ]
    assert market().bars(SPY, begin, end, size_s) == expected


class _Session:
    """The events of a session."""

    def __init__(self, begin_ns: int) -> None:
        self._begin_ns = begin_ns

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        return MARKET.events_of(SPY, max(after_ns, self._begin_ns - 1), until_ns)


def test_weeks_are_told_around_the_clock_and_nothing_happens_at_night() -> None:
    assert MARKET.start_ns == FRIDAY.midnight_ns
    assert MARKET.end_ns == MONDAY.midnight_ns + DAY_NS
    assert list(MARKET.events(FRIDAY.end_ns, MONDAY.start_ns)) == []
    assert MARKET.bars(SPY, FRIDAY.end_ns, MONDAY.start_ns, 5) == []
    assert nights_of(MARKET.instruments).end_of(FRIDAY.end_ns) == MONDAY.start_ns
    assert market(days=30).end_ns > MARKET.end_ns + 35 * DAY_NS


def test_with_the_hours_of_coins_there_is_no_night() -> None:
    awake = market(hours=Hours.CRYPTO)
    sunday = date(2025, 6, 8)
    noon = FRIDAY.midnight_ns + 2 * DAY_NS + 12 * 3600 * SECOND_NS
    assert sunday.weekday() == 6
    assert len(awake.bars(SPY, noon, noon + MINUTE_NS, 5)) == 12
    assert nights_of(awake.instruments).end_of(noon) is None


def test_the_close_before_is_carried_and_is_the_official_price() -> None:
    (close,) = (
        event.price
        for event in MARKET.events(FRIDAY.close_ns - 1, FRIDAY.close_ns)
        if isinstance(event, Print) and event.auction is Auction.CLOSE
    )
    quotes = [
        event.quote
        for event in MARKET.events(MONDAY.start_ns, MONDAY.start_ns + 300 * SECOND_NS)
        if isinstance(event, QuoteChange)
    ]
    assert {quote.previous_close for quote in quotes} == {close}
    last = MARKET.bars(SPY, FRIDAY.close_ns - 5 * SECOND_NS, FRIDAY.close_ns, 5)[-1]
    assert last.close == close


def test_days_are_told_once_they_are_over_and_agree_with_their_minutes() -> None:
    days = MARKET.bars(SPY, MARKET.history_ns(SPY), MONDAY.close_ns, DAY_S)
    assert [bar.at_ns for bar in days][-1] == FRIDAY.midnight_ns
    assert len(days) == 9
    minutes = MARKET.bars(SPY, FRIDAY.open_ns, FRIDAY.close_ns, 60)
    assert (days[-1].open, days[-1].close) == (minutes[0].open, minutes[-1].close)
    assert days[-1].high == max(bar.high for bar in minutes)
    assert days[-1].volume == sum(bar.volume for bar in minutes)


def test_what_stands_is_the_session_so_far() -> None:
    at_ns = FRIDAY.open_ns + 30 * MINUTE_NS
    assert list(MARKET.standing(SPY, at_ns)) == list(MARKET.events_of(SPY, FRIDAY.start_ns, at_ns))
    assert list(MARKET.standing(SPY, MONDAY.start_ns - 1))[-1].con_id == SPY


def test_sessions_and_instruments_are_complete() -> None:
    (spy,) = MARKET.instruments
    assert [one.open_ns for one in spy.sessions] == [FRIDAY.open_ns, MONDAY.open_ns]
    assert "20250606:0400-20250606:2000;20250607:CLOSED" in spy.trading_hours
    assert MARKET.sessions(SPY, FRIDAY.end_ns, MONDAY.start_ns - 1) == []
    assert len(MARKET.sessions(SPY, FRIDAY.end_ns - 1, MONDAY.start_ns)) == 2


def test_what_is_not_traded_here_is_a_key_error() -> None:
    for ask in (
        lambda: MARKET.bars(ConId(1), 0, 1, 5),
        lambda: MARKET.events_of(ConId(1), 0, 1),
        lambda: MARKET.standing(ConId(1), 1),
        lambda: MARKET.sessions(ConId(1), 0, 1),
        lambda: MARKET.history_ns(ConId(1)),
    ):
        with pytest.raises(KeyError):
            ask()


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="Saturday"):
        SparseMarket(1, ["SPY"], "2025-06-07", 1, Sparse())
    for every_s in (0, 1801):
        with pytest.raises(ConfigurationError, match="expected 1 to 1800"):
            Sparse(every_s=every_s)
    with pytest.raises(ConfigurationError, match="expected letters"):
        SparseMarket(1, ["ES:FUT"], "2025-06-06", 1, Sparse())
    with pytest.raises(ValueError, match="positive"):
        MARKET.bars(SPY, 0, 1, 0)
