"""The pulse of a link: asks for signs of life, and says what silence means.

Rules:
1. While no link is watched it sleeps; while one is, it wakes for the next question, for an
   answer, and soon after a question for that answer's absence (``machines.liveness``).
2. Time in which our own loop did not run is not the peer's silence.
3. Answers are taken in the task of :meth:`Pulse.run`, so that a mistake in what follows from
   one ends the bot loudly, and is not only logged.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from ibelay.errors import LinkError
from ibelay.machines import liveness
from ibelay.machines.liveness import Heartbeat, Liveness, Verdict
from ibelay.ports.broker import BrokerLink
from ibelay.ports.clock import Clock
from ibelay.runtime.alarm import Alarm

_LAG_NS = 1_000_000_000


class Patient(Protocol):
    """Whose link it is."""

    def link_alive(self, broker_ns: int) -> None:
        """Take an answer: the broker's time."""
        ...

    def link_silent(self) -> None:
        """Take note that an answer is late."""
        ...

    def link_dead(self, reason: str) -> None:
        """Give the link up."""
        ...


class Pulse:
    """Watches one link at a time.

    Args:
        beat: When to ask, and how long to wait.
        clock: Monotonic time.
        patient: Told what is found.

    Attributes:
        life: What is known of the link; None while none is watched.
    """

    def __init__(self, beat: Heartbeat, clock: Clock, patient: Patient) -> None:
        self.life: Liveness | None = None
        self._beat = beat
        self._clock = clock
        self._patient = patient
        self._link: BrokerLink | None = None
        self._look = Alarm()
        self._asked: deque[tuple[int, asyncio.Future[int]]] = deque()

    def begin(self, link: BrokerLink) -> None:
        """Watch *link* from now on."""
        self._link = link
        self._asked.clear()
        self.life = liveness.begin(self._clock.monotonic_ns())
        self._look.ring()

    def end(self) -> None:
        """Watch nothing any more."""
        self._link = self.life = None
        self._asked.clear()

    async def run(self) -> None:
        """Watch, for ever."""
        while True:
            began, due = self._clock.monotonic_ns(), None
            if self.life is not None:
                due = liveness.next_look_ns(self.life, self._beat, began)
            await self._look.wait(None if due is None else (due - began) / 1e9)
            self._take_answers()
            if self.life is not None and self._link is not None:
                now = self._clock.monotonic_ns()
                if due is not None and now - due > _LAG_NS:
                    self.life = liveness.excuse(self.life, now - due)
                self._judge(self._link, self.life, now)

    def _take_answers(self) -> None:
        while self._asked and self._asked[0][1].done():
            sent_ns, answer = self._asked.popleft()
            if self.life is None or answer.cancelled() or answer.exception() is not None:
                continue
            now = self._clock.monotonic_ns()
            self.life = liveness.probe_answered(self.life, now - sent_ns, now)
            self._patient.link_alive(answer.result())

    def _judge(self, link: BrokerLink, life: Liveness, now: int) -> None:
        life = liveness.heard(life, link.last_heard_ns)
        verdict = liveness.verdict(life, self._beat, now)
        if verdict is Verdict.DEAD:
            asked_ns = life.heard_ns if life.waiting_since_ns is None else life.waiting_since_ns
            silence = (now - min(life.heard_ns, asked_ns)) / 1e9
            self._patient.link_dead(f"no answer for {silence:.1f} s: the link is dead")
            return
        if now >= liveness.next_probe_ns(life, self._beat, now):
            life = liveness.probe_sent(life, now)
            self._ask(link, now)
        self.life = life
        if verdict is Verdict.SUSPECT:
            self._patient.link_silent()

    def _ask(self, link: BrokerLink, now: int) -> None:
        try:
            answer = link.probe()
        except LinkError:
            return  # it has just ended, which is told by itself, once
        self._asked.append((now, answer))
        answer.add_done_callback(self._answered)

    def _answered(self, answer: asyncio.Future[int]) -> None:
        if not answer.cancelled():
            answer.exception()  # seen, also if the link is gone and nobody asks any more
        self._look.ring()
