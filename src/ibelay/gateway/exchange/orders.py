"""An order inside the exchange, with what its client never sees. Mutable on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.gateway.exchange.accounts import average
from ibelay.gateway.exchange.events import BookOrder, OrderRequest
from ibelay.gateway.market.api import Instrument
from ibelay.model.ids import ConId, PermId
from ibelay.model.order import BrokerOrderStatus

DONE = frozenset(
    {BrokerOrderStatus.FILLED, BrokerOrderStatus.CANCELLED, BrokerOrderStatus.INACTIVE}
)


@dataclass(slots=True, eq=False)
class Entry:
    """One order of the book.

    Attributes:
        request: As last accepted; quantity as reduced by OCA, contract as resolved.
        held: Sent with transmit=False and not released yet; nobody sees it.
        triggered: A stop that has been elected; always True for other types.
        value: Dollars of everything filled so far, without multiplier.
        parent: The order whose fill brings this one to life.
        children: Those waiting for this one.
        own_oca_group: The client named the OCA group, rather than the bracket.
    """

    request: OrderRequest
    instrument: Instrument
    perm_id: PermId
    held: bool
    triggered: bool
    parent: Entry | None = None
    own_oca_group: bool = False
    children: list[Entry] = field(default_factory=list)
    status: BrokerOrderStatus = BrokerOrderStatus.PRE_SUBMITTED
    why_held: str = ""
    filled: Decimal = Decimal(0)
    value: Decimal = Decimal(0)
    last_fill_price: Decimal = Decimal(0)
    completed_ns: int = 0
    completed_status: str = ""

    @property
    def con_id(self) -> ConId:
        """The contract traded."""
        return self.instrument.contract.con_id

    @property
    def remaining(self) -> Decimal:
        """Quantity still to fill."""
        return self.request.quantity - self.filled

    @property
    def done(self) -> bool:
        """Whether nothing more can happen to it."""
        return self.status in DONE

    @property
    def average_price(self) -> Decimal:
        """Dollars per unit over all fills, 0 before the first."""
        return average(self.value, self.filled)

    def view(self) -> BookOrder:
        """Return the order as the outside may see it."""
        return BookOrder(
            request=self.request,
            perm_id=self.perm_id,
            status=self.status,
            filled=self.filled,
            average_fill_price=self.average_price,
            last_fill_price=self.last_fill_price,
            why_held=self.why_held,
            completed_ns=self.completed_ns,
            completed_status=self.completed_status,
        )
