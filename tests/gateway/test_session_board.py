"""What the board shows over several days, and in which order it says so."""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.market.api import Print, QuoteChange, TradingSession
from ibelay.gateway.session.board.face import Face
from ibelay.gateway.session.board.ticks import (
    BID,
    BID_SIZE,
    CLOSE,
    HIGH,
    LAST,
    LAST_SIZE,
    LAST_TIMESTAMP,
    LOW,
    OPEN,
    VOLUME,
    PriceTick,
    SizeTick,
    Tick,
)
from ibelay.model.ids import ConId
from ibelay.model.market import Quote

DAY_NS = 1_000_000
ONE = ConId(1)


def session(number: int) -> TradingSession:
    """The *number*-th day: open from 300,000 to 700,000 of its million nanoseconds."""
    begin_ns = number * DAY_NS
    return TradingSession(
        begin_ns=begin_ns,
        open_ns=begin_ns + 300_000,
        close_ns=begin_ns + 700_000,
        end_ns=begin_ns + 900_000,
    )


DAYS = [session(number) for number in range(3)]


def traded(at_ns: int, price: str, size: int = 100) -> Print:
    return Print(con_id=ONE, at_ns=at_ns, price=Decimal(price), size=Decimal(size))


def quoted(at_ns: int, bid: str | None, ask: str | None) -> QuoteChange:
    sides = [None if side is None else Decimal(side) for side in (bid, ask)]
    quote = Quote(
        at_ns=at_ns, bid=sides[0], ask=sides[1], bid_size=Decimal(300), ask_size=Decimal(200)
    )
    return QuoteChange(con_id=ONE, quote=quote)


def shown(face: Face) -> dict[int, Decimal]:
    """The figures of the day by their numbers."""
    ticks = face.shown()
    prices = {tick.kind: tick.price for tick in ticks if isinstance(tick, PriceTick)}
    return prices | {tick.kind: tick.size for tick in ticks if isinstance(tick, SizeTick)}


def day_one(face: Face) -> None:
    """Trade before, in and after regular hours."""
    for at_ns, price in ((100_000, "9"), (300_000, "10"), (500_000, "12"), (700_000, "11")):
        face.printed(traded(at_ns, price))
    face.printed(traded(800_000, "15"))


def test_only_regular_hours_make_the_day_of_a_stock() -> None:
    face = Face(DAYS)
    day_one(face)
    board = shown(face)
    assert [board[kind] for kind in (OPEN, HIGH, LOW, LAST)] == [10, 12, 10, 15]
    assert board[VOLUME] == 500


def test_the_whole_session_makes_the_day_of_a_future() -> None:
    face = Face(DAYS, "FUT")
    day_one(face)
    board = shown(face)
    assert [board[kind] for kind in (OPEN, HIGH, LOW)] == [9, 15, 9]


def test_a_new_day_begins_with_the_close_of_the_last_and_without_volume() -> None:
    face = Face(DAYS)
    day_one(face)
    said = face.quoted(quoted(DAY_NS + 1, "14.9", "15.1"))
    assert said[:2] == [PriceTick(CLOSE, Decimal(11)), SizeTick(VOLUME, Decimal(0))]
    board = shown(face)
    assert {OPEN, HIGH, LOW}.isdisjoint(board)
    face.printed(traded(DAY_NS + 400_000, "14"))
    board = shown(face)
    assert [board[kind] for kind in (OPEN, HIGH, LOW, CLOSE, VOLUME)] == [14, 14, 14, 11, 100]


def test_a_day_that_nobody_traded_on_ends_at_its_last_quote() -> None:
    face = Face(DAYS)
    face.quoted(quoted(400_000, "10", "12"))
    face.quoted(quoted(650_000, "20", "22"))
    face.quoted(quoted(800_000, "30", "32"))
    assert PriceTick(CLOSE, Decimal(21)) in face.quoted(quoted(DAY_NS + 5, "30", "32"))


def test_forex_has_high_and_low_of_its_quotes_and_no_open() -> None:
    face = Face(DAYS, "CASH")
    for at_ns, bid, ask in ((1, "1.0", "1.2"), (500_000, "1.4", "1.6"), (800_000, "1.1", "1.3")):
        face.quoted(quoted(at_ns, bid, ask))
    board = shown(face)
    assert (board[HIGH], board[LOW]) == (Decimal("1.5"), Decimal("1.1"))
    assert OPEN not in board


def test_an_index_has_a_last_price_and_no_sizes() -> None:
    face = Face(DAYS, "IND")
    face.printed(traded(400_000, "5000", 0))
    board = shown(face)
    assert board[LAST] == 5000
    assert {LAST_SIZE, VOLUME}.isdisjoint(board)


def kinds(ticks: list[Tick]) -> list[int]:
    return [tick.kind for tick in ticks]


def test_a_price_comes_with_its_size_twice_and_a_trade_after_its_time() -> None:
    face = Face(DAYS)
    assert kinds(face.quoted(quoted(400_000, "10", "12")))[:2] == [BID, BID_SIZE]
    trade = kinds(face.printed(traded(400_001, "11")))
    assert trade == [LAST_TIMESTAMP, LAST, LAST_SIZE, VOLUME, OPEN, HIGH, LOW]
    again = kinds(face.shown())
    assert again.index(LAST_TIMESTAMP) < again.index(LAST) < again.index(VOLUME)


def test_a_side_that_goes_is_minus_one_without_a_size() -> None:
    face = Face(DAYS)
    face.quoted(quoted(400_000, "10", "12"))
    said = face.quoted(quoted(400_001, None, "12"))
    assert said == [PriceTick(BID, Decimal(-1), Decimal(0)), SizeTick(BID_SIZE, Decimal(0))]
