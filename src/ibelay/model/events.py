"""What the broker tells us, as it happens: raw evidence, before anybody's bookkeeping.

A closed union. Every event carries what IB sent, translated to our values and nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ClientId, ConId, OrderId, PermId
from ibelay.model.market import Bar, Quote
from ibelay.model.order import BrokerOrderStatus
from ibelay.model.position import Position
from ibelay.model.snapshot import BrokerOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSeen:
    """An openOrder message."""

    order: BrokerOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSeen:
    """An orderStatus message; may repeat, may be missing."""

    order_id: OrderId
    perm_id: PermId
    client_id: ClientId
    status: BrokerOrderStatus
    filled: Decimal
    remaining: Decimal
    average_fill_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSeen:
    """A live execDetails message (those answering a request are in the snapshot)."""

    execution: Execution


@dataclass(frozen=True, slots=True, kw_only=True)
class CommissionSeen:
    """A commissionReport message; repeats at every connect."""

    report: CommissionReport


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSeen:
    """A position message outside a snapshot."""

    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteSeen:
    """Top of book changed."""

    con_id: ConId
    quote: Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class BarSeen:
    """A 5-second bar closed."""

    con_id: ConId
    bar: Bar


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSeen:
    """A message from IB with a code; ``request_id`` is an order id, a request id or -1."""

    request_id: int
    code: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkClosed:
    """The socket is gone (FIN, RST or our own abort).

    ``unreadable``: we ended it ourselves, since something of ours came that cannot be read. It
    will come again over the next one, so a person has to know.
    """

    reason: str
    unreadable: bool = False


BrokerEvent = (
    OrderSeen
    | StatusSeen
    | ExecutionSeen
    | CommissionSeen
    | PositionSeen
    | QuoteSeen
    | BarSeen
    | NoticeSeen
    | LinkClosed
)
