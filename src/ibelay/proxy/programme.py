"""What is to follow at a proxy: an agenda on the loop's time, and the scenarios on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ibelay.control.agenda import NEVER_NS, Agenda
from ibelay.control.player import Place, Player
from ibelay.control.scenario import At, Scenario
from ibelay.errors import ConfigurationError
from ibelay.model.faults import Command


class Programme:
    """Runs what is planned when it is due.

    Args:
        now_ns: The loop's time.
        do: Does a command.
        after: Called when something that was planned has been done.
        wall_ns: Says what time it is, ns since the epoch; None where nobody does.

    Attributes:
        agenda: What is planned.
    """

    def __init__(
        self,
        now_ns: Callable[[], int],
        do: Callable[[Command], str],
        after: Callable[[], None],
        wall_ns: Callable[[], int] | None,
    ) -> None:
        self.agenda = Agenda()
        self._now_ns = now_ns
        self._after = after
        self._place = Place(agenda=self.agenda, now_ns=now_ns, do=do, new_york_ns=wall_ns)
        self._players: list[Player] = []
        self._timer: asyncio.TimerHandle | None = None
        self._over = False

    def check(self, scenario: Scenario) -> None:
        """See whether a scenario can be played.

        Raises:
            ConfigurationError: It waits for a time of day, and nobody says what time it is.
        """
        times = [step.when for step in scenario.steps if isinstance(step.when, At)]
        if self._place.new_york_ns is None and any(when.of_day for when in times):
            raise ConfigurationError(
                f"scenario {scenario.name!r} has a step at a time of day and this proxy has no "
                "clock: write at = '+30s', or give it wall_ns"
            )

    def play(self, scenario: Scenario) -> None:
        """Play *scenario* from now on.

        Raises:
            ConfigurationError: See ``check``.
        """
        self.check(scenario)
        self._players.append(Player(scenario, self._place))
        self.arm()

    def hear(self, event: str, symbol: str) -> None:
        """Hear what happens, for steps that wait for it."""
        for player in self._players:
            player.hear(event, symbol)
        if self._players:
            self.arm()

    def arm(self) -> None:
        """Let the agenda run when its next act is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_ns = self.agenda.next_ns
        if due_ns < NEVER_NS and not self._over:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at((due_ns + 1) / 1e9, self._run)

    def close(self) -> None:
        """Let nothing more follow."""
        self._over = True
        self.arm()

    def _run(self) -> None:
        self._timer = None
        self.agenda.run(self._now_ns())
        self._after()
