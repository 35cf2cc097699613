"""Prices as they come: types of data, generic ticks, tick by tick; with the real ib_async."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from ib_async.objects import TickByTickMidPoint
from tests.gateway.conftest import PATIENCE_S, SPY, Client, Connect, Raw, Start

from ibelay.gateway.server import PaperGateway
from ibelay.gateway.session.entitlement import DataType, Entitlement, Refusal, granted

DELAY = timedelta(minutes=15)
RawClient = Callable[[PaperGateway], Awaitable[Raw]]


@pytest.mark.parametrize(
    ("entitlement", "asked", "trading", "gets"),
    [
        (Entitlement.LIVE, 1, True, 1),
        (Entitlement.LIVE, 2, True, 1),
        (Entitlement.LIVE, 2, False, 2),
        (Entitlement.LIVE, 3, True, 1),
        (Entitlement.LIVE, 4, False, 2),
        (Entitlement.DELAYED, 1, True, 10168),
        (Entitlement.DELAYED, 2, False, 10168),
        (Entitlement.DELAYED, 3, True, 3),
        (Entitlement.DELAYED, 3, False, 3),
        (Entitlement.DELAYED, 4, True, 3),
        (Entitlement.DELAYED, 4, False, 4),
        (Entitlement.NONE, 1, True, 354),
        (Entitlement.NONE, 3, True, 354),
    ],
)
def test_what_is_subscribed_and_asked_for_decides_what_is_got(
    entitlement: Entitlement, asked: int, trading: bool, gets: int
) -> None:
    found = granted(entitlement, DataType(asked), trading=trading)
    assert (found.code if isinstance(found, Refusal) else int(found)) == gets


async def test_delayed_data_is_the_market_of_a_quarter_of_an_hour_ago(
    start: Start, connect: Connect
) -> None:
    gateway = await start(entitlement=Entitlement.DELAYED, speed=60)
    client = await connect(gateway)
    client.ib.reqMarketDataType(3)
    ticker = client.ib.reqMktData(SPY)
    await client.until(lambda: ticker.rtTime is not None or ticker.volume > 0)
    before = ticker.volume
    await client.until(lambda: ticker.volume > before)
    assert ticker.marketDataType == 3
    assert 0 < ticker.bid < ticker.ask
    assert 10167 in {code for _id, code in client.codes}
    history = await client.ib.reqHistoricalDataAsync(
        SPY, "", "2400 S", "1 min", "TRADES", useRTH=True, formatDate=2
    )
    now = await client.ib.reqCurrentTimeAsync()
    then = [bar for bar in history or [] if bar.date >= now - DELAY - timedelta(minutes=4)]
    recent = [bar for bar in then if bar.date <= now - DELAY + timedelta(minutes=1)]
    assert min(bar.low for bar in recent) - 0.2 <= ticker.last <= max(b.high for b in recent) + 0.2


@pytest.mark.parametrize(
    ("entitlement", "code"), [(Entitlement.DELAYED, 10168), (Entitlement.NONE, 354)]
)
async def test_data_that_is_not_subscribed_is_refused_and_takes_no_line(
    start: Start, connect: Connect, entitlement: Entitlement, code: int
) -> None:
    client = await connect(await start(entitlement=entitlement))
    client.wire.reqMktData(900, SPY, "", False, False, [])
    client.wire.reqMktData(900, SPY, "", False, False, [])
    await client.until(lambda: client.codes.count((900, code)) == 2)


async def test_without_live_data_there_are_no_bars_and_no_single_ticks(
    start: Start, connect: Connect
) -> None:
    client = await connect(await start(entitlement=Entitlement.DELAYED))
    client.wire.reqRealTimeBars(901, SPY, 5, "TRADES", True, [])
    client.wire.reqTickByTickData(902, SPY, "Last", 0, False)
    await client.until(lambda: {(901, 420), (902, 10189)} <= set(client.codes))


async def test_generic_ticks_come_beside_the_quote(start: Start, connect: Connect) -> None:
    client = await connect(await start(speed=60))
    ticker = client.ib.reqMktData(SPY, "221,233,236,293,294,295,318,375,456")
    await client.until(lambda: ticker.rtVolume > 0 and ticker.tradeRate > 0)
    assert ticker.vwap == pytest.approx(ticker.last, rel=0.05)
    assert ticker.markPrice == pytest.approx(ticker.marketPrice(), rel=0.01)
    assert ticker.shortable == 3
    assert ticker.shortableShares > 0
    assert ticker.tradeCount >= 1
    assert ticker.volumeRate >= 1
    assert ticker.lastRthTrade > 0
    assert ticker.rtTradeVolume == ticker.rtVolume
    assert math.isnan(ticker.halted) or ticker.halted == 0
    assert ticker.dividends is not None


@pytest.mark.parametrize(
    ("ticks", "code"), [("1,2", 321), ("a", 321), ("258", 10358), ("233;375", 321)]
)
async def test_generic_ticks_that_cannot_be_had_are_refused(
    paper: PaperGateway, connect: Connect, ticks: str, code: int
) -> None:
    client = await connect(paper)
    client.wire.reqMktData(903, SPY, ticks, False, False, [])
    await client.until(lambda: (903, code) in client.codes)
    client.wire.reqMktData(903, SPY, "", True, False, [])
    await client.ib.reqCurrentTimeAsync()
    assert (903, 102) not in client.codes


async def test_headlines_come_with_their_generic_tick(
    paper: PaperGateway, connect: Connect
) -> None:
    client = await connect(paper)
    client.ib.reqMktData(SPY, "mdoff,292")
    await client.until(client.ib.newsTicks)
    (news,) = client.ib.newsTicks()
    assert news.headline.startswith("SPY opens at ")


async def _ticks(client: Client, kind: str, count: int, **more: object) -> list[object]:
    """Return *count* ticks of *kind*."""
    ticker = client.ib.reqTickByTickData(SPY, kind, **more)  # type: ignore[arg-type]
    seen: list[object] = []
    ticker.updateEvent += lambda now: seen.extend(now.tickByTicks)
    await client.until(lambda: len(seen) >= count)
    client.ib.cancelTickByTickData(SPY, kind)
    return seen


async def test_every_print_comes_tick_by_tick(start: Start, connect: Connect) -> None:
    client = await connect(await start(speed=60))
    for kind in ("Last", "AllLast"):
        seen = await _ticks(client, kind, 5)
        assert all(tick.price > 0 and tick.size >= 100 for tick in seen)  # type: ignore[attr-defined]
        assert {tick.exchange for tick in seen} == {"ARCA"}  # type: ignore[attr-defined]


async def test_quotes_come_tick_by_tick_and_their_middle_too(
    start: Start, connect: Connect
) -> None:
    client = await connect(await start(speed=60))
    quotes = await _ticks(client, "BidAsk", 5)
    assert all(0 < tick.bidPrice < tick.askPrice for tick in quotes)  # type: ignore[attr-defined]
    middles = await _ticks(client, "MidPoint", 8)  # a quote may still be on its way
    prices = [tick.midPoint for tick in middles if isinstance(tick, TickByTickMidPoint)]
    assert len(prices) >= 3
    assert all(before != after for before, after in itertools.pairwise(prices))


async def test_ticks_of_the_past_come_first(paper: PaperGateway, raw: RawClient) -> None:
    client = await raw(paper)
    await client.hello()
    client.send(71, 2, 7, "")
    spy = (SPY.conId, "SPY", "STK", "", 0, "", "", "SMART", "", "USD", "", "")
    for kind, answer in (("Last", "98"), ("BidAsk", "97"), ("MidPoint", "96")):
        client.send(97, 5, *spy, kind, 10, 0)
        fields = await client.until(answer, "5")
        assert fields[2] == "10"
        client.send(98, 5)
    client.send(98, 5)
    assert (await client.until("4", "2", "5"))[3] == "300"


async def test_single_ticks_are_limited_and_named(paper: PaperGateway, connect: Connect) -> None:
    client = await connect(paper)
    for number in range(910, 916):
        client.wire.reqTickByTickData(number, SPY, "Last", 0, False)
    client.wire.reqTickByTickData(910, SPY, "Rumours", 0, False)
    client.wire.reqTickByTickData(910, SPY, "Last", 5000, False)
    await client.until(lambda: client.codes.count((910, 321)) == 2)
    assert (915, 10190) in client.codes
    assert (914, 10190) not in client.codes


async def test_a_frozen_quote_is_had_when_nothing_trades(start: Start, connect: Connect) -> None:
    client = await connect(await start(start="19:59:58", speed=10))
    client.ib.reqMarketDataType(2)
    async with asyncio.timeout(PATIENCE_S):
        while (await client.ib.reqCurrentTimeAsync()).strftime("%H:%M") != "00:00":
            pass  # the market's last moment is midnight, UTC, and time stands still there
    ticker = client.ib.reqMktData(SPY)
    await client.until(lambda: ticker.marketDataType == 2 and ticker.bid > 0)
