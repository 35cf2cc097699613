"""The player: does what a scenario says when it says so.

Rules:
1. Steps of the same moment are done in the order of the file.
2. A time of day that has gone by when the scenario starts is the next day's.
3. What a step makes the exchange do is heard by the others; each hears an event once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, time, timedelta

from ibelay.errors import ConfigurationError
from ibelay.gateway.control.operator import Operator
from ibelay.gateway.control.scenario import At, On, Scenario
from ibelay.gateway.exchange.events import ExchangeEvent, Executed, OrderChanged
from ibelay.gateway.market.hours import NEW_YORK, SECOND_NS
from ibelay.gateway.session.floor import Floor
from ibelay.model.ids import PermId
from ibelay.model.order import BrokerOrderStatus

NAME = "scenario"
MAX_SEEN = 100_000
_log = logging.getLogger(__name__)


class Player:
    """Plays one scenario on one floor.

    Args:
        scenario: What is to happen.
        floor: Where; its agenda gets the steps.
        operator: Does the commands.
    """

    def __init__(self, scenario: Scenario, floor: Floor, operator: Operator) -> None:
        self._floor = floor
        self._operator = operator
        self._left = [step.times for step in scenario.steps]
        self._steps = scenario.steps
        self._seen: set[PermId] = set()
        for number, step in enumerate(scenario.steps):
            if isinstance(step.when, At):
                self._plan(number, self._moment(step.when))
        floor.watch(self.hear)

    def hear(self, events: Iterable[ExchangeEvent]) -> None:
        """Hear what the exchange says, and begin the steps that waited for it."""
        for event in events:
            what = self._what(event)
            if what is None:
                continue
            for number, step in enumerate(self._steps):
                if isinstance(step.when, On) and _waits_for(step.when, *what):
                    self._plan(number, self._floor.now_ns + step.when.after_ns)

    def _what(self, event: ExchangeEvent) -> tuple[str, str] | None:
        if isinstance(event, Executed):
            return "fill", event.execution.contract.symbol
        if not isinstance(event, OrderChanged) or event.order.request.what_if:
            return None
        symbol, perm_id = event.order.request.contract.symbol, event.order.perm_id
        if event.order.status is BrokerOrderStatus.CANCELLED:
            return "cancel", symbol
        if perm_id in self._seen or len(self._seen) >= MAX_SEEN:
            return None
        self._seen.add(perm_id)
        return "order", symbol

    def _plan(self, number: int, at_ns: int) -> None:
        """Plan a step if it is still to happen, and count that."""
        left = self._left[number]
        if left != 0:
            self._left[number] = None if left is None else left - 1
            self._floor.agenda.plan(at_ns, lambda: self._do(number), NAME)

    def _moment(self, when: At) -> int:
        now_ns = self._floor.now_ns
        return next_time_of_day(now_ns, when.ns) if when.of_day else now_ns + when.ns

    def _do(self, number: int) -> None:
        step = self._steps[number]
        for command in step.do:
            try:
                _log.info("scenario: %s", self._operator.do(command))
            except ConfigurationError as error:
                _log.warning("scenario: %s", error)
        if isinstance(step.when, At):
            self._plan(number, self._moment(step.when))


def next_time_of_day(now_ns: int, of_day_ns: int) -> int:
    """Return the next moment after *now_ns* at which New York's clocks show a time of day.

    Args:
        now_ns: Market time.
        of_day_ns: Since midnight, as a clock shows it.
    """
    minutes, second = divmod(of_day_ns // SECOND_NS, 60)
    shown = time(minutes // 60, minutes % 60, second)
    today = datetime.fromtimestamp(now_ns // SECOND_NS, NEW_YORK).date()
    moments = (
        int(datetime.combine(today + timedelta(days=days), shown, NEW_YORK).timestamp())
        for days in range(3)
    )
    return next(at_s * SECOND_NS for at_s in moments if at_s * SECOND_NS > now_ns)


def _waits_for(when: On, event: str, symbol: str) -> bool:
    return when.event == event and when.symbol in {"", symbol}
