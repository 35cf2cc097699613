"""The book behind the top, through the real ib_async."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ib_async import Stock
from tests.gateway.conftest import SPY, Client, Connect, Start

from ibelay.gateway.market.depth import Level
from ibelay.gateway.server import PaperGateway
from ibelay.gateway.session.desks.live.depth import DELETE, INSERT, UPDATE, changes
from ibelay.gateway.session.entitlement import Entitlement

DIRECT = Stock("SPY", "ARCA", "USD", conId=SPY.conId)
DEEP = Stock("SPY", "NASDAQ", "USD", conId=SPY.conId)
levels = st.lists(
    st.builds(
        Level,
        st.integers(1, 9).map(Decimal),
        st.integers(1, 5).map(Decimal),
        st.sampled_from(("A", "B")),
    ),
    max_size=6,
)


@given(levels, levels)
def test_what_is_said_leads_from_one_side_to_the_next(
    before: list[Level], after: list[Level]
) -> None:
    book = list(before)
    for position, operation, level in changes(before, after):
        if operation == INSERT:
            assert position == len(book)
            book.append(level)
        elif operation == UPDATE:
            book[position] = level
        else:
            assert (operation, position) == (DELETE, len(book) - 1)
            book.pop()
    assert book == after


def test_a_side_that_stays_says_nothing() -> None:
    row = [Level(Decimal(1), Decimal(2), "A")]
    assert changes(row, list(row)) == []


@pytest.mark.parametrize(("contract", "smart"), [(DIRECT, False), (DEEP, False), (SPY, True)])
async def test_the_book_stays_in_order_as_it_moves(
    start: Start, connect: Connect, contract: Stock, smart: bool
) -> None:
    client = await connect(await start(speed=60))
    ticker = client.ib.reqMktDepth(contract, numRows=5, isSmartDepth=smart)
    moves: list[int] = []
    ticker.updateEvent += lambda now: moves.append(len(now.domTicks))
    await client.until(lambda: len(moves) >= 20)
    bids, asks = ticker.domBids, ticker.domAsks
    assert len(bids) == len(asks) == 5
    assert [row.price for row in bids] == sorted({row.price for row in bids}, reverse=True)
    assert [row.price for row in asks] == sorted({row.price for row in asks})
    assert bids[0].price < asks[0].price
    assert all(row.size > 0 for row in (*bids, *asks))
    named = {row.marketMaker for row in (*bids, *asks)}
    assert (named == {""}) is (contract is DIRECT)
    client.ib.cancelMktDepth(contract, isSmartDepth=smart)
    await client.ib.reqCurrentTimeAsync()
    codes = {code for request, code in client.codes if request != -1}
    assert codes == ({2152} if smart else set())


async def _refused(client: Client, number: int, code: int) -> None:
    await client.until(lambda: (number, code) in client.codes)


async def test_depth_that_cannot_be_had_is_refused(paper: PaperGateway, connect: Connect) -> None:
    client = await connect(paper)
    client.wire.reqMktDepth(920, SPY, 5, False, [])
    await _refused(client, 920, 10092)
    client.wire.reqMktDepth(921, DIRECT, 0, False, [])
    await _refused(client, 921, 321)
    client.wire.cancelMktDepth(921, False)
    await _refused(client, 921, 310)
    tickers = [client.ib.reqMktDepth(one, 3) for one in (DIRECT, DEEP)]
    smart = client.ib.reqMktDepth(SPY, 3, isSmartDepth=True)
    client.wire.reqMktDepth(924, DIRECT, 5, False, [])
    await _refused(client, 924, 309)
    assert all(ticker.domBids for ticker in (*tickers, smart))


async def test_without_live_data_there_is_no_depth(start: Start, connect: Connect) -> None:
    client = await connect(await start(entitlement=Entitlement.DELAYED))
    client.wire.reqMktDepth(930, DIRECT, 5, False, [])
    await _refused(client, 930, 10092)
