"""I3, I9, I10 and I13: books that keep them, and books that break each."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.reconcile.scenes import AMD
from tests.simulation.invariants.scenes import (
    BRACKET,
    ENTRY,
    SPY,
    STOP,
    TARGET,
    Run,
    S,
    at_broker,
    booked,
    entering,
    execution,
    holding,
    state,
)

from ibelay.gateway.exchange.events import Executed, OrderChanged
from ibelay.journal.records import DiscrepancyFound, PositionAdjusted
from ibelay.machines.link_events import LinkState
from ibelay.model.execution import Execution
from ibelay.model.faults import Fill, Target
from ibelay.model.ids import ClientId, ExecId
from ibelay.model.order import Action, OrderState
from ibelay.reconcile.discrepancies import Kind
from ibelay.testing.simulation.observed import Broke, Truth
from ibelay.wire import encode

FILL = execution(1, ENTRY, Action.BUY, 50)
HALF = execution(2, STOP, Action.SELL, 20)


def executed(fill: Execution) -> Truth:
    """Return the broker's word of *fill*."""
    return Truth(0, Executed(execution=fill, cumulative=fill.quantity, average_price=fill.price))


def alarm(ref: str) -> DiscrepancyFound:
    """Return the alarm that an order lives that was over."""
    return DiscrepancyFound(
        at_ns=3,
        name=Kind.RESURRECTED_ORDER,
        symbol="SPY",
        before=f"{ref} cancelled",
        after="working",
        action="it is cancelled again",
    )


# -- I3 ------------------------------------------------------------------------------------


def test_what_others_have_at_the_broker_is_nobodys_breach() -> None:
    run = holding()
    run.see(executed(replace(FILL, exec_id=ExecId("0.9.01"), client_id=ClientId(0), order_ref="")))
    run.see(
        executed(replace(FILL, exec_id=ExecId("0.8.01"), client_id=ClientId(9), order_ref="x:1"))
    )
    assert run.broken == []


def test_an_order_at_the_broker_that_was_never_intended_breaks_i3() -> None:
    run = Run().boot().works(BRACKET[0]).works(BRACKET[0])
    assert run.broken == ["I3"]
    assert ENTRY in run.sentences[0]


def test_an_order_of_our_client_without_a_reference_breaks_i3() -> None:
    order = at_broker(BRACKET[0])
    nameless = replace(order, request=replace(order.request, order_ref=""))
    assert Run().boot().happens(OrderChanged(order=nameless)).broken == ["I3"]


def test_a_fill_with_our_prefix_that_was_never_intended_breaks_i3() -> None:
    """An intent that was lost with the disk, and an order that was not."""
    run = Run().boot()
    run.see(executed(replace(FILL, client_id=ClientId(9))))
    assert run.broken == ["I3"]


# -- I9 ------------------------------------------------------------------------------------


def test_books_that_follow_the_broker_break_nothing() -> None:
    run = holding().wait(200)
    corrected = execution(1, ENTRY, Action.BUY, 49, revision=2)
    run.see(executed(corrected))
    run.holds(49).write(booked(corrected)).wait(200)
    assert run.broken == []


def test_a_correction_that_is_added_instead_breaks_i9() -> None:
    run = holding()
    correction = booked(execution(1, ENTRY, Action.BUY, 49, revision=2))
    run.write(correction)
    for books in (run.live, run.disk):
        books.positions[SPY.con_id].quantity += 50
    assert run.settle().broken == ["I9"]


def test_an_order_that_counts_a_fill_twice_breaks_i9() -> None:
    run = holding().write(booked(HALF))
    for books in (run.live, run.disk):
        books.orders[STOP].filled += 20
    assert run.settle().broken == ["I9"]
    assert "40 filled, its fills make 20" in run.sentences[0]


def test_a_fill_that_never_reaches_the_books_breaks_i9_in_time() -> None:
    run = entering().fills(BRACKET[0], FILL, 50).wait(85)
    assert run.broken == []
    assert run.wait(15).broken == ["I9"]
    assert "the books hold 0, the broker 50" in run.sentences[0]


def test_a_timeout_read_as_flat_breaks_i9() -> None:
    """The books take an answer that never came for an empty one."""
    run = holding().write(
        PositionAdjusted(
            at_ns=5,
            contract=SPY,
            before=Decimal(50),
            after=Decimal(0),
            average_cost=Decimal(0),
            reason="by hand",
        )
    )
    assert run.wait(100).broken == ["I9"]


def test_books_may_differ_while_anything_goes_wrong_or_the_link_is_down() -> None:
    run = entering().fills(BRACKET[0], FILL, 50)
    for _ in range(4):
        run.see(Broke(run.at_ns, Fill(Target(symbol="SPY")), "done"))
        run.wait(60)
    run.goes(LinkState.DOWN).says().wait(200)
    assert run.broken == []


def test_positions_in_contracts_the_bot_never_touched_are_not_compared() -> None:
    run = holding()
    for _ in range(40):
        run.wait(5, settling=False)
        run.settle(positions={SPY.con_id: Decimal(50), AMD.con_id: Decimal(7)})
    assert run.broken == []


# -- I10 -----------------------------------------------------------------------------------


def test_an_order_that_loses_a_cancels_race_to_a_fill_breaks_nothing() -> None:
    run = entering().write(state(ENTRY, OrderState.CANCELLED))
    run.fills(BRACKET[0], FILL, 50).write(booked(FILL), state(ENTRY, OrderState.FILLED))
    assert run.broken == []


def test_a_resurrection_with_its_alarm_breaks_nothing() -> None:
    over = entering().write(state(STOP, OrderState.CANCELLED))
    assert over.write(state(STOP, OrderState.WORKING), alarm(STOP)).broken == []


@pytest.mark.parametrize("after", [OrderState.WORKING, OrderState.FILLED])
def test_an_order_that_comes_back_without_a_fill_or_an_alarm_breaks_i10(after: OrderState) -> None:
    over = entering().write(state(STOP, OrderState.CANCELLED))
    assert over.write(state(STOP, after)).broken == ["I10"]


def test_an_alarm_about_another_order_excuses_nothing() -> None:
    over = entering().write(state(STOP, OrderState.CANCELLED))
    assert over.write(state(STOP, OrderState.WORKING), alarm(TARGET)).broken == ["I10"]


def test_an_absent_order_that_is_suddenly_over_otherwise_breaks_i10() -> None:
    run = Run().boot().write(*BRACKET, state(ENTRY, OrderState.ABSENT))
    assert run.write(state(ENTRY, OrderState.CANCELLED)).broken == ["I10"]


# -- I13 -----------------------------------------------------------------------------------


def test_a_fill_told_and_booked_breaks_nothing_whoever_tells_it_again() -> None:
    run = holding().tells_fill(FILL).wait(100).over()
    assert run.broken == []


@pytest.mark.parametrize(
    "where", [LinkState.READY, LinkState.ISOLATED, LinkState.SUSPECT, LinkState.SYNCING]
)
def test_a_live_fill_is_booked_at_once_whatever_the_state_of_the_link(where: LinkState) -> None:
    run = entering().says()
    if where is not run.link:
        run.goes(where)
    run.tells_fill(FILL).wait(1)
    assert run.broken == []
    assert run.wait(2, step=1).broken == ["I13"]
    assert f"is {where}" in run.sentences[0]


def test_a_live_fill_that_went_down_with_its_link_is_owed_from_ready_on() -> None:
    run = entering().fills(BRACKET[0], FILL, 50).tells_fill(FILL).goes(LinkState.DOWN).says()
    run.wait(300).goes(LinkState.SYNCING, LinkState.READY).wait(50)
    assert run.broken == []
    assert run.wait(15).broken == ["I13"]
    assert FILL.exec_id in run.sentences[0]


def test_a_fill_that_is_told_in_an_answer_is_owed_only_once_ready() -> None:
    run = entering().goes(LinkState.SYNCING).says()
    run.tells(encode.execution(7, FILL, (FILL.quantity, FILL.price), 178)).wait(50)
    assert run.goes(LinkState.READY).wait(50).broken == []
    assert run.wait(15).broken == ["I13"]


def test_a_fill_that_died_with_the_process_is_found_again_by_the_end() -> None:
    run = entering().fills(BRACKET[0], FILL, 50).tells_fill(FILL).give(booked(FILL)).end()
    run.boot().wait(10).write(booked(FILL)).wait(60).over()
    assert run.broken == []


def test_a_fill_that_died_with_the_process_and_is_never_found_breaks_i13() -> None:
    run = entering().fills(BRACKET[0], FILL, 50).tells_fill(FILL).give(booked(FILL)).end()
    assert run.boot().wait(40).over().broken == ["I13"]


def test_a_fill_told_just_before_the_end_is_still_under_way() -> None:
    run = entering().wait(60).fills(BRACKET[0], FILL, 50).tells_fill(FILL).wait(1).over()
    assert run.broken == []


def test_a_correction_that_is_not_booked_breaks_i13() -> None:
    corrected = execution(1, ENTRY, Action.BUY, 49, revision=2)
    assert holding().tells_fill(corrected).wait(5).broken == ["I13"]


def test_fills_of_others_need_not_be_booked() -> None:
    run = holding().tells_fill(replace(FILL, exec_id=ExecId("0.7.01"), order_ref="other:1:1.0"))
    assert run.wait(100).over().broken == []


def test_status_texts_do_not_matter_to_fills() -> None:
    assert holding().works(BRACKET[1], status=S.PRE_SUBMITTED).wait(100).over().broken == []
