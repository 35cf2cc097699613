"""Options: their chains, their quotes with greeks, and calculations; with the real ib_async."""

from __future__ import annotations

from typing import Any

import pytest
from ib_async import Contract, MarketOrder, Option
from tests.gateway.conftest import SPY, Connect, Start

from ibelay.gateway.server import PaperGateway


async def _chain(client: Any) -> tuple[str, list[float]]:
    """Return an expiry some weeks away and the strikes of SPY's options on SMART."""
    chains = await client.ib.reqSecDefOptParamsAsync("SPY", "", "STK", SPY.conId)
    chain = next(one for one in chains if one.exchange == "SMART")
    assert chain.tradingClass == "SPY"
    assert chain.multiplier == "100"
    assert chain.expirations == sorted(chain.expirations)
    assert chain.strikes == sorted(chain.strikes)
    return next(day for day in chain.expirations if day > "20250615"), chain.strikes


async def _at_the_money(client: Any, right: str) -> Any:
    expiry, strikes = await _chain(client)
    (spot,) = await client.ib.reqTickersAsync(SPY)
    nearest = sorted(strikes, key=lambda strike: abs(strike - spot.marketPrice()))
    for strike in nearest[:10]:
        asked = Option("SPY", expiry, strike, right, "SMART", currency="USD")
        found = await client.ib.qualifyContractsAsync(asked)
        if found and found[0] is not None:
            return found[0]
    raise AssertionError("no option near the money")


async def test_an_option_of_the_chain_can_be_named_and_has_details(
    paper: PaperGateway, connect: Connect
) -> None:
    client: Any = await connect(paper)
    option = await _at_the_money(client, "C")
    (details,) = await client.ib.reqContractDetailsAsync(Contract(conId=option.conId))
    assert details.contract is not None
    assert details.contract.localSymbol.startswith("SPY   25")
    assert (details.underConId, details.underSymbol) == (SPY.conId, "SPY")
    assert details.underSecType == "STK"
    assert details.realExpirationDate == option.lastTradeDateOrContractMonth
    assert details.contract.multiplier == "100"


async def test_an_option_streams_with_its_greeks(start: Start, connect: Connect) -> None:
    client: Any = await connect(await start(speed=60))
    option = await _at_the_money(client, "C")
    ticker = client.ib.reqMktData(option)
    await client.until(lambda: ticker.modelGreeks and ticker.bidGreeks and ticker.askGreeks)
    bid, model, ask = ticker.bidGreeks, ticker.modelGreeks, ticker.askGreeks

    assert 0.05 < model.impliedVol < 1
    assert bid.impliedVol < ask.impliedVol
    assert 0.3 < model.delta < 0.7
    assert model.gamma > 0 > model.theta
    assert model.undPrice == pytest.approx(450, rel=0.1)


async def test_a_snapshot_of_an_option_has_its_greeks(
    paper: PaperGateway, connect: Connect
) -> None:
    client: Any = await connect(paper)
    option = await _at_the_money(client, "C")
    (ticker,) = await client.ib.reqTickersAsync(option)
    assert ticker.bidGreeks.impliedVol < ticker.modelGreeks.impliedVol < ticker.askGreeks.impliedVol


async def test_price_and_volatility_are_each_others_inverse(
    paper: PaperGateway, connect: Connect
) -> None:
    client: Any = await connect(paper)
    option = await _at_the_money(client, "P")
    under = option.strike * 1.01
    worth = await client.ib.calculateOptionPriceAsync(option, 0.25, under)
    assert worth is not None
    assert worth.optPrice > 0 > worth.delta
    back = await client.ib.calculateImpliedVolatilityAsync(option, worth.optPrice, under)
    assert back is not None
    assert back.impliedVol == pytest.approx(0.25, abs=1e-4)


async def test_a_price_that_no_volatility_explains_is_unknown(
    paper: PaperGateway, connect: Connect
) -> None:
    client: Any = await connect(paper)
    option = await _at_the_money(client, "C")
    none = await client.ib.calculateImpliedVolatilityAsync(option, option.strike * 5, 450.0)
    assert none is not None
    assert none.impliedVol is None


async def test_calculations_that_mean_nothing_are_refused(
    paper: PaperGateway, connect: Connect
) -> None:
    client: Any = await connect(paper)
    client.wire.calculateOptionPrice(940, SPY, 0.2, 450.0, [])
    client.wire.calculateImpliedVolatility(941, SPY, 0.0, -1.0, [])
    client.wire.cancelCalculateOptionPrice(942)
    wanted = {(940, 321), (941, 321), (942, 300)}
    await client.until(lambda: wanted <= set(client.codes))


async def test_an_option_is_bought_and_held_by_the_hundred(start: Start, connect: Connect) -> None:

    client: Any = await connect(await start(speed=60))
    option = await _at_the_money(client, "C")
    trade = client.ib.placeOrder(option, MarketOrder("BUY", 2))
    await client.until(trade.isDone)
    assert trade.orderStatus.status == "Filled"
    await client.until(client.ib.positions)
    (position,) = client.ib.positions()
    assert position.contract.conId == option.conId
    fill = trade.fills[0].execution
    assert position.avgCost == pytest.approx(fill.price * 100, rel=0.05)
