"""The keeper: notices a dead connection of the drop-in and opens the next one.

The decisions are those of the runtime (``machines.liveness``, ``machines.backoff``); here they
are performed for a program that owns its loop.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ibelay.machines import liveness
from ibelay.machines.backoff import Schedule, delay_ns
from ibelay.machines.liveness import Heartbeat, Verdict

log = logging.getLogger("ibelay.dropin")

_PULSE_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperConfig:
    """How the drop-in keeps its connection; the defaults are the runtime's."""

    schedule: Schedule = field(default_factory=Schedule)
    heartbeat: Heartbeat = field(default_factory=Heartbeat)


class Keeper:
    """Watches one connection after the other until :meth:`stop`.

    Args:
        config: Back-off and heartbeat.
        probe: Asks the gateway for its time; returns when it answers.
        alive: Whether the socket is up and logged on.
        drop: Aborts the socket at once.
        connect: Makes one attempt at a new connection; raises OSError if it fails.
    """

    def __init__(
        self,
        config: KeeperConfig,
        *,
        probe: Callable[[], Awaitable[object]],
        alive: Callable[[], bool],
        drop: Callable[[], None],
        connect: Callable[[], Awaitable[None]],
    ) -> None:
        self._config = config
        self._probe = probe
        self._alive = alive
        self._drop = drop
        self._connect = connect
        self._life = liveness.begin(_now_ns())
        self._chance = random.Random(_now_ns())  # noqa: S311  # jitter, not a secret
        self._task: asyncio.Task[None] | None = None
        self._probing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch, on the running loop."""
        if self._task is None:
            self._life = liveness.begin(_now_ns())
            self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """Watch no more. Idempotent."""
        for task in (self._task, self._probing):
            if task is not None:
                task.cancel()
        self._task = self._probing = None

    def heard(self) -> None:
        """Note that bytes arrived."""
        self._life = liveness.heard(self._life, _now_ns())

    async def _run(self) -> None:
        attempt = 0
        while True:
            if self._alive():
                attempt = 0
                await asyncio.sleep(_PULSE_S)
                self._judge()
                continue
            attempt += 1
            wait_s = delay_ns(self._config.schedule, attempt, self._chance.random()) / 1e9
            log.warning("connection lost; attempt %d in %.2f s", attempt, wait_s)
            await asyncio.sleep(wait_s)
            try:
                await self._connect()
            except (OSError, TimeoutError) as error:
                log.warning("attempt %d failed: %s", attempt, error)
                continue
            self._life = liveness.begin(_now_ns())
            log.warning("connection restored after %d attempts", attempt)

    def _judge(self) -> None:
        now, beat = _now_ns(), self._config.heartbeat
        verdict = liveness.verdict(self._life, beat, now)
        if verdict is Verdict.DEAD:
            log.error("the gateway does not answer any more; dropping the connection")
            self._drop()
        elif now >= liveness.next_probe_ns(self._life, beat, now):
            self._life = liveness.probe_sent(self._life, now)
            self._probing = asyncio.get_running_loop().create_task(self._ask(now))

    async def _ask(self, sent_ns: int) -> None:
        try:
            await self._probe()
        except ConnectionError:
            return  # the loss itself is noticed by _run
        now = _now_ns()
        self._life = liveness.probe_answered(self._life, now - sent_ns, now)


def _now_ns() -> int:
    return time.monotonic_ns()  # noqa: TID251  # the drop-in lives in a program that gives no clock
