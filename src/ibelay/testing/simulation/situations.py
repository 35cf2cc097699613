"""Situations: which faults have met the bot in which state.

Rules:
1. A situation is a fault's word, the state of the connection and where the bot was in its
   recovery, and the most delicate thing that any of its orders was in the middle of.
2. It is taken the moment the fault happens, from what the bot has journaled by then.
3. Lines of code that run say little; what has been hit while what was under way says what a
   campaign has really tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from ibelay.journal.records import (
    AnyRecord,
    CancelIntended,
    IntentRecorded,
    ModifyIntended,
    OrderStateChanged,
    UnitClosing,
)
from ibelay.machines.link_events import LinkState
from ibelay.model.ids import OrderRef
from ibelay.model.order import OrderState, Role
from ibelay.testing.simulation.observed import (
    Appended,
    Booted,
    Broke,
    Durable,
    Ended,
    LinkChanged,
    Observation,
)

NO_PROCESS = "no process"
_MOST_DELICATE = (
    "intent not durable",
    "intent durable",
    "sent",
    "unknown",
    "cancelling",
    "changing",
    "closing",
    "entry working",
    "exits working",
    "nothing",
)


class Situation(NamedTuple):
    """A fault, and what it met."""

    fault: str
    connection: str
    orders: str

    def __str__(self) -> str:
        return " | ".join(self)


class Situations:
    """Collects the situations of one run.

    Attributes:
        met: How often each came.
    """

    def __init__(self) -> None:
        self.met: Counter[Situation] = Counter()
        self._connection = NO_PROCESS
        self._was_ready = False
        self._doing: dict[OrderRef, str] = {}
        self._entries: set[OrderRef] = set()
        self._closing = 0

    def see(self, seen: Observation) -> None:
        """Take an observation into account."""
        match seen:
            case Broke(command=command):
                self.met[Situation(command.word, self._connection, self._orders())] += 1
            case Appended(records=records):
                for record in records:
                    self._take(record)
            case Durable(records=records):
                for record in records:
                    if isinstance(record, IntentRecorded):
                        self._now_durable(record.order.order_ref)
            case LinkChanged(after=after):
                self._was_ready = self._was_ready or after is LinkState.READY
                self._connection = str(after) if self._was_ready else f"{after}, first time"
            case Booted():
                self._connection, self._was_ready = "booting", False
            case Ended():
                self._connection = NO_PROCESS
            case _:
                pass

    def _orders(self) -> str:
        doing = set(self._doing.values()) | ({"closing"} if self._closing else set())
        return next((one for one in _MOST_DELICATE if one in doing), "nothing")

    def _take(self, record: AnyRecord) -> None:
        match record:
            case IntentRecorded(order=order):
                self._doing[order.order_ref] = "intent not durable"
                if order.role is Role.ENTRY:
                    self._entries.add(order.order_ref)
            case CancelIntended(order_ref=ref) if ref in self._doing:
                self._doing[ref] = "cancelling"
            case ModifyIntended(order_ref=ref) if ref in self._doing:
                self._doing[ref] = "changing"
            case UnitClosing():
                self._closing += 1
            case OrderStateChanged():
                self._changed(record)
            case _:
                pass

    def _changed(self, record: OrderStateChanged) -> None:
        ref = record.order_ref
        if record.state.terminal:
            self._doing.pop(ref, None)
            self._entries.discard(ref)
            if not self._doing:
                self._closing = 0
        elif record.state is OrderState.WORKING:
            if self._doing.get(ref) != "cancelling":
                self._doing[ref] = "entry working" if ref in self._entries else "exits working"
        elif record.state in {OrderState.SENT, OrderState.UNKNOWN}:
            self._doing[ref] = str(record.state)

    def _now_durable(self, ref: OrderRef) -> None:
        if self._doing.get(ref) == "intent not durable":
            self._doing[ref] = "intent durable"


def table(met: Iterable[tuple[Situation, int]]) -> list[str]:
    """Return a line for each situation: how often, and what."""
    return [f"{count:7}  {one}" for one, count in sorted(met)]
