"""The ledger: a fold over records, and never anything else (I8).

``apply`` is total on the closed union of records and costs O(1) a record, but for IB's rare
corrections, which cost the fills of their contract. Two ledgers folded from the same records
are equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter

from ibelay.errors import InvariantError
from ibelay.journal import outside
from ibelay.journal.books import PositionBook, UnitBook
from ibelay.journal.order_entry import OrderEntry
from ibelay.journal.records import (
    AnyRecord,
    CancelIntended,
    CancelRefused,
    CommissionRecorded,
    DiscrepancyFound,
    DropInCancel,
    DropInIntent,
    EpochStarted,
    ExecutionRecorded,
    IncidentNoted,
    IntentRecorded,
    LinkDown,
    LinkUp,
    ModifyIntended,
    ModifyRefused,
    OrderIdReassigned,
    OrderStateChanged,
    OrderTermsTaken,
    PositionAdjusted,
    ReconciliationDone,
    SafeModeCleared,
    SafeModeEntered,
    ShutdownCompleted,
    StrategyStateSaved,
    UnitClosing,
    WatchListChanged,
)
from ibelay.machines.order_life import may_become
from ibelay.model.contract import Contract
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ConId, OrderRef, PermId, UnitRef, execution_key, supersedes
from ibelay.model.order import Action, Role

_ZERO = Decimal(0)


@dataclass(slots=True)
class Ledger:
    """Everything a bot knows, derived from its journal.

    What is asked often has a part of its own, so that it costs no more from month to month.

    Attributes:
        working: Orders that are not over.
        unsettled: Orders about which something may be left to decide.
        held: Units that hold something.
        began: By contract, since when the bot has a book to keep of it (broker time, ns).
        others_sides: By the perm id of somebody else's order, the side of its first fill.
    """

    bot: str = ""
    epoch: int = 0
    session_date: str = ""
    high_order_id: int = 0
    next_unit_number: int = 1
    orders: dict[OrderRef, OrderEntry] = field(default_factory=dict)
    units: dict[UnitRef, UnitBook] = field(default_factory=dict)
    positions: dict[ConId, PositionBook] = field(default_factory=dict)
    by_order_id: dict[int, OrderRef] = field(default_factory=dict)
    by_perm_id: dict[int, OrderRef] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    commissions: dict[str, CommissionReport] = field(default_factory=dict)
    strategy_states: dict[str, StrategyStateSaved] = field(default_factory=dict)
    safe_mode: SafeModeEntered | None = None
    watch_list: tuple[str, ...] | None = None
    link_down_since_ns: int | None = None
    outages_ns: list[int] = field(default_factory=list)
    discrepancies: int = 0
    working: dict[OrderRef, None] = field(default_factory=dict)
    unsettled: dict[OrderRef, None] = field(default_factory=dict)
    held: dict[UnitRef, None] = field(default_factory=dict)
    began: dict[ConId, int] = field(default_factory=dict)
    others_sides: dict[PermId, Action] = field(default_factory=dict)

    def open_orders(self) -> list[OrderEntry]:
        """Return orders that are not over, oldest first."""
        return [self.orders[ref] for ref in self.working]

    def live_units(self) -> list[UnitBook]:
        """Return units that hold something or have an order that is not over, oldest first.

        The rest of the day's units cost nothing here: this is asked in every turn.
        """
        wanted = {self.orders[ref].order.unit for ref in self.working}
        wanted.update(self.held)
        return sorted((self.units[ref] for ref in wanted), key=attrgetter("number"))

    def apply(self, record: AnyRecord) -> None:  # noqa: C901, PLR0912  # one case per record
        """Take *record* into account.

        Raises:
            InvariantError: The record contradicts the ledger; nothing was changed.
        """
        match record:
            case EpochStarted():
                self._begin_epoch(record)
            case IntentRecorded():
                self._intend(record)
            case DropInIntent(order_id=order_id):
                self.high_order_id = max(self.high_order_id, order_id)
            case OrderStateChanged():
                self._change_state(record)
            case OrderIdReassigned(order_ref=ref, order_id=order_id):
                self._entry(ref).order_id = order_id
                self.by_order_id[order_id] = ref
                self.high_order_id = max(self.high_order_id, order_id)
            case ModifyIntended():
                self._modify(record)
            case ModifyRefused() | CancelRefused():
                self._refuse(record)
            case OrderTermsTaken(order_ref=ref):
                entry = self._entry(ref)
                entry.take(record)
                self._weigh(entry)
            case CancelIntended(order_ref=ref):
                self._entry(ref).cancel_intended = True
            case UnitClosing():
                self._close(record)
            case ExecutionRecorded(execution=execution):
                self._book(execution)
            case CommissionRecorded(report=report):
                self._charge(report)
            case PositionAdjusted():
                self._adjust(record)
            case StrategyStateSaved(strategy=name):
                self.strategy_states[name] = record
            case SafeModeEntered():
                self.safe_mode = record
            case SafeModeCleared():
                self.safe_mode = None
            case WatchListChanged(symbols=symbols):
                self.watch_list = symbols
            case LinkDown(at_ns=at_ns):
                self.link_down_since_ns = at_ns
            case LinkUp(outage_ns=outage_ns):
                self.link_down_since_ns = None
                self.outages_ns.append(outage_ns)
            case DiscrepancyFound():
                self.discrepancies += 1
            case DropInCancel() | ReconciliationDone() | ShutdownCompleted() | IncidentNoted():
                pass

    def _begin_epoch(self, record: EpochStarted) -> None:
        if record.epoch <= self.epoch:
            msg = f"epoch {record.epoch} follows epoch {self.epoch}; epochs never decrease (I6)"
            raise InvariantError(msg)
        self.epoch = record.epoch
        self.bot = record.bot
        self.session_date = record.session_date
        self.next_unit_number = 1

    def _intend(self, record: IntentRecorded) -> None:
        order = record.order
        if order.order_ref in self.orders:
            raise InvariantError(f"order reference {order.order_ref} is used twice (I2)")
        if record.order_id <= self.high_order_id:
            msg = f"order id {record.order_id} is not above {self.high_order_id} (I11)"
            raise InvariantError(msg)
        self.high_order_id = record.order_id
        self.orders[order.order_ref] = OrderEntry(
            intent=record, order=order, order_id=record.order_id, since_ns=record.at_ns
        )
        self.working[order.order_ref] = None
        self.unsettled[order.order_ref] = None
        self.began.setdefault(record.contract.con_id, record.at_ns)
        self.by_order_id[record.order_id] = order.order_ref
        unit = self.units.get(order.unit)
        if unit is None:
            unit = UnitBook(
                unit=order.unit,
                contract=record.contract,
                action=order.action,
                number=len(self.units),
            )
            self.units[order.unit] = unit
            self.next_unit_number += 1
        unit.order_refs.append(order.order_ref)

    def _change_state(self, record: OrderStateChanged) -> None:
        entry = self._entry(record.order_ref)
        if record.state is not entry.state:
            if not may_become(entry.state, record.state):
                msg = f"order {record.order_ref} cannot go from {entry.state} to {record.state}"
                raise InvariantError(msg)
            entry.state = record.state
            entry.since_ns = record.at_ns
            entry.reason = record.reason
            if record.state.terminal:
                self.working.pop(record.order_ref, None)
            else:
                self.working[record.order_ref] = None
            self._weigh(entry)
        if record.status is not None:
            entry.status = record.status
        if record.perm_id and record.perm_id not in entry.perm_ids:
            entry.perm_ids = (*entry.perm_ids, record.perm_id)
            self.by_perm_id[record.perm_id] = record.order_ref

    def _modify(self, record: ModifyIntended) -> None:
        entry = self._entry(record.order_ref)
        entry.take(record)
        entry.modified = True
        self._weigh(entry)

    def _refuse(self, record: ModifyRefused | CancelRefused) -> None:
        entry = self._entry(record.order_ref)
        if isinstance(record, CancelRefused):
            entry.cancel_refusals += 1
            entry.kept_ns = record.at_ns
            return
        entry.modified = False
        entry.terms_unknown = True
        entry.refusals += 1
        entry.refused_ns = record.at_ns

    def _close(self, record: UnitClosing) -> None:
        unit = self.units.get(record.unit)
        if unit is None:
            raise InvariantError(f"a record closes unit {record.unit}, which was never intended")
        unit.closing = record.reason or "closing"
        unit.closing_from = len(unit.order_refs)

    def _book(self, execution: Execution) -> None:
        key = execution_key(execution.exec_id)
        earlier = self.executions.get(key)
        if earlier is not None and not supersedes(execution.exec_id, earlier.exec_id):
            return  # applied once (I9), and a correction is never undone
        self.executions[key] = execution
        position = self._position(execution.contract)
        if earlier is not None:  # a correction replaces, it does not add (F33)
            position.rebook(self.executions)
        else:
            position.book(key, execution)
            if (report := self.commissions.get(key)) is not None:
                position.commissions += report.commission
        entry = self.orders.get(OrderRef(execution.order_ref))
        if entry is not None:
            self._fill(entry, execution, earlier)
            return
        more = execution.quantity - (earlier.quantity if earlier is not None else _ZERO)
        side = self._ordered(execution)
        more *= side.sign * execution.action.sign
        self._happened_outside(execution.contract, side, more)

    def _fill(self, entry: OrderEntry, execution: Execution, earlier: Execution | None) -> None:
        """Book *execution* of one of our orders, in the place of what it corrects, if it does."""
        unit = self.units[entry.order.unit]
        before = unit.open_quantity
        if earlier is not None:
            self._count(entry, unit, earlier, -1)
        self._count(entry, unit, execution, 1)
        self._weigh(entry)
        self._hold(unit)
        if earlier is not None or entry.side_of(execution) < 0:
            unit.corrected = True
            position = self._position(execution.contract).quantity
            units = self._in(execution.contract, self.live_units())
            outside.reopen(unit, unit.open_quantity - before, units, position)
            self._hold(unit)

    def _ordered(self, execution: Execution) -> Action:
        """Return the side of the order that *execution* is of, somebody else's.

        That of the first fill under its perm id: one on the other side takes a fill back (F34).
        """
        if not execution.perm_id:
            return execution.action
        return self.others_sides.setdefault(execution.perm_id, execution.action)

    @staticmethod
    def _count(entry: OrderEntry, unit: UnitBook, execution: Execution, times: int) -> None:
        shares = entry.count(execution, times)
        unit.fill(shares, execution.price, entering=entry.order.role is Role.ENTRY)

    def _weigh(self, entry: OrderEntry) -> None:
        if entry.settled:
            self.unsettled.pop(entry.order.order_ref, None)
        else:
            self.unsettled[entry.order.order_ref] = None

    def _hold(self, unit: UnitBook) -> None:
        if unit.open_quantity:
            self.held[unit.unit] = None
        else:
            self.held.pop(unit.unit, None)

    def _adjust(self, record: PositionAdjusted) -> None:
        book = self._position(record.contract)
        closed = book.quantity - record.after
        book.adjust(record.after, record.average_cost)
        side = Action.SELL if closed > 0 else Action.BUY
        self._happened_outside(record.contract, side.opposite, -abs(closed), by_figure=True)
        self._happened_outside(record.contract, side, abs(closed), by_figure=True)

    def _happened_outside(
        self, contract: Contract, side: Action, quantity: Decimal, *, by_figure: bool = False
    ) -> None:
        """Let what was traded without us, and is booked, close our units, oldest first."""
        if not quantity:
            return
        every = self.live_units() if quantity > 0 else reversed(self.units.values())
        position = self._position(contract).quantity
        units = self._in(contract, every)
        for unit in outside.close(units, position, side, quantity, by_figure=by_figure):
            self._hold(unit)

    @staticmethod
    def _in(contract: Contract, units: Iterable[UnitBook]) -> list[UnitBook]:
        return [unit for unit in units if unit.contract.con_id == contract.con_id]

    def _charge(self, report: CommissionReport) -> None:
        key = execution_key(report.exec_id)
        earlier = self.commissions.get(key)
        if earlier is not None and supersedes(earlier.exec_id, report.exec_id):
            return
        self.commissions[key] = report
        execution = self.executions.get(key)
        if execution is not None:
            before = earlier.commission if earlier is not None else _ZERO
            self._position(execution.contract).commissions += report.commission - before

    def _position(self, contract: Contract) -> PositionBook:
        return self.positions.setdefault(contract.con_id, PositionBook(contract=contract))

    def _entry(self, ref: OrderRef) -> OrderEntry:
        entry = self.orders.get(ref)
        if entry is None:
            raise InvariantError(f"a record speaks of order {ref}, which was never intended (I3)")
        return entry


def fold(records: Iterable[AnyRecord]) -> Ledger:
    """Return the ledger of *records*, oldest first."""
    ledger = Ledger()
    for record in records:
        ledger.apply(record)
    return ledger
