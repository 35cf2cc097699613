"""What a strategy is told: records and bars as calls of its handlers, each for a turn.

Nothing is told while it has no state: its handlers could do nothing with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import AnyRecord, ExecutionRecorded, OrderStateChanged, Severity
from ibelay.model.contract import Contract
from ibelay.model.execution import Execution
from ibelay.model.ids import OrderRef, execution_key, supersedes
from ibelay.model.market import Bar
from ibelay.runtime.strategy import AnyStrategy, Fill, OrderUpdate
from ibelay.runtime.trading.memory import StrategyMemory
from ibelay.runtime.trading.turn import TurnDesk

Handler = Callable[[TurnDesk], None]


class Telling:
    """Makes the calls for one strategy.

    Args:
        strategy: Who is told.
        memory: Its state, as it is when the call is made.
        ledger: The books, to say what an order was for.
        note: Takes a line for people about every fill.
    """

    def __init__(
        self,
        strategy: AnyStrategy,
        memory: StrategyMemory,
        ledger: Ledger,
        note: Callable[[str, Severity], None],
    ) -> None:
        self._strategy = strategy
        self._memory = memory
        self._ledger = ledger
        self._note = note

    def of(self, records: Sequence[AnyRecord]) -> list[Handler]:
        """Return what is to be told of *records*; to be called before they are applied."""
        if self._memory.state is None:
            return []
        ledger = self._ledger
        handlers: list[Handler] = []
        for record in records:
            match record:
                case ExecutionRecorded(execution=execution):
                    if OrderRef(execution.order_ref) in ledger.orders:
                        handlers += self._executed(record)
                case OrderStateChanged(order_ref=ref, state=state):
                    entry = ledger.orders.get(ref)
                    if entry is not None and entry.state is not state:
                        handlers.append(self._updated(ref, record.reason))
                case _:
                    pass
        return handlers

    def of_committed(self, records: Sequence[AnyRecord]) -> list[Handler]:
        """Return what is to be told of *records* that are in the books already."""
        if self._memory.state is None:
            return []
        return [
            self._updated(record.order_ref, record.reason)
            for record in records
            if isinstance(record, OrderStateChanged)
        ]

    def bar(self, contract: Contract, bar: Bar) -> Handler:
        """Return the call that tells of *bar*."""

        def on_bar(desk: TurnDesk) -> None:
            self._strategy.on_bar(self._memory.state, desk, contract, bar)

        return on_bar

    def _executed(self, record: ExecutionRecorded) -> list[Handler]:
        execution = record.execution
        known = self._ledger.executions.get(execution_key(execution.exec_id))
        if known is None:
            return [self._filled(execution, 1, recovered=record.recovered)]
        if not supersedes(execution.exec_id, known.exec_id):
            return []
        return [
            self._filled(known, -1, recovered=record.recovered, correction=True),
            self._filled(execution, 1, recovered=record.recovered, correction=True),
        ]

    def _filled(
        self, execution: Execution, times: int, *, recovered: bool, correction: bool = False
    ) -> Handler:
        def on_fill(desk: TurnDesk) -> None:
            entry = self._ledger.orders[OrderRef(execution.order_ref)]
            order, side = entry.order, entry.side_of(execution)
            fill = Fill(
                unit=order.unit,
                order_ref=order.order_ref,
                role=order.role,
                contract=execution.contract,
                action=order.action,
                quantity=execution.quantity * side * times,
                price=execution.price,
                at_ns=execution.at_ns,
                recovered=recovered,
                correction=correction or side < 0,
            )
            missed = " (missed until now)" if fill.recovered else ""
            missed = " (a correction)" if fill.correction else missed
            self._note(
                f"{fill.contract.symbol}: {fill.role} filled, {fill.action} {fill.quantity} "
                f"at {fill.price}{missed}",
                Severity.INFO,
            )
            self._strategy.on_fill(self._memory.state, desk, fill)

        return on_fill

    def _updated(self, ref: OrderRef, reason: str) -> Handler:
        def on_order(desk: TurnDesk) -> None:
            entry = self._ledger.orders[ref]
            update = OrderUpdate(
                unit=entry.order.unit,
                order_ref=ref,
                role=entry.order.role,
                contract=entry.contract,
                state=entry.state,
                filled=entry.filled,
                reason=reason,
            )
            self._strategy.on_order(self._memory.state, desk, update)

        return on_order
