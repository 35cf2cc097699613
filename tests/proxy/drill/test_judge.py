"""The judge takes whatever comes, in bounded memory, and its reports change nothing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.proxy.drill.play import IBM, SPY, Play

from ibelay.model.faults import VOCABULARY, Command, read
from ibelay.model.ids import ClientId, ConId, OrderId, PermId
from ibelay.model.order import Action
from ibelay.proxy.drill.facts import Asked, Began, Closed, Ended, Fact, Opened, Told, Who
from ibelay.proxy.drill.findings import MAX_FINDINGS, Heading
from ibelay.proxy.drill.judge import Judge
from ibelay.proxy.drill.links import lines, recovery, streams
from ibelay.proxy.drill.report import Verdict
from ibelay.proxy.drill.trading import book
from ibelay.wire import answers, requests
from ibelay.wire.decode import decode

_COMMANDS: list[Command] = [
    read(text)
    for text in (
        "freeze 5s", "freeze", "thaw", "half-open", "rst", "fin", "refuse", "accept", "mute 3s",
        "restart 5s", "down", "clear", "unplug 5s", "timeout 3s", "lose-ack", "swallow-orders",
        "freeze client=1", "client-id-in-use 1",
    )
]  # fmt: skip
_IDS = st.integers(-1, 4)
_AMOUNTS = st.integers(-300, 300).map(Decimal)
_STATUSES = st.sampled_from([*book.LIVE, *book.OVER, "Inactive", ""])
_CONTRACTS = st.sampled_from([SPY, IBM, replace(SPY, con_id=ConId(0), symbol="")])
_SIDES = st.sampled_from(list(Action))
_ASKED = st.one_of(
    st.builds(requests.StartApi, _IDS.map(ClientId)),
    st.builds(
        requests.PlaceOrder,
        order_id=_IDS.map(OrderId),
        contract=_CONTRACTS,
        action=_SIDES,
        quantity=_AMOUNTS,
        order_type=st.sampled_from(["MKT", "STP", "LMT"]),
        order_ref=st.sampled_from(["", "a", "b"]),
        parent_id=_IDS.map(OrderId),
        what_if=st.booleans(),
    ),
    st.builds(requests.RequestMarketData, _IDS, _CONTRACTS),
    st.builds(requests.CancelMarketData, _IDS),
    st.builds(requests.RequestExecutions, request_id=_IDS),
    st.sampled_from(
        [requests.RequestPositions(), requests.RequestOpenOrders(), requests.RequestCurrentTime()]
    ),
    st.binary(max_size=30).map(lambda payload: decode(payload, 178)),
)
_TOLD = st.one_of(
    st.builds(answers.NextIdTold, _IDS.map(OrderId)),
    st.builds(
        answers.NoticeTold,
        _IDS,
        st.sampled_from([326, 1100, 1101, 1102, 2104, 201, 202, 399, 10349, 0, -7, 99999]),
        st.text(max_size=5),
    ),
    st.builds(
        answers.StatusTold,
        order_id=_IDS.map(OrderId),
        status=_STATUSES,
        filled=_AMOUNTS,
        remaining=_AMOUNTS,
        perm_id=_IDS.map(PermId),
        parent_id=_IDS.map(OrderId),
        client_id=_IDS.map(ClientId),
    ),
    st.builds(
        answers.ExecutionTold,
        request_id=_IDS,
        order_id=_IDS.map(OrderId),
        contract=_CONTRACTS,
        exec_id=st.sampled_from(["a.1", "a.2", "b.1", ""]),
        account=st.sampled_from(["", "DU1"]),
        action=_SIDES,
        quantity=_AMOUNTS,
        price=_AMOUNTS,
        perm_id=_IDS.map(PermId),
        client_id=_IDS.map(ClientId),
        order_ref=st.just(""),
    ),
    st.builds(answers.PositionTold, st.sampled_from(["", "DU1"]), _CONTRACTS, _AMOUNTS),
    st.builds(
        answers.EndTold,
        st.sampled_from(["positionEnd", "openOrderEnd", "execDetailsEnd", "?"]),
    ),
    st.builds(answers.TickTold, st.just("tickPrice"), _IDS),
    st.binary(max_size=30).map(lambda payload: answers.read(payload, 178)),
)
_LINES = st.integers(1, 3)
_FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.builds(Opened, st.just(0), _LINES),
    st.builds(Closed, st.just(0), _LINES, st.sampled_from(list(Who))),
    st.builds(Asked, st.just(0), _LINES, _ASKED, st.booleans()),
    st.builds(Told, st.just(0), _LINES, _TOLD, st.booleans()),
    st.builds(Began, st.just(0), st.sampled_from(_COMMANDS)),
    st.builds(Ended, st.just(0), st.sampled_from(_COMMANDS)),
)
_PAUSES = st.sampled_from([0, 10**6, 10**9, 20 * 10**9, 200 * 10**9])


@settings(max_examples=200)
@given(st.lists(st.tuples(_PAUSES, _FACTS), max_size=60))
def test_no_fact_however_odd_makes_the_judge_raise(facts: list[tuple[int, Fact]]) -> None:
    judge, now_ns = Judge(), 0
    for pause, fact in facts:
        now_ns += pause
        judge.see(replace(fact, at_ns=now_ns))
    report = judge.report(now_ns + 10**12)
    assert report == judge.report(now_ns + 10**12)
    assert {one.heading for one in report.headings} == set(Heading)
    failed = any(one.grave for one in report.findings)
    assert (report.verdict is Verdict.FAIL) == failed
    assert report.exit_code == (report.verdict is not Verdict.PASS)
    for outage in report.outages:
        for span in (outage.notice_ns, outage.blind_ns, outage.recovery_ns):
            assert span is None or span >= 0


def test_every_word_of_the_vocabulary_can_be_told() -> None:
    judge = Judge()
    for command in _COMMANDS:
        judge.see(Began(1, command))
        judge.see(Ended(2, command))
    assert set(VOCABULARY) >= {command.word for command in _COMMANDS}
    assert len(judge.report(3).acts) == len(_COMMANDS) + 1


def test_nothing_seen_is_nothing_judged() -> None:
    report = Judge().report(10**9)
    assert report.verdict is Verdict.UNTRIED
    assert report.exit_code == 1
    assert {one.verdict for one in report.headings} == {Verdict.UNTRIED}


def test_what_is_remembered_is_bounded_and_what_is_beyond_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = {book: "MAX_ORDERS", streams: "MAX_STREAMS"}
    for module, name in limits.items():
        assert getattr(module, name) <= 5000
        monkeypatch.setattr(module, name, 50)
    play = Play()
    for number in range(1, 1201):
        play.connect(client=number % 100, next_id=number)
        play.ask(
            requests.RequestMarketData(number, replace(SPY, con_id=ConId(0), symbol=f"S{number}"))
        )
        play.place(number, order_ref=f"ref{number}")
        play.execute(number, 1, passed=number % 2 == 0)
        play.close()
        play.begin("rst")
        play.wait(1)
    bench = play.judge._bench
    assert len(bench.book.orders) == len(bench.book.standing) == 50
    assert len(bench.streams.owed) == 50
    assert (len(bench.lines.open), len(bench.acts)) == (0, 1000)
    judged = play.judged(Heading.FILLS)
    assert len(judged.findings) == MAX_FINDINGS
    assert judged.beyond == 500


def test_requests_on_lines_that_nobody_opened_fill_nothing() -> None:
    play = Play()
    for line in range(1000):
        play.line = line
        play.ask(requests.RequestPositions())
    assert len(play.judge._bench.pace._recent) == lines.MAX_LINES


def test_outages_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "MAX_OUTAGES", 50)
    play = Play()
    for _ in range(80):
        play.connect()
        play.wait(30)
        play.close()
    report = play.report()
    assert (len(report.outages), report.figures.outages) == (50, 80)


def test_a_finding_is_one_sentence_with_its_time() -> None:
    play = Play()
    play.connect()
    play.wait(75.25)
    play.notice(1100)
    play.wait(2)
    play.place(1)
    report = play.report()
    (found,) = report.findings
    assert found.sentence(report.began_ns) == (
        "at 01:17.250 BUY 100 SPY MKT (order 1/1) was sent 2.0 s after IB's servers were lost; "
        "nobody can say whether it arrives, or when, and it may execute minutes later: prove that "
        "the line lives right before an order leaves, and send nothing if it does not."
    )
