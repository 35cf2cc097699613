"""What is at risk at the broker: I12 exposure, NAKED positions, and how both are reckoned.

Theory of cover, from the broker's own book alone: a unit that was given a stop holds what its
entry filled less what its exits did, and all units together no more than the position is. What
of that no living stop and no market exit would close is *naked*. The other way round, more
stops and exits than there is position, or entries that may yet become one, would open the other
side: that is *excess*. A bracket's own child never closes more than its unit holds (the broker
sees to that), stops placed by hand on the closing side count as cover, never as excess.

A unit whose stops somebody else cancelled again and again is given up by design, with an alarm
(``reconcile.protection``, rule 6); it is no longer counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import ClassVar

from ibelay.gateway.exchange.events import BookOrder, Executed, OrderChanged, PositionChanged
from ibelay.journal.records import (
    ExecutionRecorded,
    IntentRecorded,
    OrderStateChanged,
    PositionAdjusted,
)
from ibelay.model.execution import Execution
from ibelay.model.ids import ConId, OrderRef, execution_key, supersedes
from ibelay.model.order import Action, BrokerOrderStatus, Role
from ibelay.reconcile.gaps import REFUSALS
from ibelay.testing.simulation.invariants.breach import Bounds, Breach, seconds
from ibelay.testing.simulation.invariants.known import Known, Ours
from ibelay.testing.simulation.invariants.sending import LIVE
from ibelay.testing.simulation.observed import (
    Durable,
    Ended,
    LinkChanged,
    Observation,
    Over,
    Settled,
    Truth,
)

_ZERO = Decimal(0)
_STOPS = frozenset({"STP", "STP LMT", "TRAIL", "TRAIL LIMIT"})
_NAKED, _EXCESS = "naked", "excess"
_LEAVING = frozenset({Role.STOP, Role.EXIT})


@dataclass(slots=True)
class _Unit:
    """What one unit holds at the broker, and how many stops of its own others took away."""

    side: int
    open: Decimal = _ZERO
    taken_away: int = 0


@dataclass(slots=True)
class _Contract:
    """One contract at the broker."""

    symbol: str = ""
    position: Decimal = _ZERO
    live: dict[int, BookOrder] = field(default_factory=dict)
    units: dict[str, _Unit] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Risk:
    """One contract that is not covered as it should be; *said* gives the figures.

    It has been so, more or less, since ``since_ns``.
    """

    naked: Decimal
    excess: Decimal
    said: str
    since_ns: int = 0


class Cover:
    """The broker's book as far as protection goes, kept contract by contract.

    Args:
        known: For what each order is: the broker does not know of roles.

    Attributes:
        risks: Contracts that are naked or in excess now.
    """

    def __init__(self, known: Known) -> None:
        self._known = known
        self._contracts: dict[ConId, _Contract] = {}
        self._fills: dict[str, Execution] = {}
        self.risks: dict[ConId, Risk] = {}

    def take(self, seen: Truth) -> None:
        """Take a change of the broker's book into account."""
        match seen.event:
            case OrderChanged(order=order):
                con_id = order.request.contract.con_id
                self._order(self._contract(con_id), order)
            case Executed(execution=execution):
                con_id = execution.contract.con_id
                self._fill(self._contract(con_id), execution)
            case PositionChanged(position=position):
                con_id = position.contract.con_id
                contract = self._contract(con_id)
                contract.symbol = position.contract.symbol
                contract.position = position.quantity
            case _:
                return
        risk = self._reckon(self._contracts[con_id])
        if risk.naked or risk.excess:
            before = self.risks.get(con_id)
            since_ns = seen.at_ns if before is None else before.since_ns
            self.risks[con_id] = replace(risk, since_ns=since_ns)
        else:
            self.risks.pop(con_id, None)

    def holds(self, unit: str) -> bool:
        """Return whether *unit* holds anything at the broker."""
        return any(
            contract.position and unit in contract.units and contract.units[unit].open > 0
            for contract in self._contracts.values()
        )

    def _contract(self, con_id: ConId) -> _Contract:
        return self._contracts.setdefault(con_id, _Contract())

    def _order(self, contract: _Contract, order: BookOrder) -> None:
        contract.symbol = order.request.contract.symbol
        before = contract.live.pop(order.perm_id, None)
        if order.status in LIVE and order.remaining > 0:
            contract.live[order.perm_id] = order
        ours = self._known.orders.get(order.request.order_ref)
        if ours is None or ours.role is not Role.STOP:
            return
        cancelled = before is not None and order.status is BrokerOrderStatus.CANCELLED
        if cancelled and not (ours.child or ours.cancel_intended or order.filled):
            self._unit(contract, ours).taken_away += 1

    def _fill(self, contract: _Contract, execution: Execution) -> None:
        key = execution_key(execution.exec_id)
        earlier = self._fills.get(key)
        if earlier is not None and not supersedes(execution.exec_id, earlier.exec_id):
            return
        self._fills[key] = execution
        ours = self._known.orders.get(execution.order_ref)
        if ours is None or ours.role is None:
            return
        more = execution.quantity - (_ZERO if earlier is None else earlier.quantity)
        self._unit(contract, ours).open += more if ours.role is Role.ENTRY else -more

    def _unit(self, contract: _Contract, ours: Ours) -> _Unit:
        unit = contract.units.get(ours.unit)
        if unit is None:
            action = ours.action or Action.BUY
            side = action.sign if ours.role is Role.ENTRY else -action.sign
            unit = contract.units[ours.unit] = _Unit(side)
        return unit

    def _reckon(self, contract: _Contract) -> Risk:
        self._prune(contract)
        naked = excess = _ZERO
        for side in (1, -1):
            held = max(_ZERO, contract.position * side)
            wanted = min(held, self._wants_stop(contract, side))
            closing = sum((self._closes(contract, order, side) for order in _all(contract)), _ZERO)
            naked += max(_ZERO, wanted - closing)
            if _open(contract, -side) or self._entering(contract, -side):
                continue  # both sides at once: what is for which nobody can tell
            ours = sum((self._leaves(contract, order, side) for order in _all(contract)), _ZERO)
            excess += max(_ZERO, ours - held - self._entering(contract, side))
        return Risk(naked, excess, self._said(contract, naked, excess))

    def _wants_stop(self, contract: _Contract, side: int) -> Decimal:
        """Return what the units on *side* hold that were given a stop and are not given up."""
        units = (
            max(_ZERO, unit.open)
            for ref, unit in contract.units.items()
            if unit.side == side and ref in self._known.stopped and unit.taken_away < REFUSALS
        )
        return sum(units, _ZERO)

    def _prune(self, contract: _Contract) -> None:
        """Forget units that hold nothing and have no order that lives: most of a year's."""
        if all(unit.open for unit in contract.units.values()):
            return
        working = {
            ours.unit
            for order in _all(contract)
            if (ours := self._known.orders.get(order.request.order_ref)) is not None
        }
        contract.units = {
            ref: unit for ref, unit in contract.units.items() if unit.open or ref in working
        }

    def _closes(self, contract: _Contract, order: BookOrder, side: int) -> Decimal:
        """Return what of *order* covers a position on *side*."""
        if order.request.action.sign == side:
            return _ZERO
        ours = self._known.orders.get(order.request.order_ref)
        if ours is None:
            by_hand = order.request.client_id in {0, self._known.client_id}
            return order.remaining if by_hand and order.request.order_type in _STOPS else _ZERO
        return self._leaves(contract, order, side)

    def _leaves(self, contract: _Contract, order: BookOrder, side: int) -> Decimal:
        """Return what of *order*, if it is a stop or a market exit of ours, closes on *side*."""
        ours = self._known.orders.get(order.request.order_ref)
        if ours is None or ours.role not in _LEAVING or order.request.action.sign == side:
            return _ZERO
        unit = contract.units.get(ours.unit)
        if not ours.child:
            return order.remaining
        return _ZERO if unit is None else min(order.remaining, max(_ZERO, unit.open))

    def _entering(self, contract: _Contract, side: int) -> Decimal:
        entries = (
            order.remaining
            for order in _all(contract)
            if order.request.action.sign == side
            and (ours := self._known.orders.get(order.request.order_ref)) is not None
            and ours.role is Role.ENTRY
        )
        return sum(entries, _ZERO)

    def _said(self, contract: _Contract, naked: Decimal, excess: Decimal) -> str:
        if not (naked or excess):
            return ""
        orders = ", ".join(
            f"{order.request.order_ref or 'somebody'}: {order.request.action} {order.remaining} "
            f"{order.request.order_type} {order.status}"
            for order in _all(contract)
        )
        figure = f"{naked} shares have no stop" if naked else f"{excess} shares too many leave"
        held = f"the position is {contract.position}"
        return f"{contract.symbol}: {figure}; {held}, at the broker work {orders or 'no orders'}"


class Covered:
    """NAKED: what is held has a living stop of the right size.

    Attributes:
        total_ns: Virtual time for which anything was naked, so far.
        worst_ns: The longest such time without a break.
    """

    number: ClassVar[str] = "NAKED"
    sentence: ClassVar[str] = (
        "a position that should have a stop has a live one of its size at the broker, never more"
    )
    reads: ClassVar[frozenset[type]] = frozenset({Truth, LinkChanged, Ended, Settled, Over})

    def __init__(self, known: Known, cover: Cover, bounds: Bounds) -> None:
        self._known = known
        self._cover = cover
        self._bounds = bounds
        self._since: dict[tuple[ConId, str], int] = {}
        self._said: set[tuple[ConId, str]] = set()
        self._naked_ns: int | None = None
        self.total_ns = 0
        self.worst_ns = 0

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Count the time, and judge it where the bot could do something about it."""
        self._measure(seen.at_ns)
        bound = self._bounds.naked_ns
        for matter, since_ns in self._since.items():
            if matter in self._said or self._known.at_peace_ns(since_ns, seen.at_ns) <= bound:
                continue
            self._said.add(matter)
            sentence = (
                f"{self._cover.risks[matter[0]].said}; so for {seconds(seen.at_ns - since_ns)}, "
                f"expected to end within {seconds(bound)} of peace"
            )
            yield Breach(self.number, seen.at_ns, sentence)

    def _measure(self, now_ns: int) -> None:
        risks = self._cover.risks
        if not risks and not self._since:
            return
        for (_con_id, what), since_ns in self._since.items():
            if what == _NAKED:
                self.worst_ns = max(self.worst_ns, now_ns - since_ns)
        if self._naked_ns is not None:
            self.total_ns += now_ns - self._naked_ns
        naked = {(con_id, _NAKED) for con_id, risk in risks.items() if risk.naked}
        wrong = naked | {(con_id, _EXCESS) for con_id, risk in risks.items() if risk.excess}
        self._since = {matter: self._since.get(matter, now_ns) for matter in sorted(wrong)}
        self._said &= wrong
        self._naked_ns = now_ns if naked else None


class ExposureBounded:
    """I12: what is held and what may still be entered stays within a limit.

    What others trade in the contract, which may be held beside it or against it, widens the
    limit by as many shares: a bot cannot bound what a person does by hand.
    """

    number: ClassVar[str] = "I12"
    sentence: ClassVar[str] = "pending exposure, worst case, within limits"
    reads: ClassVar[frozenset[type]] = frozenset({Durable})

    def __init__(self, known: Known, bounds: Bounds) -> None:
        self._known = known
        self._limit = bounds.exposure
        self._entries: dict[ConId, set[OrderRef]] = {}
        self._others: dict[ConId, dict[str, Decimal]] = {}

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Reckon the worst case of every contract that what became durable speaks of."""
        if self._limit is None or not isinstance(seen, Durable):
            return
        for con_id in sorted(self._spoken_of(seen)):
            buys, sells = self._may_fill(con_id)
            held = self._known.held.get(con_id, _ZERO)
            worst = max(abs(held + buys), abs(held - sells))
            limit = self._limit + sum(self._others.get(con_id, {}).values(), _ZERO)
            if worst > limit:
                yield Breach(
                    self.number,
                    seen.at_ns,
                    f"contract {con_id}: {held} are held and entries for {buys} to buy and {sells} "
                    f"to sell may still fill, {worst} at worst; the limit is {limit}",
                )

    def _spoken_of(self, seen: Durable) -> set[ConId]:
        touched: set[ConId] = set()
        for record in seen.records:
            match record:
                case IntentRecorded(contract=contract, order=order):
                    if order.role is Role.ENTRY:
                        entries = self._entries.setdefault(contract.con_id, set())
                        entries.add(order.order_ref)
                    touched.add(contract.con_id)
                case ExecutionRecorded(execution=execution):
                    touched.add(execution.contract.con_id)
                    self._traded_by_others(execution)
                case PositionAdjusted(contract=contract):
                    touched.add(contract.con_id)
                case OrderStateChanged(order_ref=ref) if ref in self._known.orders:
                    touched.add(self._known.orders[ref].con_id)
                case _:
                    pass
        return touched

    def _traded_by_others(self, execution: Execution) -> None:
        if execution.order_ref not in self._known.orders:
            traded = self._others.setdefault(execution.contract.con_id, {})
            key = execution_key(execution.exec_id)
            traded[key] = max(traded.get(key, _ZERO), execution.quantity)

    def _may_fill(self, con_id: ConId) -> tuple[Decimal, Decimal]:
        """Return the shares that entries may still buy and sell, and forget those that are over."""
        sums = {Action.BUY: _ZERO, Action.SELL: _ZERO}
        entries = self._entries.get(con_id, set())
        for ref in sorted(entries):
            ours = self._known.orders[ref]
            if ours.state.terminal:
                entries.discard(ref)
            elif ours.action is not None and ours.quantity is not None:
                sums[ours.action] += max(_ZERO, ours.quantity - ours.filled)
        return sums[Action.BUY], sums[Action.SELL]


def _all(contract: _Contract) -> list[BookOrder]:
    return list(contract.live.values())


def _open(contract: _Contract, side: int) -> Decimal:
    """Return what the units on *side* hold."""
    units = (max(_ZERO, unit.open) for unit in contract.units.values() if unit.side == side)
    return sum(units, _ZERO)
