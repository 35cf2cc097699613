"""The player: does what a scenario says when it says so. Pure.

Rules:
1. Steps of the same moment are done in the order of the file.
2. A time of day that has gone by when the scenario starts is the next day's.
3. What a step makes others say is heard by the other steps; each hears an event once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from ibelay.control.agenda import Agenda
from ibelay.control.scenario import At, On, Scenario
from ibelay.errors import ConfigurationError
from ibelay.model.faults import Command
from ibelay.wire.times import SECOND_NS, ZONE

NAME = "scenario"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where scenarios are played.

    Attributes:
        agenda: Gets the steps.
        now_ns: Says what time it is on the agenda's clock.
        do: Does a command; what it raises is logged, and the scenario goes on.
        new_york_ns: The same moment in ns since the epoch, from which a time of day is
            reckoned; None where the agenda's clock says that itself.
    """

    agenda: Agenda
    now_ns: Callable[[], int]
    do: Callable[[Command], str]
    new_york_ns: Callable[[], int] | None = None


class Player:
    """Plays one scenario.

    Args:
        scenario: What is to happen.
        place: Where.
    """

    def __init__(self, scenario: Scenario, place: Place) -> None:
        self._place = place
        self._left = [step.times for step in scenario.steps]
        self._steps = scenario.steps
        for number, step in enumerate(scenario.steps):
            if isinstance(step.when, At):
                self._plan(number, self._moment(step.when))

    def hear(self, event: str, symbol: str) -> None:
        """Hear that an order came, filled or was cancelled, and begin the steps that waited."""
        for number, step in enumerate(self._steps):
            if isinstance(step.when, On) and _waits_for(step.when, event, symbol):
                self._plan(number, self._place.now_ns() + step.when.after_ns)

    def _plan(self, number: int, at_ns: int) -> None:
        """Plan a step if it is still to happen, and count that."""
        left = self._left[number]
        if left != 0:
            self._left[number] = None if left is None else left - 1
            self._place.agenda.plan(at_ns, lambda: self._do(number), NAME)

    def _moment(self, when: At) -> int:
        now_ns = self._place.now_ns()
        if not when.of_day:
            return now_ns + when.ns
        clock_ns = now_ns if self._place.new_york_ns is None else self._place.new_york_ns()
        return now_ns + next_time_of_day(clock_ns, when.ns) - clock_ns

    def _do(self, number: int) -> None:
        step = self._steps[number]
        for command in step.do:
            try:
                _log.info("scenario: %s", self._place.do(command))
            except ConfigurationError as error:
                _log.warning("scenario: %s", error)
        if isinstance(step.when, At):
            self._plan(number, self._moment(step.when))


def next_time_of_day(now_ns: int, of_day_ns: int) -> int:
    """Return the next moment after *now_ns* at which New York's clocks show a time of day.

    Args:
        now_ns: Since the epoch, UTC.
        of_day_ns: Since midnight, as a clock shows it.
    """
    minutes, second = divmod(of_day_ns // SECOND_NS, 60)
    shown = time(minutes // 60, minutes % 60, second)
    today = datetime.fromtimestamp(now_ns // SECOND_NS, ZONE).date()
    moments = (
        int(datetime.combine(today + timedelta(days=days), shown, ZONE).timestamp())
        for days in range(3)
    )
    return next(at_s * SECOND_NS for at_s in moments if at_s * SECOND_NS > now_ns)


def _waits_for(when: On, event: str, symbol: str) -> bool:
    return when.event == event and when.symbol in {"", symbol}
