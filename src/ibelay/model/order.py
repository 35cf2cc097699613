"""What we ask IB to do, and what IB says about it.

``BrokerOrderStatus`` is IB's word, repeated, skipped and sometimes wrong; it is evidence.
``OrderState`` is ours, see ``machines.order_life``; it is a conclusion.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from ibelay.model.ids import OrderRef, UnitRef


class Action(StrEnum):
    """The side of an order."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> Action:
        """The side that closes what this side opens."""
        return Action.SELL if self is Action.BUY else Action.BUY

    @property
    def sign(self) -> int:
        """+1 for BUY, -1 for SELL: what a fill does to a position."""
        return 1 if self is Action.BUY else -1


class OrderType(StrEnum):
    """IB's order types that this version can send (the value is the wire text)."""

    MARKET = "MKT"
    LIMIT = "LMT"
    STOP = "STP"
    STOP_LIMIT = "STP LMT"


class TimeInForce(StrEnum):
    """How long an order lives."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"


class Role(StrEnum):
    """What an order is for, within its unit."""

    ENTRY = "entry"
    STOP = "stop"
    TARGET = "target"
    EXIT = "exit"


class BrokerOrderStatus(StrEnum):
    """IB's own order statuses (the value is the wire text)."""

    API_PENDING = "ApiPending"
    PENDING_SUBMIT = "PendingSubmit"
    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    PENDING_CANCEL = "PendingCancel"
    API_CANCELLED = "ApiCancelled"
    CANCELLED = "Cancelled"
    FILLED = "Filled"
    INACTIVE = "Inactive"


class OrderState(StrEnum):
    """What we hold to be true of an order of ours (``machines.order_life`` has the table).

    INTENDED: durable, not sent or not known to be sent. SENT: written to a live link.
    WORKING: acknowledged. UNKNOWN: sent or perhaps sent, and no answer; exposure counts as
    worst case. FILLED, CANCELLED, REJECTED, ABSENT are terminal.
    """

    INTENDED = "intended"
    SENT = "sent"
    WORKING = "working"
    UNKNOWN = "unknown"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    ABSENT = "absent"

    @property
    def terminal(self) -> bool:
        """Whether nothing more can happen to the order (except a resurrection alarm)."""
        return self in _TERMINAL


_TERMINAL = frozenset(
    {OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.ABSENT}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order as we intend it; prices in the contract's currency, quantity in shares.

    Attributes:
        order_ref: Our key, unique for ever.
        unit: The bracket (or single order) it belongs to.
        role: What it is for.
        limit_price: Needed by LIMIT and STOP_LIMIT, else None.
        stop_price: Needed by STOP and STOP_LIMIT, else None.
        parent_ref: The entry whose fill activates this order, if it is a bracket's child.
        oca_group: One-cancels-all group name, empty for none.
    """

    order_ref: OrderRef
    unit: UnitRef
    role: Role
    action: Action
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    tif: TimeInForce = TimeInForce.DAY
    outside_rth: bool = False
    parent_ref: OrderRef | None = None
    oca_group: str = ""
