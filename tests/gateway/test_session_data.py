"""Market data through the real ib_async: details, ticks, bars, history."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from ib_async import Contract, Stock
from ib_async.wrapper import RequestError
from tests.gateway.conftest import PATIENCE_S, SPY, Client, Connect, Start

from ibelay.gateway.server import PaperGateway

NEW_YORK = ZoneInfo("America/New_York")


async def test_contract_details_and_qualification(one: Client) -> None:
    contract = Stock("BAC", "SMART", "USD")
    assert await one.ib.qualifyContractsAsync(contract) == [contract]
    assert (contract.conId, contract.primaryExchange) == (10098, "NYSE")
    details = (await one.ib.reqContractDetailsAsync(Contract(conId=10098)))[0]
    assert (details.minTick, details.timeZoneId) == (0.01, "US/Eastern")
    assert "0930-" in details.liquidHours
    with pytest.raises(RequestError) as refused:
        await one.ib.reqContractDetailsAsync(Stock("NOPE", "SMART", "USD"))
    assert refused.value.code == 200


async def test_top_of_book_streams(start: Start, connect: Connect) -> None:
    client = await connect(await start(speed=60))
    ticker = client.ib.reqMktData(SPY)
    await client.until(lambda: ticker.last == ticker.last and ticker.volume > 0)
    assert 0 < ticker.bid < ticker.ask
    assert ticker.bidSize > 0
    assert (ticker.minTick, ticker.marketDataType) == (0.01, 1)
    assert ticker.low <= ticker.open <= ticker.high
    assert ticker.close > 0
    first = (ticker.bid, ticker.ask, ticker.volume)
    await client.until(lambda: (ticker.bid, ticker.ask) != first[:2] and ticker.volume > first[2])
    client.ib.cancelMktData(SPY)
    await client.ib.reqCurrentTimeAsync()
    assert [code for code in client.codes if code[0] != -1] == []


async def test_a_snapshot_ends(one: Client) -> None:
    tickers = await asyncio.wait_for(one.ib.reqTickersAsync(SPY), PATIENCE_S)
    assert tickers[0].bid > 0


async def test_bars_close_once_each_and_are_those_of_history(
    start: Start, connect: Connect
) -> None:
    client = await connect(await start(speed=100))
    bars = client.ib.reqRealTimeBars(SPY, 5, "TRADES", useRTH=True)
    await client.until(lambda: len(bars) >= 20)
    client.ib.cancelRealTimeBars(bars)
    steps = [(b.time - a.time).total_seconds() for a, b in itertools.pairwise(bars)]
    assert set(steps) == {5.0}
    history = await client.ib.reqHistoricalDataAsync(SPY, "", "600 S", "5 secs", "TRADES", True, 2)
    assert history is not None
    past = {bar.date: (bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in history}
    for bar in bars:
        assert past[bar.time] == (bar.open_, bar.high, bar.low, bar.close, bar.volume)


@pytest.mark.parametrize("shown", ["BID", "ASK", "MIDPOINT"])
async def test_bars_of_quotes(start: Start, connect: Connect, shown: str) -> None:
    client = await connect(await start(speed=100))
    bars = client.ib.reqRealTimeBars(SPY, 5, shown, useRTH=False)
    await client.until(lambda: len(bars) >= 3)
    assert all(bar.low <= min(bar.open_, bar.close) <= bar.high for bar in bars)
    assert {bar.volume for bar in bars} == {-1}


async def test_no_bars_outside_regular_hours_unless_asked(start: Start, connect: Connect) -> None:
    """At 60x two minutes before the open pass in two seconds."""
    client = await connect(await start(speed=100, start="09:29:00"))
    regular = client.ib.reqRealTimeBars(SPY, 5, "TRADES", useRTH=True)
    every = client.ib.reqRealTimeBars(SPY, 5, "TRADES", useRTH=False)
    await client.until(lambda: regular)
    assert regular[0].time == datetime(2025, 6, 2, 13, 30, tzinfo=UTC)
    assert every[0].time < regular[0].time


async def _history(client: Client, duration: str, size: str, **more: object) -> list[object]:
    settings = {"endDateTime": "", "whatToShow": "TRADES", "useRTH": True, "formatDate": 1, **more}
    bars = await client.ib.reqHistoricalDataAsync(
        SPY,
        durationStr=duration,
        barSizeSetting=size,
        **settings,  # type: ignore[arg-type]
    )
    return [bar.date for bar in bars or []]


@pytest.mark.parametrize(
    ("duration", "size", "count", "first"),
    [
        ("3600 S", "5 mins", 6, "09:30"),
        ("600 S", "5 secs", 120, "09:50"),
        ("60 S", "1 secs", 60, "09:59"),
        ("1 D", "15 mins", 2, "09:30"),
        ("1 W", "30 mins", 53, "09:30"),
        ("1 D", "1 hour", 1, "09:30"),
    ],
)
async def test_history_ends_at_market_time(
    one: Client, duration: str, size: str, count: int, first: str
) -> None:
    dates = await _history(one, duration, size)
    assert len(dates) in {count, count + 1}  # a bar may close while we ask
    assert isinstance(dates[0], datetime)
    assert dates[0].astimezone(NEW_YORK).strftime("%H:%M") == first


async def test_history_of_other_ends_and_forms(one: Client) -> None:
    early = await _history(one, "300 S", "1 min", endDateTime="20250602 09:40:00 US/Eastern")
    assert [d.astimezone(NEW_YORK).minute for d in early] == [35, 36, 37, 38, 39]  # type: ignore[attr-defined]
    assert await _history(one, "300 S", "1 min", endDateTime="20250602-13:40:00") == early
    epoch = await _history(
        one, "300 S", "1 min", endDateTime="20250602 09:40:00 US/Eastern", formatDate=2
    )
    assert epoch == early
    before = await _history(one, "1 D", "1 hour", useRTH=False)
    assert before[0].astimezone(NEW_YORK).hour == 4  # type: ignore[attr-defined]
    assert await _history(one, "1 D", "1 day") == [date(2025, 6, 2)]


@pytest.mark.parametrize(
    "change",
    [
        {"duration": "many"},
        {"size": "7 secs"},
        {"whatToShow": "OPTION_IMPLIED_VOLATILITY"},
        {"endDateTime": "20240602 09:40:00 US/Eastern"},
        {"endDateTime": "soon"},
        {"endDateTime": "20250602 09:40:00 US/Eastern", "keepUpToDate": True},
        {"whatToShow": "BID_ASK", "keepUpToDate": True},
        {"size": "1 secs", "keepUpToDate": True},
    ],
)
async def test_history_that_cannot_be_had_ends_with_162(
    one: Client, change: dict[str, object]
) -> None:
    settings: dict[str, object] = {"duration": "600 S", "size": "1 min", **change}
    duration, size = str(settings.pop("duration")), str(settings.pop("size"))
    with pytest.raises(RequestError) as refused:
        await asyncio.wait_for(_history(one, duration, size, **settings), PATIENCE_S)
    assert refused.value.code == 162


async def test_an_id_in_use_a_wrong_cancel_and_too_many_streams(one: Client) -> None:
    client = one.wire
    client.reqMktData(500, SPY, "", False, False, [])
    client.reqMktData(500, SPY, "", False, False, [])
    client.cancelMktData(501)
    client.cancelRealTimeBars(502)
    client.cancelHistoricalData(503)
    await one.until(lambda: (503, 366) in one.codes)
    assert {(500, 102), (501, 300), (502, 300)} <= set(one.codes)


async def test_current_time_is_market_time_and_runs_at_its_speed(
    start: Start, connect: Connect
) -> None:
    client = await connect(await start(speed=200))
    loop = asyncio.get_running_loop()
    begin, before = loop.time(), await client.ib.reqCurrentTimeAsync()
    assert before.astimezone(NEW_YORK).strftime("%Y-%m-%d %H") == "2025-06-02 10"
    ticker = client.ib.reqRealTimeBars(SPY, 5, "TRADES", useRTH=True)
    await client.until(lambda: len(ticker) >= 10)
    after, end = await client.ib.reqCurrentTimeAsync(), loop.time()
    passed = (after - before).total_seconds()
    assert passed == pytest.approx((end - begin) * 200, abs=12)


async def test_accounts_positions_and_summaries(one: Client, paper: PaperGateway) -> None:
    assert one.ib.managedAccounts() == ["DU1234567"]
    values = {v.tag: v.value for v in one.ib.accountValues()}
    assert float(values["NetLiquidation"]) == 1_000_000
    assert float(values["BuyingPower"]) == 4_000_000
    summary = {v.tag: v.value for v in await one.ib.accountSummaryAsync()}
    assert float(summary["TotalCashValue"]) == 1_000_000
    for number in (700, 701):
        one.wire.reqAccountSummary(number, "All", "NetLiquidation")
    await one.until(lambda: (701, 322) in one.codes)
    one.wire.cancelAccountSummary(700)
    one.wire.reqAccountSummary(702, "All", "NetLiquidation")
    one.wire.reqAccountUpdates(True, "DU7654321")
    await one.until(lambda: (-1, 321) in one.codes)
    assert (702, 322) not in one.codes
