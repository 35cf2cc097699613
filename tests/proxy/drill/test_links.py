"""Losses: noticed, come back from, and made good."""

from __future__ import annotations

import pytest
from tests.proxy.drill.play import IBM, SPY, Play

from ibelay.model.ids import OrderId
from ibelay.proxy.drill.facts import Opened, Who
from ibelay.proxy.drill.findings import Heading
from ibelay.proxy.drill.report import Verdict
from ibelay.wire import answers, requests

SECOND = 10**9


def trading(play: Play) -> None:
    """Let a client connect and have an order at work."""
    play.connect()
    play.place(1, order_type="LMT")
    play.status(1)


def test_a_bot_that_asks_for_everything_after_a_cut_is_whole() -> None:
    play = Play()
    trading(play)
    play.wait(60)
    play.begin("rst")
    play.close()
    play.wait(1)
    play.connect()
    play.wait(0.5)
    play.synchronise()
    report = play.report()
    assert report.judged(Heading.RECOVERY).verdict is Verdict.PASS
    (outage,) = report.outages
    assert (outage.kind, outage.attempts, outage.missing) == ("cut", 1, ())
    assert outage.blind_ns == outage.recovery_ns == 1.5 * SECOND
    assert [note.text for note in report.acts[1].notes] == [
        "connected again after 1.0 s, attempt 1",
        "whole again, 1.5 s after the loss",
    ]


def test_the_time_to_recover_counts_from_when_the_gateway_is_back() -> None:
    play = Play()
    trading(play)
    play.begin("restart 90s")
    play.close()
    for _attempt in range(3):
        play.wait(20)
        play.open()
        play.close()
    play.wait(30)
    play.end("restart 90s")
    play.wait(4)
    play.connect()
    play.synchronise()
    (outage,) = play.report().outages
    assert (outage.blind_ns, outage.recovery_ns) == (94 * SECOND, 4 * SECOND)
    assert outage.attempts == 4


def test_a_bot_that_asks_for_nothing_is_not_whole_and_may_have_missed_fills() -> None:
    play = Play()
    trading(play)
    play.close()
    play.connect()
    play.wait(121)
    (found,) = play.grave(Heading.RECOVERY)
    assert "had not got executions, open orders, positions" in found.what
    (missed,) = play.grave(Heading.FILLS)
    assert "executions were not asked for after a loss with 1 live orders" in missed.what
    assert play.report().figures.outages_whole == 0


def test_an_answer_that_never_ends_is_no_answer() -> None:
    play = Play()
    trading(play)
    play.close()
    play.connect()
    play.synchronise(executions=False)
    play.ask(requests.RequestExecutions(request_id=3))
    for _ in range(13):
        play.wait(10)
        play.tell(answers.OtherTold("currentTime"))
    assert [one.missing for one in play.report().outages] == [("executions",)]


def test_a_bot_that_never_comes_back_is_found_if_it_could_have() -> None:
    play = Play()
    play.connect()
    play.begin("down 10s")
    play.close()
    play.wait(10)
    assert play.grave(Heading.RECOVERY) == []
    play.end("down 10s")
    play.wait(200)
    (found,) = play.grave(Heading.RECOVERY)
    assert "had not got a connection" in found.what


def test_a_bot_is_not_blamed_while_nobody_listens() -> None:
    play = Play()
    play.connect()
    play.begin("down")
    play.close()
    play.wait(3600)
    assert play.grave(Heading.RECOVERY) == []


def test_who_only_watches_needs_no_orders() -> None:
    play = Play()
    play.connect()
    play.close()
    play.connect()
    assert play.judged(Heading.RECOVERY).verdict is Verdict.PASS


def test_a_frozen_line_given_up_in_time_passes() -> None:
    play = Play()
    play.connect()
    play.begin("freeze 20s")
    play.wait(11)
    play.close(Who.CLIENT)
    play.open()
    play.wait(9)
    play.end("freeze 20s")
    play.tell(answers.NextIdTold(OrderId(1)))
    judged = play.judged(Heading.NOTICING)
    assert (judged.verdict, judged.figure) == (
        Verdict.PASS,
        "0 not in time; of those given up the worst after 11.0 s",
    )


@pytest.mark.parametrize("late", [15.1, 300])
def test_a_frozen_line_that_is_kept_is_found(late: float) -> None:
    play = Play()
    play.connect()
    play.begin("half-open")
    play.wait(late)
    assert len(play.grave(Heading.NOTICING)) == 1


def test_a_line_that_owes_an_answer_for_long_was_dead_since_then() -> None:
    play = Play()
    play.connect()
    play.wait(100)
    play.ask(requests.RequestCurrentTime())
    play.wait(5)
    play.close(Who.CLIENT)
    (outage,) = play.report().outages
    assert (outage.kind, outage.notice_ns) == ("dead", 5 * SECOND)


def test_a_line_that_speaks_again_was_ridden_through() -> None:
    play = Play()
    play.connect()
    play.begin("freeze 5s")
    play.wait(5)
    play.end("freeze 5s")
    play.wait(0.1)
    play.tell(answers.OtherTold("currentTime"))
    report = play.report()
    assert [one.ridden for one in report.outages] == [True]
    assert report.judged(Heading.NOTICING).verdict is Verdict.PASS
    assert report.figures.outages_whole == 1


def test_a_bot_that_leaves_by_itself_is_not_blamed() -> None:
    play = Play()
    trading(play)
    play.close(Who.CLIENT)
    play.wait(3600)
    report = play.report()
    assert report.judged(Heading.RECOVERY).verdict is Verdict.UNTRIED
    assert report.figures.outages == 0


def test_after_ib_is_back_open_orders_and_executions_are_needed_again() -> None:
    play = Play()
    trading(play)
    play.notice(1100)
    play.notice(1100)
    play.wait(30)
    play.notice(1102)
    play.wait(1)
    play.synchronise(positions=False)
    (outage,) = play.report().outages
    assert (outage.kind, outage.blind_ns, outage.recovery_ns) == (
        "upstream",
        31 * SECOND,
        SECOND,
    )


def test_a_second_loss_before_the_bot_is_whole_is_the_same_outage() -> None:
    play = Play()
    trading(play)
    play.notice(1100)
    play.wait(10)
    play.close(Who.GATEWAY)
    play.wait(5)
    play.connect()
    play.synchronise()
    (outage,) = play.report().outages
    assert outage.blind_ns == 15 * SECOND


def test_many_connections_in_a_moment_are_a_storm_and_found_once() -> None:
    play = Play()
    play.connect()
    play.close()
    for _attempt in range(40):
        play.wait(0.2)
        play.open()
        play.close()
    (found,) = play.grave(Heading.RECONNECTS)
    assert "connected 11 times in ten seconds" in found.what


def test_an_attempt_every_second_is_no_storm() -> None:
    play = Play()
    play.connect()
    for _attempt in range(60):
        play.wait(1)
        play.open()
        play.close()
    assert play.grave(Heading.RECONNECTS) == []


@pytest.mark.parametrize(("live", "grave"), [(True, 1), (False, 0)])
def test_another_client_id_fails_if_orders_are_left_behind(live: bool, grave: int) -> None:
    play = Play()
    play.connect(client=7)
    if live:
        play.place(1, order_type="LMT")
        play.status(1)
    play.close()
    play.open(client=7)
    play.notice(326)
    play.close(Who.GATEWAY)
    play.connect(client=8)
    judged = play.judged(Heading.RECONNECTS)
    assert "came back as client 8 instead of 7" in judged.findings[0].what
    assert len(play.grave(Heading.RECONNECTS)) == grave
    assert play.report().figures.refused == 1


def test_two_clients_of_one_bot_are_two() -> None:
    play = Play()
    play.connect(client=1)
    play.connect(client=2)
    assert play.judged(Heading.RECONNECTS).findings == ()


def test_what_is_asked_before_the_door_is_open_is_found() -> None:
    play = Play()
    play.open()
    play.ask(requests.SetServerLogLevel(2))
    assert play.grave(Heading.RECONNECTS) == []
    play.ask(requests.RequestPositions())
    (found,) = play.grave(Heading.RECONNECTS)
    assert found.what == "RequestPositions was sent before nextValidId had come"


def test_streams_asked_for_again_are_restored_whatever_their_ids() -> None:
    play = Play()
    play.connect()
    play.ask(requests.RequestMarketData(1, SPY))
    play.ask(requests.RequestRealTimeBars(2, IBM, "TRADES", regular_hours=True))
    play.close()
    play.connect()
    play.ask(requests.RequestMarketData(101, SPY))
    assert play.report().figures.outages_whole == 0
    play.ask(requests.RequestRealTimeBars(102, IBM, "TRADES", regular_hours=True))
    report = play.report()
    assert (report.figures.streams_restored, report.figures.outages_whole) == (2, 1)
    assert report.judged(Heading.STREAMS).verdict is Verdict.PASS


def test_a_stream_that_is_never_asked_for_again_is_found_by_name() -> None:
    play = Play()
    play.connect()
    play.ask(requests.RequestMarketData(1, SPY))
    play.close()
    play.wait(300)
    play.connect()
    play.wait(121)
    (found,) = play.grave(Heading.STREAMS)
    assert "market data of SPY was not asked for again" in found.what


def test_a_stream_that_was_cancelled_is_not_missed() -> None:
    play = Play()
    play.connect()
    play.ask(requests.RequestMarketData(1, SPY))
    play.ask(requests.CancelMarketData(1))
    play.close()
    play.connect()
    play.wait(300)
    assert play.grave(Heading.STREAMS) == []


@pytest.mark.parametrize(("ticks", "lost"), [(True, 0), (False, 1)])
def test_a_stream_that_stands_still_after_a_farm_is_back_is_lost(ticks: bool, lost: int) -> None:
    play = Play()
    play.connect()
    play.ask(requests.RequestMarketData(1, SPY))
    play.tell(answers.TickTold("tickPrice", 1))
    play.wait(2)
    play.notice(2103, "Market data farm connection is broken:usfarm")
    play.wait(3)
    play.notice(2104, "Market data farm connection is OK:usfarm")
    play.wait(10)
    if ticks:
        play.tell(answers.TickTold("tickPrice", 1))
    play.wait(121)
    assert len(play.grave(Heading.STREAMS)) == lost


def test_after_lost_data_every_stream_is_asked_for_again_without_being_doubled() -> None:
    play = Play()
    play.connect()
    play.ask(requests.RequestMarketData(1, SPY))
    play.notice(1100)
    play.wait(5)
    play.notice(1101)
    assert play.report().figures.outages_whole == 0
    play.ask(requests.RequestMarketData(2, SPY))
    figures = play.report().figures
    assert (figures.streams_restored, figures.streams_doubled) == (1, 0)


def test_a_stream_asked_for_twice_is_advice() -> None:
    play = Play()
    play.connect()
    play.ask(requests.RequestMarketData(1, SPY))
    play.ask(requests.RequestMarketData(2, SPY))
    judged = play.judged(Heading.STREAMS)
    assert [one.grave for one in judged.findings] == [False]


def test_fifty_messages_a_second_pass_and_more_do_not() -> None:
    play = Play()
    play.connect()
    play.wait(1)
    for _ in range(50):
        play.ask(requests.RequestCurrentTime())
    assert play.grave(Heading.RATE) == []
    play.ask(requests.RequestCurrentTime())
    (found,) = play.grave(Heading.RATE)
    assert "51 messages" in found.what


def test_what_a_fault_kept_back_and_lets_go_at_once_is_not_counted() -> None:
    play = Play()
    play.connect()
    play.begin("freeze 5s")
    play.wait(5)
    play.end("freeze 5s")
    for _ in range(80):
        play.ask(requests.RequestCurrentTime())
    assert play.grave(Heading.RATE) == []


def test_a_message_on_a_connection_that_nobody_saw_open_is_no_matter() -> None:
    play = Play()
    play.line = 99
    play.ask(requests.RequestPositions())
    play.tell(answers.EndTold("positionEnd"))
    play.judge.see(Opened(play.now_ns, 1))
    play.close()
    assert play.report().figures.connections == 1
    assert play.report().outages == ()
