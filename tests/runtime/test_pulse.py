"""The pulse: what a link's silence is taken for, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from ibelay.errors import LinkError
from ibelay.machines.liveness import Heartbeat
from ibelay.runtime.link.pulse import Pulse
from ibelay.testing.virtual import VirtualLoop

BEAT = Heartbeat()
NOW_NS = 1_700_000_000_000_000_000


@dataclass
class Peer:
    """A link that answers after *delay_s*, or never; and the one whose link it is."""

    loop: VirtualLoop
    delay_s: float | None = 0.1
    closed: bool = False
    told: list[str] = field(default_factory=list)
    asked_s: list[float] = field(default_factory=list)
    waiting: list[asyncio.Future[int]] = field(default_factory=list)
    last_heard_ns: int = 0
    over: Callable[[], None] = lambda: None  # a field's default

    def probe(self) -> asyncio.Future[int]:
        if self.closed:
            raise LinkError("nothing was sent")
        self.asked_s.append(self.loop.time())
        answer = self.loop.create_future()
        self.waiting.append(answer)
        if self.delay_s is not None:
            self.loop.call_later(self.delay_s, self.answer, answer)
        return answer

    def answer(self, waiting: asyncio.Future[int]) -> None:
        self.last_heard_ns = self.loop.now_ns()
        if not waiting.done():
            waiting.set_result(NOW_NS)

    def monotonic_ns(self) -> int:
        return self.loop.now_ns()

    def link_alive(self, broker_ns: int) -> None:
        assert broker_ns == NOW_NS
        self.told.append("alive")

    def link_silent(self) -> None:
        self.told.append("silent")

    def link_dead(self, reason: str) -> None:
        self.told.append(reason)
        self.over()


@contextmanager
def watching(peer: Peer) -> Iterator[Pulse]:
    """Run a pulse that watches *peer*; end it, and its loop, afterwards."""
    pulse = Pulse(BEAT, peer, peer)  # type: ignore[arg-type]  # a clock in one respect
    peer.over = pulse.end
    task = peer.loop.create_task(pulse.run())
    pulse.begin(peer)  # type: ignore[arg-type]  # what a pulse knows of a link
    try:
        yield pulse
        assert not task.done(), "the pulse ended"
    finally:
        task.cancel()
        peer.loop.run_until_complete(asyncio.wait([task]))
        peer.loop.close()


@pytest.fixture
def peer() -> Peer:
    return Peer(VirtualLoop())


def test_a_peer_that_answers_is_asked_once_a_beat(peer: Peer) -> None:
    with watching(peer):
        peer.loop.run_for(60)
    assert peer.asked_s == pytest.approx([5.0 * n for n in range(1, len(peer.asked_s) + 1)])
    assert len(peer.asked_s) in {11, 12}
    assert peer.told == ["alive"] * len(peer.asked_s)


def test_a_peer_that_never_answers_is_silent_then_dead(peer: Peer) -> None:
    """At defaults: asked at 5 s, suspect by 7, given up by 15."""
    peer.delay_s = None
    with watching(peer) as pulse:
        peer.loop.run_for(7.001)
        assert set(peer.told) == {"silent"}
        peer.loop.run_for(8)
        assert peer.told[-1] == "no answer for 15.0 s: the link is dead"
        assert pulse.life is None
        before = list(peer.told)
        peer.loop.run_for(60)
        assert peer.told == before


def test_answers_that_come_late_are_all_taken_in_their_order(peer: Peer) -> None:
    peer.delay_s = 3.5
    with watching(peer):
        peer.loop.run_for(10)
    assert "silent" in peer.told
    assert peer.told.count("alive") >= 1
    assert not any("dead" in line for line in peer.told)


def test_a_link_that_has_just_ended_is_not_the_pulses_to_tell(peer: Peer) -> None:
    with watching(peer):
        peer.closed = True
        peer.loop.run_for(6)
        assert peer.told == []


@pytest.mark.parametrize("how", ["fails", "is cancelled"])
def test_a_question_that_ends_without_an_answer_proves_nothing(peer: Peer, how: str) -> None:
    peer.delay_s = None
    with watching(peer):
        peer.loop.run_for(5.5)
        (waiting,) = peer.waiting
        if how == "fails":
            waiting.set_exception(LinkError("the link ended"))
        else:
            waiting.cancel()
        peer.loop.run_for(0.5)
        assert peer.told == []


def test_an_answer_over_a_link_that_was_given_up_is_nobodys(peer: Peer) -> None:
    with watching(peer) as pulse:
        peer.loop.run_for(5.05)
        assert len(peer.asked_s) == 1
        pulse.end()
        peer.loop.run_for(30)
        assert (peer.told, len(peer.asked_s), pulse.life) == ([], 1, None)
