"""I6, I7 and I8: journals that keep them, and journals that break each."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest
from tests.reconcile.scenes import epoch
from tests.simulation.invariants.scenes import (
    BRACKET,
    ENTRY,
    STOP,
    Run,
    booked,
    execution,
    holding,
    state,
)

from ibelay.journal.records import LinkDown
from ibelay.model.ids import Epoch
from ibelay.model.order import Action, OrderState
from ibelay.testing.simulation.observed import Durable

LOST = LinkDown(at_ns=1, cause="by hand")
OTHER = LinkDown(at_ns=2, cause="another")


def test_epochs_that_rise_with_every_process_break_nothing() -> None:
    assert Run().boot().write(*BRACKET).end().boot().end().boot().broken == []


def test_an_epoch_that_comes_again_breaks_i6() -> None:
    run = Run().boot()
    run.give(epoch(1), live=False)
    run.see(Durable(0, run.seq, (epoch(1),)))
    assert run.broken == ["I6"]


def test_a_process_that_writes_under_an_earlier_epoch_breaks_i6() -> None:
    """A paused old leader that wakes up."""
    run = Run().boot().end().boot().write(BRACKET[0])
    assert run.broken == ["I6"]
    assert ENTRY in run.sentences[0]


def test_an_intent_of_an_epoch_that_never_began_breaks_i6() -> None:
    early = msgspec.structs.replace(BRACKET[0], epoch=Epoch(7))
    assert Run().boot().write(early).broken == ["I6"]


def test_rows_in_order_whatever_the_commits_break_nothing() -> None:
    run = Run().boot().give(*BRACKET).give(LOST).store(*BRACKET, LOST).store()
    assert run.broken == []


def test_a_row_number_left_out_breaks_i7() -> None:
    run = Run().boot().give(LOST)
    run.see(Durable(0, run.seq + 1, (LOST,)))
    assert run.broken == ["I7"]


def test_a_row_number_used_twice_breaks_i7() -> None:
    run = Run().boot().give(LOST)
    run.see(Durable(0, run.seq - 1, (LOST,)))
    assert run.broken == ["I7"]


def test_rows_out_of_their_order_break_i7() -> None:
    assert Run().boot().give(LOST, OTHER).store(OTHER, LOST).broken[:1] == ["I7"]


def test_a_row_that_nobody_gave_breaks_i7() -> None:
    assert Run().boot().store(LOST).broken == ["I7"]


def test_what_a_killed_process_had_not_on_disk_may_be_lost_or_not() -> None:
    lost = Run().boot().give(LOST, OTHER).end().boot()
    assert lost.broken == []
    kept = Run().boot().give(LOST, OTHER).end()
    kept.store(LOST)
    assert kept.boot().broken == []


def test_nothing_comes_back_behind_a_row_that_was_lost() -> None:
    run = Run().boot().give(LOST, OTHER).end()
    run.store(OTHER)
    assert run.broken == ["I7"]


def test_books_that_replay_as_they_are_break_nothing() -> None:
    assert holding().settle().wait(30).broken == []


def test_books_ahead_of_the_disk_are_not_compared() -> None:
    assert holding().give(state(STOP, OrderState.UNKNOWN)).settle().broken == []


def test_books_that_changed_without_a_record_break_i8() -> None:
    run = holding()
    run.live.orders[STOP].reason = "changed in passing"
    assert run.settle().settle().broken == ["I8"]
    assert f"orders[{STOP}]" in run.sentences[0]


@pytest.mark.parametrize("what", ["orders", "executions"])
@pytest.mark.parametrize("faulty", [False, True])
def test_books_that_change_after_they_were_equal_break_i8(what: str, faulty: bool) -> None:
    """It is seen at the next look, or twenty minutes later while something goes wrong."""
    run = holding().settle()
    assert run.broken == []
    if what == "orders":
        entry = run.live.orders[STOP]
        entry.order = replace(entry.order, quantity=Decimal(49))
    else:
        key, fill = next(iter(run.live.executions.items()))
        run.live.executions[key] = replace(fill, quantity=Decimal(49))
    run.write(LOST)
    if faulty:
        assert run.settle(faulty=True).broken == []
        run.at_ns += 1_200_000_000_000
    assert run.settle(faulty=faulty).broken == ["I8"]
    assert what in run.sentences[0]


def test_a_fill_booked_twice_in_the_live_books_breaks_i8() -> None:
    run = holding()
    run.live.positions[BRACKET[0].contract.con_id].quantity += 50
    assert run.settle(positions={}).broken[0] == "I8"
    assert "positions" in run.sentences[0]


def test_a_record_the_disk_did_not_get_as_it_was_given_breaks_i8() -> None:
    """The journal says it is durable, and replays another one."""
    run = Run().boot().write(*BRACKET)
    fill = execution(1, ENTRY, Action.BUY, 50)
    run.give(booked(fill))
    run.see(Durable(0, run.seq, (booked(fill),)))
    run.disk.apply(booked(execution(1, ENTRY, Action.BUY, 49)))
    assert run.settle(positions={BRACKET[0].contract.con_id: Decimal(50)}).broken[0] == "I8"
