"""I12: exposure within its limit, and beyond."""

from __future__ import annotations

from decimal import Decimal

from tests.simulation.invariants.scenes import (
    BRACKET,
    CLIENT,
    ENTRY,
    UNIT,
    at_broker,
    booked,
    execution,
    holding,
    intent,
    state,
)

from ibelay.journal.records import PositionAdjusted
from ibelay.model.ids import PermId
from ibelay.model.order import Action, OrderState, Role
from ibelay.testing.simulation.invariants.breach import Bounds

AT_MOST_100 = Bounds(exposure=Decimal(100))


def test_exposure_within_its_limit_breaks_nothing_and_without_one_nothing_is_claimed() -> None:
    second = intent(0, Role.ENTRY, unit=type(UNIT)("bot:1:2"), order_id=20)
    assert holding(AT_MOST_100).write(second).broken == []
    assert holding().write(second).broken == []


def test_an_entry_beyond_the_limit_breaks_i12() -> None:
    second = intent(0, Role.ENTRY, unit=type(UNIT)("bot:1:2"), order_id=20, quantity=51)
    run = holding(AT_MOST_100).write(second)
    assert run.broken == ["I12"]
    assert "101 at worst" in run.sentences[0]


def test_an_unknown_entry_counts_whole() -> None:
    run = holding(AT_MOST_100)
    second = intent(0, Role.ENTRY, unit=type(UNIT)("bot:1:2"), order_id=20)
    third = intent(0, Role.ENTRY, unit=type(UNIT)("bot:1:3"), order_id=21, quantity=1)
    ref = second.order.order_ref
    run.write(second, state(ref, OrderState.UNKNOWN)).write(third)
    assert run.broken == ["I12"]


def test_an_entry_that_is_over_counts_no_more() -> None:
    run = holding(AT_MOST_100)
    second = intent(0, Role.ENTRY, unit=type(UNIT)("bot:1:2"), order_id=20)
    third = intent(0, Role.ENTRY, unit=type(UNIT)("bot:1:3"), order_id=21)
    run.write(second, state(second.order.order_ref, OrderState.ABSENT)).write(third)
    assert run.broken == []


def test_what_others_trade_in_the_contract_widens_the_limit() -> None:
    """A person may sell beside the bot, which cannot bound that."""
    by_hand = booked(execution(9, "", Action.BUY, 20))
    second = intent(0, Role.ENTRY, unit=type(UNIT)("bot:1:2"), order_id=20)
    assert holding(AT_MOST_100).write(by_hand, by_hand, second).broken == []
    third = intent(0, Role.ENTRY, unit=type(UNIT)("bot:1:3"), order_id=21, quantity=1)
    run = holding(AT_MOST_100).write(by_hand, by_hand, second, third)
    assert "the limit is 120" in run.sentences[0]


def test_a_fill_told_beyond_its_orders_size_widens_the_limit() -> None:
    """It is believed until it is taken back (F34)."""
    again = booked(execution(9, ENTRY, Action.BUY, 50))
    assert holding(Bounds(exposure=Decimal(50))).write(again).broken == []
    second = intent(0, Role.ENTRY, unit=type(UNIT)("bot:1:2"), order_id=20, quantity=1)
    run = holding(Bounds(exposure=Decimal(50))).write(again, second)
    assert "101 at worst; the limit is 100" in run.sentences[0]


def test_a_position_taken_over_from_the_broker_counts() -> None:
    found = PositionAdjusted(
        at_ns=5,
        contract=BRACKET[0].contract,
        before=Decimal(50),
        after=Decimal(120),
        average_cost=Decimal(100),
        reason="by hand",
    )
    assert holding(AT_MOST_100).write(found).broken == ["I12"]


def test_perm_ids_and_clients_of_the_scene_are_as_assumed() -> None:
    """The scenes lean on them."""
    assert at_broker(BRACKET[0]).perm_id == PermId(101)
    assert at_broker(BRACKET[0]).request.client_id == CLIENT
