"""Derived levels are near enough to be traded within the first hour, made up or real."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest

from ibelay.bots.levels import levels_from_bars
from ibelay.bots.scanner import Scanner
from ibelay.gateway.market import lean, synthetic
from ibelay.gateway.market.api import Market

SYMBOLS = ("SPY", "AIG", "BAC", "IBM")
HOUR_NS = 3_600_000_000_000
MARKET_DATA = Path(
    os.environ.get("IBELAY_MARKET_DATA", Path(__file__).parents[2] / ".." / "shared/market-data")
)


def levels(market: Market, date: str) -> Scanner:
    before = {
        instrument.contract.symbol: market.bars(
            instrument.contract.con_id, market.start_ns, market.open_ns, 5
        )
        for instrument in market.instruments
    }
    return levels_from_bars(before, date=date, before_ns=market.open_ns, window_s=1800)


def broken_in_the_first_hour(market: Market, scanner: Scanner) -> set[str]:
    broken: set[str] = set()
    for instrument in market.instruments:
        bars = market.bars(instrument.contract.con_id, market.open_ns, market.open_ns + HOUR_NS, 5)
        for before, bar in pairwise(bars):
            for setup in scanner.of(instrument.contract.symbol):
                if setup.broken_by(before.close, bar.close):
                    broken.add(setup.key)
    return broken


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_made_up_day_breaks_pivots_of_every_symbol(seed: int) -> None:
    market = synthetic(seed, SYMBOLS, "2013-10-08")
    broken = broken_in_the_first_hour(market, levels(market, "2013-10-08"))
    assert {key.split()[0] for key in broken} == set(SYMBOLS)


@pytest.mark.market_data
@pytest.mark.parametrize("date", ["2013-10-07", "2013-10-08", "2013-10-09"])
def test_each_real_day_breaks_pivots_of_most_symbols(date: str) -> None:
    folder = MARKET_DATA / "lean"
    if not folder.is_dir():
        pytest.skip(f"no real quotes at {folder}; set IBELAY_MARKET_DATA to their folder")
    market = lean(folder, date, SYMBOLS)
    broken = broken_in_the_first_hour(market, levels(market, date))
    assert len({key.split()[0] for key in broken}) >= 3
