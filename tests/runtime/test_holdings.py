"""Positions that the broker tells between two looks: what differs for long is asked about."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.reconcile.scenes import AMD, ENTRY, SECOND_NS, SPY, booked, bracket, execution

from ibelay.journal.ledger import Ledger
from ibelay.model.contract import Contract
from ibelay.model.order import Action
from ibelay.model.position import Position
from ibelay.reconcile.policy import Policy
from ibelay.runtime.trading.holdings import SETTLES_NS, Holdings


def position(quantity: int, contract: Contract = SPY) -> Position:
    """Return a position as the broker sends it."""
    return Position(
        account="DU1",
        contract=contract,
        quantity=Decimal(quantity),
        average_cost=Decimal(100),
    )


def holdings(ledger: Ledger | None = None, **policy: object) -> Holdings:
    """Return what was told beside the books, which hold 50 SPY."""
    return Holdings(bracket() if ledger is None else ledger, Policy(**policy))  # type: ignore[arg-type]


def test_a_position_that_was_closed_by_hand_is_asked_about_after_three_seconds() -> None:
    told = holdings()
    told.told(position(0), 7 * SECOND_NS)
    assert told.due_ns() == 7 * SECOND_NS + SETTLES_NS
    assert told.doubts(10 * SECOND_NS - 1) == []
    assert told.doubts(10 * SECOND_NS) == ["SPY: it tells of 0, the books hold 50"]
    assert told.due_ns() is None


def test_a_position_whose_fill_follows_is_not() -> None:
    ledger = bracket(filled=20)
    told = holdings(ledger)
    told.told(position(50), 0)
    ledger.apply(booked(execution(2, ENTRY, Action.BUY, 30)))
    assert told.doubts(SETTLES_NS) == []


def test_a_difference_counts_from_its_beginning() -> None:
    told = holdings()
    told.told(position(30), 0)
    told.told(position(20), 2 * SECOND_NS)
    assert told.due_ns() == SETTLES_NS
    told.told(position(50), 2 * SECOND_NS)
    assert told.due_ns() is None


def test_the_same_two_figures_are_asked_about_once() -> None:
    """What a look has left alone is left alone by design."""
    told = holdings()
    for at_ns in (0, 10 * SECOND_NS):
        told.told(position(60), at_ns)
        assert bool(told.doubts(at_ns + SETTLES_NS)) is (at_ns == 0)
    told.told(position(70), 20 * SECOND_NS)
    assert told.doubts(20 * SECOND_NS + SETTLES_NS)


def test_what_happens_a_second_time_is_asked_about_a_second_time() -> None:
    """Closed by hand, entered again by the bot, and closed by hand again: the same two figures."""
    ledger = bracket()
    told = holdings(ledger)
    told.told(position(0), 0)
    assert told.doubts(SETTLES_NS)
    ledger.apply(booked(execution(2, "", Action.SELL, 50)))
    told.listed([])
    told.told(position(50), 20 * SECOND_NS)
    ledger.apply(booked(execution(3, "", Action.BUY, 50)))
    assert told.doubts(20 * SECOND_NS + SETTLES_NS) == []
    told.told(position(0), 40 * SECOND_NS)
    assert told.doubts(40 * SECOND_NS + SETTLES_NS) == ["SPY: it tells of 0, the books hold 50"]


def test_a_snapshot_answers_what_differs() -> None:
    told = holdings()
    told.told(position(0), 0)
    told.listed([position(50)])
    assert (told.due_ns(), told.at_broker) == (None, {SPY.con_id: Decimal(50)})


@pytest.mark.parametrize(
    ("symbols", "asked"), [(frozenset[str](), False), (frozenset({"AMD"}), True)]
)
def test_a_contract_that_the_books_do_not_know_matters_if_it_is_watched(
    symbols: frozenset[str], asked: bool
) -> None:
    told = holdings(watch_list=symbols)
    told.told(position(10, AMD), 0)
    assert bool(told.doubts(SETTLES_NS)) is asked
    assert told.at_broker[AMD.con_id] == 10


def test_a_difference_within_the_tolerance_is_none() -> None:
    told = holdings(quantity_tolerance=Decimal(5))
    told.told(position(45), 0)
    assert told.due_ns() is None
