"""Options and futures have prices from the moment somebody looks at them, orders or holds them."""

from __future__ import annotations

import pytest
from ib_async import ContFuture, Contract, Future, Index, LimitOrder, MarketOrder, Option, Stock
from ib_async.wrapper import RequestError
from tests.gateway.conftest import Client, Connect, Start

from ibelay.gateway.session.followed import FOLLOWED_MAX, Followed
from ibelay.model.ids import ConId

CALL = Option("SPY", "20250620", 450, "C", "SMART", currency="USD")


async def resolved(client: Client, contract: Contract) -> Contract:
    """Return *contract* as the gateway knows it; it must be one."""
    (found,) = await client.ib.reqContractDetailsAsync(contract)
    assert found.contract is not None
    return found.contract


async def test_option_is_found_quoted_computed_and_traded(one: Client) -> None:
    call = await resolved(one, CALL)
    assert call.localSymbol == "SPY   250620C00450000"
    ticker = one.ib.reqMktData(call)
    await one.until(lambda: ticker.bid > 0 and ticker.ask > ticker.bid)
    trade = one.ib.placeOrder(call, MarketOrder("BUY", 2))
    await one.until(lambda: trade.orderStatus.status == "Filled")
    assert ticker.bid * 0.8 < trade.orderStatus.avgFillPrice < ticker.ask * 1.2
    await one.until(lambda: any(p.contract.conId == call.conId for p in one.ib.positions()))


async def test_order_for_what_nobody_looked_at_is_filled(one: Client) -> None:
    put = Option("BAC", "20250620", 38, "P", "SMART", currency="USD")
    trade = one.ib.placeOrder(put, LimitOrder("BUY", 1, 30))
    await one.until(lambda: trade.orderStatus.status == "Filled")
    assert trade.orderStatus.avgFillPrice < 5


async def test_chain_details_and_parameters_of_a_listed_stock(one: Client) -> None:
    details = await one.ib.reqContractDetailsAsync(
        Option("SPY", "20250606", exchange="SMART", currency="USD")
    )
    assert len(details) == 122
    spy = await resolved(one, Stock("SPY", "SMART", "USD"))
    chains = await one.ib.reqSecDefOptParamsAsync("SPY", "", "STK", spy.conId)
    smart = next(chain for chain in chains if chain.exchange == "SMART")
    assert "20250620" in smart.expirations
    assert 450 in smart.strikes


async def test_future_front_month_and_index_of_a_root(start: Start, connect: Connect) -> None:
    paper = await start(symbols=("ES:FUT", "SPX:IND"))
    client = await connect(paper)
    details = await client.ib.reqContractDetailsAsync(Future("ES", exchange="CME"))
    assert [row.contract.localSymbol for row in details if row.contract][:2] == ["ESM5", "ESU5"]
    (front,) = await client.ib.reqContractDetailsAsync(ContFuture("ES", "CME"))
    assert front.contract is not None
    assert front.contract.lastTradeDateOrContractMonth.startswith("20250620")
    september = await resolved(client, Future("ES", localSymbol="ESU5", exchange="CME"))
    spx = await resolved(client, Index("SPX", "CBOE"))
    ticker, index = client.ib.reqMktData(september), client.ib.reqMktData(spx)
    await client.until(lambda: ticker.bid > 0 and index.last > 0)
    assert abs(ticker.bid / index.last - 1) < 0.03


async def test_expired_future_is_told_of_when_asked_for(start: Start, connect: Connect) -> None:
    client = await connect(await start(symbols=("ES:FUT",)))
    asked = Future("ES", "202412", "CME")
    with pytest.raises(RequestError, match="No security definition"):
        await client.ib.reqContractDetailsAsync(asked)
    asked.includeExpired = True
    found = await resolved(client, asked)
    assert found.localSymbol == "ESZ4"
    gone = await client.ib.reqHistoricalDataAsync(
        found, "20241220 16:00:00 US/Eastern", "1 M", "1 day", "TRADES", useRTH=True
    )
    assert gone is not None
    assert len(gone) > 15
    order = client.ib.placeOrder(found, MarketOrder("BUY", 1))
    await client.until(order.isDone)
    assert order.orderStatus.status != "Filled"


def test_followed_have_a_limit_that_spares_what_is_needed() -> None:
    followed, nothing = Followed(), set[ConId]()
    for number in range(FOLLOWED_MAX):
        assert followed.follow(ConId(number), lambda: nothing) == []
    followed.asked(ConId(0))
    assert followed.follow(ConId(5000), lambda: {ConId(1)}) == [ConId(2)]
    assert {ConId(0), ConId(1), ConId(5000)} <= set(followed)
    assert len(list(followed)) == FOLLOWED_MAX
