"""Top of book from ticks."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ibelay.ib.quotes import QuoteBooks
from ibelay.model.ids import ConId
from ibelay.model.market import Quote

STREAM = "1000000000"


@pytest.fixture
def books() -> QuoteBooks:
    made = QuoteBooks(lambda: 5)
    made.open(int(STREAM), ConId(756733))
    return made


def quote(books: QuoteBooks) -> Quote:
    (event,) = books.changed()
    assert event.con_id == 756733
    return event.quote


def test_a_burst_of_ticks_makes_one_quote(books: QuoteBooks) -> None:
    books.price_tick(STREAM, "1", "101.25", "300")
    books.price_tick(STREAM, "2", "101.27", "200")
    books.price_tick(STREAM, "4", "101.26", "100")
    books.size_tick(STREAM, "8", "123456")
    assert quote(books) == Quote(
        at_ns=5,
        bid=Decimal("101.25"),
        bid_size=Decimal(300),
        ask=Decimal("101.27"),
        ask_size=Decimal(200),
        last=Decimal("101.26"),
        last_size=Decimal(100),
        volume=Decimal(123456),
    )
    assert books.changed() == []


def test_a_repeated_tick_is_no_change(books: QuoteBooks) -> None:
    """IB repeats the size of a price tick in a size tick."""
    books.price_tick(STREAM, "1", "101.25", "300")
    books.changed()
    books.size_tick(STREAM, "0", "300")
    assert books.changed() == []


@pytest.mark.parametrize(("price", "size"), [("-1", "0"), ("0", "0"), ("-1.00", "")])
def test_no_bid_is_none(price: str, size: str, books: QuoteBooks) -> None:
    books.price_tick(STREAM, "1", "101.25", "300")
    books.price_tick(STREAM, "1", price, size)
    assert (quote(books).bid, books.changed()) == (None, [])


def test_a_size_of_0_takes_the_side_away(books: QuoteBooks) -> None:
    books.price_tick(STREAM, "2", "101.25", "300")
    books.size_tick(STREAM, "3", "0")
    seen = quote(books)
    assert (seen.ask, seen.ask_size) == (None, None)


def test_a_negative_bid_with_a_size_is_a_price(books: QuoteBooks) -> None:
    """A spread may be bid below zero, even at -1."""
    books.price_tick(STREAM, "1", "-1", "10")
    assert quote(books).bid == -1


def test_a_last_price_needs_no_size(books: QuoteBooks) -> None:
    books.price_tick(STREAM, "4", "4500.25", "0")
    assert quote(books).last == Decimal("4500.25")


def test_the_previous_close_has_no_size(books: QuoteBooks) -> None:
    books.price_tick(STREAM, "9", "100.75", "0")
    assert quote(books).previous_close == Decimal("100.75")


def test_delayed_ticks_count_like_live_ones(books: QuoteBooks) -> None:
    books.price_tick(STREAM, "66", "101.25", "300")
    books.size_tick(STREAM, "74", "9")
    seen = quote(books)
    assert (seen.bid, seen.volume) == (Decimal("101.25"), Decimal(9))


def test_ticks_of_no_stream_or_no_interest_are_ignored(books: QuoteBooks) -> None:
    books.price_tick("7", "1", "101.25", "300")
    books.price_tick(STREAM, "14", "101.25", "0")
    books.price_tick(STREAM, "1", "", "300")
    books.size_tick(STREAM, "21", "300")
    books.size_tick(STREAM, "0", "")
    assert books.changed() == []


def test_a_closed_stream_is_silent(books: QuoteBooks) -> None:
    books.price_tick(STREAM, "1", "101.25", "300")
    assert books.close(int(STREAM))
    assert not books.close(int(STREAM))
    assert books.changed() == []
