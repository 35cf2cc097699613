"""I12: what is held and what may still be entered stays within a limit."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar

from ibelay.journal.records import (
    ExecutionRecorded,
    IntentRecorded,
    OrderStateChanged,
    PositionAdjusted,
)
from ibelay.model.execution import Execution
from ibelay.model.ids import ConId, OrderRef, execution_key
from ibelay.model.order import Action, Role
from ibelay.testing.simulation.invariants.breach import Bounds, Breach
from ibelay.testing.simulation.invariants.known import Known
from ibelay.testing.simulation.observed import Durable, Observation

_ZERO = Decimal(0)


class ExposureBounded:
    """I12: what is held and what may still be entered stays within a limit.

    What others trade in the contract, which may be held beside it or against it, widens the
    limit by as many shares: a bot cannot bound what a person does by hand. So do fills that the
    broker tells beyond an order's size: one told twice is believed until it is taken back.
    """

    number: ClassVar[str] = "I12"
    sentence: ClassVar[str] = "pending exposure, worst case, within limits"
    reads: ClassVar[frozenset[type]] = frozenset({Durable})

    def __init__(self, known: Known, bounds: Bounds) -> None:
        self._known = known
        self._limit = bounds.exposure
        self._entries: dict[ConId, set[OrderRef]] = {}
        self._others: dict[ConId, dict[str, Decimal]] = {}
        self._overfilled: dict[ConId, set[OrderRef]] = {}

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Reckon the worst case of every contract that what became durable speaks of."""
        if self._limit is None or not isinstance(seen, Durable):
            return
        for con_id in sorted(self._spoken_of(seen)):
            buys, sells = self._may_fill(con_id)
            held = self._known.held.get(con_id, _ZERO)
            worst = max(abs(held + buys), abs(held - sells))
            limit = self._limit + sum(self._others.get(con_id, {}).values(), _ZERO)
            limit += self._beyond_size(con_id)
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
                    self._note_size(execution)
                case PositionAdjusted(contract=contract):
                    touched.add(contract.con_id)
                case OrderStateChanged(order_ref=ref) if ref in self._known.orders:
                    touched.add(self._known.orders[ref].con_id)
                case _:
                    pass
        return touched

    def _note_size(self, execution: Execution) -> None:
        ours = self._known.orders.get(execution.order_ref)
        if ours is not None and ours.quantity is not None and ours.filled > ours.quantity:
            self._overfilled.setdefault(execution.contract.con_id, set()).add(ours.ref)

    def _traded_by_others(self, execution: Execution) -> None:
        if execution.order_ref not in self._known.orders:
            traded = self._others.setdefault(execution.contract.con_id, {})
            key = execution_key(execution.exec_id)
            traded[key] = max(traded.get(key, _ZERO), execution.quantity)

    def _beyond_size(self, con_id: ConId) -> Decimal:
        """Return how many shares more than was ordered have been told as filled."""
        over = (
            ours.filled - ours.quantity
            for ref in sorted(self._overfilled.get(con_id, ()))
            if (ours := self._known.orders[ref]).quantity is not None
        )
        return sum((max(_ZERO, each) for each in over), _ZERO)

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
