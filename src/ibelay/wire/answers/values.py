"""A gateway's messages as values: those by which somebody in the middle can judge a client.

Rules:
1. Values say what the message says and nothing more; an order is told twice, once by
   ``OrderTold`` and once by ``StatusTold``, and only the second says how it stands.
2. A message of no interest is ``OtherTold``; one that cannot be read is ``Garbled``. Neither is
   an error of who looks on.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.model.contract import Contract
from ibelay.model.ids import ClientId, OrderId, PermId
from ibelay.model.order import Action

LIVE = -1
"""The request id of an execution that nobody asked for: it happened just now."""


@dataclass(frozen=True, slots=True)
class AccountsTold:
    """managedAccounts; empty while nobody is logged in."""

    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NextIdTold:
    """nextValidId: requests may come from now on."""

    order_id: OrderId


@dataclass(frozen=True, slots=True)
class NoticeTold:
    """errMsg; *about* is the id of an order or a request, or -1."""

    about: int
    code: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTold:
    """openOrder, as far as its place in the message does not depend on what the order is.

    Attributes:
        order_type: IB's word, such as ``STP LMT``.
        aux_price: A trigger, a trailing amount or an offset, by the type.
    """

    order_id: OrderId
    contract: Contract
    action: Action
    quantity: Decimal
    order_type: str
    limit_price: Decimal | None
    aux_price: Decimal | None
    oca_group: str
    account: str
    order_ref: str
    client_id: ClientId
    perm_id: PermId
    parent_id: OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusTold:
    """orderStatus."""

    order_id: OrderId
    status: str
    filled: Decimal
    remaining: Decimal
    perm_id: PermId
    parent_id: OrderId
    client_id: ClientId


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionTold:
    """execDetails; *request_id* is ``LIVE`` or that of the request it answers."""

    request_id: int
    order_id: OrderId
    contract: Contract
    exec_id: str
    account: str
    action: Action
    quantity: Decimal
    price: Decimal
    perm_id: PermId
    client_id: ClientId
    order_ref: str


@dataclass(frozen=True, slots=True)
class CommissionTold:
    """commissionReport, as far as it names its execution."""

    exec_id: str
    commission: Decimal | None


@dataclass(frozen=True, slots=True)
class PositionTold:
    """position."""

    account: str
    contract: Contract
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class EndTold:
    """An answer of several messages is complete: its IB name, such as ``positionEnd``."""

    name: str
    request_id: int | None = None


@dataclass(frozen=True, slots=True)
class TickTold:
    """Something that goes on coming after one request for data: a tick, a row, a bar."""

    name: str
    request_id: int


@dataclass(frozen=True, slots=True)
class OtherTold:
    """A message of which only the name matters here; numbers IB has not named are ``?``."""

    name: str


@dataclass(frozen=True, slots=True)
class Garbled:
    """A message that cannot be read: cut short, or not of the protocol."""

    why: str


Answer = (
    AccountsTold
    | NextIdTold
    | NoticeTold
    | OrderTold
    | StatusTold
    | ExecutionTold
    | CommissionTold
    | PositionTold
    | EndTold
    | TickTold
    | OtherTold
    | Garbled
)
