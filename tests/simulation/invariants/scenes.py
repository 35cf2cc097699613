"""Runs made by hand: each step is one or two observations, given to a whole watch at once.

A run keeps the books as a bot would: what it writes goes through the journal into a live
ledger and a replayed one, unless a test says otherwise. ``run.broken`` names the invariants
that were broken so far, each as often as it was.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from tests.reconcile.scenes import (
    BOT,
    ENTRY,
    SPY,
    STOP,
    TARGET,
    UNIT,
    booked,
    execution,
    intent,
    state,
)

from ibelay.gateway.exchange.events import (
    BookOrder,
    ExchangeEvent,
    Executed,
    OrderChanged,
    OrderRequest,
    PositionChanged,
)
from ibelay.journal.ledger import Ledger
from ibelay.journal.records import (
    AnyRecord,
    EpochStarted,
    IntentRecorded,
    ReconciliationDone,
    Severity,
)
from ibelay.machines.link_events import LinkState
from ibelay.model.execution import Execution
from ibelay.model.ids import ClientId, ConId, Epoch, OrderId, PermId
from ibelay.model.order import Action, BrokerOrderStatus, OrderState, Role
from ibelay.model.position import Position
from ibelay.testing.simulation.invariants.breach import Bounds
from ibelay.testing.simulation.invariants.watch import Watch
from ibelay.testing.simulation.observed import (
    Appended,
    Asked,
    Booted,
    Durable,
    Ended,
    LinkChanged,
    Noted,
    Observation,
    Over,
    Settled,
    Told,
    Truth,
)
from ibelay.wire import encode
from ibelay.wire.requests import CancelOrder, ClientRequest, PlaceOrder, RequestCurrentTime

__all__ = [
    "BOT",
    "ENTRY",
    "SPY",
    "STOP",
    "TARGET",
    "UNIT",
    "booked",
    "execution",
    "intent",
    "state",
]

CLIENT = ClientId(1)
SECOND_NS = 1_000_000_000
S = BrokerOrderStatus
RECONCILED = ReconciliationDone(
    at_ns=0,
    trigger="by hand",
    positions=0,
    open_orders=0,
    executions_recovered=0,
    findings=0,
    duration_ns=0,
)
BRACKET: tuple[IntentRecorded, ...] = (
    intent(0, Role.ENTRY),
    intent(1, Role.STOP),
    intent(2, Role.TARGET),
)


class Run:
    """One run by hand.

    Args:
        bounds: Of its watch.
    """

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.watch = Watch(bot=BOT, client_id=CLIENT, bounds=bounds)
        self.at_ns = 0
        self.seq = 1
        self.boots = 0
        self.link = LinkState.DOWN
        self.running = False
        self.live = Ledger()
        self.disk = Ledger()
        self.positions: dict[ConId, Decimal] = {}
        self.broken: list[str] = []
        self.sentences: list[str] = []

    def see(self, seen: Observation) -> None:
        """Let the watch see *seen*."""
        for breach in self.watch.see(seen):
            self.broken.append(breach.invariant)
            self.sentences.append(breach.sentence)

    # -- the process -----------------------------------------------------------------------

    def boot(self, *, ready: bool = True) -> Run:
        """Begin the bot's process under the next epoch; by default it gets READY at once."""
        self.boots += 1
        self.running = True
        self.live = Ledger()
        self.see(Booted(self.at_ns, self.boots))
        self.link = LinkState.DOWN
        for_bot = EpochStarted(at_ns=0, epoch=Epoch(self.boots), bot=BOT)
        self.write(for_bot, live=False)
        self.live = _copy(self.disk)
        if ready:
            self.goes(LinkState.CONNECTING, LinkState.SYNCING, LinkState.READY)
        return self

    def end(self, why: str = "killed") -> Run:
        """End the process."""
        self.running = False
        self.see(Ended(self.at_ns, self.boots, why))
        return self

    def goes(self, *states: LinkState) -> Run:
        """Let the link go through *states*; READY follows a reconciliation."""
        for after in states:
            if after is LinkState.READY:
                self.write(RECONCILED)
            self.see(LinkChanged(self.at_ns, self.link, after, "by hand"))
            self.link = after
        return self

    def says(self, severity: Severity = Severity.WARNING) -> Run:
        """Tell the operator something."""
        self.see(Noted(self.at_ns, severity, "by hand"))
        return self

    # -- the journal -----------------------------------------------------------------------

    def give(self, *records: AnyRecord, live: bool = True) -> Run:
        """Give *records* to the journal; the live ledger has them at once."""
        self.see(Appended(self.at_ns, records))
        for record in records if live else ():
            self.live.apply(record)
        return self

    def store(self, *records: AnyRecord) -> Run:
        """Let *records* be on disk."""
        self.see(Durable(self.at_ns, self.seq, records))
        self.seq += len(records)
        for record in records:
            self.disk.apply(record)
        return self

    def write(self, *records: AnyRecord, live: bool = True) -> Run:
        """Give *records* to the journal and let them be on disk."""
        return self.give(*records, live=live).store(*records)

    # -- the line ----------------------------------------------------------------------------

    def asks(self, request: ClientRequest) -> Run:
        """Hand *request* to the socket."""
        self.see(Asked(self.at_ns, CLIENT, request))
        return self

    def sends(self, *intents: IntentRecorded) -> Run:
        """Hand new orders to the socket, as intended."""
        for each in intents:
            self.asks(placing(each))
        return self

    def cancels(self, order_id: int) -> Run:
        """Hand a cancel to the socket."""
        return self.asks(CancelOrder(OrderId(order_id)))

    def shows(self, order: BookOrder) -> Run:
        """Tell the bot an orderStatus of *order*."""
        status = encode.order_status(
            order.request.order_id,
            order.status.value,
            filled=order.filled,
            remaining=order.remaining,
            average_price=order.average_fill_price,
            last_price=order.last_fill_price,
            perm_id=order.perm_id,
            parent_id=order.request.parent_id,
            client_id=order.request.client_id,
            why_held="",
        )
        return self.tells(status)

    def tells(self, framed: bytes) -> Run:
        """Tell the bot a message of the gateway's encoders."""
        self.see(Told(self.at_ns, tuple(framed[4:].decode().split("\0")[:-1])))
        return self

    def tells_fill(self, fill: Execution) -> Run:
        """Tell the bot an execDetails."""
        return self.tells(encode.execution(-1, fill, (fill.quantity, fill.price), 178))

    # -- the broker ----------------------------------------------------------------------------

    def happens(self, *events: ExchangeEvent) -> Run:
        """Change the broker's book."""
        for event in events:
            self.see(Truth(self.at_ns, event))
        return self

    def works(self, each: IntentRecorded, **changes: object) -> Run:
        """Let the broker take an order that was intended; by default it works."""
        return self.happens(OrderChanged(order=at_broker(each, **changes)))

    def fills(self, each: IntentRecorded, fill: Execution, held: int) -> Run:
        """Fill an order at the broker, whose position is *held* after it."""
        self.happens(
            Executed(execution=fill, cumulative=fill.quantity, average_price=fill.price),
            OrderChanged(order=at_broker(each, status=S.FILLED, filled=fill.quantity)),
        )
        return self.holds(held)

    def holds(self, quantity: int) -> Run:
        """Let the broker's position be *quantity*."""
        self.positions[SPY.con_id] = Decimal(quantity)
        position = Position(
            account="DU1", contract=SPY, quantity=Decimal(quantity), average_cost=Decimal(100)
        )
        return self.happens(
            PositionChanged(position=position, market_price=Decimal(100), realized_pnl=Decimal(0))
        )

    # -- the world -----------------------------------------------------------------------------

    def wait(self, seconds: float, *, step: float = 5.0, settling: bool = True) -> Run:
        """Let time go by; the bot's heart beats, and the books are looked at, every *step*."""
        until = self.at_ns + int(seconds * SECOND_NS)
        while self.at_ns < until:
            self.at_ns = min(until, self.at_ns + int(step * SECOND_NS))
            if self.running and self.link in {LinkState.READY, LinkState.SYNCING}:
                self.asks(RequestCurrentTime())
            if settling:
                self.settle()
        return self

    def settle(
        self,
        *,
        healthy: bool | None = None,
        faulty: bool = False,
        positions: Mapping[ConId, Decimal] | None = None,
    ) -> Run:
        """Look at the books in quiet."""
        ready = self.running and self.link is LinkState.READY
        held = self.positions if positions is None else positions
        self.see(
            Settled(
                at_ns=self.at_ns,
                state=self.link if self.running else None,
                healthy=ready if healthy is None else healthy,
                ledger=self.live if self.running else None,
                replayed=self.disk,
                positions={con_id: quantity for con_id, quantity in held.items() if quantity},
                faulty=faulty,
            )
        )
        return self

    def over(self) -> Run:
        """End the run."""
        self.see(Over(self.at_ns))
        return self


def entering(bounds: Bounds | None = None) -> Run:
    """Return a run that is READY and has sent a bracket, which the broker has and shows."""
    run = Run(bounds).boot().write(*BRACKET).sends(*BRACKET)
    run.write(*(state(each.order.order_ref, OrderState.SENT) for each in BRACKET))
    for each in BRACKET:
        run.works(each).shows(at_broker(each))
        ref, perm_id = each.order.order_ref, 100 + each.order_id
        run.write(state(ref, OrderState.WORKING, perm_id=perm_id))
    return run


def holding(bounds: Bounds | None = None) -> Run:
    """Return a run whose bracket has bought 50 at 100; its stop and its target work."""
    run = entering(bounds)
    fill = execution(1, ENTRY, Action.BUY, 50)
    run.fills(BRACKET[0], fill, 50).tells_fill(fill)
    return run.write(booked(fill), state(ENTRY, OrderState.FILLED))


def protective(leg: int = 3, quantity: int = 50, order_id: int = 10) -> IntentRecorded:
    """Return the intent of a stand-alone stop of the unit."""
    return intent(leg, Role.STOP, quantity=quantity, order_id=order_id, child=False)


def placing(each: IntentRecorded, **changes: object) -> PlaceOrder:
    """Return the request that sends an order as intended, but for *changes*."""
    order = each.order
    request = PlaceOrder(
        order_id=each.order_id,
        contract=each.contract,
        action=order.action,
        quantity=order.quantity,
        order_type=order.order_type.value,
        limit_price=order.limit_price,
        aux_price=order.stop_price,
        order_ref=order.order_ref,
    )
    return replace(request, **changes)  # type: ignore[arg-type]  # any field of it


def at_broker(each: IntentRecorded, **changes: object) -> BookOrder:
    """Return an intended order as the broker has it: it works under perm id 100 + order id."""
    order = each.order
    request = OrderRequest(
        client_id=CLIENT,
        order_id=each.order_id,
        contract=each.contract,
        action=order.action,
        quantity=order.quantity,
        order_type=order.order_type.value,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        order_ref=order.order_ref,
    )
    held = BookOrder(
        request=request, perm_id=PermId(100 + each.order_id), status=BrokerOrderStatus.SUBMITTED
    )
    return replace(held, **changes)  # type: ignore[arg-type]  # any field of it


def _copy(ledger: Ledger) -> Ledger:
    """Return the same books once more, as a replay makes them."""
    return copy.deepcopy(ledger)
