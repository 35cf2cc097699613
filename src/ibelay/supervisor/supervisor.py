"""The parent process: keeps one bot running, and knows what became of it.

The loop is start → watch → decide → wait → start. What to decide is in ``policy``; what a
process is, in ``process``. Status and commands pass through unread.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import structlog

from ibelay.ports.clock import Clock
from ibelay.supervisor.child import ChildStart
from ibelay.supervisor.frames import FrameKind
from ibelay.supervisor.policy import (
    SECOND_NS,
    Ended,
    ExitCode,
    GiveUp,
    History,
    Restart,
    RestartInSafeMode,
    RestartPolicy,
    SilenceWatch,
    Stop,
    decide,
    describe_exit,
)
from ibelay.supervisor.process import ChildProcess, ChildSpec

_log = structlog.get_logger("ibelay.supervisor")

# A terminal that closes or a line to it that drops (SIGHUP) must end in good order too.
_STOP_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)
)


class SupervisorState(StrEnum):
    """What the supervisor is doing."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    GAVE_UP = "gave up"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStatus:
    """What is known about the bot's process; durations in seconds."""

    state: SupervisorState
    reason: str
    pid: int | None
    restarts: int
    last_exit: str
    next_start_in_s: float | None


class Supervisor:
    """Runs one bot and restarts it by policy; satisfies ``web``'s ``StatusView``.

    Args:
        spec: Which bot, and how.
        clock: Monotonic time.
        policy: The restart policy.
        handle_signals: Whether SIGTERM and SIGINT stop the bot and the supervisor.
    """

    def __init__(
        self,
        spec: ChildSpec,
        *,
        clock: Clock,
        policy: RestartPolicy | None = None,
        handle_signals: bool = True,
    ) -> None:
        self._spec = spec
        self._clock = clock
        self._policy = policy if policy is not None else RestartPolicy()
        self._handle_signals = handle_signals
        self._history = History()
        self._state = SupervisorState.STARTING
        self._reason = "the bot is being started"
        self._child: ChildProcess | None = None
        self._last_exit = ""
        self._last_words = ""
        self._next_start_ns: int | None = None
        self._status: bytes | None = None
        self._status_ns = 0
        self._status_is_of_child = False
        self._heard_ns = 0
        self._stop = asyncio.Event()
        self._revision = 0
        self._changed = asyncio.Event()

    @property
    def status(self) -> bytes | None:
        """The last status any life of the bot sent; None if none did."""
        return self._status

    @property
    def status_age_s(self) -> float | None:
        """Seconds since :attr:`status` arrived."""
        if self._status is None:
            return None
        return (self._clock.monotonic_ns() - self._status_ns) / SECOND_NS

    @property
    def is_current(self) -> bool:
        """Whether the status is from the process that runs now."""
        return self._child is not None and self._status_is_of_child

    @property
    def process(self) -> ProcessStatus:
        """What is known about the bot's process."""
        next_start_in_s = None
        if self._next_start_ns is not None:
            left_ns = self._next_start_ns - self._clock.monotonic_ns()
            next_start_in_s = max(0.0, left_ns / SECOND_NS)
        return ProcessStatus(
            state=self._state,
            reason=self._reason,
            pid=self._child.pid if self._child is not None else None,
            restarts=self._history.restarts,
            last_exit=self._last_exit,
            next_start_in_s=next_start_in_s,
        )

    @property
    def revision(self) -> int:
        """Grows with every status and every change of state."""
        return self._revision

    async def changed(self, revision: int) -> int:
        """Return the current revision as soon as it differs from *revision*."""
        while self._revision == revision:
            await self._changed.wait()
        return self._revision

    async def send(self, command: bytes) -> bool:
        """Pass *command* to the bot; False if there is no bot to take it."""
        child = self._child
        return child is not None and await child.send(command)

    def request_stop(self, reason: str) -> None:
        """Stop the bot in good order and let :meth:`run` return. Idempotent."""
        if self._stop.is_set():
            return
        _log.info("supervisor_stopping", reason=reason)
        self._become(SupervisorState.STOPPING, reason)
        self._stop.set()

    async def run(self) -> int:
        """Keep the bot running until it ends for good, is given up, or a stop is asked for.

        Returns:
            0 after a clean end, 78 for a configuration error, 70 if the bot was given up or
            had to be killed.

        Raises:
            ConfigurationError: The bot's process cannot be started at all.
        """
        with self._signals():
            safe_mode_reason = ""
            while not self._stop.is_set():
                ended = await self._one_life(safe_mode_reason)
                if self._stop.is_set():
                    return self._stopped(ended.code)
                self._history, decision = decide(self._history, ended, self._policy)
                match decision:
                    case Restart(after_ns, reason):
                        safe_mode_reason = ""
                        await self._wait(after_ns, reason)
                    case RestartInSafeMode(after_ns, reason):
                        safe_mode_reason = reason
                        await self._wait(after_ns, reason)
                    case Stop(exit_code, reason):
                        return self._ended_for_good(exit_code, reason)
                    case GiveUp(reason):
                        _log.error("bot_given_up", reason=reason)
                        self._become(SupervisorState.GAVE_UP, reason)
                        return ExitCode.INTERNAL
            return self._stopped(ExitCode.DONE)

    async def _one_life(self, safe_mode_reason: str) -> Ended:
        """Start the bot, watch it, and return how it ended."""
        self._status_is_of_child = False
        self._last_words = ""
        start = ChildStart(
            settings=self._spec.settings,
            safe_mode_reason=safe_mode_reason,
            restarts=self._history.restarts,
            last_exit=self._last_exit,
        )
        started_ns = self._heard_ns = self._clock.monotonic_ns()
        child = await ChildProcess.start(self._spec, start, self._on_frame)
        self._child = child
        _log.info("bot_started", pid=child.pid, restarts=self._history.restarts)
        if not self._stop.is_set():
            self._become(SupervisorState.RUNNING, safe_mode_reason)
        try:
            code = await self._watched(child)
        finally:
            self._child = None
            child.kill()  # nothing to kill unless this task was cancelled
            child.close()
        at_ns = self._clock.monotonic_ns()
        self._last_exit = describe_exit(code)
        _log.info("bot_ended", how=self._last_exit, last_words=self._last_words)
        return Ended(code=code, lived_ns=at_ns - started_ns, at_ns=at_ns)

    async def _watched(self, child: ChildProcess) -> int:
        """Return the exit code of *child*; end it if it hangs or a stop is asked for."""
        async with asyncio.TaskGroup() as tasks:
            guards = (
                tasks.create_task(self._end_if_silent(child)),
                tasks.create_task(self._end_when_asked(child)),
            )
            try:
                return await child.exited()
            finally:
                for guard in guards:
                    guard.cancel()

    async def _end_if_silent(self, child: ChildProcess) -> None:
        hang_ns = int(self._spec.hang_s * SECOND_NS)
        now_ns = self._clock.monotonic_ns()
        watch = SilenceWatch(hang_ns, hang_ns // 20, now_ns, now_ns)
        hung = False
        while not hung:
            await asyncio.sleep(watch.period_ns / SECOND_NS)
            watch, hung = watch.look(self._clock.monotonic_ns(), self._heard_ns)
        _log.error("bot_hung", pid=child.pid, silent_s=self._spec.hang_s)
        child.abort()
        await asyncio.sleep(self._spec.abort_grace_s)
        child.kill()

    async def _end_when_asked(self, child: ChildProcess) -> None:
        await self._stop.wait()
        await child.terminate()
        await asyncio.sleep(self._spec.stop_grace_s)
        _log.error("bot_killed", pid=child.pid, grace_s=self._spec.stop_grace_s)
        child.kill()

    async def _wait(self, after_ns: int, reason: str) -> None:
        """Let *after_ns* pass, or less if a stop is asked for."""
        _log.warning("bot_restart_planned", after_s=after_ns / SECOND_NS, reason=reason)
        self._next_start_ns = self._clock.monotonic_ns() + after_ns
        self._become(SupervisorState.WAITING, reason)
        try:
            async with asyncio.timeout(after_ns / SECOND_NS):
                await self._stop.wait()
        except TimeoutError:
            pass
        finally:
            self._next_start_ns = None

    def _ended_for_good(self, exit_code: int, reason: str) -> int:
        said = f"{reason}: {self._last_words}" if self._last_words else reason
        _log.info("supervisor_stopped", exit_code=exit_code, reason=said)
        self._become(SupervisorState.STOPPED, said)
        return exit_code

    def _stopped(self, code: int) -> int:
        """Conclude a stop that was asked for."""
        if code in (ExitCode.DONE, -signal.SIGTERM):
            return self._ended_for_good(ExitCode.DONE, self._reason)
        reason = f"the bot was asked to stop and ended with {describe_exit(code)}"
        return self._ended_for_good(ExitCode.INTERNAL, reason)

    def _on_frame(self, kind: FrameKind, body: bytes) -> None:
        self._heard_ns = self._clock.monotonic_ns()
        match kind:
            case FrameKind.STATUS:
                self._status = body
                self._status_ns = self._heard_ns
                self._status_is_of_child = True
                self._notify()
            case FrameKind.LAST_WORDS:
                self._last_words = body.decode(errors="replace")
            case FrameKind.BEAT | FrameKind.COMMAND | FrameKind.TERMINATE:
                return

    def _become(self, state: SupervisorState, reason: str) -> None:
        self._state, self._reason = state, reason
        self._notify()

    def _notify(self) -> None:
        self._revision += 1
        self._changed.set()
        self._changed = asyncio.Event()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT as requests to stop, and give them back afterwards."""
        if not self._handle_signals:
            yield
            return
        loop = asyncio.get_running_loop()
        before = {}
        for number in _STOP_SIGNALS:
            # signal.signal, not add_signal_handler: the latter does not exist on Windows.
            before[number] = signal.signal(
                number,
                lambda got, _frame: loop.call_soon_threadsafe(
                    self.request_stop, f"{signal.Signals(got).name} received"
                ),
            )
        try:
            yield
        finally:
            for number, earlier in before.items():
                signal.signal(number, earlier)
