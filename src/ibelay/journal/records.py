"""Everything that is ever written down: a closed, versioned union of records.

Rules:
1. A record is a fact or a decision, never a state: state is ``ledger.fold``.
2. Records are never changed; a new meaning is a new record type.
3. The tag of a record (``kind``) is its name on disk and is never reused.
4. ``at_ns`` is broker time (UTC, ns) where the record is about the market, wall time
   for records about our own process (the docstring says which).
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from ibelay.model.contract import Contract
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import Epoch, OrderId, OrderRef, PermId, UnitRef
from ibelay.model.order import BrokerOrderStatus, Order, OrderState


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Base of all records. Only its subclasses are ever written."""

    at_ns: int


class EpochStarted(Record, tag="epoch_started", frozen=True, kw_only=True):
    """A process took over the bot. Wall time. Epochs never decrease (I6)."""

    epoch: Epoch
    bot: str
    session_date: str = ""


class IntentRecorded(Record, tag="intent", frozen=True, kw_only=True):
    """We mean to send this order; durable before its first byte leaves (I1). Broker time.

    ``expires_ns`` is broker time after which it must not be sent any more.
    """

    epoch: Epoch
    order_id: OrderId
    contract: Contract
    order: Order
    expires_ns: int
    reason: str = ""


class DropInIntent(Record, tag="drop_in_intent", frozen=True, kw_only=True):
    """A program on the drop-in means to send this order, or to change it so. Wall time.

    ``order`` holds the fields of ib_async's Order that differ from its defaults, as texts:
    such programs may use any order type.
    """

    epoch: Epoch
    order_id: OrderId
    order_ref: OrderRef
    symbol: str
    con_id: int
    order: dict[str, str]


class DropInCancel(Record, tag="drop_in_cancel", frozen=True, kw_only=True):
    """A program on the drop-in means to cancel an order. Wall time."""

    epoch: Epoch
    order_id: OrderId
    order_ref: OrderRef


class OrderStateChanged(Record, tag="order_state", frozen=True, kw_only=True):
    """Our conclusion about an order changed. Broker time.

    ``perm_id`` is 0 while unknown; ``code`` is IB's notice code behind the change, or 0.
    """

    order_ref: OrderRef
    state: OrderState
    perm_id: PermId = PermId(0)
    status: BrokerOrderStatus | None = None
    code: int = 0
    reason: str = ""


class OrderIdReassigned(Record, tag="order_id", frozen=True, kw_only=True):
    """The broker shows our order under another order id than we sent it with."""

    order_ref: OrderRef
    order_id: OrderId


class ModifyIntended(Record, tag="modify", frozen=True, kw_only=True):
    """We mean to change a working order; None leaves a figure as it is. Broker time."""

    order_ref: OrderRef
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reason: str = ""


class ModifyRefused(Record, tag="modify_refused", frozen=True, kw_only=True):
    """IB refused to change a working order, which lives on as it was. Broker time."""

    order_ref: OrderRef
    code: int = 0
    reason: str = ""


class CancelRefused(Record, tag="cancel_refused", frozen=True, kw_only=True):
    """IB refused to cancel an order that may work still. Broker time."""

    order_ref: OrderRef
    code: int = 0
    reason: str = ""


class OrderTermsTaken(Record, tag="order_terms", frozen=True, kw_only=True):
    """The broker shows a working order with figures of its own, and they are ours from now on.

    None leaves a figure as it is. Broker time.
    """

    order_ref: OrderRef
    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reason: str = ""


class CancelIntended(Record, tag="cancel", frozen=True, kw_only=True):
    """We mean to cancel an order. Broker time."""

    order_ref: OrderRef
    reason: str = ""


class UnitClosing(Record, tag="unit_closing", frozen=True, kw_only=True):
    """We mean to close a unit at market as soon as its other orders are over. Broker time.

    Until it is closed it gets no new stop: beside a market exit that would open the other side.
    """

    unit: UnitRef
    reason: str = ""


class ExecutionRecorded(Record, tag="execution", frozen=True, kw_only=True):
    """A fill, booked once per ``model.ids.execution_key``. Broker time of the booking.

    ``recovered`` is True if it was found in a snapshot and not live.
    """

    execution: Execution
    recovered: bool = False


class CommissionRecorded(Record, tag="commission", frozen=True, kw_only=True):
    """What a fill cost."""

    report: CommissionReport


class PositionAdjusted(Record, tag="position_adjusted", frozen=True, kw_only=True):
    """Reconciliation set a position to the broker's figure without a fill of ours.

    Before and after are quantities; ``average_cost`` is the broker's, per share.
    """

    contract: Contract
    before: Decimal
    after: Decimal
    average_cost: Decimal
    reason: str


class DiscrepancyFound(Record, tag="discrepancy", frozen=True, kw_only=True):
    """Reconciliation found that books differ. Broker time.

    ``name`` is the discrepancy's class in ``reconcile.discrepancies``; ``action`` what was done.
    """

    name: str
    symbol: str
    before: str
    after: str
    action: str


class ReconciliationDone(Record, tag="reconciled", frozen=True, kw_only=True):
    """A complete snapshot was reconciled; ``duration_ns`` is from link-up to done."""

    trigger: str
    positions: int
    open_orders: int
    executions_recovered: int
    findings: int
    duration_ns: int


class LinkDown(Record, tag="link_down", frozen=True, kw_only=True):
    """The link was lost or the upstream was. Wall time."""

    cause: str


class LinkUp(Record, tag="link_up", frozen=True, kw_only=True):
    """READY again. Wall time. ``outage_ns`` is how long it was not, on the monotonic clock."""

    outage_ns: int
    attempts: int
    data_lost: bool = False


class StrategyStateSaved(Record, tag="strategy_state", frozen=True, kw_only=True):
    """The strategy's durable state, committed with what it reacted to. Broker time.

    ``session_date`` is the US/Eastern date (YYYY-MM-DD) the state belongs to; ``body`` is
    the strategy's own JSON; ``last_bars`` maps symbols to the beginning of the last bar the
    strategy has seen (ns), so that a restart knows what to backfill.
    """

    strategy: str
    session_date: str
    body: msgspec.Raw
    last_bars: dict[str, int] = msgspec.field(default_factory=dict)


class SafeModeEntered(Record, tag="safe_mode_entered", frozen=True, kw_only=True):
    """Trading stopped until a person clears it. Wall time."""

    reason: str
    attempts: int
    checks: tuple[str, ...]


class SafeModeCleared(Record, tag="safe_mode_cleared", frozen=True, kw_only=True):
    """A person cleared safe mode. Wall time."""

    by: str
    cause: str


class WatchListChanged(Record, tag="watch_list", frozen=True, kw_only=True):
    """The watch list as a whole, after the change. Wall time."""

    symbols: tuple[str, ...]
    by: str


class ShutdownCompleted(Record, tag="shutdown", frozen=True, kw_only=True):
    """The six steps ran. Wall time. ``overran`` names abandoned steps."""

    reason: str
    duration_ns: int
    overran: tuple[str, ...] = ()


class Severity(StrEnum):
    """How loudly an incident speaks."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class IncidentNoted(Record, tag="incident", frozen=True, kw_only=True):
    """Something a person should be able to read later. Wall time."""

    severity: Severity
    text: str


AnyRecord = (
    EpochStarted
    | IntentRecorded
    | DropInIntent
    | DropInCancel
    | OrderStateChanged
    | OrderIdReassigned
    | ModifyIntended
    | ModifyRefused
    | CancelRefused
    | OrderTermsTaken
    | CancelIntended
    | UnitClosing
    | ExecutionRecorded
    | CommissionRecorded
    | PositionAdjusted
    | DiscrepancyFound
    | ReconciliationDone
    | LinkDown
    | LinkUp
    | StrategyStateSaved
    | SafeModeEntered
    | SafeModeCleared
    | WatchListChanged
    | ShutdownCompleted
    | IncidentNoted
)
