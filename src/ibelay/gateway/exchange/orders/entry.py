"""An order inside the exchange, with what its client never sees. Mutable on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.gateway.exchange.events import BookOrder, OrderRequest
from ibelay.gateway.exchange.matching.hours import Timetable
from ibelay.gateway.exchange.money.holding import average
from ibelay.gateway.exchange.orders.kinds import Kind
from ibelay.gateway.market.api import Instrument, TradingSession
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
        timetable: The sessions it may trade in.
        held: Sent with transmit=False and not released yet; nobody sees it.
        triggered: A stop that has been elected; always True for other types.
        value: Dollars of everything filled so far, without multiplier.
        parent: The order whose fill brings this one to life.
        children: Those waiting for this one.
        own_oca_group: The client named the OCA group, rather than the bracket.
        session: The session a DAY, OPG or closing order belongs to; None if there is none left.
        expires_ns: When time ends it, or None.
        wake_ns: The earliest moment it is on the clock's agenda for, or None.
        asleep: Waits for its time or its conditions.
        locating: A short sale held until shares are found.
        cancelling: A cancel was asked for and is not confirmed; it may still fill.
        streak: How many prices in a row were beyond the trigger ("double" methods).
        counted: The number of the price that *streak* counted last.
        executed: Symbols and types executed since it was placed, while conditions ask for it.
    """

    request: OrderRequest
    instrument: Instrument
    kind: Kind
    timetable: Timetable
    perm_id: PermId
    held: bool
    triggered: bool
    parent: Entry | None = None
    own_oca_group: bool = False
    children: list[Entry] = field(default_factory=list)
    session: TradingSession | None = None
    expires_ns: int | None = None
    wake_ns: int | None = None
    asleep: bool = False
    locating: bool = False
    cancelling: bool = False
    streak: int = 0
    counted: int = 0
    executed: set[tuple[str, str]] = field(default_factory=set)
    status: BrokerOrderStatus = BrokerOrderStatus.PRE_SUBMITTED
    why_held: str = ""
    filled: Decimal = Decimal(0)
    value: Decimal = Decimal(0)
    last_fill_price: Decimal = Decimal(0)
    completed_ns: int = 0
    completed_status: str = ""
    _shown: BookOrder | None = None
    _shown_facts: tuple[object, ...] = ()

    @property
    def con_id(self) -> ConId:
        """The contract traded; 0 for a combination."""
        return self.instrument.contract.con_id

    @property
    def sources(self) -> list[ConId]:
        """The contracts whose prices it follows: its own, or its legs'."""
        legs = self.instrument.contract.legs
        return [leg.con_id for leg in legs] if legs else [self.con_id]

    @property
    def remaining(self) -> Decimal:
        """Quantity still to fill."""
        return self.request.quantity - self.filled

    @property
    def done(self) -> bool:
        """Whether nothing more can happen to it."""
        return self.status in DONE

    @property
    def outside_hours(self) -> bool:
        """Whether it may trade outside regular hours: asked for, and heeded for its type."""
        return self.request.outside_rth and self.kind.outside and self.request.tif != "OPG"

    @property
    def average_price(self) -> Decimal:
        """Dollars per unit over all fills, 0 before the first."""
        return average(self.value, self.filled)

    def view(self) -> BookOrder:
        """Return the order as the outside may see it; the same one while nothing changes."""
        facts = (
            self.request,
            self.status,
            self.filled,
            self.value,
            self.last_fill_price,
            self.why_held,
            self.completed_ns,
            self.completed_status,
        )
        if self._shown is None or facts != self._shown_facts:
            self._shown_facts = facts
            self._shown = BookOrder(
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
        return self._shown
