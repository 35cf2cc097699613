"""The facts of an order for the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.model.conditions import Condition
from ibelay.model.contract import Contract
from ibelay.model.ids import ClientId, OrderId, PermId
from ibelay.model.order import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order's facts; names as in ``wire.requests.PlaceOrder``.

    Attributes:
        stop_price: What is shown as auxPrice.
        completed_at: IB's text of a moment, empty while the order works.
        echo: Everything else that is set, by IB's names; lists as in ``wire.order_fields``.
        margins: The figures of a what-if, by IB's names: margins and commissions.
    """

    order_id: OrderId
    client_id: ClientId
    perm_id: PermId
    contract: Contract
    action: Action
    quantity: Decimal
    order_type: str
    status: str
    account: str
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    tif: str = "DAY"
    oca_group: str = ""
    oca_type: int = 0
    order_ref: str = ""
    parent_id: OrderId = OrderId(0)
    outside_rth: bool = False
    what_if: bool = False
    conditions: tuple[Condition, ...] = ()
    conditions_cancel: bool = False
    conditions_outside_rth: bool = False
    algorithm: str = ""
    algorithm_parameters: tuple[tuple[str, str], ...] = ()
    filled: Decimal = Decimal(0)
    completed_at: str = ""
    completed_status: str = ""
    parent_perm_id: PermId = PermId(0)
    echo: Mapping[str, str] = field(default_factory=dict)
    margins: Mapping[str, Decimal | str] = field(default_factory=dict)
