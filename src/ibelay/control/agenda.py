"""An agenda: what is to be done when, on one clock. Pure.

Rules:
1. What is due at the same time is done in the order in which it was planned.
2. What is done may plan more, also for at once; it is done in the same run.
3. At most ``MAX_PLANNED`` acts wait; more are an error of whoever plans them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

from ibelay.errors import ConfigurationError

MAX_PLANNED = 100_000
NEVER_NS = 1 << 62
Act = Callable[[], None]


class Agenda:
    """Acts, each at its time in ns.

    Attributes:
        next_ns: When the next act is due; beyond all times if none is.
    """

    def __init__(self) -> None:
        self.next_ns = NEVER_NS
        self._acts: list[tuple[int, int, str, Act]] = []
        self._numbers = count()

    def plan(self, at_ns: int, act: Act, name: str = "") -> None:
        """Do *act* at *at_ns*, or in the next run if that is past.

        Raises:
            ConfigurationError: Too much is planned already.
        """
        if len(self._acts) >= MAX_PLANNED:
            raise ConfigurationError(
                f"{MAX_PLANNED} acts are planned already: clear them before planning more"
            )
        heapq.heappush(self._acts, (at_ns, next(self._numbers), name, act))
        self._look()

    def run(self, now_ns: int) -> None:
        """Do what is due by *now_ns*."""
        while self.next_ns <= now_ns:
            act = heapq.heappop(self._acts)[3]
            self._look()
            act()

    def drop(self, beginning: str) -> None:
        """Forget what was planned under a name with this beginning."""
        self._acts = [planned for planned in self._acts if not planned[2].startswith(beginning)]
        heapq.heapify(self._acts)
        self._look()

    def planned(self) -> list[tuple[int, str]]:
        """Return time and name of what waits, in order."""
        return [(at_ns, name) for at_ns, _number, name, _act in sorted(self._acts)]

    def _look(self) -> None:
        self.next_ns = self._acts[0][0] if self._acts else NEVER_NS
