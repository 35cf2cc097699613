"""The book behind a quote."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D  # noqa: N817 - as in the other tests

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.gateway.market.api import Instrument, PriceStep
from ibelay.gateway.market.depth import depth
from ibelay.gateway.market.hours import trading_day
from ibelay.gateway.market.symbols import stock
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.model.market import Quote

SPY = stock("SPY", trading_day("2025-06-02"))
OPTION = Instrument(
    contract=Contract(symbol="X", sec_type="OPT", con_id=ConId(7)),
    long_name="",
    price_steps=(
        PriceStep(low_edge=D(0), increment=D("0.01")),
        PriceStep(low_edge=D(3), increment=D("0.05")),
    ),
)


def quote(bid: int, ask: int, at_ns: int = 0) -> Quote:
    return Quote(at_ns=at_ns, bid=D(bid) / 100, ask=D(ask) / 100, bid_size=D(300), ask_size=D(200))


@given(st.integers(2, 60_000), st.integers(1, 20), st.sampled_from([SPY, OPTION]))
def test_sides_step_away_from_the_quote(bid: int, levels: int, one: Instrument) -> None:
    bid -= bid % 5 if one is OPTION and bid > 300 else 0
    book = depth(one, quote(bid, bid + 5), levels)
    bids, asks = [row.price for row in book.bids], [row.price for row in book.asks]
    assert (bids[0], asks[0]) == (D(bid) / 100, D(bid + 5) / 100)
    assert (book.bids[0].size, book.asks[0].size) == (D(300), D(200))
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert len(asks) == levels >= len(bids)
    assert min(bids) > 0
    for row in (*book.bids[1:], *book.asks[1:]):
        assert row.size > 0
        assert row.size % one.size_increment == 0
        fine = one is SPY or row.price < 3
        assert row.price % (D("0.01") if fine else D("0.05")) == 0


def test_book_asked_again_is_the_same_and_moves_with_its_quote() -> None:
    book = depth(SPY, quote(45_000, 45_001), 10)
    assert book == depth(SPY, quote(45_000, 45_001), 10)
    moved = depth(SPY, quote(45_001, 45_002, at_ns=10**9), 10)
    shared = {row.price for row in book.asks[1:]} & {row.price for row in moved.asks[1:]}
    assert len(shared) >= 7


def test_makers_are_venues_of_a_stock_and_the_exchange_of_the_rest() -> None:
    makers = {row.maker for row in depth(SPY, quote(45_000, 45_001), 20).bids}
    assert len(makers) > 2
    assert {row.maker for row in depth(OPTION, quote(500, 505), 5).bids} == {"SMART"}


def test_side_that_is_not_there_has_no_levels() -> None:
    halted = replace(quote(1, 2), bid=None, ask=None)
    assert depth(SPY, halted, 5).bids == depth(SPY, halted, 5).asks == ()
    assert [row.price for row in depth(SPY, quote(1, 2), 5).bids] == [D("0.01")]


@pytest.mark.parametrize("levels", [0, 61])
def test_levels_have_a_limit(levels: int) -> None:
    with pytest.raises(ValueError, match="1 to 60"):
        depth(SPY, quote(1, 2), levels)
