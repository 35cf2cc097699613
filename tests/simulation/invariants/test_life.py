"""I4, I14, I15, I16 and RAISED: what comes about in time, and what never."""

from __future__ import annotations

import msgspec
import pytest
from tests.simulation.invariants.scenes import (
    BRACKET,
    ENTRY,
    SECOND_NS,
    STOP,
    Run,
    S,
    at_broker,
    booked,
    entering,
    execution,
    holding,
    protective,
    state,
)

from ibelay.journal.records import CancelIntended, Severity
from ibelay.machines.link_events import LinkState
from ibelay.model.faults import MESSAGES, Drop, Span, Stall
from ibelay.model.ids import Epoch
from ibelay.model.order import Action, BrokerOrderStatus, OrderState
from ibelay.testing.simulation.observed import Broke, Calmed, StrategyFailed

TO_CANCEL = CancelIntended(at_ns=3, order_ref=STOP)
EXIT = protective()
DOWN_AND_UP = (LinkState.DOWN, LinkState.CONNECTING, LinkState.SYNCING, LinkState.READY)


def calmed(run: Run) -> Run:
    """Let nothing go wrong any more."""
    run.see(Calmed(run.at_ns))
    return run


# -- I4 ------------------------------------------------------------------------------------


def test_an_order_that_works_for_ever_or_is_over_has_its_outcome() -> None:
    assert entering().wait(1000).broken == []
    assert holding().wait(1000).broken == []


@pytest.mark.parametrize("stuck", [OrderState.SENT, OrderState.UNKNOWN])
def test_an_order_without_an_outcome_for_too_long_breaks_i4(stuck: OrderState) -> None:
    run = Run().boot().write(BRACKET[0], state(ENTRY, stuck)).wait(175)
    assert run.broken == []
    assert run.wait(10).broken == ["I4"]
    assert f"{ENTRY} is {stuck}" in run.sentences[0]


def test_an_intent_that_is_never_concluded_breaks_i4() -> None:
    assert Run().boot().write(BRACKET[0]).wait(190).broken == ["I4"]


def test_the_age_of_unknown_counts_from_the_last_trouble_on() -> None:
    run = Run().boot().write(BRACKET[0], state(ENTRY, OrderState.UNKNOWN)).wait(170)
    run.goes(LinkState.DOWN).says().wait(100).goes(*DOWN_AND_UP[1:]).wait(170)
    run.settle(faulty=True).wait(170)
    assert run.broken == []
    assert run.wait(20).broken == ["I4"]


# -- I14 -----------------------------------------------------------------------------------


def test_a_bot_that_recovers_in_time_breaks_nothing() -> None:
    run = calmed(entering().goes(LinkState.DOWN).says()).wait(100)
    assert run.goes(*DOWN_AND_UP[1:]).wait(300).broken == []


def test_a_bot_that_is_not_ready_in_time_breaks_i14() -> None:
    run = calmed(entering().goes(LinkState.DOWN).says()).wait(115)
    assert run.broken == []
    assert run.wait(10).broken == ["I14"]
    assert run.wait(500).broken == ["I14"]


def test_a_bot_that_is_not_started_again_breaks_i14() -> None:
    run = calmed(entering().end()).wait(130)
    assert run.broken == ["I14"]
    assert "no process runs" in run.sentences[0]


def test_a_link_that_goes_down_again_with_no_fault_has_the_same_time() -> None:
    run = calmed(entering()).wait(300).goes(LinkState.DOWN).says().wait(110)
    assert run.broken == []
    assert run.wait(20).broken == ["I14"]


def test_safe_mode_waits_for_a_person_and_then_the_clocks_run() -> None:
    run = calmed(entering().goes(LinkState.SAFE_MODE).says()).wait(1000)
    assert run.broken == []
    run.goes(LinkState.CONNECTING).says().wait(110)
    assert run.broken == []
    assert run.wait(20).broken == ["I14"]


def test_an_order_still_unknown_breaks_i14() -> None:
    run = entering().settle(faulty=True)
    run.see(Broke(0, Drop(next(iter(MESSAGES))), "done"))
    run.write(state(STOP, OrderState.UNKNOWN)).wait(30, settling=False)
    run = calmed(run).wait(20, settling=False).goes(*DOWN_AND_UP).wait(160)
    assert run.broken == []
    assert run.wait(10).broken == ["I14"]
    assert STOP in run.sentences[0]


def test_a_stop_that_makes_way_for_an_exit_breaks_nothing() -> None:
    """Three minutes after the last fault a strategy may just be closing what it holds."""
    run = calmed(holding()).wait(20).goes(*DOWN_AND_UP).wait(155)
    run.works(BRACKET[1], status=S.CANCELLED)
    run.write(state(STOP, OrderState.CANCELLED))
    assert run.wait(8).broken == []


def test_a_position_still_naked_breaks_i14() -> None:
    run = holding().works(BRACKET[1], status=S.CANCELLED)
    run.write(state(STOP, OrderState.CANCELLED))
    run = calmed(run).wait(20).goes(*DOWN_AND_UP).wait(170)
    assert run.broken == ["NAKED", "I14"]
    assert "50 shares have no stop" in run.sentences[1]


def test_nothing_is_claimed_while_faults_go_on() -> None:
    assert entering().goes(LinkState.DOWN).says().wait(3000).broken == []


# -- I15 -----------------------------------------------------------------------------------


def test_exits_and_cancels_that_leave_at_once_break_nothing() -> None:
    run = entering().write(EXIT).sends(EXIT).write(TO_CANCEL)
    run.cancels(BRACKET[1].order_id).write(state(EXIT.order.order_ref, OrderState.WORKING))
    run.works(BRACKET[1], status=BrokerOrderStatus.CANCELLED)
    assert run.wait(150).broken == []


@pytest.mark.parametrize("where", [LinkState.READY, LinkState.SYNCING])
def test_an_exit_that_does_not_leave_breaks_i15(where: LinkState) -> None:
    run = entering().says()
    if where is not run.link:
        run.goes(where).says()
    run.write(EXIT).wait(25)
    assert run.broken == []
    assert run.wait(15).broken == ["I15"]
    assert EXIT.order.order_ref in run.sentences[0]


def test_a_cancel_that_does_not_leave_breaks_i15() -> None:
    run = entering().write(TO_CANCEL).wait(40)
    assert run.broken == ["I15"]
    assert f"the cancel of {STOP}" in run.sentences[0]


def test_an_outage_overtakes_what_was_decided_before_it() -> None:
    run = entering().write(EXIT, TO_CANCEL).goes(LinkState.DOWN).says()
    run.write(state(EXIT.order.order_ref, OrderState.ABSENT)).wait(20)
    run.works(BRACKET[1], status=BrokerOrderStatus.CANCELLED)
    assert run.goes(*DOWN_AND_UP[1:]).wait(200).broken == []


def test_a_process_that_stands_still_cannot_obey() -> None:
    """Only the broker moves on; time counts again once it runs."""
    run = entering().write(EXIT)
    for span_s in (30, 500):
        run.see(Broke(0, Stall(Span(span_s * SECOND_NS)), "done"))
    run.wait(525)
    assert run.broken == []
    assert run.wait(10).broken == ["I15"]


def test_a_process_that_was_killed_while_it_stood_still_is_awake_when_it_is_back() -> None:
    run = entering()
    run.see(Broke(0, Stall(Span(500 * SECOND_NS)), "done"))
    run.wait(10).end().boot().write(msgspec.structs.replace(EXIT, epoch=Epoch(2)))
    assert run.wait(40).broken == ["I15"]


def test_an_exit_that_lapsed_is_decided_again_while_there_is_something_to_close() -> None:
    lapsed = state(EXIT.order.order_ref, OrderState.ABSENT)
    idle = holding().works(BRACKET[1], status=S.CANCELLED)
    idle.write(state(STOP, OrderState.CANCELLED), EXIT).write(lapsed).wait(85)
    assert idle.broken == []
    assert set(idle.wait(15).broken) == {"I15", "NAKED"}
    again = protective(leg=4, order_id=11)
    prompt = holding().write(EXIT).write(lapsed).wait(5).write(again).sends(again).wait(100)
    assert prompt.broken == []


def test_an_exit_that_lapsed_with_nothing_held_is_no_longer_owed() -> None:
    lapsed = state(EXIT.order.order_ref, OrderState.ABSENT)
    assert entering().write(EXIT).write(lapsed).wait(150).broken == []


def test_the_cancel_of_an_order_that_is_gone_is_no_longer_owed() -> None:
    run = entering().write(TO_CANCEL).write(state(STOP, OrderState.CANCELLED)).wait(100)
    assert run.broken == []


# -- I16 -----------------------------------------------------------------------------------


def test_an_outage_that_is_told_breaks_nothing() -> None:
    assert entering().goes(LinkState.DOWN).says().wait(500).broken == []


def test_a_bot_that_is_not_ready_and_says_healthy_breaks_i16() -> None:
    run = entering().goes(LinkState.SUSPECT).says().wait(10, settling=False)
    assert run.settle(healthy=True).broken == ["I16"]


def test_an_outage_that_is_told_as_mere_information_breaks_i16() -> None:
    run = entering().goes(LinkState.DOWN).says(Severity.INFO).wait(55)
    assert run.broken == []
    assert run.wait(10).broken == ["I16"]


def test_a_warning_of_an_earlier_outage_does_not_tell_of_this_one() -> None:
    run = entering().says().wait(5).goes(LinkState.DOWN).wait(70)
    assert run.broken == ["I16"]


def test_a_bot_that_never_gets_ready_must_say_so_too() -> None:
    assert Run().boot(ready=False).wait(70).broken == ["I16"]


def test_no_process_is_never_healthy() -> None:
    assert entering().end().settle(healthy=True).broken == ["I16"]


def test_a_stop_that_was_asked_for_is_no_outage() -> None:
    assert entering().goes(LinkState.STOPPED).wait(100).broken == []


def test_shown_orders_of_the_scene_are_complete() -> None:
    """The scenes lean on it: what the broker shows can be read back."""
    fill = execution(1, ENTRY, Action.BUY, 50)
    run = entering().shows(at_broker(BRACKET[0])).fills(BRACKET[0], fill, 50)
    assert run.write(booked(fill), state(ENTRY, OrderState.FILLED)).wait(100).broken == []


def test_a_strategy_that_raises_breaks_raised() -> None:
    run = Run().boot()
    run.see(StrategyFailed(run.at_ns, "the strategy raised KeyError('SPY') in on_bar"))
    assert run.broken == ["RAISED"]
    assert run.sentences == ["the strategy raised KeyError('SPY') in on_bar"]
