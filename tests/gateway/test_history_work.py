"""How much past one question can have made: it is made in the loop that everybody shares."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from ib_async import Forex, Stock
from tests.gateway.pure import Talk

from ibelay.gateway.main import build_floor
from ibelay.gateway.market.bars import Series
from ibelay.gateway.market.making.days import MadeDay
from ibelay.gateway.options import GatewayOptions

SPY = Stock("SPY", "SMART", "USD")
EUR = Forex("EURUSD")
MOST_DAYS = 8
Act = Callable[[Any], None]


def bars(duration: str, size: str, what: str) -> Act:
    return lambda ib: ib.reqHistoricalData(1, SPY, "", duration, size, what, False, 1, False, [])


def ticks(contract: Any, start: str, what: str) -> Act:
    return lambda ib: ib.reqHistoricalTicks(1, contract, start, "", 1000, what, 0, False, [])


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(bars("20 D", "15 mins", "BID_ASK"), id="quotes of weeks"),
        pytest.param(bars("365 D", "5 mins", "MIDPOINT"), id="quotes of a year"),
        pytest.param(bars("5 Y", "20 mins", "TRADES"), id="prints of years"),
        pytest.param(ticks(EUR, "20200601 10:00:00 US/Eastern", "TRADES"), id="what never trades"),
        pytest.param(ticks(SPY, "19700101 10:00:00 US/Eastern", "BID_ASK"), id="long ago"),
    ],
)
def test_few_days_are_made_second_by_second(monkeypatch: pytest.MonkeyPatch, act: Act) -> None:
    made: set[date] = set()
    usual = MadeDay.series

    def series(self: MadeDay, *terms: Any) -> Series:
        made.add(self.day.date)
        return usual(self, *terms)

    settings = GatewayOptions(symbols=("SPY", "EUR.USD:CASH"), start="10:00")
    talk = Talk(build_floor(settings))
    monkeypatch.setattr(MadeDay, "series", series)
    said = talk.ask(act)
    assert said[-1][0] in {"4", "17", "96", "97", "98"}
    assert len(made) <= MOST_DAYS


def test_quotes_of_weeks_have_bars_all_the_same() -> None:
    talk = Talk(build_floor(GatewayOptions(symbols=("SPY",), start="10:00")))
    row = talk.ask(bars("20 D", "15 mins", "MIDPOINT"))[-1]
    assert row[0] == "17"
    assert int(row[4]) > 20 * 26
