"""TOLD, HELD and ASKED: each is broken by the run that deserves it, and by that alone."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.simulation.invariants.scenes import (
    BOT,
    BRACKET,
    CLIENT,
    ENTRY,
    SPY,
    Run,
    S,
    at_broker,
    execution,
)

from ibelay.gateway.exchange.events import OrderChanged
from ibelay.machines.link_events import LinkState
from ibelay.model.execution import Execution
from ibelay.model.order import Action
from ibelay.testing.simulation.invariants.watch import Watch
from ibelay.testing.simulation.observed import Calmed, Emitted, Held, HeldTrade, News
from ibelay.wire.requests import CancelRealTimeBars, RequestRealTimeBars, StartApi

FILL = execution(1, ENTRY, Action.BUY, 50)
BOTH = (News.EXECUTION, News.FILL)


def sent() -> Run:
    """Return the run of a script on the drop-in that has placed its entry."""
    run = Run()
    run.watch = Watch(bot=BOT, client_id=CLIENT, drop_in=True)
    return run.boot().write(BRACKET[0]).sends(BRACKET[0]).works(BRACKET[0])


def told(run: Run, *news: News, fill: Execution = FILL) -> Run:
    """Tell the script of *fill*."""
    for one in news:
        run.see(Emitted(run.at_ns, one, 1, ENTRY, fill.exec_id))
    return run


def back(run: Run) -> Run:
    """Lose the connection and get it back."""
    run.goes(LinkState.DOWN).wait(3, settling=False).asks(StartApi(CLIENT))
    return run.goes(LinkState.READY)


def holds(
    run: Run,
    status: str = "Submitted",
    *,
    filled: int = 0,
    position: int = 0,
    unresolved: bool = False,
    stands: bool = True,
) -> Run:
    """Look at what the script holds."""
    trade = HeldTrade(
        order_id=1,
        order_ref=ENTRY,
        status=status,
        filled=Decimal(filled),
        done=status in {"Filled", "Cancelled"},
        unresolved=unresolved,
        stands=stands,
    )
    run.settle()
    run.see(Held(run.at_ns, (trade,), {SPY.con_id: Decimal(position)} if position else {}))
    return run


def calm(run: Run) -> Run:
    """Let nothing go wrong any more, synchronise once, and let that settle."""
    run.see(Calmed(run.at_ns))
    return back(run).wait(15)


def test_a_fill_told_once_by_each_event_is_well() -> None:
    run = told(sent().tells_fill(FILL), *BOTH, News.COMMISSION).wait(10)
    assert run.broken == []


@pytest.mark.parametrize("news", [*BOTH, News.COMMISSION])
def test_told_is_broken_by_what_is_told_twice(news: News) -> None:
    run = told(told(sent().tells_fill(FILL), *BOTH, News.COMMISSION), news)
    assert run.broken == ["TOLD"]


@pytest.mark.parametrize("news", BOTH)
def test_told_is_broken_by_a_fill_kept_from_the_script(news: News) -> None:
    assert told(sent().tells_fill(FILL), news).wait(10).broken == ["TOLD"]


def test_a_fill_that_went_down_with_its_link_is_due_when_the_next_one_brings_it() -> None:
    run = back(sent().tells_fill(FILL)).wait(10)
    assert run.broken == []
    assert run.tells_fill(FILL).wait(10).broken == ["TOLD"] * 2


def test_a_new_process_is_told_anew_and_owed_nothing_of_the_old_one() -> None:
    run = told(sent().tells_fill(FILL), *BOTH).end().boot()
    assert told(run.tells_fill(FILL), *BOTH).wait(10).broken == []


def test_held_is_broken_by_an_object_that_is_orphaned() -> None:
    assert holds(sent()).broken == []
    assert holds(sent(), stands=False).broken == ["HELD"]


@pytest.mark.parametrize(
    ("status", "unresolved"), [("Filled", False), ("Cancelled", False), ("Submitted", True)]
)
def test_held_is_broken_by_a_trade_that_says_otherwise_than_the_broker(
    status: str, *, unresolved: bool
) -> None:
    assert holds(calm(sent())).broken == []
    assert holds(calm(sent()), status, unresolved=unresolved).broken == ["HELD"]


def test_held_is_broken_by_a_fill_or_a_position_that_is_not_the_brokers() -> None:
    run = calm(sent().fills(BRACKET[0], FILL, 50))
    assert holds(run, "Filled", filled=50, position=50).broken == []
    assert holds(run, "Filled", filled=40, position=50).broken == ["HELD"]
    assert holds(run, "Filled", filled=50, position=0).broken == ["HELD"] * 2


def test_an_order_the_broker_never_had_needs_its_hint() -> None:
    run = Run()
    run.watch = Watch(bot=BOT, client_id=CLIENT, drop_in=True)
    run = calm(run.boot().write(BRACKET[0]).sends(BRACKET[0]))
    assert holds(run, "PendingSubmit", unresolved=True).broken == []
    assert holds(run, "PendingSubmit").broken == ["HELD"]


def test_what_a_fault_kept_from_the_script_is_not_judged_before_a_synchronisation() -> None:
    cancelled = OrderChanged(order=at_broker(BRACKET[0], status=S.CANCELLED))
    run = holds(sent().happens(cancelled).wait(60))
    assert run.broken == []
    assert holds(calm(run)).broken == ["HELD"]


def test_asked_is_broken_by_a_stream_that_is_forgotten() -> None:
    bars = RequestRealTimeBars(4, SPY, "TRADES", regular_hours=False)
    run = sent().asks(StartApi(CLIENT)).asks(bars).wait(15)
    assert back(run).asks(bars).wait(15).broken == []
    assert back(run).wait(15).broken == ["ASKED"]


def test_a_stream_that_was_ended_need_not_be_asked_for_again() -> None:
    bars = RequestRealTimeBars(4, SPY, "TRADES", regular_hours=False)
    run = sent().asks(StartApi(CLIENT)).asks(bars).asks(CancelRealTimeBars(4))
    assert back(run).wait(15).broken == []
