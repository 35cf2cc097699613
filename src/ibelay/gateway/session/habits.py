"""How IB tells the story of an order, where the exchange tells the facts alone.

Rules:
1. A new order is PreSubmitted first, whatever becomes of it; one that fills at once is never
   seen Submitted.
2. A cancel by a trader is PendingCancel first.
3. A filled order is told once more when its commission is known, before the commission itself.

**Source**: recordings of real servers: notes on ib_async, section 2, and
docs/evidence/gateway-recordings.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import zip_longest

from ibelay.gateway.exchange.events import (
    BookOrder,
    CommissionCharged,
    ExchangeEvent,
    Executed,
    OrderChanged,
)
from ibelay.model.ids import ExecId, PermId
from ibelay.model.order import BrokerOrderStatus

BY_TRADER = "Cancelled by Trader"
_DONE = frozenset(
    {BrokerOrderStatus.FILLED, BrokerOrderStatus.CANCELLED, BrokerOrderStatus.INACTIVE}
)


class Habits:
    """Remembers of every working order what has been told of it."""

    def __init__(self) -> None:
        self._told: dict[PermId, BrokerOrderStatus] = {}
        self._commissions: dict[PermId, Decimal] = {}

    def told(self, events: Iterable[ExchangeEvent]) -> list[ExchangeEvent]:
        """Return *events*, which happened together, as IB tells them."""
        facts = list(events)
        if not facts:
            return facts
        fills = {one.execution.exec_id: one for one in facts if isinstance(one, Executed)}
        self._charge(facts, fills)
        filled: dict[PermId, BookOrder] = {}
        story: list[ExchangeEvent] = []
        for event, following in zip_longest(facts, facts[1:]):
            if isinstance(event, OrderChanged) and not event.order.request.what_if:
                story.extend(self._changed(event.order, following))
                if event.order.status is BrokerOrderStatus.FILLED:
                    filled[event.order.perm_id] = event.order
            elif isinstance(event, CommissionCharged):
                fill = fills.get(event.report.exec_id)
                order = filled.pop(fill.execution.perm_id, None) if fill else None
                story += [] if order is None else [self._again(order)]
                story.append(event)
            else:
                story.append(event)
        return story

    def _charge(self, facts: Sequence[ExchangeEvent], fills: dict[ExecId, Executed]) -> None:
        """Add the commissions among *facts* to what their orders have cost."""
        for event in facts:
            if isinstance(event, CommissionCharged) and event.report.exec_id in fills:
                perm_id = fills[event.report.exec_id].execution.perm_id
                cost = self._commissions.get(perm_id, Decimal(0))
                self._commissions[perm_id] = cost + event.report.commission

    def _changed(
        self, order: BookOrder, following: ExchangeEvent | None
    ) -> Iterator[ExchangeEvent]:
        before = self._told.get(order.perm_id)
        if before is None and order.status is BrokerOrderStatus.SUBMITTED:
            yield _as(order, BrokerOrderStatus.PRE_SUBMITTED)
        fills_at_once = (
            before is None
            and isinstance(following, Executed)
            and following.execution.perm_id == order.perm_id
        )
        leaves = order.status is BrokerOrderStatus.CANCELLED and order.completed_status == BY_TRADER
        if leaves and before not in {None, BrokerOrderStatus.PENDING_CANCEL}:
            yield _as(order, BrokerOrderStatus.PENDING_CANCEL)
        if not (fills_at_once and order.status is BrokerOrderStatus.SUBMITTED):
            yield OrderChanged(order=order)
        if order.status not in _DONE:
            self._told[order.perm_id] = order.status
            return
        self._told.pop(order.perm_id, None)
        if order.status is not BrokerOrderStatus.FILLED:
            self._commissions.pop(order.perm_id, None)

    def _again(self, order: BookOrder) -> OrderChanged:
        """Return a filled order with what it cost (rule 3)."""
        cost = self._commissions.pop(order.perm_id)
        return OrderChanged(order=replace(order, commission=cost))


def _as(order: BookOrder, status: BrokerOrderStatus) -> OrderChanged:
    return OrderChanged(order=replace(order, status=status, why_held=""))
