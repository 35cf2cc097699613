"""One order of a check and what the broker has said of it.

Rules:
1. An order is *acknowledged* when IB says PreSubmitted or Submitted, and *over* when it is
   filled, refused by a proven code, or cancelled (status, or notice 202). Inactive and
   silence are neither.
2. Shares come from executions, each counted once; a status may tell of more than has
   arrived and then counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.model.execution import Execution
from ibelay.model.ids import OrderId
from ibelay.model.order import BrokerOrderStatus, Order

CANCELLED = frozenset({BrokerOrderStatus.CANCELLED, BrokerOrderStatus.API_CANCELLED})
_ACKNOWLEDGED = frozenset(
    {BrokerOrderStatus.PRE_SUBMITTED, BrokerOrderStatus.SUBMITTED, BrokerOrderStatus.FILLED}
)


@dataclass(slots=True, kw_only=True)
class Ticket:
    """One order and what is known of it."""

    order_id: OrderId
    order: Order
    status: BrokerOrderStatus | None = None
    refusal: str = ""
    notice: str = ""
    cancelled: bool = False
    filled_by_status: Decimal = Decimal(0)
    executions: dict[str, Execution] = field(default_factory=dict)

    @property
    def filled(self) -> Decimal:
        """Shares traded (rule 2)."""
        told = sum((done.quantity for done in self.executions.values()), Decimal(0))
        return max(told, self.filled_by_status)

    @property
    def acknowledged(self) -> bool:
        """Whether the broker has taken the order."""
        return self.status in _ACKNOWLEDGED or self.filled > 0

    @property
    def complete(self) -> bool:
        """Whether every share has traded."""
        return self.filled >= self.order.quantity

    @property
    def over(self) -> bool:
        """Whether the order can do nothing more (rule 1)."""
        return self.complete or self.cancelled or bool(self.refusal)

    @property
    def ended_badly(self) -> bool:
        """Whether it is over without having traded in full."""
        return self.over and not self.complete

    def words(self) -> str:
        """Return what the broker last said of it."""
        said = self.refusal or self.notice
        status = self.status or "no status"
        return f"{status}; {said}" if said else str(status)
