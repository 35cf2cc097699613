"""Orders that should not have been sent."""

from __future__ import annotations

import pytest
from tests.proxy.drill.play import IBM, Play

from ibelay.model.order import Action
from ibelay.proxy.drill.facts import Who
from ibelay.proxy.drill.findings import Heading
from ibelay.proxy.drill.report import Verdict
from ibelay.wire import requests


def test_orders_on_a_line_that_lives_are_clean() -> None:
    play = Play()
    play.connect()
    play.place(1)
    play.wait(0.1)
    play.fill(1)
    play.wait(30)
    play.place(2, Action.SELL)
    assert play.judged(Heading.DEAD_LINK).verdict is Verdict.PASS
    assert play.judged(Heading.DUPLICATES).verdict is Verdict.PASS
    assert play.report().figures.most_orders_per_decision == 1


def test_an_order_into_a_frozen_line_is_found_once_it_can_be_noticed() -> None:
    play = Play()
    play.connect()
    play.begin("freeze 20s")
    play.wait(3)
    play.place(1)
    assert play.grave(Heading.DEAD_LINK) == []
    assert play.report().figures.caught_by_fault == 1
    play.wait(5)
    play.place(2, contract=IBM)
    (found,) = play.grave(Heading.DEAD_LINK)
    assert "BUY 100 IBM MKT (order 1/2) was sent 8.0 s after the line had gone silent" in found.what


def test_a_line_that_owes_an_answer_is_dead_without_any_word_of_a_fault() -> None:
    play = Play()
    play.connect()
    play.ask(requests.RequestCurrentTime())
    play.wait(8)
    play.place(1)
    assert len(play.grave(Heading.DEAD_LINK)) == 1


def test_a_line_on_which_nothing_is_owed_may_be_silent() -> None:
    play = Play()
    play.connect()
    play.wait(3600)
    play.place(1)
    assert play.grave(Heading.DEAD_LINK) == []


def test_an_order_while_ib_is_lost_is_found_but_one_that_crosses_the_news_is_not() -> None:
    play = Play()
    play.connect()
    play.notice(1100)
    play.wait(0.5)
    play.place(1)
    assert play.grave(Heading.DEAD_LINK) == []
    play.status(1)
    play.wait(5)
    play.place(1, quantity=200)
    (found,) = play.grave(Heading.DEAD_LINK)
    assert "was changed 5.5 s after IB's servers were lost" in found.what
    play.notice(1102)
    play.place(2, contract=IBM)
    assert len(play.grave(Heading.DEAD_LINK)) == 1


def test_a_question_what_an_order_would_cost_is_no_order() -> None:
    play = Play()
    play.connect()
    play.notice(1100)
    play.wait(5)
    play.place(1, what_if=True)
    assert play.report().figures.orders == 0
    assert play.grave(Heading.DEAD_LINK) == []


@pytest.mark.parametrize("ref", ["", "ps60:1:1.0"])
def test_an_order_that_was_not_answered_and_is_sent_again_is_a_duplicate(ref: str) -> None:
    play = Play()
    play.connect()
    play.place(1, order_ref=ref)
    play.wait(5)
    play.place(2, order_ref=ref)
    (found,) = play.grave(Heading.DUPLICATES)
    assert "(order 1/2) repeated BUY 100 SPY MKT (order 1/1)" in found.what
    assert play.report().figures.most_orders_per_decision == 2


def test_two_equal_orders_at_once_are_two_decisions() -> None:
    play = Play()
    play.connect()
    play.place(1)
    play.wait(0.01)
    play.place(2)
    assert play.grave(Heading.DUPLICATES) == []


def test_orders_that_say_they_are_two_decisions_are_believed() -> None:
    play = Play()
    play.connect()
    play.place(1, order_ref="a")
    play.wait(5)
    play.place(2, order_ref="b")
    assert play.grave(Heading.DUPLICATES) == []


@pytest.mark.parametrize("ref", ["", "one"])
def test_an_order_sent_again_after_a_reconnect_is_a_duplicate(ref: str) -> None:
    play = Play()
    play.connect()
    play.place(1, order_ref=ref)
    play.close()
    play.connect(next_id=1)
    play.wait(0.5)
    play.place(2, order_ref=ref)
    assert len(play.grave(Heading.DUPLICATES)) == 1


def test_an_order_that_was_asked_for_and_not_found_may_be_decided_again() -> None:
    play = Play()
    play.connect()
    play.place(1, order_ref="one")
    play.close()
    play.wait(1)
    play.connect(next_id=1)
    play.synchronise()
    play.place(2, order_ref="one")
    assert play.grave(Heading.DUPLICATES) == []


def test_an_order_known_to_work_before_a_loss_is_not_repeated_under_its_reference() -> None:
    play = Play()
    play.connect()
    play.place(1, order_type="LMT", order_ref="one")
    play.status(1)
    play.close()
    play.connect()
    play.place(2, order_type="LMT", order_ref="one")
    assert len(play.grave(Heading.DUPLICATES)) == 1


def test_a_reference_that_names_a_strategy_is_advice_and_no_failure() -> None:
    play = Play()
    play.connect()
    for order_id in (1, 2, 3):
        play.place(order_id, order_ref="scalper")
        play.fill(order_id)
        play.wait(60)
    judged = play.judged(Heading.DUPLICATES)
    assert judged.verdict is Verdict.PASS
    assert [one.grave for one in judged.findings] == [False]


def test_an_id_that_is_used_for_another_order_is_found() -> None:
    play = Play()
    play.connect()
    play.place(5)
    play.fill(5)
    play.close(Who.GATEWAY)
    play.connect(next_id=5)
    play.place(5, Action.SELL)
    (found,) = play.grave(Heading.DUPLICATES)
    assert "was sent under the id of BUY 100 SPY MKT (order 1/5)" in found.what
    assert play.report().figures.ids_reused == 1


def test_a_change_of_an_order_is_no_new_order() -> None:
    play = Play()
    play.connect()
    play.place(1, order_type="LMT")
    play.status(1)
    play.place(1, order_type="LMT", quantity=50)
    figures = play.report().figures
    assert (figures.orders, figures.changes, figures.ids_reused) == (1, 1, 0)


def test_two_broker_orders_of_one_are_counted() -> None:
    play = Play()
    play.connect()
    play.place(1)
    play.status(1, perm_id=77)
    play.status(1, perm_id=78)
    assert play.report().figures.most_orders_per_decision == 2


def test_an_order_sent_again_after_advice_is_found_there_and_not_as_a_duplicate() -> None:
    play = Play()
    play.connect()
    play.place(1, order_type="LMT")
    play.status(1)
    play.notice(10349, "Order TIF was set to DAY based on order preset.", about=1)
    play.wait(1)
    play.place(2, order_type="LMT")
    (found,) = play.grave(Heading.ADVISORIES)
    assert "after code 10349" in found.what
    assert play.grave(Heading.DUPLICATES) == []


def test_advice_that_is_left_alone_passes() -> None:
    play = Play()
    play.connect()
    play.place(1, order_type="LMT")
    play.notice(399, "will not be placed until the open", about=1)
    play.wait(300)
    play.place(2, order_type="LMT", contract=IBM)
    assert play.judged(Heading.ADVISORIES).verdict is Verdict.PASS


def test_an_order_refused_may_be_sent_again() -> None:
    play = Play()
    play.connect()
    play.place(1)
    play.notice(201, "rejected", about=1)
    play.wait(5)
    play.place(2)
    assert play.grave(Heading.DUPLICATES) == []
