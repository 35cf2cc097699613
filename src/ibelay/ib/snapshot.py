"""Gathers a snapshot from raw callbacks; a part counts only when it *ended*.

Rules:
1. Positions, open orders and completed orders carry no request id, so their ends are
   counted: while the end of an earlier request is still owed, what arrives belongs to that
   request and is thrown away at its end.
2. Until the last part has ended, live messages keep the parts that ended already fresh:
   positions, order statuses and executions of that time are also in the snapshot.
3. An order whose last status is terminal is not an open order.
4. Commission reports heard meanwhile are in the snapshot, one per execution id.
5. What grows with the day, completed orders and executions, may be left out.

Source: F16, F17 and F18 of the shared facts (silence taken for "empty"), and section 3
(two reqCompletedOrders in flight: one never ends).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from ibelay.errors import InvariantError, LinkError, SyncIncompleteError
from ibelay.model.events import StatusSeen
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ClientId, ConId, ExecId, OrderId, PermId
from ibelay.model.order import BrokerOrderStatus
from ibelay.model.position import Position
from ibelay.model.snapshot import BrokerOrder, BrokerSnapshot

_OVER = frozenset(
    {BrokerOrderStatus.FILLED, BrokerOrderStatus.CANCELLED, BrokerOrderStatus.API_CANCELLED}
)
_OrderKey = tuple[int, int]


class Part(StrEnum):
    """A part of a snapshot; the value is its name in messages."""

    POSITIONS = "positions"
    OPEN_ORDERS = "open orders"
    COMPLETED_ORDERS = "completed orders"
    EXECUTIONS = "executions"
    BROKER_TIME = "broker time"


WHOLE = frozenset(Part)
WORKING_AND_HELD = WHOLE - {Part.COMPLETED_ORDERS, Part.EXECUTIONS}
_WITHOUT_REQUEST_ID = frozenset({Part.POSITIONS, Part.OPEN_ORDERS, Part.COMPLETED_ORDERS})


@dataclass(slots=True)
class _Gathering:
    """One snapshot in the making."""

    request_id: int
    parts: frozenset[Part]
    missing: set[Part]
    done: asyncio.Future[None]
    broker_time_ns: int = 0
    positions: dict[tuple[str, ConId], Position] = field(default_factory=dict)
    open_orders: dict[_OrderKey, BrokerOrder] = field(default_factory=dict)
    completed: list[BrokerOrder] = field(default_factory=list)
    executions: dict[ExecId, Execution] = field(default_factory=dict)
    commissions: dict[ExecId, CommissionReport] = field(default_factory=dict)

    def clear(self, part: Part) -> None:
        """Throw away what was collected of a part that carries no request id."""
        if part is Part.POSITIONS:
            self.positions.clear()
        elif part is Part.OPEN_ORDERS:
            self.open_orders.clear()
        else:
            self.completed.clear()


class Gatherer:
    """What the raw callbacks of one link tell about the snapshot under way, if any."""

    def __init__(self) -> None:
        self._owed: Counter[Part] = Counter()
        self._now: _Gathering | None = None

    def begin(self, request_id: int, parts: frozenset[Part] = WHOLE) -> None:
        """Start collecting *parts*; *request_id* is that of the executions. Send them next."""
        done = asyncio.get_running_loop().create_future()
        self._now = _Gathering(request_id, parts, set(parts), done)
        self._owed.update(parts & _WITHOUT_REQUEST_ID)

    async def finish(self, timeout_s: float) -> None:
        """Return when every part has ended.

        Raises:
            SyncIncompleteError: After *timeout_s*, or when IB refused a part.
            LinkError: The link died meanwhile.
        """
        gathering = self._gathering()
        try:
            async with asyncio.timeout(timeout_s):
                await gathering.done
        except TimeoutError as error:
            names = ", ".join(part for part in Part if part in gathering.missing)
            raise SyncIncompleteError(
                f"the gateway did not finish sending its {names} within {timeout_s:g} s; what it"
                " holds is unknown, so connect again and repeat (raise the timeout if its day"
                " is long)"
            ) from error

    def result(self, *, account: str, started_ns: int, ended_ns: int, next_order_id: OrderId,
               account_values: dict[str, str]) -> BrokerSnapshot:  # fmt: skip
        """Return what was gathered."""
        gathering = self._gathering()
        return BrokerSnapshot(
            account=account,
            started_ns=started_ns,
            ended_ns=ended_ns,
            broker_time_ns=gathering.broker_time_ns,
            next_order_id=next_order_id,
            whole=gathering.parts == WHOLE,
            positions=tuple(p for p in gathering.positions.values() if p.quantity),
            open_orders=tuple(o for o in gathering.open_orders.values() if o.status not in _OVER),
            completed_orders=tuple(gathering.completed),
            executions=tuple(gathering.executions.values()),
            commissions=tuple(gathering.commissions.values()),
            account_values=dict(account_values),
        )

    def end(self) -> None:
        """Stop collecting, whatever came of it."""
        self._now = None

    def fail(self, error: LinkError) -> None:
        """Let the snapshot under way, if any, fail with *error*."""
        if self._now is not None and not self._now.done.done():
            self._now.done.set_exception(error)

    def refused(self, request_id: int, code: int, text: str) -> None:
        """Fail the snapshot if *request_id* asked for its executions."""
        if self._now is not None and self._now.request_id == request_id:
            self.fail(
                SyncIncompleteError(
                    f"IB refused to list executions (code {code}: {text}); what happened is"
                    " unknown, so connect again and repeat"
                )
            )

    def position(self, position: Position) -> bool:
        """Take a position; return whether it answers the snapshot, so is no news."""
        if self._now is None:
            return False
        self._now.positions[position.account, position.contract.con_id] = position
        return Part.POSITIONS in self._now.missing

    def open_order(self, order: BrokerOrder) -> None:
        """Take an openOrder; it repeats, and never says how much is filled."""
        if self._now is None:
            return
        key = _order_key(order.perm_id, order.client_id, order.order_id)
        known = self._now.open_orders.get(key)
        filled = known.filled if known else Decimal(0)
        self._now.open_orders[key] = replace(order, filled=filled)
        if order.perm_id:  # until it was acknowledged it was known by who placed it
            self._now.open_orders.pop((order.order_id, order.client_id), None)

    def status(self, seen: StatusSeen) -> None:
        """Take an orderStatus of an order that is already listed."""
        if self._now is None:
            return
        key = _order_key(seen.perm_id, seen.client_id, seen.order_id)
        order = self._now.open_orders.get(key)
        if order is not None:
            self._now.open_orders[key] = replace(order, status=seen.status, filled=seen.filled)

    def completed_order(self, order: BrokerOrder) -> None:
        """Take a completedOrder, unless it comes after the end or out of the blue."""
        if self._now is not None and Part.COMPLETED_ORDERS in self._now.missing:
            self._now.completed.append(order)

    def execution(self, execution: Execution) -> None:
        """Take an execution, asked for or live."""
        if self._now is not None:
            self._now.executions[execution.exec_id] = execution

    def commission(self, report: CommissionReport) -> None:
        """Take a commission report."""
        if self._now is not None:
            self._now.commissions[report.exec_id] = report

    def broker_time(self, at_ns: int) -> None:
        """Take the broker's time."""
        if self._now is not None:
            self._now.broker_time_ns = at_ns
            self._part_done(self._now, Part.BROKER_TIME)

    def executions_ended(self, request_id: int) -> None:
        """Take an execDetailsEnd."""
        if self._now is not None and self._now.request_id == request_id:
            self._part_done(self._now, Part.EXECUTIONS)

    def ended(self, part: Part) -> None:
        """Take the end of a part that carries no request id (rule 1)."""
        self._owed[part] = max(0, self._owed[part] - 1)
        if self._now is None or part not in self._now.missing:
            return
        if self._owed[part]:
            self._now.clear(part)
        else:
            self._part_done(self._now, part)

    def _gathering(self) -> _Gathering:
        if self._now is None:
            raise InvariantError("no snapshot is under way on this link: begin comes first")
        return self._now

    @staticmethod
    def _part_done(gathering: _Gathering, part: Part) -> None:
        gathering.missing.discard(part)
        if not gathering.missing and not gathering.done.done():
            gathering.done.set_result(None)


def _order_key(perm_id: PermId, client_id: ClientId, order_id: OrderId) -> _OrderKey:
    """Return what names an order within one snapshot: perm id, or else who placed it."""
    return (perm_id, -1) if perm_id else (order_id, client_id)
