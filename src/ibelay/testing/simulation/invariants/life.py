"""The life of a bot: what must come about in time (I4, I14, I15, I16), and what never (RAISED).

Rules:
1. The clock of a duty runs while it can be done: READY and in peace (I4), after the last fault
   (I14), while the broker can be reached and the bot is awake (I15).
2. Safe mode over a connection that was given up, and a stop that was asked for, wait for a
   person: they are excused from getting READY.
3. What was decided and lapsed because the bot thought the link silent is to be decided again
   (``runtime.outbox``, rule 5), if there is still something to close.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ibelay.journal.records import (
    AnyRecord,
    CancelIntended,
    ExecutionRecorded,
    IntentRecorded,
    OrderStateChanged,
    Severity,
)
from ibelay.machines.link_events import LinkState
from ibelay.model.order import OrderState, Role
from ibelay.testing.simulation.invariants.breach import Bounds, Breach, seconds
from ibelay.testing.simulation.invariants.known import REACHABLE, Known
from ibelay.testing.simulation.invariants.risk.cover import Cover
from ibelay.testing.simulation.observed import (
    Asked,
    Booted,
    Calmed,
    Durable,
    Ended,
    LinkChanged,
    Noted,
    Observation,
    Over,
    Settled,
    StrategyFailed,
    Truth,
)
from ibelay.wire.requests import CancelOrder, PlaceOrder

_LOUD = frozenset({Severity.WARNING, Severity.CRITICAL})


class OutcomeKnown:
    """I4: every intent comes to an end, or is UNKNOWN for a bounded time."""

    number: ClassVar[str] = "I4"
    sentence: ClassVar[str] = (
        "every intent ends in one terminal state or an explicit UNKNOWN of bounded age"
    )
    reads: ClassVar[frozenset[type]] = frozenset({Durable, LinkChanged, Settled, Truth, Over})

    def __init__(self, known: Known, bounds: Bounds) -> None:
        self._known = known
        self._bound = bounds.unknown_ns
        self._said: set[str] = set()

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Look at the order that has been without an outcome for the longest."""
        known = self._known
        oldest = next(iter(known.unsettled.items()), None)
        if oldest is None:
            return
        ref, since_ns = oldest
        if ref in self._said or known.at_peace_ns(since_ns, seen.at_ns) <= self._bound:
            return
        self._said.add(ref)
        sentence = (
            f"{ref} is {known.orders[ref].state} for {seconds(seen.at_ns - since_ns)}; expected "
            f"an outcome within {seconds(self._bound)} of being READY with nothing going wrong"
        )
        yield Breach(self.number, seen.at_ns, sentence)


class Recovers:
    """I14: once nothing goes wrong any more, all is well soon."""

    number: ClassVar[str] = "I14"
    sentence: ClassVar[str] = (
        "once faults stop: ready within 120 s, no UNKNOWN after 180 s, protection restored"
    )
    reads: ClassVar[frozenset[type]] = frozenset(
        {Booted, Ended, Calmed, LinkChanged, Settled, Truth, Over}
    )

    def __init__(self, known: Known, cover: Cover, bounds: Bounds) -> None:
        self._known = known
        self._cover = cover
        self._bounds = bounds
        self._calm_ns: int | None = None
        self._down_ns: int | None = None
        self._late = False
        self._restored = False

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Run the two clocks from the end of the faults."""
        now_ns, link = seen.at_ns, self._known.link
        if isinstance(seen, Calmed):
            self._calm_ns = now_ns
        if self._calm_ns is None:
            return
        if link is LinkState.READY or link in {LinkState.SAFE_MODE, LinkState.STOPPED}:
            self._down_ns, self._late = None, False
            if link is not LinkState.READY:
                self._calm_ns = now_ns  # rule 2: it begins when a person has let it
                return
        elif self._down_ns is None:
            self._down_ns = now_ns
        yield from self._ready(now_ns)
        yield from self._well(now_ns)

    def _ready(self, now_ns: int) -> Iterator[Breach]:
        bound = self._bounds.ready_ns
        if self._down_ns is None or self._late or now_ns - self._down_ns <= bound:
            return
        self._late = True
        link = self._known.link
        state = "no process runs" if link is None else f"the link is {link}"
        sentence = f"{state} {seconds(now_ns - self._down_ns)} after anything went wrong"
        yield Breach(self.number, now_ns, f"{sentence}; expected READY within {seconds(bound)}")

    def _well(self, now_ns: int) -> Iterator[Breach]:
        bound = self._bounds.restored_ns
        if self._restored or self._calm_ns is None or now_ns - self._calm_ns <= bound:
            return
        self._restored = True
        late = f"{seconds(bound)} after the last fault"
        for ref in self._known.unsettled:
            state = self._known.orders[ref].state
            if state is OrderState.UNKNOWN:
                yield Breach(self.number, now_ns, f"{ref} is still {state} {late}")
        for risk in self._cover.risks.values():
            if now_ns - risk.since_ns <= self._bounds.passing_ns:
                continue  # a stop that is being exchanged for an exit
            yield Breach(self.number, now_ns, f"{risk.said}, {late}; expected it to be protected")


@dataclass(frozen=True, slots=True)
class _Duty:
    """A decision that is on disk and not at the broker: since when, on both clocks."""

    what: str
    unit: str
    at_ns: int
    awake_ns: int


class ExitsHonoured:
    """I15: what closes or cancels leaves wherever the broker can be reached."""

    number: ClassVar[str] = "I15"
    sentence: ClassVar[str] = (
        "stop, cancel and flatten are honoured in every state in which the broker can be reached"
    )
    reads: ClassVar[frozenset[type]] = frozenset(
        {Asked, Durable, Truth, LinkChanged, Ended, Settled}
    )

    def __init__(self, known: Known, cover: Cover, bounds: Bounds) -> None:
        self._known = known
        self._cover = cover
        self._bounds = bounds
        self._to_place: dict[str, _Duty] = {}
        self._to_cancel: dict[str, _Duty] = {}
        self._to_decide: dict[str, _Duty] = {}

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Follow every decision from the disk to the socket."""
        match seen:
            case Durable(at_ns=at_ns, records=records):
                for record in records:
                    self._decide(record, at_ns)
            case Asked(request=PlaceOrder() as order):
                self._to_place.pop(order.order_ref, None)
                ours = self._known.orders.get(order.order_ref)
                if ours is not None and ours.role is not Role.ENTRY:
                    self._to_decide.pop(ours.unit, None)
            case Asked(request=CancelOrder(order_id=order_id)):
                ours = self._known.by_order_id.get(order_id)
                if ours is not None:
                    self._to_cancel.pop(ours.ref, None)
            case _:
                pass
        if self._known.link not in REACHABLE:
            self._forget()
        yield from self._overdue(seen.at_ns)

    def _decide(self, record: AnyRecord, at_ns: int) -> None:
        known, orders = self._known, self._known.orders
        match record:
            case IntentRecorded(order=order) if (
                order.role is not Role.ENTRY and order.parent_ref is None
            ):
                what = f"{order.order_ref} ({order.role} of {order.quantity})"
                duty = _Duty(what, order.unit, at_ns, known.awake_ns(at_ns))
                self._to_place[order.order_ref] = duty
            case CancelIntended(order_ref=ref) if (
                ref in orders and orders[ref].state is OrderState.WORKING
            ):
                duty = _Duty(f"the cancel of {ref}", orders[ref].unit, at_ns, known.awake_ns(at_ns))
                self._to_cancel[ref] = duty
            case OrderStateChanged(order_ref=ref, state=state):
                self._conclude(ref, state)
            case ExecutionRecorded(execution=execution):
                ours = orders.get(execution.order_ref)
                self._to_decide.pop("" if ours is None else ours.unit, None)
            case _:
                pass

    def _conclude(self, ref: str, state: OrderState) -> None:
        if state is not OrderState.WORKING:
            self._to_cancel.pop(ref, None)  # nothing that could be cancelled by its id
        if state.terminal and (lapsed := self._to_place.pop(ref, None)) is not None:
            self._to_decide.setdefault(lapsed.unit, lapsed)  # rule 3

    def _forget(self) -> None:
        """Let go what an outage overtook: it is decided again from the truth after it."""
        self._to_place.clear()
        self._to_cancel.clear()
        self._to_decide.clear()

    def _overdue(self, now_ns: int) -> Iterator[Breach]:
        bounds, awake_ns = self._bounds, self._known.awake_ns(now_ns)
        for duties, bound in (
            (self._to_place, bounds.obeyed_ns),
            (self._to_cancel, bounds.obeyed_ns),
            (self._to_decide, bounds.decided_again_ns),
        ):
            for key, duty in list(duties.items()):
                if awake_ns - duty.awake_ns <= bound:
                    continue
                del duties[key]
                if duties is self._to_decide and not self._cover.holds(duty.unit):
                    continue
                sentence = (
                    f"{duty.what} was decided {seconds(now_ns - duty.at_ns)} ago, the broker "
                    f"could be reached all the time, and it has not left; expected within "
                    f"{seconds(bound)}"
                )
                yield Breach(self.number, now_ns, sentence)


class OutageTold:
    """I16: a bot that is not READY says so."""

    number: ClassVar[str] = "I16"
    sentence: ClassVar[str] = "not connected counts as failed heartbeat and alarms"
    reads: ClassVar[frozenset[type]] = frozenset({Booted, Ended, LinkChanged, Noted, Settled})

    def __init__(self, known: Known, bounds: Bounds) -> None:
        self._known = known
        self._bounds = bounds
        self._down_ns: int | None = None
        self._told_ns: int | None = None
        self._said = False

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Follow the outage, and judge it in quiet."""
        match seen:
            case Booted() | LinkChanged():
                idle = self._known.link in {LinkState.READY, LinkState.STOPPED}
                if idle:
                    self._down_ns, self._said = None, False
                elif self._down_ns is None:
                    self._down_ns = seen.at_ns
            case Ended():
                self._down_ns, self._said = None, False
            case Noted(at_ns=at_ns, severity=severity):
                if severity in _LOUD:
                    self._told_ns = at_ns
            case Settled():
                yield from self._judge(seen)
            case _:
                pass

    def _judge(self, seen: Settled) -> Iterator[Breach]:
        if seen.healthy and seen.state is None:
            sentence = "no process runs, and the bot counts as healthy"
            yield Breach(self.number, seen.at_ns, sentence)
        if self._down_ns is None or self._said:
            return
        lasted_ns, state = seen.at_ns - self._down_ns, seen.state
        if seen.healthy and lasted_ns > self._bounds.unhealthy_ns:
            self._said = True
            sentence = f"the link is {state} for {seconds(lasted_ns)}, and the bot says healthy"
            yield Breach(self.number, seen.at_ns, sentence)
        told = self._told_ns is not None and self._told_ns >= self._down_ns
        if not told and lasted_ns > self._bounds.alarmed_ns:
            self._said = True
            sentence = (
                f"the link is {state} for {seconds(lasted_ns)}, and the operator was told nothing "
                f"worse than information; expected a warning within "
                f"{seconds(self._bounds.alarmed_ns)}"
            )
            yield Breach(self.number, seen.at_ns, sentence)


class NothingRaised:
    """RAISED: the strategy's code has no bug that the run finds."""

    number: ClassVar[str] = "RAISED"
    sentence: ClassVar[str] = "no function of the strategy raises, or stands still"
    reads: ClassVar[frozenset[type]] = frozenset({StrategyFailed})

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Take every exception for a breach; the runtime has survived it."""
        if isinstance(seen, StrategyFailed):
            yield Breach(self.number, seen.at_ns, seen.sentence)
