"""Orders, and what a client asks about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.model.conditions import Condition
from ibelay.model.contract import Contract
from ibelay.model.ids import OrderId
from ibelay.model.order import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """A new order or a change of one.

    Attributes:
        aux_price: IB's auxPrice: a trigger, a trailing amount or an offset, by the type.
        good_till_date: As the client wrote it; so is *good_after_time*.
        conditions_cancel: The conditions cancel the order rather than bring it to life.
        conditions_outside_rth: They are watched outside regular hours as well.
        extra: Every field that was set and is not named here, by IB's name and in its one
            form (``wire.order_fields``), and the two times.
    """

    order_id: OrderId
    contract: Contract
    action: Action
    quantity: Decimal
    order_type: str
    limit_price: Decimal | None = None
    aux_price: Decimal | None = None
    tif: str = "DAY"
    oca_group: str = ""
    account: str = ""
    order_ref: str = ""
    transmit: bool = True
    parent_id: OrderId = OrderId(0)
    outside_rth: bool = False
    oca_type: int = 0
    what_if: bool = False
    trail_stop_price: Decimal | None = None
    trail_percent: Decimal | None = None
    limit_offset: Decimal | None = None
    good_till_date: str = ""
    good_after_time: str = ""
    conditions: tuple[Condition, ...] = ()
    conditions_cancel: bool = False
    conditions_outside_rth: bool = False
    trigger_method: int = 0
    all_or_none: bool = False
    minimum_quantity: Decimal | None = None
    cash_quantity: Decimal | None = None
    algorithm: str = ""
    algorithm_parameters: tuple[tuple[str, str], ...] = ()
    hedge_type: str = ""
    hedge_parameter: str = ""
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancel an order of this client."""

    order_id: OrderId


@dataclass(frozen=True, slots=True)
class GlobalCancel:
    """Cancel every order of every client."""


@dataclass(frozen=True, slots=True)
class RequestOpenOrders:
    """Working orders of this client."""


@dataclass(frozen=True, slots=True)
class RequestAllOpenOrders:
    """Working orders of all clients."""


@dataclass(frozen=True, slots=True)
class RequestAutoOpenOrders:
    """Bind manual orders to client 0 from now on."""

    bind: bool


@dataclass(frozen=True, slots=True)
class RequestCompletedOrders:
    """Orders that ended today."""

    api_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestExecutions:
    """Today's executions that pass the filter; empty or 0 means any."""

    request_id: int
    client_id: int = 0
    account: str = ""
    time: str = ""
    symbol: str = ""
    sec_type: str = ""
    exchange: str = ""
    side: str = ""


@dataclass(frozen=True, slots=True)
class RequestIds:
    """The next order id to use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseOptions:
    """Exercise (*action* 1) or lapse (2) options; *override* does it against all sense."""

    request_id: int
    contract: Contract
    action: int
    quantity: int
    account: str
    override: bool


OrderQueries = (
    RequestOpenOrders
    | RequestAllOpenOrders
    | RequestAutoOpenOrders
    | RequestCompletedOrders
    | RequestExecutions
    | RequestIds
)
OrderRequests = PlaceOrder | CancelOrder | GlobalCancel | ExerciseOptions | OrderQueries
