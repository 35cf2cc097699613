"""One order in the ledger. Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from ibelay.journal.records import IntentRecorded, ModifyIntended, OrderTermsTaken
from ibelay.model.contract import Contract
from ibelay.model.execution import Execution
from ibelay.model.ids import OrderId
from ibelay.model.order import BrokerOrderStatus, Order, OrderState

_ZERO = Decimal(0)
_ENDED_UNFILLED = frozenset({OrderState.CANCELLED, OrderState.REJECTED})


@dataclass(slots=True)
class OrderEntry:
    """One order of ours, from its intent to its end.

    Attributes:
        order: As modified so far.
        perm_ids: Every perm id IB has shown for it, oldest first; more than one is an alarm.
        filled: Sum of its executions.
        modified: Whether we last wanted it changed, and IB has not refused that.
        refusals: How often IB has refused to change it; the latest at ``refused_ns``.
        cancel_refusals: How often IB has refused to cancel it; the latest at ``kept_ns``.
        terms_unknown: IB refused a change, and no snapshot has told yet what it is now.
        since_ns: Broker time of the last change of state.
    """

    intent: IntentRecorded
    order: Order
    order_id: OrderId
    state: OrderState = OrderState.INTENDED
    status: BrokerOrderStatus | None = None
    perm_ids: tuple[int, ...] = ()
    filled: Decimal = _ZERO
    cancel_intended: bool = False
    modified: bool = False
    refusals: int = 0
    refused_ns: int = 0
    cancel_refusals: int = 0
    kept_ns: int = 0
    terms_unknown: bool = False
    since_ns: int = 0
    reason: str = ""

    @property
    def contract(self) -> Contract:
        """What it trades."""
        return self.intent.contract

    def side_of(self, execution: Execution) -> int:
        """Return 1 if *execution* fills the order, -1 if it takes another fill back (F34)."""
        return execution.action.sign * self.order.action.sign

    @property
    def settled(self) -> bool:
        """Whether nothing is left to decide about it, unless the broker shows it once more.

        What was declared absent may come back, and what ended may have filled before that.
        """
        if self.state in _ENDED_UNFILLED:
            return self.filled < self.order.quantity
        return self.state.terminal and self.state is not OrderState.ABSENT

    def count(self, execution: Execution, times: int) -> Decimal:
        """Count *execution* as filled, or with -1 as not filled after all; return the shares."""
        shares = execution.quantity * self.side_of(execution) * times
        self.filled += shares
        return shares

    def take(self, terms: ModifyIntended | OrderTermsTaken) -> None:
        """Let the order be as *terms* say, where they say something."""

        def pick(new: Decimal | None, old: Decimal | None) -> Decimal | None:
            return old if new is None else new

        order = self.order
        self.order = replace(
            order,
            quantity=order.quantity if terms.quantity is None else terms.quantity,
            limit_price=pick(terms.limit_price, order.limit_price),
            stop_price=pick(terms.stop_price, order.stop_price),
        )
        self.terms_unknown = False
