"""What is held has a stop of the right size, and nothing more than that."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from tests.properties.test_ledger_properties import accepted, anything
from tests.reconcile.scenes import (
    AMD,
    BOT,
    ENTRY,
    SECOND_NS,
    SPY,
    STOP,
    TARGET,
    UNIT,
    booked,
    bracket,
    execution,
    intent,
    shown,
    state,
)

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import (
    AnyRecord,
    CancelIntended,
    ModifyIntended,
    ModifyRefused,
    OrderTermsTaken,
)
from ibelay.model import ids
from ibelay.model.ids import ClientId
from ibelay.model.order import Action, BrokerOrderStatus, OrderState, Role
from ibelay.model.snapshot import BrokerOrder
from ibelay.reconcile.gaps import (
    CancelExit,
    CloseAtMarket,
    CloseUnprotectable,
    Gap,
    GivenUp,
    PlaceStop,
    ResizeExit,
)
from ibelay.reconcile.protection import audit, hand_placed_stops

LONE = ids.order_ref(UNIT, 3)
"""A stand-alone stop, placed after the bracket's own was gone."""


def stop_lost() -> Ledger:
    """Return the ledger of a bracket of 50 whose stop was cancelled; its target works."""
    ledger = bracket()
    ledger.apply(state(STOP, OrderState.CANCELLED))
    return ledger


def lone_stop(quantity: int = 50) -> Ledger:
    """Return the ledger of 50 shares under a stand-alone stop, without a target."""
    ledger = stop_lost()
    ledger.apply(state(TARGET, OrderState.CANCELLED))
    ledger.apply(intent(3, Role.STOP, child=False, quantity=quantity))
    ledger.apply(state(LONE, OrderState.WORKING, perm_id=104))
    return ledger


# -- cover -----------------------------------------------------------------------------------


def test_a_working_bracket_needs_nothing() -> None:
    assert audit(bracket()) == []


def test_nothing_held_needs_nothing() -> None:
    assert audit(bracket(filled=0)) == []


def test_a_lost_stop_is_placed_again_at_its_price() -> None:
    assert audit(stop_lost()) == [PlaceStop(UNIT, Decimal(50), Decimal(99))]


def test_the_price_is_the_latest_one_known() -> None:
    """Moved to break-even, then lost."""
    ledger = bracket()
    ledger.apply(ModifyIntended(at_ns=3, order_ref=STOP, stop_price=Decimal(100)))
    ledger.apply(state(STOP, OrderState.CANCELLED))
    assert audit(ledger) == [PlaceStop(UNIT, Decimal(50), Decimal(100))]


@pytest.mark.parametrize(
    "way", [(), (OrderState.SENT,), (OrderState.SENT, OrderState.UNKNOWN)], ids=str
)
def test_a_stop_on_its_way_is_cover(way: tuple[OrderState, ...]) -> None:
    """Whatever may live must never be doubled."""
    ledger = stop_lost()
    ledger.apply(intent(3, Role.STOP, child=False))
    for step in way:
        ledger.apply(state(LONE, step))
    assert audit(ledger) == []


def test_a_stop_that_is_being_cancelled_is_no_cover() -> None:
    ledger = bracket()
    ledger.apply(CancelIntended(at_ns=3, order_ref=STOP))
    assert audit(ledger) == [PlaceStop(UNIT, Decimal(50), Decimal(99))]


def test_only_what_is_filled_so_far_needs_cover() -> None:
    ledger = bracket(filled=20)
    ledger.apply(state(STOP, OrderState.REJECTED))
    assert audit(ledger) == [PlaceStop(UNIT, Decimal(20), Decimal(99))]


def test_a_unit_that_never_had_a_stop_is_left_alone() -> None:
    ledger = Ledger()
    for record in (
        intent(0, Role.ENTRY),
        booked(execution(1, ENTRY, Action.BUY, 50)),
    ):
        ledger.apply(record)
    assert audit(ledger) == []


def test_the_stop_of_an_entry_that_fills_though_absent_is_looked_for_first() -> None:
    """It was only late, and so is what was sent with it: two stops would open the other side."""
    ledger = bracket(filled=0)
    for ref in (ENTRY, STOP, TARGET):
        ledger.apply(state(ref, OrderState.UNKNOWN))
        ledger.apply(state(ref, OrderState.ABSENT))
    fill = execution(1, ENTRY, Action.BUY, 20)
    ledger.apply(booked(fill))
    (gap,) = audit(ledger)
    assert gap == PlaceStop(UNIT, Decimal(20), Decimal(99), fill.at_ns + 5 * SECOND_NS)


@pytest.mark.parametrize(
    ("filled", "right", "wanted"),
    [(50, 45, 45), (50, 55, 50), (20, 15, 50)],
    ids=["less was bought", "more was bought", "less, and the rest may still come"],
)
def test_a_corrected_fill_takes_the_brackets_exits_with_it(
    filled: int, right: int, wanted: int
) -> None:
    """A stop for more than is held would open the other side when it fills (F33)."""
    ledger = bracket(filled=filled)
    ledger.apply(booked(execution(1, ENTRY, Action.BUY, right, revision=2)))
    gaps = audit(ledger)
    resized = {gap.order_ref: gap.quantity for gap in gaps if isinstance(gap, ResizeExit)}
    assert resized == ({STOP: 45, TARGET: 45} if wanted < 50 else {})
    placed = [gap.quantity for gap in gaps if isinstance(gap, PlaceStop)]
    assert placed == ([5] if right > filled else [])


def test_a_stop_that_stands_alone_goes_with_what_it_was_for_though_the_entry_works_on() -> None:
    """What the entry may fill yet has the bracket's own exits, which wait for it."""
    ledger = bracket(filled=20)
    for record in (
        state(STOP, OrderState.CANCELLED),
        intent(3, Role.STOP, quantity=20, order_id=10, child=False),
        state(LONE, OrderState.WORKING),
        booked(execution(2, TARGET, Action.SELL, 20)),
    ):
        ledger.apply(record)
    assert audit(ledger) == [CancelExit(UNIT, LONE)]


def test_a_fill_that_is_told_twice_and_taken_back_leaves_the_brackets_own_stop() -> None:
    """What was placed for the second report in between is taken away again (F34)."""
    ledger = bracket()
    ledger.apply(booked(execution(2, ENTRY, Action.BUY, 50)))
    assert audit(ledger) == [PlaceStop(UNIT, Decimal(50), Decimal(99))]
    for record in (
        intent(3, Role.STOP, quantity=50, order_id=10, child=False),
        booked(execution(3, ENTRY, Action.SELL, 50)),
        state(LONE, OrderState.SENT),
    ):
        ledger.apply(record)
    assert audit(ledger) == []
    ledger.apply(state(LONE, OrderState.WORKING))
    assert audit(ledger) == [CancelExit(UNIT, LONE)]


def test_a_fill_that_is_taken_back_whole_takes_the_brackets_exits_with_it() -> None:
    """For the broker the entry has filled: it ends nothing by itself."""
    ledger = bracket()
    ledger.apply(booked(execution(2, ENTRY, Action.SELL, 50)))
    assert audit(ledger) == [CancelExit(UNIT, STOP), CancelExit(UNIT, TARGET)]


# -- other people's stops --------------------------------------------------------------------


def test_a_foreign_stop_counts_once_for_what_is_left_of_it() -> None:
    foreign = shown("", perm_id=900, quantity=40, filled=10)
    assert audit(stop_lost(), [foreign]) == [PlaceStop(UNIT, Decimal(20), Decimal(99))]


def test_two_units_do_not_share_one_foreign_stop() -> None:
    ledger = stop_lost()
    second = ids.unit_ref(BOT, 1, 2)
    entry, stop = (ids.order_ref(second, leg) for leg in range(2))
    for record in (
        intent(0, Role.ENTRY, unit=second, order_id=20),
        intent(1, Role.STOP, unit=second, order_id=21),
        booked(execution(9, entry, Action.BUY, 50)),
        state(stop, OrderState.CANCELLED),
    ):
        ledger.apply(record)
    foreign = shown("", perm_id=900, quantity=50)
    assert [gap.unit for gap in audit(ledger, [foreign])] == [second]


@pytest.mark.parametrize(
    "foreign",
    [
        shown("", perm_id=900, action=Action.BUY),
        shown("", perm_id=900, contract=AMD),
    ],
    ids=["other side", "other contract"],
)
def test_a_foreign_stop_elsewhere_is_no_cover(foreign: BrokerOrder) -> None:
    assert audit(stop_lost(), [foreign]) == [PlaceStop(UNIT, Decimal(50), Decimal(99))]


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"client_id": ClientId(1)}, True),
        ({"client_id": ClientId(7)}, False),
        ({"status": BrokerOrderStatus.INACTIVE}, False),
        ({"status": BrokerOrderStatus.PENDING_CANCEL}, False),
        ({"order_type": "LMT"}, False),
        ({"order_ref": STOP}, False),
    ],
    ids=str,
)
def test_only_a_working_stop_placed_by_hand_is_relied_on(
    changes: dict[str, object], counts: bool
) -> None:
    """Another bot's stop is for another bot's shares, and an inactive one for nobody's."""
    manual = replace(shown("", perm_id=900), client_id=ClientId(0))
    order = replace(manual, **changes)  # type: ignore[arg-type]  # one field at a time
    assert hand_placed_stops([order], {STOP}, ClientId(1)) == ((order,) if counts else ())


# -- sizes -----------------------------------------------------------------------------------


def test_a_brackets_own_stop_is_not_fought_when_the_target_fills_in_part() -> None:
    """IB has shrunk it already; our figure of 50 is only the older one."""
    ledger = bracket()
    ledger.apply(booked(execution(2, TARGET, Action.SELL, 20)))
    assert audit(ledger) == []


def test_a_stand_alone_stop_follows_a_partial_exit() -> None:
    ledger = lone_stop()
    ledger.apply(booked(execution(2, TARGET, Action.SELL, 20)))
    assert audit(ledger) == [ResizeExit(UNIT, LONE, Decimal(30))]
    ledger.apply(ModifyIntended(at_ns=3, order_ref=LONE, quantity=Decimal(30)))
    assert audit(ledger) == []


def test_a_partly_filled_stop_covers_what_is_left_of_it() -> None:
    ledger = lone_stop()
    ledger.apply(booked(execution(2, LONE, Action.SELL, 20)))
    assert audit(ledger) == []


def test_a_stop_too_many_goes_latest_first() -> None:
    ledger, second = lone_stop(), ids.order_ref(UNIT, 4)
    ledger.apply(intent(4, Role.STOP, child=False, quantity=20))
    ledger.apply(state(second, OrderState.WORKING))
    assert audit(ledger) == [CancelExit(UNIT, second)]


def test_a_short_position_is_protected_by_buying() -> None:
    unit = ids.unit_ref(BOT, 1, 5)
    entry, stop = (ids.order_ref(unit, leg) for leg in range(2))
    ledger = Ledger()
    for record in (
        intent(0, Role.ENTRY, unit=unit, action=Action.SELL),
        intent(1, Role.STOP, unit=unit, action=Action.BUY, stop="101"),
        booked(execution(1, entry, Action.SELL, 50)),
        state(stop, OrderState.REJECTED),
    ):
        ledger.apply(record)
    assert audit(ledger) == [PlaceStop(unit, Decimal(50), Decimal(101))]
    assert ledger.units[unit].action is Action.SELL


# -- closed by others, or being closed -------------------------------------------------------


def test_exits_are_cut_down_when_somebody_else_closed_a_part() -> None:
    """A target left at 50 would open the other side with 30 held."""
    ledger = bracket()
    ledger.apply(booked(execution(7, "", Action.SELL, 20)))
    assert audit(ledger) == [
        ResizeExit(UNIT, STOP, Decimal(30)),
        ResizeExit(UNIT, TARGET, Decimal(30)),
    ]


def test_a_cut_target_does_not_hide_a_missing_stop() -> None:
    ledger = stop_lost()
    ledger.apply(booked(execution(7, "", Action.SELL, 20)))
    assert audit(ledger) == [
        ResizeExit(UNIT, TARGET, Decimal(30)),
        PlaceStop(UNIT, Decimal(30), Decimal(99)),
    ]


def test_a_cut_that_ib_refused_is_asked_for_again_after_a_while() -> None:
    ledger = bracket()
    ledger.apply(booked(execution(7, "", Action.SELL, 20)))
    ledger.apply(state(STOP, OrderState.CANCELLED))
    ledger.apply(ModifyIntended(at_ns=3, order_ref=TARGET, quantity=Decimal(30)))
    ledger.apply(ModifyRefused(at_ns=4, order_ref=TARGET, code=201))
    ledger.apply(OrderTermsTaken(at_ns=5, order_ref=TARGET, quantity=Decimal(50)))
    assert audit(ledger)[0] == ResizeExit(UNIT, TARGET, Decimal(30), 4 + SECOND_NS)


def test_exits_of_what_somebody_else_closed_whole_are_cancelled() -> None:
    ledger = bracket()
    ledger.apply(booked(execution(7, "", Action.SELL, 50)))
    assert audit(ledger) == [CancelExit(UNIT, STOP), CancelExit(UNIT, TARGET)]


def test_the_siblings_of_a_bracket_that_closed_itself_are_the_brokers_to_end() -> None:
    ledger = bracket()
    ledger.apply(booked(execution(2, STOP, Action.SELL, 50)))
    ledger.apply(state(STOP, OrderState.FILLED))
    assert audit(ledger) == []


@pytest.mark.parametrize("by_the_target", [0, 20])
def test_a_target_does_not_outlive_what_a_stand_alone_stop_closed(by_the_target: int) -> None:
    """It is no sibling of that stop: left alone it would fill and open the other side."""
    ledger = stop_lost()
    ledger.apply(intent(3, Role.STOP, child=False, quantity=50 - by_the_target))
    if by_the_target:
        ledger.apply(booked(execution(2, TARGET, Action.SELL, by_the_target)))
    ledger.apply(booked(execution(3, LONE, Action.SELL, 50 - by_the_target)))
    ledger.apply(state(LONE, OrderState.FILLED))
    assert audit(ledger) == [CancelExit(UNIT, TARGET)]


def test_a_stand_alone_stop_of_a_closed_unit_is_cancelled() -> None:
    ledger = lone_stop()
    ledger.apply(booked(execution(2, TARGET, Action.SELL, 50)))
    assert audit(ledger) == [CancelExit(UNIT, LONE)]


def test_what_is_being_closed_whole_gets_no_stop_beside_that() -> None:
    ledger = stop_lost()
    ledger.apply(intent(3, Role.EXIT, child=False))
    assert audit(ledger) == []


def test_what_a_partial_exit_leaves_is_protected() -> None:
    ledger = stop_lost()
    ledger.apply(intent(3, Role.EXIT, child=False, quantity=20))
    assert audit(ledger) == [PlaceStop(UNIT, Decimal(30), Decimal(99))]


# -- whatever happens ------------------------------------------------------------------------


@settings(max_examples=200)
@given(anything)
def test_doing_what_protection_asks_leaves_nothing_naked(records: list[AnyRecord]) -> None:
    """Total, one answer per order, and satisfied by what it asked for."""
    ledger, _ = accepted(records)
    for number in range(30, 40):
        gaps = audit(ledger)
        touched = [gap.order_ref for gap in gaps if isinstance(gap, ResizeExit | CancelExit)]
        assert len(touched) == len(set(touched))
        if not gaps:
            break
        for gap in gaps:
            perform(ledger, gap, number)
    assert audit(ledger) == []


def perform(ledger: Ledger, gap: Gap, number: int) -> None:
    """Do what the runtime does for *gap*."""
    match gap:
        case ResizeExit(order_ref=ref, quantity=quantity):
            ledger.apply(ModifyIntended(at_ns=9, order_ref=ref, quantity=quantity))
        case CancelExit(order_ref=ref):
            ledger.apply(CancelIntended(at_ns=9, order_ref=ref))
        case GivenUp():
            pass
        case PlaceStop() | CloseUnprotectable() | CloseAtMarket():
            unit = ledger.units[gap.unit]
            ledger.apply(
                intent(
                    number,
                    Role.STOP if isinstance(gap, PlaceStop) else Role.EXIT,
                    unit=gap.unit,
                    action=unit.action.opposite,
                    quantity=int(gap.quantity),
                    order_id=ledger.high_order_id + 1,
                    contract=SPY,
                    child=False,
                )
            )
