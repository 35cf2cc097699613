"""What the books say beside what the broker says: I3, I9, I10, I13.

Rules:
1. The bot's part of the broker's book is what carries its client id or its prefix. What people
   and other programs trade in contracts it never touched is not its business.
2. Books are kept from executions, each once, its latest correction alone, and from figures that
   reconciliation took over from the broker.
3. Books and broker may differ while something is on its way; in peace not for long.
4. An order that is over is left so, but for an execution, which outweighs every word, or with
   an alarm on disk beside it.
5. A fill that reached the socket is booked: at once, whatever the state of a link that stands,
   if it is told live to a process that has its books together. What went down with a link or
   a process is found again; what is told shortly before the end may still be under way.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar

from ibelay.gateway.exchange.events import Executed, OrderChanged, PositionChanged
from ibelay.journal.ledger import Ledger
from ibelay.journal.records import DiscrepancyFound, ExecutionRecorded, OrderStateChanged
from ibelay.machines.link_events import LinkState
from ibelay.model.ids import ConId, ExecId, OrderRef, execution_key, is_ours, supersedes
from ibelay.model.order import OrderState
from ibelay.reconcile.discrepancies import Kind
from ibelay.testing.simulation.invariants.breach import Bounds, Breach, seconds
from ibelay.testing.simulation.invariants.known import Known
from ibelay.testing.simulation.observed import (
    Appended,
    Booted,
    Durable,
    Ended,
    LinkChanged,
    Observation,
    Over,
    Settled,
    Told,
    Truth,
)

_ZERO = Decimal(0)
_STANDS = frozenset({LinkState.SYNCING, LinkState.READY, LinkState.SUSPECT, LinkState.ISOLATED})


class NothingWithoutIntent:
    """I3: what the broker holds for this bot's was intended."""

    number: ClassVar[str] = "I3"
    sentence: ClassVar[str] = "every broker order or fill with our prefix has an intent"
    reads: ClassVar[frozenset[type]] = frozenset({Truth})

    def __init__(self, known: Known) -> None:
        self._known = known
        self._said: set[str] = set()

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Look for the intent of what the broker has (rule 1)."""
        match seen:
            case Truth(event=OrderChanged(order=order)):
                request = order.request
                ref, client_id = request.order_ref, request.client_id
                what = f"perm id {order.perm_id}: {request.action} {request.quantity}"
                symbol = request.contract.symbol
            case Truth(event=Executed(execution=execution)):
                ref, client_id = execution.order_ref, execution.client_id
                what = f"{execution.exec_id}: {execution.action} {execution.quantity}"
                symbol = execution.contract.symbol
            case _:
                return
        known = self._known
        if ref in known.orders or not known.is_ours(client_id, ref) or what in self._said:
            return
        self._said.add(what)
        name = ref or "nothing that says whose it is"
        sentence = f"the broker has {what} {symbol} of client {client_id} with {name}"
        yield Breach(self.number, seen.at_ns, f"{sentence}; no intent of it is on disk")


class FillsOnce:
    """I9: a position is the sum of its fills, in the books and at the broker."""

    number: ClassVar[str] = "I9"
    sentence: ClassVar[str] = (
        "each execution applied once; position = Σ fills = broker's position after sync"
    )
    reads: ClassVar[frozenset[type]] = frozenset({Durable, Truth, Settled})

    def __init__(self, known: Known, bounds: Bounds) -> None:
        self._known = known
        self._bounds = bounds
        self._changed: set[OrderRef] = set()
        self._moved_ns: dict[ConId, int] = {}
        self._touched: set[ConId] = set()
        self._said: set[str] = set()

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Keep the sums beside the books, and compare when the bot is quiet."""
        match seen:
            case Durable(records=records):
                for record in records:
                    if isinstance(record, ExecutionRecorded):
                        self._changed.add(OrderRef(record.execution.order_ref))
            case Truth(at_ns=at_ns, event=Executed(execution=execution)):
                self._moved_ns[execution.contract.con_id] = at_ns
                if self._known.is_ours(execution.client_id, execution.order_ref):
                    self._touched.add(execution.contract.con_id)
            case Truth(at_ns=at_ns, event=PositionChanged(position=position)):
                self._moved_ns[position.contract.con_id] = at_ns
            case Settled():
                for problem in (*self._sums(seen.replayed), *self._broker(seen)):
                    if problem not in self._said:
                        self._said.add(problem)
                        yield Breach(self.number, seen.at_ns, problem)
            case _:
                pass

    def _sums(self, books: Ledger) -> Iterator[str]:
        for con_id, held in self._known.held.items():
            position = books.positions.get(con_id)
            booked = _ZERO if position is None else position.quantity
            if booked != held:
                yield f"contract {con_id}: the books hold {booked}, its fills make {held}"
        for ref in sorted(self._changed):
            entry, ours = books.orders.get(ref), self._known.orders.get(ref)
            if entry is not None and ours is not None and entry.filled != ours.filled:
                yield f"{ref}: the books say {entry.filled} filled, its fills make {ours.filled}"
        self._changed.clear()

    def _broker(self, seen: Settled) -> Iterator[str]:
        if seen.ledger is None or self._known.peace_since_ns is None:
            return
        for con_id in sorted({*seen.ledger.positions, *self._touched}):
            quiet_ns = self._known.at_peace_ns(self._moved_ns.get(con_id, 0), seen.at_ns)
            if quiet_ns <= self._bounds.agreed_ns:
                continue
            book = seen.ledger.positions.get(con_id)
            ours = _ZERO if book is None else book.quantity
            theirs = seen.positions.get(con_id, _ZERO)
            if ours != theirs:
                bound = seconds(self._bounds.agreed_ns)
                yield (
                    f"contract {con_id}: the books hold {ours}, the broker {theirs}, with nothing "
                    f"going wrong or moving for more than {bound}"
                )


class OverIsOver:
    """I10: terminal is terminal."""

    number: ClassVar[str] = "I10"
    sentence: ClassVar[str] = "terminal is terminal (except RESURRECTED)"
    reads: ClassVar[frozenset[type]] = frozenset({Durable})

    def __init__(self, known: Known) -> None:
        self._known = known
        self._states: dict[str, OrderState] = {}

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Judge every change of state of an order that was over (rule 4)."""
        if not isinstance(seen, Durable):
            return
        for record in seen.records:
            if not isinstance(record, OrderStateChanged):
                continue
            ref, after = record.order_ref, record.state
            before = self._states.get(ref)
            self._states[ref] = after
            if before is None or not before.terminal or before is after:
                continue
            if not self._may_leave(ref, before, after, seen):
                sentence = (
                    f"{ref} was {before} and became {after} ({record.reason or 'no reason given'})"
                    "; expected a fill of it or an alarm on disk that it was resurrected"
                )
                yield Breach(self.number, seen.at_ns, sentence)

    def _may_leave(self, ref: str, before: OrderState, after: OrderState, seen: Durable) -> bool:
        if before is OrderState.FILLED:
            return False
        ours = self._known.orders.get(ref)
        if after is OrderState.FILLED and ours is not None and ours.filled > 0:
            return True
        return any(
            isinstance(record, DiscrepancyFound)
            and record.name == Kind.RESURRECTED_ORDER
            and record.before.split(" ")[0] == ref
            for record in seen.records
        )


class NothingDropped:
    """I13: a fill the broker told the bot of is booked, whatever state the link was in."""

    number: ClassVar[str] = "I13"
    sentence: ClassVar[str] = "inbound broker events are never dropped for connection state"
    reads: ClassVar[frozenset[type]] = frozenset(
        {Booted, Ended, LinkChanged, Told, Appended, Durable, Truth, Settled, Over}
    )

    def __init__(self, known: Known, bounds: Bounds) -> None:
        self._known = known
        self._bounds = bounds
        self._loaded = False
        self._live: dict[str, tuple[ExecId, int]] = {}
        self._told: dict[str, tuple[ExecId, int, int]] = {}
        self._given: dict[str, ExecId] = {}
        self._booked: dict[str, ExecId] = {}

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Follow every fill from the socket to the disk (rule 5)."""
        match seen:
            case Told(at_ns=at_ns, fields=("11", request_id, *rest)) if len(rest) > 24:
                self._hear(ExecId(rest[12]), rest[24], at_ns, live=request_id == "-1")
            case Booted() | Ended():
                self._given.clear()
                self._live.clear()
                self._loaded = False
            case LinkChanged(after=after):
                self._loaded = self._loaded or after is LinkState.READY
                if after not in _STANDS:
                    self._live.clear()
            case Appended(records=records) | Durable(records=records):
                for record in records:
                    if isinstance(record, ExecutionRecorded):
                        self._write(record.execution.exec_id, on_disk=isinstance(seen, Durable))
            case Settled():
                yield from self._overdue(seen.at_ns)
            case Over():
                yield from self._missing(seen.at_ns)
            case _:
                pass
        yield from self._dropped(seen.at_ns)

    def _hear(self, exec_id: ExecId, reference: str, at_ns: int, *, live: bool) -> None:
        key = execution_key(exec_id)
        if not is_ours(reference, self._known.bot) or _covers(self._booked.get(key), exec_id):
            return
        earlier = self._told.get(key)
        if earlier is None or supersedes(exec_id, earlier[0]):
            awake_ns = self._known.awake_ns(at_ns)
            self._told[key] = exec_id, at_ns, awake_ns
            given = _covers(self._given.get(key), exec_id)
            if live and self._loaded and self._known.link in _STANDS and not given:
                self._live[key] = exec_id, awake_ns

    def _write(self, exec_id: ExecId, *, on_disk: bool) -> None:
        key = execution_key(exec_id)
        written = self._booked if on_disk else self._given
        if not _covers(written.get(key), exec_id):
            written[key] = exec_id
        live = self._live.get(key)
        if live is not None and _covers(exec_id, live[0]):
            del self._live[key]
        told = self._told.get(key)
        if on_disk and told is not None and _covers(exec_id, told[0]):
            del self._told[key]

    def _dropped(self, now_ns: int) -> Iterator[Breach]:
        if not self._live:
            return
        awake_ns, link = self._known.awake_ns(now_ns), self._known.link
        for key, (exec_id, told_awake_ns) in list(self._live.items()):
            if awake_ns - told_awake_ns > self._bounds.taken_ns:
                del self._live[key]
                sentence = (
                    f"fill {exec_id} was told {seconds(awake_ns - told_awake_ns)} ago over a link "
                    f"that stands and is {link}, and was not given to the journal"
                )
                yield Breach(self.number, now_ns, sentence)

    def _overdue(self, now_ns: int) -> Iterator[Breach]:
        known = self._known
        if known.ready_since_ns is None:
            return
        awake_ns = known.awake_ns(now_ns)
        for key, (exec_id, told_ns, told_awake_ns) in list(self._told.items()):
            waited_ns = awake_ns - max(told_awake_ns, known.ready_awake_ns)
            if waited_ns > self._bounds.booked_ns and not _covers(self._given.get(key), exec_id):
                del self._told[key]
                sentence = (
                    f"fill {exec_id} was told {seconds(now_ns - told_ns)} ago, the bot is READY "
                    f"for {seconds(now_ns - known.ready_since_ns)}, and has not booked it"
                )
                yield Breach(self.number, now_ns, sentence)

    def _missing(self, now_ns: int) -> Iterator[Breach]:
        if self._known.ready_since_ns is None:
            return  # it ended in an outage, after which a snapshot would have told again
        for exec_id, told_ns, _awake_ns in self._told.values():
            if now_ns - told_ns > self._bounds.told_late_ns:
                sentence = f"fill {exec_id} was told at {seconds(told_ns)} and is not on disk"
                yield Breach(self.number, now_ns, f"{sentence} at the end")


def _covers(known: ExecId | None, exec_id: ExecId) -> bool:
    """Return whether who has *known* needs *exec_id* no more: the same, or a later correction."""
    return known is not None and (known == exec_id or supersedes(known, exec_id))
