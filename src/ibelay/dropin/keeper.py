"""The keeper: notices a dead connection of the drop-in and opens the next one.

The decisions are those of the runtime (``machines.liveness``, ``machines.backoff``); here they
are performed for a program that owns its loop, and may run it only now and then: a script that
computes for a minute between two ``ib.sleep`` must not take its own silence for the gateway's.
Watching is done with timers, so that a program that just ends leaves no task behind; only an
attempt to connect is a task.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from ibelay.machines import liveness
from ibelay.machines.backoff import SECOND_NS, Schedule, delay_ns
from ibelay.machines.liveness import Heartbeat, Verdict
from ibelay.ports.clock import Clock

log = logging.getLogger("ibelay.dropin")

_PULSE_NS = SECOND_NS // 4
_LAG_NS = SECOND_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperConfig:
    """How the drop-in keeps its connection; the defaults are the runtime's."""

    schedule: Schedule = field(default_factory=Schedule)
    heartbeat: Heartbeat = field(default_factory=Heartbeat)


class Keeper:
    """Watches one connection after the other until :meth:`stop`.

    Args:
        config: Back-off and heartbeat.
        clock: Monotonic time.
        probe: Asks the gateway for its time; the answer comes to :meth:`answered`.
        alive: Whether the socket is up and logged on.
        drop: Aborts the socket at once.
        connect: Makes one attempt at a new connection; raises OSError if it fails.

    Attributes:
        suspect: Whether the gateway owes an answer for longer than it usually takes.
        attempt: The attempt under way, also while it is being given up.
    """

    def __init__(
        self,
        config: KeeperConfig,
        *,
        clock: Clock,
        probe: Callable[[], None],
        alive: Callable[[], bool],
        drop: Callable[[], None],
        connect: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self._config = config
        self._clock = clock
        self._probe = probe
        self._alive = alive
        self._drop = drop
        self._connect = connect
        self._life = liveness.begin(self._clock.monotonic_ns())
        self._chance = random.Random(self._clock.monotonic_ns())  # noqa: S311  # jitter, not a secret
        self._failed = 0
        self._due_ns = 0
        self._timer: asyncio.TimerHandle | None = None
        self._up = asyncio.Event()
        self.suspect = False
        self.attempt: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether a connection is being kept, up or down."""
        return self._timer is not None or self._trying

    @property
    def _trying(self) -> bool:
        return self.attempt is not None and not self.attempt.cancelling()

    def start(self) -> None:
        """Watch the connection that has just been made, on the running loop."""
        self._failed = 0
        self._life = liveness.begin(self._clock.monotonic_ns())
        self.suspect = False
        self._up.set()
        self._later(_PULSE_NS, self._pulse)

    def stop(self) -> None:
        """Watch no more. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.attempt is not None:
            self.attempt.cancel()

    async def stopped(self) -> None:
        """Wait until an attempt that :meth:`stop` gave up has really ended."""
        if self.attempt is not None and self.attempt is not asyncio.current_task():
            await asyncio.wait({self.attempt})

    async def up(self) -> None:
        """Wait until the connection is there."""
        await self._up.wait()

    def heard(self) -> None:
        """Note that bytes arrived."""
        self._life = liveness.heard(self._life, self._clock.monotonic_ns())

    def answered(self) -> None:
        """Note that the gateway told its time."""
        since = self._life.waiting_since_ns
        if since is not None:
            now = self._clock.monotonic_ns()
            self._life = liveness.probe_answered(self._life, now - since, now)
            self.suspect = False

    def lost(self) -> None:
        """Note that the connection has ended; the next attempt is arranged."""
        if self._timer is not None and self._up.is_set():
            self._up.clear()
            self._arrange()

    def _pulse(self) -> None:
        now = self._clock.monotonic_ns()
        lag = now - self._due_ns
        if lag > _LAG_NS:
            self._life = liveness.excuse(self._life, lag)
        self._later(_PULSE_NS, self._pulse)
        if self._alive():
            self._judge(now)
        else:
            self.lost()

    def _judge(self, now: int) -> None:
        beat = self._config.heartbeat
        verdict = liveness.verdict(self._life, beat, now)
        self.suspect = verdict is not Verdict.ALIVE
        if verdict is Verdict.DEAD:
            log.error("the gateway does not answer any more; dropping the connection")
            self._drop()
        elif now >= liveness.next_probe_ns(self._life, beat, now):
            self._life = liveness.probe_sent(self._life, now)
            self._probe()

    def _arrange(self) -> None:
        self._failed += 1
        wait_ns = delay_ns(self._config.schedule, self._failed, self._chance.random())
        log.warning("connection lost; attempt %d in %.2f s", self._failed, wait_ns / SECOND_NS)
        self._later(wait_ns, self._try)

    def _try(self) -> None:
        self._timer = None
        self.attempt = asyncio.get_running_loop().create_task(self._connect())
        self.attempt.add_done_callback(self._tried)

    def _tried(self, attempt: asyncio.Task[None]) -> None:
        given_up = attempt.cancelled() or attempt.cancelling()
        error = None if attempt.cancelled() else attempt.exception()
        self.attempt = None
        if given_up:
            return
        if error is None:
            log.warning("connection restored at attempt %d", self._failed)
            self.start()
            return
        # What is no OSError is a bug, and still no reason to leave the program offline.
        trace = None if isinstance(error, OSError) else error
        log.warning("attempt %d failed: %s", self._failed, error, exc_info=trace)
        self._arrange()

    def _later(self, wait_ns: int, do: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due_ns = self._clock.monotonic_ns() + wait_ns
        self._timer = asyncio.get_running_loop().call_later(wait_ns / SECOND_NS, do)
