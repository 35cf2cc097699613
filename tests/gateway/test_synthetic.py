"""The made-up market: the same for the same arguments, and worth trading."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest

from ibelay.errors import ConfigurationError
from ibelay.gateway.market import synthetic
from ibelay.gateway.market.api import Print, QuoteChange, event_time_ns
from ibelay.gateway.market.hours import SECOND_NS

DATE = "2024-03-05"
MINUTE_NS = 60 * SECOND_NS
_OTHER_PROCESS = """
from ibelay.gateway.market import synthetic
m = synthetic(7, ["SPY", "ZZZ"], "2024-03-05")
print(list(m.events(m.open_ns, m.open_ns + 90 * 10**9)))
"""


def test_same_arguments_give_the_same_prices_in_another_process() -> None:
    market = synthetic(7, ["SPY", "ZZZ"], DATE)
    here = list(market.events(market.open_ns, market.open_ns + 90 * SECOND_NS))
    other = subprocess.run(
        [sys.executable, "-c", _OTHER_PROCESS], capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == str(here)


def test_prices_do_not_depend_on_how_they_are_asked_for() -> None:
    """In pieces, backwards, or beside other symbols."""
    alone, beside = synthetic(7, ["SPY"], DATE), synthetic(7, ["AAPL", "SPY"], DATE)
    begin, end = alone.open_ns - 5 * MINUTE_NS, alone.open_ns + 15 * MINUTE_NS
    whole = list(alone.events(begin, end))
    piece_ns = 700_000_001
    starts = range(begin, end, piece_ns)
    pieces = {t: list(beside.events(t, min(t + piece_ns, end))) for t in reversed(starts)}
    spy = alone.instruments[0].contract.con_id
    assert [e for t in starts for e in pieces[t] if e.con_id == spy] == whole


@pytest.mark.parametrize("other", [(8, "SPY", DATE), (7, "QQQ", DATE), (7, "SPY", "2024-03-06")])
def test_seed_symbol_and_date_each_change_the_prices(other: tuple[int, str, str]) -> None:
    def shape(seed: int, symbol: str, date: str) -> list[float]:
        market = synthetic(seed, [symbol], date)
        con_id = market.instruments[0].contract.con_id
        found = market.bars(con_id, market.open_ns, market.open_ns + 30 * MINUTE_NS, 60)
        return [float(bar.close / found[0].open) for bar in found]

    assert shape(*other) != shape(7, "SPY", DATE)


def test_day_is_plausible() -> None:
    """One quote a second in the session, on cents, spread 1 to 3, never crossed, in order."""
    market = synthetic(3, ["ZZZ"], DATE)
    events = list(market.events(market.start_ns - 1, market.end_ns))
    times = [event_time_ns(event) for event in events]
    assert times == sorted(times)
    assert market.start_ns < times[0] < market.start_ns + 10 * SECOND_NS
    assert times[-1] <= market.end_ns
    quotes = [event.quote for event in events if isinstance(event, QuoteChange)]
    regular = [quote for quote in quotes if market.open_ns < quote.at_ns <= market.close_ns]
    assert len(regular) == 23_400
    for quote in quotes:
        assert quote.bid is not None
        assert quote.ask is not None
        assert 1 <= (quote.ask - quote.bid) * 100 <= 3
        assert quote.bid * 100 % 1 == 0
    prints = sum(isinstance(event, Print) for event in events)
    assert 23_400 < prints < 60_000


@pytest.mark.parametrize("seed", range(6))
def test_session_ranges_widely_enough_to_trade_and_breaks_out_within_the_hour(seed: int) -> None:
    """Out of the range of the five minutes around the open, by at least 0.4 %."""
    market = synthetic(seed, ["AAPL"], DATE)
    con_id = market.instruments[0].contract.con_id
    day = market.bars(con_id, market.open_ns, market.close_ns, 60)
    low, high = min(bar.low for bar in day), max(bar.high for bar in day)
    assert 0.015 < (high - low) / low < 0.045
    pivot_high = max(bar.high for bar in day[:2])
    pivot_low = min(bar.low for bar in day[:2])
    hour = day[2:60]
    up = max(bar.high for bar in hour) / pivot_high - 1
    down = 1 - min(bar.low for bar in hour) / pivot_low
    assert max(up, down) > 0.004
    steps = [abs(after.close / before.close - 1) for before, after in pairwise(day)]
    assert max(steps) < 0.005


def test_instruments_are_complete() -> None:
    (spy, other) = synthetic(1, ["spy", "ZZZ"], DATE).instruments
    assert spy.contract.con_id == 756733
    assert spy.contract.primary_exchange == "ARCA"
    assert other.contract.symbol == "ZZZ"
    assert other.liquid_hours == "20240305:0930-20240305:1600"


def test_weekend_has_no_market() -> None:
    with pytest.raises(ConfigurationError, match="Saturday"):
        synthetic(1, ["SPY"], "2024-03-02")


def test_bar_size_must_be_positive() -> None:
    market = synthetic(1, ["SPY"], DATE)
    with pytest.raises(ValueError, match="positive"):
        market.bars(market.instruments[0].contract.con_id, 0, 1, 0)


def test_events_of_all_instruments_come_in_order_of_time() -> None:
    market = synthetic(1, ["SPY", "IBM", "BTC:CRYPTO"], DATE)
    found = list(market.events(market.open_ns, market.open_ns + MINUTE_NS))
    times = [event_time_ns(event) for event in found]
    assert times == sorted(times)
    assert {event.con_id for event in found} == {o.contract.con_id for o in market.instruments}
