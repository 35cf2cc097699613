"""The bot's process in a simulation: it boots, runs, is killed, and is started again.

Rules:
1. Every boot has a host, a clock, what is on the disk, and nothing else of the one before; the
   supervisor's own policy decides when the next one comes, and in what mode.
2. A process that is killed reaches nobody from that instant on: its sockets are gone, its
   journal takes nothing, what it notes is not seen. Its tasks are ended by cancelling them,
   which only tidies up.
3. A process that ends by itself has crashed. That is remembered: no fault asks for it.
"""

from __future__ import annotations

import asyncio
import random

from ibelay.app.theirs import line_of
from ibelay.runtime.bot import Bot
from ibelay.supervisor import policy
from ibelay.testing.simulation.disk import Disk
from ibelay.testing.simulation.observed import (
    Booted,
    Durable,
    Ended,
    Observation,
)
from ibelay.testing.simulation.programs.program import Boot, MakeProgram, Program
from ibelay.testing.simulation.taps import ObservedJournal, See
from ibelay.testing.virtual import Host, HostClock, Network, VirtualLoop

BOT_TASK = "bot"
KILLED = -9
CRASHED = 70


class BotProcess:
    """Boots bots on one disk, one at a time.

    Args:
        loop: Virtual time.
        network: Where it lives, under the name ``host``.
        disk: What outlives it.
        make: Makes the program of each boot.
        restarts: The supervisor's policy.
        wall_at_start_ns: Wall time at virtual time 0.
        chance: Seeded.
        see: Takes the observations.

    Attributes:
        program: The one that runs, or None.
        boots: How many there were.
        crashes: What ended boots by themselves (rule 3).
    """

    def __init__(
        self,
        loop: VirtualLoop,
        network: Network,
        disk: Disk,
        make: MakeProgram,
        *,
        restarts: policy.RestartPolicy,
        wall_at_start_ns: int,
        chance: random.Random,
        see: See,
        host: str = "bot",
    ) -> None:
        self.program: Program | None = None
        self.boots = 0
        self.crashes: list[BaseException] = []
        self.host = Host(host)
        self.clock = HostClock(loop, wall_at_start_ns)
        self._loop = loop
        self._network = network
        self._disk = disk
        self._make = make
        self._restarts = restarts
        self._history = policy.History()
        self._chance = chance
        self._see = see
        self._name = host
        self._task: asyncio.Task[None] | None = None
        self._booted_ns = 0
        self._rows = 0
        self._next: asyncio.TimerHandle | None = None

    @property
    def bot(self) -> Bot | None:
        """The runtime that runs, or None."""
        return self.program if isinstance(self.program, Bot) else None

    def boot(self, safe_mode_reason: str = "") -> None:
        """Start a process."""
        self._next = None
        self.boots += 1
        self._booted_ns = self._loop.now_ns()
        self.host = Host(self._name)
        self._network.power_up(self._name)
        self._see(Booted(self._booted_ns, self.boots))
        context = self.host.context()
        self.program = context.run(self._make, self._boot_of(self.host, safe_mode_reason))
        self._task = self._loop.create_task(self.program.run(), context=context, name=BOT_TASK)
        boot = self.boots
        self._task.add_done_callback(lambda task: self._ended(task, boot))

    def kill(self, *, power: bool = False) -> None:
        """End the process at this instant; with *power* its kernel, too.

        What the disk was writing is there or not, by chance.
        """
        if self.program is None:
            return
        self.host.dead = True
        self._network.sever(self._name, silently=power)
        self._disk.crash(finishes=self._chance.random() < 0.5)
        self.program = None
        self._see_finished()
        self._see(Ended(self._loop.now_ns(), self.boots, "power cut" if power else "killed"))
        if self._task is not None:
            self._task.cancel()
        self._after(KILLED)

    def stall(self, seconds: float) -> None:
        """Let nothing of the process run for *seconds*."""
        if self.program is not None:
            self._loop.stall(self.host, seconds)

    def stop(self, reason: str) -> None:
        """Ask for the graceful shutdown."""
        if self.program is not None:
            self.host.context().run(self.program.stop, reason)

    def call_off(self) -> None:
        """Start no further boot."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _see_finished(self) -> None:
        """See the rows of a commit that the disk finished after its process was gone."""
        rows = [entry.record for entry in self._disk.replay(self._rows)]
        if rows:
            self._see_row(Durable(self._loop.now_ns(), self._rows + 1, tuple(rows)))

    def _see_row(self, seen: Observation) -> None:
        if isinstance(seen, Durable):
            self._rows = seen.seq + len(seen.records) - 1
        self._see(seen)

    def _see_of(self, host: Host) -> See:
        """Return what takes the observations of one boot, as long as it lives (rule 2)."""
        return lambda seen: None if host.dead else self._see_row(seen)

    def _boot_of(self, host: Host, safe_mode_reason: str) -> Boot:
        now_ns, see = self._loop.now_ns, self._see_of(host)
        return Boot(
            now_ns=now_ns,
            clock=self.clock,
            see=see,
            open_journal=lambda: ObservedJournal(self._disk.open(), now_ns, see),
            chance=random.Random(self._chance.getrandbits(64)),  # noqa: S311  # jitter
            safe_mode_reason=safe_mode_reason,
        )

    def _ended(self, task: asyncio.Task[None], boot: int) -> None:
        if task.cancelled() or self.program is None or boot != self.boots:
            if not task.cancelled():
                task.exception()  # the last words of a process that was killed
            return
        error = task.exception()
        self.program = None
        self.host.dead = True
        why = "ended" if error is None else f"crashed: {sentence(error)}"
        self._see(Ended(self._loop.now_ns(), boot, why))
        self._network.sever(self._name, silently=False)
        self._disk.crash()
        if error is not None:
            self.crashes.append(error)
        self._after(policy.ExitCode.DONE if error is None else CRASHED)

    def _after(self, code: int) -> None:
        now = self._loop.now_ns()
        ended = policy.Ended(code=code, lived_ns=now - self._booted_ns, at_ns=now)
        self._history, decision = policy.decide(self._history, ended, self._restarts)
        match decision:
            case policy.Restart(after_ns):
                self._next = self._loop.call_later(after_ns / 1e9, self.boot)
            case policy.RestartInSafeMode(after_ns, reason):
                self._next = self._loop.call_later(after_ns / 1e9, self.boot, reason)
            case policy.Stop() | policy.GiveUp():
                pass


def sentence(error: BaseException) -> str:
    """Return what went wrong first, in words, and at which line of the user's."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    line = line_of(error, with_folder=False)
    return f"{type(error).__name__}: {error}{f' ({line})' if line else ''}"
