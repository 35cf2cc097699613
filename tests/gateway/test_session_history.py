"""What a client asks about the past, through the real ib_async."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ib_async.wrapper import RequestError
from tests.gateway.conftest import SPY, Client, Connect, Raw, Start

from ibelay.gateway.server import PaperGateway

NEW_YORK = ZoneInfo("America/New_York")
TEN = datetime(2025, 6, 2, 10, tzinfo=NEW_YORK)


@pytest.fixture
async def one(paper: PaperGateway, connect: Connect) -> Client:
    """ib_async, connected at ten o'clock."""
    return await connect(paper)


async def bars(one: Client, what: str, size: str = "1 min", **more: Any) -> list[Any]:
    """Return the bars of the last ten minutes before ten o'clock."""
    settings: dict[str, Any] = {
        "endDateTime": TEN,
        "durationStr": "600 S",
        "useRTH": True,
        "formatDate": 2,
    }
    settings |= {"whatToShow": what, "barSizeSetting": size} | more
    return list(await one.ib.reqHistoricalDataAsync(SPY, **settings) or [])


async def test_bars_of_both_sides_enclose_those_of_the_middle(one: Client) -> None:
    bids, asks = await bars(one, "BID"), await bars(one, "ASK")
    middles, both = await bars(one, "MIDPOINT"), await bars(one, "BID_ASK")
    assert len(bids) == len(asks) == len(middles) == len(both) == 10
    for bid, ask, middle, pair in zip(bids, asks, middles, both, strict=True):
        assert bid.date == ask.date == middle.date == pair.date
        assert bid.low <= middle.low <= ask.low
        assert bid.close < middle.close < ask.close
        assert pair.high == ask.high
        assert pair.low == bid.low
        assert bid.low <= pair.open <= bid.high
        assert ask.low <= pair.close <= ask.high
        assert (bid.volume, bid.average, bid.barCount) == (-1, -1, -1)


async def test_bars_of_quotes_follow_each_other_without_a_jump(one: Client) -> None:
    found = await bars(one, "BID", "5 secs")
    assert len(found) == 120
    for earlier, later in itertools.pairwise(found):
        assert later.open == earlier.close


async def test_longer_bars_are_made_of_shorter_ones(one: Client) -> None:
    minutes = await bars(one, "TRADES", "1 min", durationStr="1 D")
    (hour,) = await bars(one, "TRADES", "1 hour", durationStr="1 D")
    assert hour.open == minutes[0].open
    assert hour.high == max(bar.high for bar in minutes)
    assert hour.volume == sum(bar.volume for bar in minutes)
    for size in ("1 week", "1 month"):
        *before, long = await bars(one, "TRADES", size, durationStr="1 M")
        assert before
        assert (long.open, long.volume) == (hour.open, hour.volume)
        assert isinstance(long.date, date)


async def test_bars_kept_up_to_date_end_as_those_of_history(start: Start, connect: Connect) -> None:
    client = await connect(await start(speed=200))
    kept = await client.ib.reqHistoricalDataAsync(
        SPY, "", "600 S", "30 secs", "TRADES", useRTH=True, formatDate=2, keepUpToDate=True
    )
    assert kept is not None
    before = len(kept)
    await client.until(lambda: len(kept) >= before + 3)
    client.ib.cancelHistoricalData(kept)
    await client.until(lambda: 162 in {code for _id, code in client.codes})
    finished = {bar.date: bar for bar in kept[before:-1]}
    past = await client.ib.reqHistoricalDataAsync(
        SPY, "", "1200 S", "30 secs", "TRADES", useRTH=True, formatDate=2
    )
    again = {bar.date: bar for bar in past or []}
    assert finished
    for moment, bar in finished.items():
        other = again[moment]
        assert (bar.open, bar.high, bar.low, bar.close) == (
            other.open,
            other.high,
            other.low,
            other.close,
        )
        assert (bar.volume, bar.barCount) == (other.volume, other.barCount)


async def test_an_id_that_is_kept_up_to_date_is_one_line(
    paper: PaperGateway, raw: Callable[[PaperGateway], Awaitable[Raw]]
) -> None:
    client = await raw(paper)
    await client.hello()
    client.send(71, 2, 7, "")
    spy = (SPY.conId, "SPY", "STK", "", 0, "", "", "SMART", "", "USD", "", "")
    ask = (20, 5, *spy, 0, "", "30 secs", "600 S", 1, "TRADES", 2, 1, "")
    client.send(*ask)
    await client.until("17", "5")
    client.send(*ask)
    assert (await client.until("4", "2", "5"))[3] == "386"
    client.send(1, 11, 5, *spy, 0, "", 0, 0, "")
    assert (await client.until("4", "2", "5"))[3] == "102"


@pytest.mark.parametrize("kind", ["TRADES", "MIDPOINT"])
async def test_ticks_of_the_past_count_from_either_end(one: Client, kind: str) -> None:
    begin = TEN.replace(hour=9, minute=40)
    first = await one.ib.reqHistoricalTicksAsync(SPY, begin, "", 50, kind, True)
    last = await one.ib.reqHistoricalTicksAsync(SPY, "", TEN, 50, kind, True)
    assert 50 <= len(first) <= 60
    assert 50 <= len(last) <= 60
    assert first[0].time >= datetime(2025, 6, 2, 13, 40, tzinfo=UTC)
    assert last[-1].time <= TEN
    assert first[-1].time < last[0].time
    assert all(tick.price > 0 for tick in (*first, *last))
    assert [tick.time for tick in first] == sorted(tick.time for tick in first)


async def test_quotes_of_the_past_have_both_sides(one: Client) -> None:
    ticks = await one.ib.reqHistoricalTicksAsync(SPY, "", TEN, 20, "BID_ASK", True)
    assert all(0 < tick.priceBid < tick.priceAsk and tick.sizeBid > 0 for tick in ticks)


@pytest.mark.parametrize(
    ("since", "until", "count", "kind"),
    [
        (TEN, TEN, 10, "TRADES"),
        ("", "", 10, "TRADES"),
        ("", TEN, 1001, "TRADES"),
        ("", TEN, 0, "TRADES"),
        ("", TEN, 10, "RUMOURS"),
        ("never", "", 10, "TRADES"),
    ],
)
async def test_ticks_that_cannot_be_had_end_with_162(
    one: Client, since: Any, until: Any, count: int, kind: str
) -> None:
    with pytest.raises(RequestError) as refused:
        async with asyncio.timeout(30):
            await one.ib.reqHistoricalTicksAsync(SPY, since, until, count, kind, True)
    assert refused.value.code == 162


async def test_data_begins_with_the_session(one: Client) -> None:
    regular = await one.ib.reqHeadTimeStampAsync(SPY, "TRADES", useRTH=True, formatDate=1)
    every = await one.ib.reqHeadTimeStampAsync(SPY, "TRADES", useRTH=False, formatDate=2)
    assert every <= datetime(2025, 6, 2, 8, tzinfo=UTC)
    assert regular.replace(tzinfo=UTC) > every
    with pytest.raises(RequestError):
        await one.ib.reqHeadTimeStampAsync(SPY, "RUMOURS", useRTH=True, formatDate=1)


async def test_a_histogram_counts_the_shares_of_the_day(one: Client) -> None:
    counted = await one.ib.reqHistogramDataAsync(SPY, useRTH=True, period="1 day")
    minutes = await bars(one, "TRADES", durationStr="1 D")
    prices = [row.price for row in counted]
    assert prices == sorted(set(prices))
    assert sum(row.count for row in counted) >= sum(bar.volume for bar in minutes)
    with pytest.raises(RequestError):
        await one.ib.reqHistogramDataAsync(SPY, useRTH=True, period="a while")


async def test_the_schedule_names_the_sessions(one: Client) -> None:
    schedule = await one.ib.reqHistoricalScheduleAsync(SPY, 5, "", useRTH=True)
    *before, session = schedule.sessions
    assert [one.refDate[4:] for one in before] == ["0527", "0528", "0529", "0530"]
    assert session.refDate == "20250602"
    assert session.startDateTime == "20250602-09:30:00"
    assert session.endDateTime == "20250602-16:00:00"
    assert schedule.timeZone == "US/Eastern"


@pytest.mark.parametrize("number", [89, 90])
async def test_a_cancel_of_what_has_been_answered_is_366(
    paper: PaperGateway, raw: Callable[[PaperGateway], Awaitable[Raw]], number: int
) -> None:
    client = await raw(paper)
    await client.hello()
    client.send(71, 2, 7, "")
    client.send(number, 5)
    assert (await client.until("4", "2", "5"))[3] == "366"


async def test_a_year_of_daily_bars_comes_from_before_the_day(one: Client) -> None:
    found = await bars(one, "TRADES", "1 day", durationStr="1 Y")
    assert 245 < len(found) < 255
    assert found[-1].date == date(2025, 6, 2)
    quoted = await bars(one, "MIDPOINT", "1 day", durationStr="1 M")
    assert [bar.volume for bar in quoted[:-1]] == [-1] * (len(quoted) - 1)


async def test_days_are_trading_days(one: Client) -> None:
    daily = await bars(one, "TRADES", "1 day", durationStr="5 D")
    assert [bar.date.day for bar in daily] == [27, 28, 29, 30, 2]  # Monday the 26th was a holiday
    hourly = await bars(one, "TRADES", "1 hour", durationStr="2 D")
    assert {bar.date.astimezone(NEW_YORK).day for bar in hourly} == {30, 2}
    weekend = datetime(2025, 6, 1, 12, tzinfo=NEW_YORK)
    (friday,) = await bars(one, "TRADES", "1 day", durationStr="1 D", endDateTime=weekend)
    assert friday.date == date(2025, 5, 30)


async def test_volatilities_come_by_the_day_and_yields_are_of_bonds(one: Client) -> None:
    for what in ("HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY"):
        found = await bars(one, what, "1 day", durationStr="1 M")
        assert len(found) > 15
        assert all(0 < bar.close < 1 for bar in found)
    with pytest.raises(RequestError, match="of bonds only"):
        await bars(one, "YIELD_BID", "1 day", durationStr="1 M")


async def test_the_first_moment_is_years_ago(one: Client) -> None:
    head = await one.ib.reqHeadTimeStampAsync(SPY, "TRADES", useRTH=True, formatDate=2)
    assert isinstance(head, datetime)
    assert head.year == 2020
