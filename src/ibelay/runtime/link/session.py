"""The session: the connection machine's shell.

It performs the machine's effects and feeds it what happens. It knows when the broker can be
reached, never what is traded. Everything here runs on one event loop; :meth:`Session.feed`
is the only way the machine's value changes.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any, Protocol

from ibelay.errors import LinkError
from ibelay.machines import broker_clock, connection, liveness
from ibelay.machines.connection import Connection
from ibelay.machines.link_events import (
    Announce,
    DropLink,
    Effect,
    Event,
    LifeProved,
    LinkState,
    Lost,
    Opened,
    OpenFailed,
    OpenLink,
    RaiseSafeMode,
    ReconnectAsked,
    RetryDue,
    SafeModeAsked,
    ScheduleRetry,
    SilenceNoticed,
    Start,
    Stop,
    Synchronise,
    Synchronised,
    UpstreamLost,
    UpstreamRestored,
)
from ibelay.model.events import BrokerEvent, LinkClosed, NoticeSeen
from ibelay.ports.broker import BrokerConnector, BrokerLink
from ibelay.ports.clock import Clock
from ibelay.runtime.config import SessionConfig
from ibelay.runtime.link.pulse import Pulse

_UPSTREAM_LOST = frozenset({1100, 2110})
_SAME_ERA = frozenset({LinkState.READY, LinkState.SUSPECT})
_REACHABLE = frozenset({LinkState.SYNCING, LinkState.READY, LinkState.SUSPECT})


class Listener(Protocol):
    """Who lives on top of a session."""

    async def synchronise(self, link: BrokerLink, *, data_lost: bool) -> None:
        """Snapshot, reconcile, resubscribe; raise LinkError if it cannot be completed."""
        ...

    def broker_event(self, event: BrokerEvent) -> None:
        """Take one event, in the order IB sent it; never dropped for connection state (I13)."""
        ...

    def state_changed(self, before: LinkState, after: LinkState, reason: str) -> None:
        """Take note of the machine's new state."""
        ...

    def safe_mode_raised(self, reason: str, attempts: int) -> None:
        """Journal safe mode."""
        ...


class Session:
    """A supervised connection: one link at a time, each a fresh client object.

    Args:
        config: Settings.
        connector: Makes links.
        clock: Monotonic time.
        chance: Seeded source of jitter.
        listener: Who is told.

    Attributes:
        era: Counts what may have made the books old: outages, and the synchronisations after.
    """

    def __init__(
        self,
        config: SessionConfig,
        *,
        connector: BrokerConnector,
        clock: Clock,
        chance: random.Random,
        listener: Listener,
    ) -> None:
        self.config = config
        self.value = Connection()
        self.link: BrokerLink | None = None
        self.pulse = Pulse(config.heartbeat, clock, self)
        self.broker_clock: broker_clock.BrokerClock | None = None
        self.connects = 0
        self.failed_connects = 0
        self._connector = connector
        self._clock = clock
        self._chance = chance
        self._listener = listener
        self.era = 0
        self._generation = 0
        self._stopped = asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None
        self._opening: asyncio.Task[None] | None = None
        self._syncing: asyncio.Task[None] | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._dropping: list[BrokerLink] = []
        self._data_lost = True
        self._isolation: asyncio.TimerHandle | None = None

    # -- what others may ask -------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether entries may be sent."""
        return self.value.state is LinkState.READY

    @property
    def reachable(self) -> BrokerLink | None:
        """The link if exits, stops and cancels can be sent over it (I15), else None."""
        return self.link if self.value.state in _REACHABLE else None

    def broker_now_ns(self) -> int | None:
        """Return the broker's time (UTC, ns), or None before its first answer."""
        if self.broker_clock is None:
            return None
        return broker_clock.now_ns(self.broker_clock, self._clock.monotonic_ns())

    def learn_time(self, broker_ns: int) -> None:
        """Feed the broker clock with a time IB has just said."""
        now = self._clock.monotonic_ns()
        if self.broker_clock is None:
            self.broker_clock = broker_clock.begin(now, broker_ns)
        else:
            self.broker_clock = broker_clock.sample(self.broker_clock, now, broker_ns)

    def reconnect(self, reason: str) -> None:
        """Drop the link, if there is one, and connect at once."""
        if self.value.state not in {LinkState.SAFE_MODE, LinkState.STOPPED}:
            self.feed(ReconnectAsked(reason))

    def enter_safe_mode(self, reason: str) -> None:
        """Stop trading until :meth:`clear_safe_mode`."""
        self.feed(SafeModeAsked(reason))

    def clear_safe_mode(self) -> None:
        """Begin a fresh connect cycle."""
        if self.value.state is LinkState.SAFE_MODE:
            self.feed(Start())

    def stop(self) -> None:
        """Close the link for good; :meth:`run` returns when it is gone."""
        self.feed(Stop())
        self._stopped.set()

    async def proof_of_life(self, link: BrokerLink) -> bool:
        """Return whether the peer answered lately, asking it if need be."""
        if self._clock.monotonic_ns() - link.last_heard_ns <= self.config.fresh_ns:
            return True
        life = self.pulse.life or liveness.begin(0)
        limit = liveness.miss_deadline_ns(life, self.config.heartbeat)
        try:
            async with asyncio.timeout(limit / 1e9):
                self.learn_time(await link.probe())
        except (TimeoutError, LinkError):
            if link is self.link:
                self.feed_if_known(SilenceNoticed())
            return False
        return True

    # -- life ----------------------------------------------------------------------------

    async def run(self, *, safe_mode_reason: str = "") -> None:
        """Keep the connection until :meth:`stop`; start in safe mode if a reason is given."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            self.feed(SafeModeAsked(safe_mode_reason) if safe_mode_reason else Start())
            pulse = tasks.create_task(self.pulse.run()) if self.config.monitor else None
            try:
                await self._stopped.wait()
            finally:
                self._tasks = None  # stopped or cancelled, nothing more is begun
                self._cancel_retry()
                self._forget_upstream()
            if pulse is not None:
                pulse.cancel()
            await self._gone()

    def feed(self, event: Event) -> None:
        """Step the machine and perform what it asks."""
        config = self.config
        if isinstance(event, UpstreamLost):
            self._await_upstream()
        self.value, effects = connection.step(
            self.value,
            event,
            self._clock.monotonic_ns(),
            config.schedule,
            config.after_exhaustion,
            self._chance.random(),
        )
        for effect in effects:
            self._perform(effect)

    def feed_if_known(self, event: Event) -> None:
        """Feed *event* unless the machine's state has no row for it."""
        if (self.value.state, type(event)) in connection.TABLE:
            self.feed(event)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case OpenLink(attempt):
                self._opening = self._spawn(self._open(attempt))
            case DropLink(reason):
                self._drop(reason)
            case ScheduleRetry(delay):
                self._schedule_retry(delay)
            case Synchronise(data_lost):
                if self._syncing is not None:
                    self._syncing.cancel()
                self._syncing = self._spawn(self._synchronise(data_lost=data_lost))
            case Announce(before, after, reason):
                if before is not after:
                    self.era += after not in _SAME_ERA
                    self._listener.state_changed(before, after, reason)
            case RaiseSafeMode(reason, attempts):
                self._listener.safe_mode_raised(reason, attempts)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        if self._tasks is None:
            work.close()
            msg = "the session is not running"
            raise RuntimeError(msg)
        return self._tasks.create_task(work)

    # -- effects -------------------------------------------------------------------------

    async def _open(self, attempt: int) -> None:
        await self._gone()
        if attempt > 1 and self.config.teardown_pause_s > 0:
            await asyncio.sleep(self.config.teardown_pause_s)
        self._generation += 1
        generation = self._generation

        def sink(event: BrokerEvent) -> None:
            self._heard(event, generation)

        try:
            link = await self._connector.open(
                self.config.address, sink, timeout_s=self.config.connect_timeout_s
            )
        except LinkError as error:
            self.failed_connects += 1
            self.feed(OpenFailed(str(error)))
            return
        self.link = link
        self.pulse.begin(link)
        self.connects += 1
        self.feed(Opened())

    async def _synchronise(self, *, data_lost: bool) -> None:
        link = self.link
        if link is None:
            return
        # A synchronisation that was overtaken by another leaves its duty to restore the streams.
        self._data_lost = self._data_lost or data_lost
        try:
            await self._listener.synchronise(link, data_lost=self._data_lost)
        except LinkError as error:
            if link is self.link:
                self.feed_if_known(Lost(f"synchronising failed: {error}"))
            return
        # What ended in an outage leaves its duty to the synchronisation after that.
        if link is self.link and self.value.state is LinkState.SYNCING:
            self._data_lost = False
            self.feed(Synchronised())

    def _drop(self, reason: str) -> None:
        del reason
        current = asyncio.current_task()
        for task in (self._opening, self._syncing):
            if task is not None and task is not current:
                task.cancel()
        self._opening = self._syncing = None
        self._generation += 1
        if self.link is not None:
            self.link.abort()
            self._dropping.append(self.link)
            self.link = None
            self.pulse.end()

    async def _gone(self) -> None:
        """Wait until every dropped link's transport is really closed."""
        while self._dropping:
            await self._dropping[-1].closed()
            self._dropping.pop()

    def _schedule_retry(self, delay_ns: int) -> None:
        self._cancel_retry()
        # The last word of a link may come when who ran the session was cancelled already.
        if self.config.reconnect and self._tasks is not None:
            loop = asyncio.get_running_loop()
            self._retry = loop.call_later(delay_ns / 1e9, self.feed, RetryDue())

    def _cancel_retry(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    # -- evidence ------------------------------------------------------------------------

    def _heard(self, event: BrokerEvent, generation: int) -> None:
        if generation != self._generation:
            return  # the last words of a link that was given up and is being closed
        match event:
            case LinkClosed(reason=reason):
                self.feed_if_known(Lost(reason or "the gateway closed the connection"))
            case NoticeSeen(code=code) if code in _UPSTREAM_LOST:
                self.feed_if_known(UpstreamLost(code))
            case NoticeSeen(code=1101 | 1102 as code):
                self.feed_if_known(UpstreamRestored(data_lost=code == 1101))
            case _:
                pass
        self._listener.broker_event(event)

    # -- what the pulse tells -------------------------------------------------------------

    def link_alive(self, broker_ns: int) -> None:
        """Take a sign of life, which is the broker's time."""
        self.learn_time(broker_ns)
        self.feed_if_known(LifeProved())

    def link_silent(self) -> None:
        """Take note that the peer owes an answer for too long."""
        self.feed_if_known(SilenceNoticed())

    def link_dead(self, reason: str) -> None:
        """Give the link up."""
        self.feed(Lost(reason))

    def _await_upstream(self) -> None:
        """Do not wait for ever for the word that IB's servers are back."""
        self._forget_upstream()
        if self.config.monitor:
            wait_s = self.config.isolated_max_ns / 1e9
            loop = asyncio.get_running_loop()
            self._isolation = loop.call_later(wait_s, self._end_isolation, wait_s)

    def _forget_upstream(self) -> None:
        if self._isolation is not None:
            self._isolation.cancel()
            self._isolation = None

    def _end_isolation(self, waited_s: float) -> None:
        """Ask for a fresh link if nobody says any more how IB's servers are."""
        if self.value.state is LinkState.ISOLATED:
            self.reconnect(f"no word of IB's servers for {waited_s:.0f} s after they were lost")
