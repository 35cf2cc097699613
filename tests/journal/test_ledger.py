"""The fold: what each record does to the books, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.reconcile.scenes import (
    AMD,
    BOT,
    ENTRY,
    SPY,
    STOP,
    TARGET,
    UNIT,
    booked,
    bracket,
    bracket_records,
    commission,
    epoch,
    execution,
    intent,
    ledger_of,
    state,
)

from ibelay.errors import InvariantError
from ibelay.journal.ledger import Ledger, fold
from ibelay.journal.records import (
    AnyRecord,
    CancelIntended,
    CommissionRecorded,
    DropInIntent,
    EpochStarted,
    LinkDown,
    LinkUp,
    ModifyIntended,
    OrderIdReassigned,
    PositionAdjusted,
    SafeModeCleared,
    SafeModeEntered,
    WatchListChanged,
)
from ibelay.model import ids
from ibelay.model.ids import Epoch, OrderId, OrderRef, PermId
from ibelay.model.order import Action, OrderState, Role


def adjusted(before: int, after: int) -> PositionAdjusted:
    """Return the broker's figure taken over."""
    return PositionAdjusted(
        at_ns=9,
        contract=SPY,
        before=Decimal(before),
        after=Decimal(after),
        average_cost=Decimal("100.5"),
        reason="test",
    )


def charged(fill_number: int, amount: str, revision: int = 1) -> CommissionRecorded:
    """Return the commission of fill *fill_number*."""
    fill = execution(fill_number, "", Action.BUY, 1, revision=revision)
    return CommissionRecorded(at_ns=9, report=commission(fill, amount))


# -- fills -----------------------------------------------------------------------------------


def test_a_round_trip_is_booked_in_order_unit_and_position() -> None:
    ledger = bracket()
    ledger.apply(booked(execution(2, TARGET, Action.SELL, 20, price="102")))
    ledger.apply(booked(execution(3, STOP, Action.SELL, 30, price="99")))
    unit, position = ledger.units[UNIT], ledger.positions[SPY.con_id]
    assert unit.open_quantity == position.quantity == 0
    assert unit.average_entry_price == 100
    assert unit.realized_pnl == position.realized_pnl == 2 * 20 - 1 * 30
    assert [ledger.orders[ref].filled for ref in (ENTRY, TARGET, STOP)] == [50, 20, 30]


def test_a_fill_is_applied_once() -> None:
    """IB repeats executions at every connect (I9)."""
    ledger, again = bracket(), bracket()
    again.apply(booked(execution(1, ENTRY, Action.BUY, 50)))
    assert ledger == again


def test_a_correction_replaces_and_does_not_add() -> None:
    """Same id but for the last segment (F33)."""
    ledger = bracket()
    ledger.apply(booked(execution(1, ENTRY, Action.BUY, 50, price="101", revision=2)))
    assert ledger.positions[SPY.con_id].quantity == 50
    assert ledger.positions[SPY.con_id].average_price == 101
    assert ledger.units[UNIT].average_entry_price == 101


def test_what_was_corrected_does_not_come_back() -> None:
    """A list of executions may hold the original too, after its correction was booked."""
    ledger = bracket()
    ledger.apply(booked(execution(1, ENTRY, Action.BUY, 40, revision=2)))
    corrected = ledger.positions[SPY.con_id].quantity
    ledger.apply(booked(execution(1, ENTRY, Action.BUY, 50, revision=1)))
    assert ledger.positions[SPY.con_id].quantity == corrected == 40


def test_a_report_on_the_other_side_takes_a_fill_of_its_order_back() -> None:
    """Two reports of one fill under two ids, and a third that takes one back (F34)."""
    ledger = bracket()
    ledger.apply(booked(execution(2, ENTRY, Action.BUY, 50)))
    assert ledger.units[UNIT].open_quantity == ledger.orders[ENTRY].filled == 100
    ledger.apply(booked(execution(3, ENTRY, Action.SELL, 50)))
    assert ledger.positions[SPY.con_id].quantity == 50
    assert ledger.units[UNIT].open_quantity == ledger.orders[ENTRY].filled == 50
    assert ledger.units[UNIT].average_entry_price == 100


def test_a_fill_that_is_not_ours_moves_the_position_only() -> None:
    ledger = bracket()
    ledger.apply(booked(execution(7, "", Action.BUY, 10)))
    assert ledger.positions[SPY.con_id].quantity == 60
    assert ledger.units[UNIT].open_quantity == 50


def test_somebody_else_closing_closes_our_unit() -> None:
    ledger = bracket()
    ledger.apply(booked(execution(7, "", Action.SELL, 20)))
    assert ledger.units[UNIT].open_quantity == 30


def test_a_correction_does_not_reopen_what_others_closed_beyond_what_was_left() -> None:
    """Somebody sold 20 of 30 while the target's 20 were on their way: 15 of them, IB says later."""
    ledger = bracket()
    for fill in (
        execution(2, STOP, Action.SELL, 15),
        execution(3, TARGET, Action.SELL, 20),
        execution(4, "", Action.SELL, 20),
    ):
        ledger.apply(booked(fill))
    assert ledger.positions[SPY.con_id].quantity == -5
    ledger.apply(booked(execution(3, TARGET, Action.SELL, 15, revision=2)))
    assert ledger.positions[SPY.con_id].quantity == ledger.units[UNIT].open_quantity == 0


def test_a_correction_reopens_what_the_position_holds() -> None:
    ledger = bracket()
    ledger.apply(booked(execution(3, TARGET, Action.SELL, 50)))
    ledger.apply(booked(execution(3, TARGET, Action.SELL, 45, revision=2)))
    assert ledger.positions[SPY.con_id].quantity == ledger.units[UNIT].open_quantity == 5


def test_a_fill_of_somebody_else_that_is_taken_back_gives_back_what_it_closed() -> None:
    """Told twice under two ids, and taken back under a third of the same order (F34)."""
    ledger = bracket()
    for number, side in ((7, Action.SELL), (8, Action.SELL), (9, Action.BUY)):
        fill = replace(execution(number, "", side, 20), perm_id=PermId(77))
        ledger.apply(booked(fill))
    assert ledger.positions[SPY.con_id].quantity == ledger.units[UNIT].open_quantity == 30


def test_a_corrected_fill_of_somebody_else_closes_once() -> None:
    ledger = bracket()
    ledger.apply(booked(execution(7, "", Action.SELL, 20)))
    ledger.apply(booked(execution(7, "", Action.SELL, 20, price="99", revision=2)))
    assert ledger.units[UNIT].open_quantity == 30
    ledger.apply(booked(execution(7, "", Action.SELL, 5, revision=3)))
    assert ledger.units[UNIT].open_quantity == 45


def test_somebody_else_selling_their_own_shares_leaves_our_unit_alone() -> None:
    """A neighbour on the account bought 100 of the same stock and sold them again."""
    ledger = bracket()
    ledger.apply(booked(execution(7, "other:1:1.0", Action.BUY, 100)))
    ledger.apply(booked(execution(8, "other:1:1.1", Action.SELL, 100)))
    assert ledger.positions[SPY.con_id].quantity == 50
    assert ledger.units[UNIT].open_quantity == 50


def test_outside_closes_go_to_the_oldest_unit_first() -> None:
    second = ids.unit_ref(BOT, 1, 2)
    ledger = bracket()
    ledger.apply(intent(0, Role.ENTRY, unit=second, order_id=10, quantity=30))
    ledger.apply(booked(execution(2, ids.order_ref(second, 0), Action.BUY, 30)))
    ledger.apply(booked(execution(7, "", Action.SELL, 60)))
    assert ledger.units[UNIT].open_quantity == 0
    assert ledger.units[second].open_quantity == 20


def test_a_fill_past_zero_turns_the_position() -> None:
    ledger = bracket()
    ledger.apply(booked(execution(2, STOP, Action.SELL, 80, price="99")))
    position = ledger.positions[SPY.con_id]
    assert (position.quantity, position.average_price) == (Decimal(-30), Decimal(99))
    assert position.realized_pnl == -50
    assert ledger.units[UNIT].open_quantity == 0


# -- commissions -----------------------------------------------------------------------------


def test_a_commission_that_comes_before_its_fill_is_charged_with_it() -> None:
    """IB keeps no order between the two (F35)."""
    records = bracket_records()
    before, after = ledger_of(charged(1, "1.25"), *records), ledger_of(*records, charged(1, "1.25"))
    assert before == after
    assert before.positions[SPY.con_id].commissions == Decimal("1.25")


def test_a_commission_that_repeats_or_is_corrected_is_charged_once() -> None:
    ledger = bracket()
    for record in (charged(1, "1"), charged(1, "1"), charged(1, "1.5", 2), charged(1, "1")):
        ledger.apply(record)
    assert ledger.positions[SPY.con_id].commissions == Decimal("1.5")


# -- adjustments -----------------------------------------------------------------------------


def test_an_adjustment_takes_the_brokers_quantity_and_average() -> None:
    ledger = ledger_of(adjusted(0, 30))
    position = ledger.positions[SPY.con_id]
    assert (position.quantity, position.average_price) == (Decimal(30), Decimal("100.5"))


def test_an_adjustment_to_nothing_closes_the_unit() -> None:
    ledger = bracket()
    ledger.apply(adjusted(50, 0))
    assert ledger.positions[SPY.con_id].average_price == 0
    assert ledger.units[UNIT].open_quantity == 0
    assert ledger.held == {}


def test_an_adjustment_that_undoes_a_double_count_leaves_the_unit_alone() -> None:
    """The position was adopted, then the fill behind it turned up: 100 became 50 again."""
    ledger = bracket(filled=0)
    ledger.apply(adjusted(0, 50))
    ledger.apply(booked(execution(1, ENTRY, Action.BUY, 50)))
    ledger.apply(adjusted(100, 50))
    assert ledger.units[UNIT].open_quantity == 50


# -- orders ----------------------------------------------------------------------------------


def test_orders_are_open_until_they_are_over() -> None:
    ledger = bracket()
    assert [entry.order.order_ref for entry in ledger.open_orders()] == [STOP, TARGET]
    ledger.apply(state(STOP, OrderState.CANCELLED))
    assert [entry.order.order_ref for entry in ledger.open_orders()] == [TARGET]


def test_a_modification_changes_only_what_it_names() -> None:
    ledger = bracket()
    ledger.apply(ModifyIntended(at_ns=3, order_ref=STOP, stop_price=Decimal(100)))
    order = ledger.orders[STOP].order
    assert (order.quantity, order.stop_price) == (Decimal(50), Decimal(100))
    assert ledger.orders[STOP].intent.order.stop_price == 99


def test_every_perm_id_of_an_order_is_remembered() -> None:
    """A modification in an outage can make a second live order (F25)."""
    ledger = bracket()
    ledger.apply(state(STOP, OrderState.WORKING, perm_id=777))
    assert ledger.orders[STOP].perm_ids == (102, 777)
    assert ledger.by_perm_id[777] == ledger.by_perm_id[102] == STOP


def test_an_order_id_the_broker_shows_is_never_given_to_another_order() -> None:
    ledger = bracket()
    ledger.apply(OrderIdReassigned(at_ns=3, order_ref=STOP, order_id=OrderId(40)))
    assert ledger.by_order_id[40] == STOP
    assert ledger.high_order_id == 40
    ledger.apply(OrderIdReassigned(at_ns=3, order_ref=STOP, order_id=OrderId(-7)))
    assert ledger.high_order_id == 40


def test_units_are_numbered_within_an_epoch() -> None:
    ledger = bracket()
    assert ledger.next_unit_number == 2
    ledger.apply(epoch(2))
    assert (ledger.epoch, ledger.next_unit_number) == (2, 1)


# -- what is refused, and changes nothing ----------------------------------------------------


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (epoch(1), "epochs never decrease"),
        (intent(1, Role.STOP, order_id=50), "used twice"),
        (intent(5, Role.STOP, order_id=3), "not above 3"),
        (state(ENTRY, OrderState.CANCELLED), "cannot go from filled to cancelled"),
        (state(OrderRef("bot:1:9.0"), OrderState.WORKING), "never intended"),
        (CancelIntended(at_ns=3, order_ref=OrderRef("bot:1:9.0")), "never intended"),
        (ModifyIntended(at_ns=3, order_ref=OrderRef("bot:1:9.0")), "never intended"),
        (
            OrderIdReassigned(at_ns=3, order_ref=OrderRef("bot:1:9.0"), order_id=OrderId(9)),
            "never intended",
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_a_record_that_contradicts_the_books_is_refused_and_changes_nothing(
    record: AnyRecord, says: str
) -> None:
    ledger = bracket()
    with pytest.raises(InvariantError, match=says):
        ledger.apply(record)
    assert ledger == bracket()


# -- the process and its day -----------------------------------------------------------------


def test_the_ledger_knows_whose_day_it_is() -> None:
    started = EpochStarted(at_ns=0, epoch=Epoch(4), bot=BOT, session_date="2013-10-07")
    ledger = fold([started])
    assert (ledger.bot, ledger.epoch, ledger.session_date) == (BOT, 4, "2013-10-07")


def test_a_drop_in_order_keeps_its_id_from_being_used_again() -> None:
    record = DropInIntent(
        at_ns=1,
        epoch=Epoch(1),
        order_id=OrderId(12),
        order_ref=OrderRef("x"),
        symbol=AMD.symbol,
        con_id=4391,
        order={},
    )
    assert ledger_of(record).high_order_id == 12


def test_safe_mode_watch_list_and_outages_are_kept() -> None:
    entered = SafeModeEntered(at_ns=1, reason="gone", attempts=10, checks=("network",))
    ledger = ledger_of(
        entered,
        WatchListChanged(at_ns=1, symbols=("SPY",), by="test"),
        LinkDown(at_ns=5, cause="cut"),
    )
    assert (ledger.safe_mode, ledger.watch_list, ledger.link_down_since_ns) == (
        entered,
        ("SPY",),
        5,
    )
    ledger.apply(SafeModeCleared(at_ns=6, by="me", cause="fixed"))
    ledger.apply(LinkUp(at_ns=7, outage_ns=2, attempts=1))
    assert ledger.safe_mode is None
    assert (ledger.link_down_since_ns, ledger.outages_ns) == (None, [2])


def test_an_empty_journal_is_an_empty_ledger() -> None:
    assert fold([]) == Ledger()


def test_a_figure_that_was_wrong_gives_the_unit_back_what_it_took() -> None:
    """Its shares are held, so they need their stop again; what a fill closed stays closed."""
    ledger = bracket()
    ledger.apply(booked(execution(2, "", Action.SELL, 10)))
    ledger.apply(adjusted(40, 15))
    assert ledger.units[UNIT].open_quantity == 15
    ledger.apply(adjusted(15, 50))
    assert ledger.units[UNIT].open_quantity == 40
    assert ledger.units[UNIT].closed_outside == 10
