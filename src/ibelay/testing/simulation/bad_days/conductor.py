"""The conductor: does the steps of a plan when their time or their event has come."""

from __future__ import annotations

from collections.abc import Callable

from ibelay.errors import ConfigurationError
from ibelay.gateway.exchange.events import Executed, OrderChanged
from ibelay.journal.records import DropInIntent, IntentRecorded
from ibelay.machines.link_events import LinkState
from ibelay.model.faults import Command
from ibelay.testing.simulation.bad_days.plan import Event, Plan, Step
from ibelay.testing.simulation.observed import (
    Appended,
    Asked,
    Booted,
    LinkChanged,
    Observation,
    Truth,
)
from ibelay.wire.requests import PlaceOrder


class Conductor:
    """Does one plan in one world.

    Args:
        plan: What is to go wrong.
        call_at: Calls something at a virtual time, given in seconds.
        now_ns: Virtual time.
        do: Lets a command happen; what cannot be done as things stand is passed over.

    Attributes:
        passed_over: What could not be done, and why.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        call_at: Callable[[float, Callable[[], None]], object],
        now_ns: Callable[[], int],
        do: Callable[[Command], object],
    ) -> None:
        self.passed_over: list[str] = []
        self._call_at = call_at
        self._now_ns = now_ns
        self._do = do
        self._armed: dict[Event, list[Step]] = {}
        self._over = False
        for step in plan.steps:
            self.add(step)

    def add(self, step: Step) -> None:
        """Do *step* too, at its moment or at its event after that."""
        if step.on is None:
            self._call_at(step.at_ns / 1e9, lambda: self._take(step))
        else:
            self._call_at(step.at_ns / 1e9, lambda: self._arm(step))

    def see(self, seen: Observation) -> None:
        """Take a step whose event this is; each event moves one step at most."""
        event = what(seen) if self._armed else None
        waiting = self._armed.get(event) if event else None
        if not waiting or event is None:
            return
        step = waiting.pop(0)
        if not waiting:
            del self._armed[event]
        self._call_at((self._now_ns() + step.after_ns) / 1e9, lambda: self._take(step))

    def stop(self) -> None:
        """Do nothing more."""
        self._over = True
        self._armed.clear()

    def _arm(self, step: Step) -> None:
        if step.on is not None and not self._over:
            self._armed.setdefault(step.on, []).append(step)

    def _take(self, step: Step) -> None:
        if self._over:
            return
        try:
            self._do(step.command)
        except ConfigurationError as error:
            self.passed_over.append(str(error))


def what(seen: Observation) -> Event | None:
    """Return the event that *seen* is, if it is one."""
    match seen:
        case Appended(records=records) if any(
            isinstance(one, IntentRecorded | DropInIntent) for one in records
        ):
            return Event.INTENT
        case Asked(request=PlaceOrder()):
            return Event.SENT
        case Truth(event=Executed()):
            return Event.FILL
        case Truth(event=OrderChanged()):
            return Event.BOOKED
        case LinkChanged(after=LinkState.SYNCING):
            return Event.SYNC
        case Booted():
            return Event.BOOT
        case _:
            return None
