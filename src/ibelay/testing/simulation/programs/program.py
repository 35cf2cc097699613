"""A program, and what one boot of its process gives it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ibelay.ports.clock import Clock
from ibelay.ports.journal import Journal
from ibelay.testing.simulation.observed import Observation


@dataclass(frozen=True, slots=True)
class Boot:
    """One boot of a process.

    Attributes:
        now_ns: Virtual time.
        clock: The machine's.
        see: Takes observations, as long as the process lives.
        open_journal: Opens what is on its disk; what is given to it is seen.
        chance: Seeded.
        safe_mode_reason: Why the supervisor starts it in safe mode; empty if it does not.
    """

    now_ns: Callable[[], int]
    clock: Clock
    see: Callable[[Observation], None]
    open_journal: Callable[[], Journal]
    chance: random.Random
    safe_mode_reason: str


class Program(Protocol):
    """What a process runs."""

    async def run(self) -> None:
        """Run to the end; what escapes is a crash."""
        ...

    def stop(self, reason: str) -> None:
        """End gracefully."""
        ...


MakeProgram = Callable[[Boot], Program]
"""Makes the program of one boot, in the context of its host."""
