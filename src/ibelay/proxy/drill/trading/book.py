"""Every order as the wire shows it: what was asked, what was said of it, what the client knows.

Rules:
1. An order is addressed by client id and order id. A placeOrder for an address that is known
   changes the order there, unless it is over or is for something else: then an id is reused.
2. What the gateway said counts for the order, what reached the client for what it can know.
3. The outcome of an order is *unknown* until the client hears of it. It is *cleared* when the
   client has asked for open orders and executions since, and neither showed it.
   What worked and is not in a complete list of open orders any more is over.
4. What-if orders are questions and no orders.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.model.ids import ClientId, OrderId, PermId
from ibelay.model.notices import NoticeClass, classify, rejects_new_order
from ibelay.model.order import Action
from ibelay.proxy.drill.facts import Asked, Fact, Told
from ibelay.proxy.drill.links.lines import Line
from ibelay.proxy.drill.trading.instruments import Instruments
from ibelay.wire import answers, requests

MAX_ORDERS = 5_000
MAX_PERM_IDS = 8
LIVE = frozenset({"PreSubmitted", "Submitted", "PendingSubmit", "PendingCancel", "ApiPending"})
OVER = frozenset({"Filled", "Cancelled", "ApiCancelled"})
_CANCELLED = 202
Address = tuple[ClientId, OrderId]


@dataclass(slots=True)
class Watched:
    """One order.

    Attributes:
        ours: It was placed while we looked on.
        heard_ns: When the client first heard of it; None before.
        said_ns: When the gateway last said anything of it.
        over: The gateway said that it filled, was cancelled or refused.
        known_over: The client was told so.
        cleared: The client has proof that it never arrived.
        repeated: It was sent again; what is sent after that is another decision.
        advised: When the client was told an advisory about it, and its code.
        losses: How many lines or servers had been lost when it was first sent.
        decision: Number of the decision it carries out; duplicates share one.
    """

    client_id: ClientId
    order_id: OrderId
    instrument: str
    action: Action
    quantity: Decimal
    order_type: str
    order_ref: str = ""
    account: str = ""
    oca_group: str = ""
    parent_id: OrderId = OrderId(0)
    ours: bool = True
    line: int = 0
    first_ns: int = 0
    sent_ns: int = 0
    losses: int = 0
    decision: int = 0
    heard_ns: int | None = None
    said_ns: int = 0
    status: str = ""
    filled: Decimal = Decimal(0)
    remaining: Decimal = Decimal(0)
    received: Decimal = Decimal(0)
    over: bool = False
    known_over: bool = False
    cleared: bool = False
    repeated: bool = False
    advised: tuple[int, int] | None = None
    perm_ids: set[PermId] = field(default_factory=set)

    @property
    def live(self) -> bool:
        """Whether the gateway holds it as a working order."""
        return not self.over and self.status in LIVE

    @property
    def unknown(self) -> bool:
        """Whether the client cannot know what became of it."""
        return self.heard_ns is None and not self.cleared

    def terms(self) -> tuple[str, Action, Decimal]:
        """Return what makes two orders the same wish."""
        return self.instrument, self.action, self.quantity

    def text(self) -> str:
        """Return it as people say it: ``BUY 100 SPY MKT (id 3/7)``."""
        what = f"{self.action} {self.quantity:f} {self.instrument} {self.order_type}".strip()
        return f"{what} (order {self.client_id}/{self.order_id})"


@dataclass(frozen=True, slots=True)
class Placement:
    """A placeOrder that was written: a new order, or a change of one.

    Attributes:
        order: As it is now.
        new: It was not there before.
        reused: What stood at its address before, if the id is used again.
    """

    order: Watched
    new: bool
    reused: Watched | None = None


class Book:
    """All orders that were seen, the oldest that are over forgotten first.

    Attributes:
        orders: By address.
        standing: Those of them that are not over.
        traders: Clients that have, or had, orders.
        losses: How many lines or servers have been lost.
    """

    def __init__(self, instruments: Instruments) -> None:
        self.orders: dict[Address, Watched] = {}
        self.standing: dict[Address, Watched] = {}
        self.traders: set[ClientId] = set()
        self.losses = 0
        self.placed = 0
        self._instruments = instruments
        self._what_ifs: dict[Address, None] = {}

    def see(self, fact: Fact, line: Line | None) -> Placement | Watched | None:
        """Take in *fact*; return what was placed, or the order something was said of."""
        match fact:
            case Asked(request=requests.PlaceOrder() as request):
                return self._placed(fact, request, line)
            case Told(answer=answers.OrderTold() as said):
                return self._shown(fact, said)
            case Told(answer=answers.StatusTold() as said):
                return self._stands(fact, said)
            case Told(answer=answers.ExecutionTold() as said):
                return self._executed(fact, said)
            case Told(answer=answers.NoticeTold() as said) if said.about > 0:
                return self._noticed(fact, said, line)
            case _:
                return None

    def of_client(self, client_id: ClientId | None) -> list[Watched]:
        """Return the orders of a client that are not over."""
        return [one for one in self.standing.values() if one.client_id == client_id]

    def clear_unseen(self, client_id: ClientId, asked_ns: int) -> None:
        """Clear what a client asked about since *asked_ns* and was not shown."""
        for one in self.of_client(client_id):
            if one.unknown and one.sent_ns < asked_ns:
                one.cleared = True

    def end_unseen(self, client_id: ClientId, asked_ns: int) -> set[str]:
        """End the orders that a list of a client's open orders does not show.

        Args:
            client_id: Whose list is complete.
            asked_ns: When it was asked for.

        Returns:
            The instruments of the orders that ended.
        """
        gone = [one for one in self.of_client(client_id) if one.live and one.said_ns < asked_ns]
        for one in gone:
            one.over = one.known_over = True
            one.status = ""  # how it ended was not said
            self.standing.pop((one.client_id, one.order_id), None)
        return {one.instrument for one in gone}

    def _placed(
        self, fact: Asked, request: requests.PlaceOrder, line: Line | None
    ) -> Placement | None:
        client_id = line.client_id if line else None
        address = (ClientId(-1) if client_id is None else client_id, request.order_id)
        if request.what_if:
            _bounded_add(self._what_ifs, address)
            return None
        self._what_ifs.pop(address, None)
        instrument = self._instruments.name(request.contract)
        old = self.orders.get(address)
        same = old is not None and (old.instrument, old.action) == (instrument, request.action)
        if old is not None and same and not old.known_over:
            self._change(old, fact, request)
            return Placement(old, new=False)
        self.placed += 1
        order = Watched(
            *address,
            instrument,
            request.action,
            request.quantity,
            request.order_type,
            request.order_ref,
            request.account,
            request.oca_group,
            request.parent_id,
            line=fact.line,
            first_ns=fact.at_ns,
            sent_ns=fact.at_ns,
            losses=self.losses,
            decision=self.placed,
        )
        self._keep(address, order)
        return Placement(order, new=True, reused=old if old is not None and old.ours else None)

    def _change(self, old: Watched, fact: Asked, request: requests.PlaceOrder) -> None:
        old.quantity, old.order_type = request.quantity, request.order_type
        old.line, old.sent_ns = fact.line, fact.at_ns

    def _shown(self, fact: Told, said: answers.OrderTold) -> Watched | None:
        address = self._address(said.client_id, said.order_id, said.perm_id)
        if address in self._what_ifs:
            return None
        instrument = self._instruments.name(said.contract)
        order = self.orders.get(address)
        if order is None:
            order = Watched(*address, instrument, said.action, said.quantity, said.order_type)
            order.ours, order.order_ref = False, said.order_ref
            order.first_ns = order.sent_ns = fact.at_ns
            self._keep(address, order)
        order.instrument, order.quantity = instrument, said.quantity
        order.account, order.oca_group = said.account, said.oca_group
        order.parent_id, order.order_type = said.parent_id, said.order_type
        return self._heard(order, fact, said.perm_id)

    def _stands(self, fact: Told, said: answers.StatusTold) -> Watched | None:
        order = self.orders.get(self._address(said.client_id, said.order_id, said.perm_id))
        if order is None:
            return None
        if not order.over:
            order.status, order.remaining = said.status, said.remaining
        order.filled = max(order.filled, said.filled)
        if said.status in OVER:
            self._end(order, fact)
        return self._heard(order, fact, said.perm_id)

    def _executed(self, fact: Told, said: answers.ExecutionTold) -> Watched | None:
        self._instruments.name(said.contract)
        order = self.orders.get(self._address(said.client_id, said.order_id, said.perm_id))
        return None if order is None else self._heard(order, fact, said.perm_id)

    def _noticed(self, fact: Told, said: answers.NoticeTold, line: Line | None) -> Watched | None:
        if line is None or line.client_id is None:
            return None
        order = self.orders.get((line.client_id, OrderId(said.about)))
        if order is None:
            return None
        refused = rejects_new_order(said.code) and order.status in {"", "Inactive"}
        if refused or said.code == _CANCELLED:
            self._end(order, fact)
        elif classify(said.code, said.text) is NoticeClass.ADVISORY and fact.passed:
            order.advised = (fact.at_ns, said.code)
        return self._heard(order, fact, PermId(0))

    def _end(self, order: Watched, fact: Told) -> None:
        order.over = True
        order.known_over = order.known_over or fact.passed
        self.standing.pop((order.client_id, order.order_id), None)

    def _heard(self, order: Watched, fact: Told, perm_id: PermId) -> Watched:
        if perm_id and len(order.perm_ids) < MAX_PERM_IDS:
            order.perm_ids.add(perm_id)
        order.said_ns = fact.at_ns
        if fact.passed and order.heard_ns is None:
            order.heard_ns = fact.at_ns
        return order

    def _address(self, client_id: ClientId, order_id: OrderId, perm_id: PermId) -> Address:
        """Return where an order stands; one made by hand has no id but its permId."""
        return client_id, order_id if order_id > 0 else OrderId(-int(perm_id))

    def _keep(self, address: Address, order: Watched) -> None:
        self.orders.pop(address, None)
        if len(self.orders) >= MAX_ORDERS:
            over = (key for key, one in self.orders.items() if one.over)
            forgotten = next(over, next(iter(self.orders)))
            del self.orders[forgotten]
            self.standing.pop(forgotten, None)
        self.orders[address] = self.standing[address] = order
        if len(self.traders) < MAX_ORDERS:
            self.traders.add(order.client_id)


def _bounded_add(known: dict[Address, None], address: Address) -> None:
    if len(known) >= MAX_ORDERS:
        del known[next(iter(known))]
    known[address] = None
