"""Bytes that a proxy sees, as facts."""

from __future__ import annotations

from ibelay.model.faults import read
from ibelay.model.ids import OrderId
from ibelay.proxy.conversation.conversation import TO_CLIENT, TO_GATEWAY
from ibelay.proxy.drill.facts import Asked, Began, Closed, Ended, Fact, Opened, Told, Who
from ibelay.proxy.drill.judge import Judge
from ibelay.proxy.drill.witness import Witness
from ibelay.wire import answers, encode, requests


class Listening(Judge):
    """A judge that keeps what it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: list[Fact] = []

    def see(self, fact: Fact) -> None:
        """Keep *fact*."""
        self.facts.append(fact)
        super().see(fact)


def test_messages_are_read_by_the_version_of_their_connection() -> None:
    judge = Listening()
    witness = Witness(judge)
    witness.opened(1, 7)
    witness.message(2, 7, TO_GATEWAY, b"71\x002\x003\x00\x00", 178, passed=True)
    witness.message(3, 7, TO_CLIENT, encode.next_valid_id(OrderId(9))[4:], 9999, passed=False)
    witness.closed(4, 7, Who.GATEWAY)
    assert judge.facts == [
        Opened(1, 7),
        Asked(2, 7, requests.StartApi(3), passed=True),  # type: ignore[arg-type]
        Told(3, 7, answers.NextIdTold(OrderId(9)), passed=False),
        Closed(4, 7, Who.GATEWAY),
    ]


def test_a_fault_ends_when_its_span_has_gone_by() -> None:
    judge = Listening()
    witness = Witness(judge)
    freeze, latency = read("freeze 5s"), read("latency 1s lasting=2s")
    witness.done(0, freeze)
    witness.done(10**9, latency)
    witness.done(10**9, read("rst"))
    witness.finish(4 * 10**9)
    witness.opened(6 * 10**9, 1)
    assert judge.facts == [
        Began(0, freeze),
        Began(10**9, latency),
        Began(10**9, read("rst")),
        Ended(3 * 10**9, latency),
        Ended(5 * 10**9, freeze),
        Opened(6 * 10**9, 1),
    ]


def test_clear_ends_everything_at_once() -> None:
    judge = Listening()
    witness = Witness(judge)
    witness.done(0, read("freeze 5s"))
    witness.done(1, read("clear"))
    witness.finish(10**10)
    assert [type(one) for one in judge.facts] == [Began, Began]


def test_what_nobody_can_read_is_a_fact_as_well() -> None:
    judge = Listening()
    witness = Witness(judge)
    witness.opened(1, 1)
    witness.message(2, 1, TO_GATEWAY, b"\xff\xfe", 178, passed=True)
    witness.message(2, 1, TO_CLIENT, b"", 178, passed=True)
    assert len(judge.facts) == 3
