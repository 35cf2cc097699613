"""The arithmetic of money: averages, realised P&L, flips, corrections."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reconcile.scenes import SPY, UNIT, execution

from ibelay.journal.books import PositionBook, UnitBook
from ibelay.model.execution import Execution
from ibelay.model.order import Action

CENT, NONE = Decimal("0.01"), Decimal(0)
trades = st.lists(
    st.tuples(st.integers(-60, 60).filter(bool), st.integers(9_000, 11_000)), max_size=20
)
"""Signed shares, and the price in cents."""


def position(*fills: tuple[int, str]) -> PositionBook:
    """Return the book after *fills*: signed shares and price."""
    book = PositionBook(contract=SPY)
    for signed, price in fills:
        book.fill(Decimal(signed), Decimal(price))
    return book


def unit(action: Action, *fills: tuple[int, str]) -> UnitBook:
    """Return a unit after *fills*: positive shares enter, negative ones leave."""
    book = UnitBook(unit=UNIT, contract=SPY, action=action)
    for signed, price in fills:
        book.fill(Decimal(abs(signed)), Decimal(price), entering=signed > 0)
    return book


# -- positions -------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
def test_adding_weighs_the_average_and_realises_nothing(side: int) -> None:
    book = position((30 * side, "100"), (10 * side, "104"))
    assert (book.quantity, book.average_price) == (Decimal(40 * side), Decimal(101))
    assert book.realized_pnl == 0


@pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
def test_reducing_keeps_the_average_and_realises_the_difference(side: int) -> None:
    book = position((50 * side, "100"), (-20 * side, "102"))
    assert (book.quantity, book.average_price) == (Decimal(30 * side), Decimal(100))
    assert book.realized_pnl == 2 * 20 * side


@pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
def test_turning_realises_what_was_held_and_begins_anew_at_the_fills_price(side: int) -> None:
    book = position((50 * side, "100"), (-80 * side, "103"))
    assert (book.quantity, book.average_price) == (Decimal(-30 * side), Decimal(103))
    assert book.realized_pnl == 3 * 50 * side


def test_what_is_flat_has_no_average() -> None:
    book = position((50, "100"), (-50, "103"), (10, "90"))
    assert (book.quantity, book.average_price) == (Decimal(10), Decimal(90))


def test_a_multiplier_counts_in_the_gain_and_not_in_the_average() -> None:
    """One option over 100 shares from 2.50 to 3.00 is 50 dollars."""
    book = PositionBook(contract=replace(SPY, sec_type="OPT", multiplier=Decimal(100)))
    book.fill(Decimal(1), Decimal("2.50"))
    book.fill(Decimal(-1), Decimal("3.00"))
    assert book.realized_pnl == 50


def test_the_brokers_figure_realises_nothing() -> None:
    """Nobody knows at which price the shares went."""
    book = position((50, "100"))
    book.adjust(Decimal(20), Decimal("99.5"))
    assert (book.quantity, book.average_price) == (Decimal(20), Decimal("99.5"))
    book.adjust(Decimal(0), Decimal("99.5"))
    assert (book.quantity, book.average_price, book.realized_pnl) == (NONE, NONE, NONE)


@given(trades, st.integers(9_000, 11_000))
def test_realised_and_open_gain_are_what_all_trades_paid_and_received(
    fills: list[tuple[int, int]], mark: int
) -> None:
    """At any price of what is still open."""
    book = position(*((signed, str(cents * CENT)) for signed, cents in fills))
    now = mark * CENT
    worth = sum(((now - cents * CENT) * signed for signed, cents in fills), Decimal(0))
    total = book.realized_pnl + book.quantity * (now - book.average_price)
    assert abs(total - worth) < Decimal("1e-15")


@given(trades.filter(bool))
def test_the_average_lies_between_the_prices_paid(fills: list[tuple[int, int]]) -> None:
    book = position(*((signed, str(cents * CENT)) for signed, cents in fills))
    prices = [cents * CENT for _, cents in fills]
    margin = Decimal("1e-15")  # of a division's last digit
    if book.quantity:
        assert min(prices) - margin <= book.average_price <= max(prices) + margin
    else:
        assert book.average_price == 0


# -- corrections -----------------------------------------------------------------------------


def booked(*fills: Execution) -> tuple[PositionBook, dict[str, Execution]]:
    """Return a book of *fills*, and them by their keys."""
    book, known = PositionBook(contract=SPY), {}
    for number, fill in enumerate(fills):
        known[str(number)] = fill
        book.book(str(number), fill)
    return book, known


def test_a_correction_is_booked_where_the_wrong_fill_was() -> None:
    """Bought at 100 and 110, the first corrected to 101: nothing is realised by that."""
    book, known = booked(
        execution(1, "", Action.BUY, 50, price="100"),
        execution(2, "", Action.BUY, 50, price="110"),
    )
    known["0"] = execution(1, "", Action.BUY, 50, price="101", revision=2)
    book.rebook(known)
    assert (book.quantity, book.average_price) == (Decimal(100), Decimal("105.5"))
    assert book.realized_pnl == 0


def test_a_correction_of_what_was_closed_since_changes_what_was_realised() -> None:
    book, known = booked(
        execution(1, "", Action.BUY, 50, price="100"),
        execution(2, "", Action.SELL, 50, price="103"),
    )
    known["0"] = execution(1, "", Action.BUY, 50, price="101", revision=2)
    book.rebook(known)
    assert (book.quantity, book.realized_pnl) == (NONE, Decimal(2 * 50))


def test_a_correction_moves_the_brokers_figure_by_its_difference() -> None:
    """Corrected and taken over are two matters: only the first is changed."""
    book, known = booked(execution(1, "", Action.BUY, 50, price="100"))
    book.adjust(Decimal(30), Decimal(99))
    known["0"] = execution(1, "", Action.BUY, 45, price="100", revision=2)
    book.rebook(known)
    assert (book.quantity, book.average_price) == (Decimal(25), Decimal(99))


def test_booking_again_without_a_correction_changes_nothing() -> None:
    fills = [execution(n, "", Action.BUY if n % 3 else Action.SELL, 7 * n) for n in range(1, 9)]
    (book, known), (again, _) = booked(*fills), booked(*fills)
    again.rebook(known)
    assert again == book


# -- units -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "sign"), [(Action.BUY, 1), (Action.SELL, -1)])
def test_a_unit_gains_by_its_exits_against_its_average_entry(action: Action, sign: int) -> None:
    book = unit(action, (20, "100"), (30, "105"), (-25, "104"))
    assert (book.open_quantity, book.average_entry_price) == (Decimal(25), Decimal(103))
    assert book.realized_pnl == 25 * sign


def test_a_unit_that_never_filled_has_no_price_and_no_gain() -> None:
    book = unit(Action.BUY)
    assert (book.average_entry_price, book.realized_pnl, book.open_quantity) == (None, NONE, NONE)


def test_a_unit_never_holds_less_than_nothing() -> None:
    """Two exits filled at once: the rest is the position's to show, not the unit's."""
    assert unit(Action.BUY, (50, "100"), (-80, "99")).open_quantity == 0


def test_what_was_closed_outside_is_not_held_and_not_gained() -> None:
    book = unit(Action.BUY, (50, "100"), (-20, "102"))
    book.closed_outside = Decimal(10)
    assert (book.open_quantity, book.realized_pnl) == (Decimal(20), Decimal(40))
