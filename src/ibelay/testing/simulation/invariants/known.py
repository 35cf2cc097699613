"""What is known so far of a run: the facts that several invariants judge by.

Rules:
1. It is given an observation before the invariants are, so it knows what they look at.
2. What is on disk counts as known of orders; what was only given to the journal does not, but
   for what a bot obeys at once: safe mode, a reconciliation, figures taken from the broker.
3. *In peace* is READY while nothing is being made to go wrong, without a break. *Awake* is
   time in which the process was not made to stand still.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.journal.records import (
    AnyRecord,
    CancelIntended,
    DropInCancel,
    DropInIntent,
    EpochStarted,
    ExecutionRecorded,
    IntentRecorded,
    ModifyIntended,
    OrderIdReassigned,
    OrderStateChanged,
    OrderTermsTaken,
    PositionAdjusted,
    ReconciliationDone,
    SafeModeCleared,
    SafeModeEntered,
)
from ibelay.machines.link_events import LinkState
from ibelay.model.execution import Execution
from ibelay.model.faults import Stall
from ibelay.model.ids import ClientId, ConId, OrderRef, execution_key, supersedes
from ibelay.model.order import Action, OrderState, Role
from ibelay.testing.simulation.observed import (
    Appended,
    Asked,
    Booted,
    Broke,
    Calmed,
    Durable,
    Ended,
    LinkChanged,
    Observation,
    Settled,
    Told,
)
from ibelay.wire.requests import PlaceOrder

OF_ORDERS = frozenset({"3", "5", "11"})
"""The messages that any invariant reads: orderStatus, openOrder and execDetails."""

REACHABLE = frozenset({LinkState.READY, LinkState.SUSPECT, LinkState.SYNCING})
_ZERO = Decimal(0)
_UNSETTLED = frozenset({OrderState.INTENDED, OrderState.SENT, OrderState.UNKNOWN})


@dataclass(slots=True)
class Ours:
    """One order of ours as the disk tells it, and what the broker has shown of it.

    Attributes:
        role: None if a program on the drop-in placed it: the journal does not say.
        child: Whether it belongs to a bracket's entry.
        quantity: And both prices: as last intended, or as taken from the broker.
        changes: How often it was durably intended to be changed.
        taken: The broker's own figures, which a bot takes for its own at once.
        order_ids: Every id it was intended under, reassigned to or shown with.
        perm_ids: Every perm id the bot was shown, whether the journal knows it or not.
    """

    ref: OrderRef
    unit: str
    role: Role | None
    action: Action | None
    con_id: ConId
    child: bool
    epoch: int
    quantity: Decimal | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    order_ids: set[int]
    state: OrderState = OrderState.INTENDED
    changes: int = 0
    taken: OrderTermsTaken | None = None
    cancel_intended: bool = False
    filled: Decimal = _ZERO
    shown: bool = False
    perm_ids: set[int] = field(default_factory=set)


class Known:
    """The facts of one run so far.

    Args:
        bot: Name of the bot, the prefix of its references.
        client_id: Its API client id.

    Attributes:
        link: State of the bot's connection; None while no process runs.
        ready_since_ns: Since when it is READY, or None.
        ready_awake_ns: What ``awake_ns`` was then.
        peace_since_ns: Since when it is READY and nothing is made to go wrong, or None.
        reconciled: Whether books and broker were compared since the link was last lost.
        undurable: Records given to the journal and not on disk.
        sends: How often an order was handed to the socket, by reference.
        unsettled: Orders of the bot without an outcome, and since when, oldest first.
        stopped: Units that were intended to have a stop.
        held: Shares by contract: fills, each once and as corrected, and adjustments.
    """

    def __init__(self, bot: str, client_id: ClientId) -> None:
        self.bot = bot
        self.client_id = client_id
        self.link: LinkState | None = None
        self.ready_since_ns: int | None = None
        self.ready_awake_ns = 0
        self.peace_since_ns: int | None = None
        self.safe_mode = False
        self.reconciled = False
        self.epoch = 0
        self.undurable = 0
        self.orders: dict[str, Ours] = {}
        self.by_order_id: dict[int, Ours] = {}
        self.sends: dict[str, int] = {}
        self.unsettled: dict[OrderRef, int] = {}
        self.stopped: set[str] = set()
        self.held: dict[ConId, Decimal] = {}
        self._fills: dict[str, Execution] = {}
        self._safe_on_disk = False
        self._faulty = False
        self._calm = False
        self._asleep_until_ns = 0
        self._asleep_ns = 0

    def at_peace_ns(self, since_ns: int, now_ns: int) -> int:
        """Return how long what began at *since_ns* has stood in unbroken peace."""
        if self.peace_since_ns is None:
            return 0
        return now_ns - max(since_ns, self.peace_since_ns)

    def awake_ns(self, now_ns: int) -> int:
        """Return how much of the run up to *now_ns* the process was not made to stand still."""
        return now_ns - self._asleep_ns + max(0, self._asleep_until_ns - now_ns)

    def is_ours(self, client_id: int, reference: str) -> bool:
        """Return whether the broker holds an order or a fill for this bot's.

        Client 0 is also everybody who trades by hand.
        """
        return reference.startswith(f"{self.bot}:") or client_id == self.client_id != 0

    def take(self, seen: Observation) -> None:
        """Take *seen* into account."""
        match seen:
            case Told(fields=fields):
                self._hear(fields)
            case Asked(request=request):
                if isinstance(request, PlaceOrder) and not request.what_if:
                    ref = request.order_ref
                    self.sends[ref] = self.sends.get(ref, 0) + 1
            case Appended(records=records):
                self._give(records)
            case Durable(at_ns=at_ns, records=records):
                self.undurable = max(0, self.undurable - len(records))
                for record in records:
                    self._write(record, at_ns)
            case _:
                self._live(seen)

    def _live(self, seen: Observation) -> None:
        """Take in what happens to the process, its link and the world around it."""
        match seen:
            case Booted(at_ns=at_ns):
                self._sleep(at_ns, at_ns)
                self.undurable = 0
                self._move(LinkState.DOWN, at_ns)
            case Ended(at_ns=at_ns):
                self.safe_mode = self._safe_on_disk
                self._move(None, at_ns)
            case LinkChanged(at_ns=at_ns, after=after):
                self._move(after, at_ns)
            case Broke(at_ns=at_ns, command=command):
                if isinstance(command, Stall):
                    until_ns = at_ns + command.span.ns
                    self._sleep(at_ns, max(until_ns, self._asleep_until_ns))
                self._set_faulty(at_ns, faulty=True)
            case Calmed(at_ns=at_ns):
                self._calm = True
                self._set_faulty(at_ns, faulty=False)
            case Settled(at_ns=at_ns, faulty=faulty):
                self._set_faulty(at_ns, faulty=faulty and not self._calm)
            case _:
                pass

    def _sleep(self, now_ns: int, until_ns: int) -> None:
        """Let the process stand still from now until *until_ns*, and no longer."""
        self._asleep_ns = now_ns - self.awake_ns(now_ns) + max(0, until_ns - now_ns)
        self._asleep_until_ns = until_ns

    def _move(self, link: LinkState | None, at_ns: int) -> None:
        self.link = link
        if link is not LinkState.READY:
            self.ready_since_ns = self.peace_since_ns = None
            self.reconciled = False
        elif self.ready_since_ns is None:
            self.ready_since_ns = at_ns
            self.ready_awake_ns = self.awake_ns(at_ns)
            self.peace_since_ns = None if self._faulty else at_ns

    def _set_faulty(self, at_ns: int, *, faulty: bool) -> None:
        self._faulty = faulty = faulty or at_ns < self._asleep_until_ns
        if faulty:
            self.peace_since_ns = None
        elif self.ready_since_ns is not None and self.peace_since_ns is None:
            self.peace_since_ns = at_ns

    def _give(self, records: tuple[AnyRecord, ...]) -> None:
        self.undurable += len(records)
        for record in records:
            match record:
                case SafeModeEntered():
                    self.safe_mode = True
                case SafeModeCleared():
                    self.safe_mode = False
                case ReconciliationDone():
                    self.reconciled = True
                case OrderTermsTaken(order_ref=ref) if ref in self.orders:
                    self.orders[ref].taken = record
                case _:
                    pass

    def _write(self, record: AnyRecord, at_ns: int) -> None:
        match record:
            case EpochStarted(epoch=epoch):
                self.epoch = epoch
            case IntentRecorded(order=order):
                self._intend(
                    Ours(
                        ref=order.order_ref,
                        unit=order.unit,
                        role=order.role,
                        action=order.action,
                        con_id=record.contract.con_id,
                        child=order.parent_ref is not None,
                        epoch=record.epoch,
                        quantity=order.quantity,
                        limit_price=order.limit_price,
                        stop_price=order.stop_price,
                        order_ids={record.order_id},
                    )
                )
                self.unsettled[order.order_ref] = at_ns
                if order.role is Role.STOP:
                    self.stopped.add(order.unit)
            case DropInIntent():
                self._intend_on_drop_in(record)
            case SafeModeEntered() | SafeModeCleared():
                self._safe_on_disk = isinstance(record, SafeModeEntered)
            case ExecutionRecorded(execution=execution):
                self._book(execution)
            case PositionAdjusted(contract=contract, after=after):
                self.held[contract.con_id] = after
            case _:
                self._change(record, at_ns)

    def _change(self, record: AnyRecord, at_ns: int) -> None:
        """Take in a record that speaks of one order; one that was never intended is I3's."""
        ours = self.orders.get(getattr(record, "order_ref", ""))
        if ours is None:
            return
        match record:
            case OrderStateChanged(state=state):
                if state is not ours.state:
                    self.unsettled.pop(ours.ref, None)
                    if state in _UNSETTLED and ours.role is not None:
                        self.unsettled[ours.ref] = at_ns
                ours.state = state
                ours.shown = ours.shown or state is OrderState.WORKING
                if record.perm_id:
                    ours.perm_ids.add(record.perm_id)
            case OrderIdReassigned(order_id=order_id):
                self._name(ours, order_id)
            case ModifyIntended():
                ours.changes += 1
                _set_terms(ours, record)
            case OrderTermsTaken():
                _set_terms(ours, record)
            case CancelIntended() | DropInCancel():
                ours.cancel_intended = True
            case _:
                pass

    def _intend(self, ours: Ours) -> None:
        self.orders[ours.ref] = ours
        for order_id in sorted(ours.order_ids):
            self.by_order_id[order_id] = ours

    def _intend_on_drop_in(self, record: DropInIntent) -> None:
        before = self.orders.get(record.order_ref)
        if before is not None:
            before.changes += 1
            return
        self._intend(
            Ours(
                ref=record.order_ref,
                unit=record.order_ref,
                role=None,
                action=None,
                con_id=ConId(record.con_id),
                child=False,
                epoch=record.epoch,
                quantity=None,
                limit_price=None,
                stop_price=None,
                order_ids={record.order_id},
            )
        )

    def _book(self, execution: Execution) -> None:
        key = execution_key(execution.exec_id)
        earlier = self._fills.get(key)
        if earlier is not None and not supersedes(execution.exec_id, earlier.exec_id):
            return
        self._fills[key] = execution
        self._count(execution, 1)
        if earlier is not None:
            self._count(earlier, -1)

    def _count(self, execution: Execution, times: int) -> None:
        con_id, shares = execution.contract.con_id, execution.quantity * execution.action.sign
        self.held[con_id] = self.held.get(con_id, _ZERO) + shares * times
        ours = self.orders.get(execution.order_ref)
        if ours is not None:
            ours.filled += shares * times * (ours.action or execution.action).sign

    def _hear(self, fields: tuple[str, ...]) -> None:
        """Learn what the broker shows the bot of its orders."""
        match fields:
            case ("5", order_id, *rest) if len(rest) >= 24:
                ours = self.orders.get(rest[21])
                client_id, perm_id = rest[22], rest[23]
            case ("3", order_id, _, _, _, _, perm_id, _, _, client_id, *_):
                ours = self.by_order_id.get(number_in(order_id))
                if ours is not None and ours.ref not in self.sends:
                    return  # of an order that had this id before
            case _:
                return
        if ours is None or number_in(client_id) != self.client_id:
            return
        ours.shown = True
        if number_in(perm_id) > 0:
            ours.perm_ids.add(number_in(perm_id))
        if number_in(order_id) > 0:
            self._name(ours, number_in(order_id))

    def _name(self, ours: Ours, order_id: int) -> None:
        ours.order_ids.add(order_id)
        self.by_order_id[order_id] = ours


def number_in(text: str) -> int:
    """Return the whole number *text* holds; 0 if it holds none."""
    try:
        return int(text)
    except ValueError:
        return 0


def _set_terms(ours: Ours, record: ModifyIntended | OrderTermsTaken) -> None:
    ours.quantity = ours.quantity if record.quantity is None else record.quantity
    ours.limit_price = ours.limit_price if record.limit_price is None else record.limit_price
    ours.stop_price = ours.stop_price if record.stop_price is None else record.stop_price
