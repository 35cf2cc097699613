"""What the exchange takes and what it says: plain values, no wire format.

Times are broker time, ns since the epoch, UTC; money and quantities are Decimal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.model.conditions import Condition
from ibelay.model.contract import Contract
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ClientId, OrderId, PermId
from ibelay.model.order import Action, BrokerOrderStatus
from ibelay.model.position import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """A placeOrder as the exchange needs it; *extra* echoes fields it does not interpret.

    Attributes:
        stop_price: IB's auxPrice as a trigger (STP, STP LMT, MIT, LIT), or the trailing
            amount's current stop once a TRAIL works.
        trail_amount: Dollars a TRAIL stays behind (IB's auxPrice); None if by percent.
        trail_percent: Percent a TRAIL stays behind.
        trail_stop_price: Where a TRAIL's stop begins; None for "from the market".
        limit_offset: Of a TRAIL LIMIT, from stop to limit.
        good_till_ns: End of a GTD order, ns since the epoch, UTC.
        good_after_ns: Not before this time, or None.
        conditions: See ``model.conditions``.
        conditions_cancel: The conditions cancel the order rather than bring it to life.
        conditions_outside_rth: They are watched outside regular hours as well.
        trigger_method: How a stop is elected; IB's numbers as in ``PriceCondition``.
        all_or_none: Fill the whole quantity at once or wait.
        minimum_quantity: Smallest first fill; None for any.
        cash_quantity: Dollars instead of units (forex, crypto); None for units.
        algorithm: IB's algoStrategy (``Adaptive`` is accepted, others refused).
        hedge_type: D, B, F or P with *hedge_parameter*; empty for none.
    """

    client_id: ClientId
    order_id: OrderId
    contract: Contract
    action: Action
    quantity: Decimal
    order_type: str
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    tif: str = "DAY"
    outside_rth: bool = False
    order_ref: str = ""
    parent_id: OrderId = OrderId(0)
    transmit: bool = True
    oca_group: str = ""
    oca_type: int = 0
    account: str = ""
    what_if: bool = False
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    trail_stop_price: Decimal | None = None
    limit_offset: Decimal | None = None
    good_till_ns: int | None = None
    good_after_ns: int | None = None
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


@dataclass(frozen=True, slots=True, kw_only=True)
class BookOrder:
    """An order in the exchange's book, as it stands after an event.

    ``commission`` is what all its fills have cost, where that is told with the order.
    """

    request: OrderRequest
    perm_id: PermId
    status: BrokerOrderStatus
    filled: Decimal = Decimal(0)
    average_fill_price: Decimal = Decimal(0)
    last_fill_price: Decimal = Decimal(0)
    why_held: str = ""
    completed_ns: int = 0
    completed_status: str = ""
    commission: Decimal | None = None

    @property
    def remaining(self) -> Decimal:
        """Quantity still to fill."""
        return self.request.quantity - self.filled


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged:
    """An order was accepted, activated, modified, filled in part or ended."""

    order: BookOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """A fill; the session delivers it to the order's client (and to masters)."""

    execution: Execution
    cumulative: Decimal
    average_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CommissionCharged:
    """The commission of a fill; always after it."""

    client_id: ClientId
    report: CommissionReport


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionChanged:
    """A holding changed; every subscribed client hears it."""

    position: Position
    market_price: Decimal
    realized_pnl: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The exchange says no to *client_id* with one of IB's codes, or warns (399, 404, 2109).

    Only the code tells which; a warned order lives.
    """

    client_id: ClientId
    order_id: OrderId
    code: int
    text: str


ExchangeEvent = OrderChanged | Executed | CommissionCharged | PositionChanged | Refused
