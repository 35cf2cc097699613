"""What is on disk: I6 epochs, I7 rows, I8 replay.

Rules:
1. Rows that were given to the journal by a process that is no more may be on disk or not, but
   nothing that came after one that is lost.
2. The hash chain is verified by whoever reads the disk for ``Settled``; what is judged here is
   that the rows are those that were given, all of them, in their order, once.
3. Live ledger and replay are compared when the journal owes nothing, and only if something was
   written since they last were: at every look while nothing is wrong, every twenty minutes while
   something is, since all of it is compared each time. Two entries that were equal and hold the
   same objects as then, which cannot change themselves, are equal still.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import fields
from operator import attrgetter
from typing import Any, ClassVar

from ibelay.journal.books import UnitBook
from ibelay.journal.ledger import Ledger
from ibelay.journal.order_entry import OrderEntry
from ibelay.journal.records import (
    AnyRecord,
    DropInCancel,
    DropInIntent,
    EpochStarted,
    IntentRecorded,
)
from ibelay.testing.simulation.invariants.breach import Breach
from ibelay.testing.simulation.invariants.known import Known
from ibelay.testing.simulation.observed import Appended, Booted, Durable, Observation, Settled

_SHOWN = 200  # characters of a value that differs
_EVERY_NS = 1_200 * 1_000_000_000
_IN_UNIT = attrgetter(*(part.name for part in fields(UnitBook) if part.name != "order_refs"))
_GROWING: dict[str, Callable[[Any], object] | None] = {
    "orders": attrgetter(*(part.name for part in fields(OrderEntry))),
    "units": lambda book: (_IN_UNIT(book), tuple(book.order_refs)),
    "executions": None,
    "commissions": None,
}
"""What of a ledger grows for ever, and how to see all that an entry holds now: itself if None.

What is seen must not change itself: a unit's orders, the one list among it, are copied.
"""
_OTHERS = attrgetter(*(part.name for part in fields(Ledger) if part.name not in _GROWING))


class EpochsRise:
    """I6: every process has a higher epoch than the one before, and writes under its own."""

    number: ClassVar[str] = "I6"
    sentence: ClassVar[str] = "epochs never decrease"
    reads: ClassVar[frozenset[type]] = frozenset({Durable})

    def __init__(self) -> None:
        self._epoch = 0

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Judge the epochs of what became durable."""
        if not isinstance(seen, Durable):
            return
        for record in seen.records:
            match record:
                case EpochStarted(epoch=epoch):
                    if epoch <= self._epoch:
                        sentence = f"epoch {epoch} was started after epoch {self._epoch}"
                        yield Breach(self.number, seen.at_ns, sentence)
                    self._epoch = max(epoch, self._epoch)
                case IntentRecorded() | DropInIntent() | DropInCancel():
                    if record.epoch != self._epoch:
                        ref = _reference(record)
                        sentence = (
                            f"{ref} was written by epoch {record.epoch} while epoch "
                            f"{self._epoch} holds the books"
                        )
                        yield Breach(self.number, seen.at_ns, sentence)
                case _:
                    pass


class RowsFollow:
    """I7: the disk holds what was given to the journal, row after row."""

    number: ClassVar[str] = "I7"
    sentence: ClassVar[str] = "journal gapless, chain valid"
    reads: ClassVar[frozenset[type]] = frozenset({Booted, Appended, Durable})

    def __init__(self) -> None:
        self._last = 0
        self._given: deque[AnyRecord] = deque()
        self._perhaps_lost: deque[AnyRecord] = deque()

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Compare what is durable with what was given (rule 1)."""
        match seen:
            case Booted():
                self._perhaps_lost.extend(self._given)
                self._given.clear()
            case Appended(records=records):
                self._given.extend(records)
            case Durable(at_ns=at_ns, seq=seq, records=records) if records:
                if seq != self._last + 1:
                    sentence = f"row {seq} was written after row {self._last}"
                    yield Breach(self.number, at_ns, f"{sentence}; expected {self._last + 1}")
                for number, record in enumerate(records, seq):
                    if not self._was_given(record):
                        sentence = f"row {number} is {_name(record)}, expected {self._expected()}"
                        yield Breach(self.number, at_ns, sentence)
                        self._given.clear()
                self._last = seq + len(records) - 1
            case _:
                pass

    def _was_given(self, record: AnyRecord) -> bool:
        if self._perhaps_lost:
            if self._perhaps_lost[0] == record:
                self._perhaps_lost.popleft()
                return True
            self._perhaps_lost.clear()
        if self._given and self._given[0] == record:
            self._given.popleft()
            return True
        return False

    def _expected(self) -> str:
        return _name(self._given[0]) if self._given else "none: nothing was given to the journal"


class ReplayIsLive:
    """I8: who reads the journal knows what the bot knows."""

    number: ClassVar[str] = "I8"
    sentence: ClassVar[str] = "replay(journal) = live ledger"
    reads: ClassVar[frozenset[type]] = frozenset({Booted, Durable, Settled})

    def __init__(self, known: Known) -> None:
        self._known = known
        self._alike = _Alike()
        self._compared = False
        self._next_ns = 0

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Compare the ledgers when nothing is on its way to the disk (rule 3)."""
        match seen:
            case Booted() | Durable():
                self._compared = False
            case Settled(ledger=Ledger() as live, replayed=replayed):
                waits = seen.faulty and seen.at_ns < self._next_ns
                if waits or self._compared or self._known.undurable:
                    return
                self._compared, self._next_ns = True, seen.at_ns + _EVERY_NS
                if not self._alike.ledgers(live, replayed):
                    yield Breach(self.number, seen.at_ns, _difference(live, replayed))
            case _:
                pass


class _Alike:
    """Tells whether ledgers are equal, of those that grow again and again (rule 3)."""

    def __init__(self) -> None:
        self._equal: dict[str, list[tuple[object, object]]] = {}
        self._live: Ledger | None = None

    def ledgers(self, one: Ledger, other: Ledger) -> bool:
        """Return ``one == other``; *one* is another ledger after each boot."""
        if self._live is not one:
            self._live, self._equal = one, {part: [] for part in _GROWING}
        return _OTHERS(one) == _OTHERS(other) and all(
            self._entries(part, getattr(one, part), getattr(other, part)) for part in _GROWING
        )

    def _entries(self, part: str, one: dict[str, Any], other: dict[str, Any]) -> bool:
        """Return ``one == other``, of which most hold the same objects as when they were equal.

        Those are passed over where that is quick: entry after entry by the interpreter itself.
        """
        if one.keys() != other.keys():
            return False
        values, twins = list(one.values()), list(map(other.__getitem__, one))
        look, known = _GROWING[part], self._equal[part]
        ours, theirs = (
            (list(map(look, values)), list(map(look, twins))) if look else (values, twins)
        )
        holds = list(zip(ours, theirs, strict=True))
        if holds != known:
            same = [now == then for now, then in zip(holds, known, strict=False)]
            same += [False] * (len(holds) - len(same))
            if any(not alike and values[at] != twins[at] for at, alike in enumerate(same)):
                return False
            self._equal[part] = holds
        return True


def _difference(live: Ledger, replayed: Ledger) -> str:
    """Return the first part of the books that differs, and how."""
    for part in fields(Ledger):
        ours, theirs = getattr(live, part.name), getattr(replayed, part.name)
        if ours == theirs:
            continue
        where = part.name
        if isinstance(ours, dict) and isinstance(theirs, dict):
            keys = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
            if keys:
                where = f"{part.name}[{keys[0]}]"
                ours, theirs = ours.get(keys[0]), theirs.get(keys[0])
        return (
            f"the ledgers differ in {where}: live {str(ours)[:_SHOWN]}, "
            f"replayed {str(theirs)[:_SHOWN]}"
        )
    return "the ledgers differ"


def _reference(record: IntentRecorded | DropInIntent | DropInCancel) -> str:
    return record.order.order_ref if isinstance(record, IntentRecorded) else record.order_ref


def _name(record: AnyRecord) -> str:
    ref = getattr(record, "order_ref", "")
    return f"{type(record).__name__} of {ref}" if ref else type(record).__name__
