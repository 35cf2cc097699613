"""What happened: executions and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.model.contract import Contract
from ibelay.model.ids import ClientId, ExecId, OrderId, PermId
from ibelay.model.order import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One fill as IB reports it; the only thing a book is kept from.

    Attributes:
        quantity: Shares of this fill, always positive.
        price: Per share, in the contract's currency.
        at_ns: Broker time of the fill, nanoseconds since the epoch, UTC.
        order_ref: Our key if the order was ours, else empty.
    """

    exec_id: ExecId
    contract: Contract
    account: str
    action: Action
    quantity: Decimal
    price: Decimal
    at_ns: int
    order_id: OrderId
    perm_id: PermId
    client_id: ClientId
    order_ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommissionReport:
    """What a fill cost; arrives after the fill, or never.

    ``realized_pnl`` is None when IB sends its "unset" value (an opening trade).
    """

    exec_id: ExecId
    commission: Decimal
    currency: str = "USD"
    realized_pnl: Decimal | None = None
