"""Everything the broker says is true, taken in one go.

A snapshot exists only if every part of it *ended*: a timeout is "unknown", never "empty"
(F16), so a partial snapshot is an exception, not a value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.model.contract import Contract
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ClientId, OrderId, PermId
from ibelay.model.order import Action, BrokerOrderStatus
from ibelay.model.position import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOrder:
    """An order as the broker shows it, ours or not.

    ``order_id`` and ``client_id`` are 0 for manual orders and for completed ones.
    ``order_type`` is IB's wire text, since others may use types we do not send.
    """

    order_id: OrderId
    perm_id: PermId
    client_id: ClientId
    order_ref: str
    contract: Contract
    action: Action
    quantity: Decimal
    order_type: str
    status: BrokerOrderStatus
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    filled: Decimal = Decimal(0)
    parent_order_id: OrderId = OrderId(0)
    oca_group: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSnapshot:
    """Positions, working orders, completed orders and executions, each *ended*.

    Attributes:
        whole: Whether completed orders and executions were asked for; if not, those of them
            that are here came by themselves, and nothing follows from what is not.
        started_ns: Monotonic time before the first request left.
        ended_ns: Monotonic time after the last end arrived.
        broker_time_ns: The broker's clock (UTC, ns) during the snapshot.
        next_order_id: IB's nextValidId of this connection.
    """

    account: str
    started_ns: int
    ended_ns: int
    broker_time_ns: int
    next_order_id: OrderId
    whole: bool = True
    positions: tuple[Position, ...] = ()
    open_orders: tuple[BrokerOrder, ...] = ()
    completed_orders: tuple[BrokerOrder, ...] = ()
    executions: tuple[Execution, ...] = ()
    commissions: tuple[CommissionReport, ...] = ()
    account_values: dict[str, str] = field(default_factory=dict)
