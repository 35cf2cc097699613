"""One turn of a strategy: a desk that collects decisions, and the records they become.

Nothing a handler asks for takes effect while it runs. When it returns, its decisions become
records of the same transaction as the event; when it raises, they are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.journal.books import UnitBook
from ibelay.journal.ledger import Ledger
from ibelay.journal.order_entry import OrderEntry
from ibelay.journal.records import (
    AnyRecord,
    CancelIntended,
    IncidentNoted,
    IntentRecorded,
    ModifyIntended,
    Severity,
    UnitClosing,
)
from ibelay.model import ids
from ibelay.model.contract import Contract
from ibelay.model.ids import Epoch, OrderId, UnitRef
from ibelay.model.market import Quote
from ibelay.model.order import Action, Order, OrderType, Role, TimeInForce
from ibelay.reconcile.closing import in_the_way, is_closing, next_exit_ns
from ibelay.reconcile.retry import is_due
from ibelay.runtime.strategy import Refused, UnitView
from ibelay.runtime.trading.outbox import Send, SendCancel, SendModify, SendNew

_NS = 1_000_000_000


@dataclass(slots=True)
class Facts:
    """What a desk may read: the books and the moment, fixed for the turn."""

    bot: str
    ledger: Ledger
    now_ns: int
    session_date: str
    cannot_enter: str
    quotes: dict[int, Quote]
    next_order_id: int
    next_unit: int
    max_quantity: Decimal
    wall_ns: int


@dataclass(slots=True)
class Decisions:
    """What a turn decided: records to commit and what to send once they are durable."""

    records: list[AnyRecord] = field(default_factory=list)
    sends: list[Send] = field(default_factory=list)
    closing: set[UnitRef] = field(default_factory=set)


class TurnDesk:
    """The strategy's desk for one turn (see ``strategy.Desk``)."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.decisions = Decisions()

    @property
    def now_ns(self) -> int:
        """Broker time, UTC."""
        return self._facts.now_ns

    @property
    def session_date(self) -> str:
        """US/Eastern date of the turn."""
        return self._facts.session_date

    @property
    def cannot_enter(self) -> str:
        """Why entries are refused, or an empty string."""
        return self._facts.cannot_enter

    def position(self, contract: Contract) -> Decimal:
        """Signed quantity in our book."""
        held = self._facts.ledger.positions.get(contract.con_id)
        return held.quantity if held is not None else Decimal(0)

    def units(self, contract: Contract | None = None) -> list[UnitView]:
        """Units with something open or pending, oldest first."""
        ledger = self._facts.ledger
        return [
            view_unit(ledger, unit)
            for unit in ledger.live_units()
            if (contract is None or unit.contract.con_id == contract.con_id)
            and (unit.open_quantity > 0 or unit_pending(ledger, unit))
        ]

    def quote(self, contract: Contract) -> Quote | None:
        """Latest top of book."""
        return self._facts.quotes.get(contract.con_id)

    def bracket(
        self,
        contract: Contract,
        action: Action,
        quantity: Decimal,
        *,
        stop_price: Decimal,
        target_price: Decimal | None,
        entry_limit: Decimal | None = None,
        reason: str,
        valid_s: float = 30.0,
    ) -> UnitRef | Refused:
        """Enter with a stop and a target at the broker."""
        refusal = self._refusal(quantity)
        if refusal:
            return Refused(refusal)
        unit = ids.unit_ref(self._facts.bot, self._facts.ledger.epoch, self._facts.next_unit)
        self._facts.next_unit += 1
        entry = Order(
            order_ref=ids.order_ref(unit, 0),
            unit=unit,
            role=Role.ENTRY,
            action=action,
            quantity=quantity,
            order_type=OrderType.MARKET if entry_limit is None else OrderType.LIMIT,
            limit_price=entry_limit,
        )
        legs = [entry, self._exit(entry, 1, Role.STOP, OrderType.STOP, stop=stop_price)]
        if target_price is not None:
            legs.append(self._exit(entry, 2, Role.TARGET, OrderType.LIMIT, limit=target_price))
        self._intend(contract, legs, reason, valid_s)
        return unit

    def move_stop(self, unit: UnitRef, price: Decimal, *, reason: str) -> None:
        """Change the price of the unit's working stop."""
        for entry in _live(self._facts.ledger, unit, Role.STOP):
            if entry.order.stop_price == price:
                continue
            ref = entry.order.order_ref
            self.decisions.records.append(
                ModifyIntended(at_ns=self.now_ns, order_ref=ref, stop_price=price, reason=reason)
            )
            self.decisions.sends.append(SendModify(ref))

    def close(self, unit: UnitRef, *, reason: str) -> None:
        """Cancel what works in the unit, then close what it holds at market.

        Asked for twice it is done once: what already closes the unit works on.
        """
        ledger = self._facts.ledger
        book = ledger.units.get(unit)
        if book is None or unit in self.decisions.closing or not _is_live(ledger, book):
            return
        self.decisions.closing.add(unit)
        if not is_closing(ledger, book):
            record = UnitClosing(at_ns=self.now_ns, unit=unit, reason=reason)
            self.decisions.records.append(record)
        if not is_due(next_exit_ns(ledger, book), self.now_ns):
            return  # IB has just refused an exit: its stop stays till the next one may follow
        for entry in in_the_way(ledger, book):
            self._cancel(entry, f"closing: {reason}")

    def cancel(self, unit: UnitRef, *, reason: str) -> None:
        """Cancel the unit's entry if it still works."""
        for entry in _live(self._facts.ledger, unit, Role.ENTRY):
            self._cancel(entry, reason)

    def note(self, text: str) -> None:
        """Write a line into the journal and the log."""
        self.decisions.records.append(
            IncidentNoted(at_ns=self._facts.wall_ns, severity=Severity.INFO, text=text)
        )

    def place_exit(
        self,
        book: UnitBook,
        quantity: Decimal,
        *,
        stop_price: Decimal | None,
        reason: str,
    ) -> None:
        """Place a stand-alone exit for *book*: a stop at *stop_price*, or at market.

        For the runtime only: protection and closing. Exits are never refused.
        """
        leg = len(book.order_refs)
        order = Order(
            order_ref=ids.order_ref(book.unit, leg),
            unit=book.unit,
            role=Role.EXIT if stop_price is None else Role.STOP,
            action=book.action.opposite,
            quantity=quantity,
            order_type=OrderType.MARKET if stop_price is None else OrderType.STOP,
            stop_price=stop_price,
            tif=TimeInForce.DAY if stop_price is None else TimeInForce.GTC,
        )
        self._intend(book.contract, [order], reason, valid_s=3600.0)

    def resize(self, ref: ids.OrderRef, quantity: Decimal, reason: str) -> None:
        """Change a working order's quantity. For the runtime only."""
        self.decisions.records.append(
            ModifyIntended(at_ns=self.now_ns, order_ref=ref, quantity=quantity, reason=reason)
        )
        self.decisions.sends.append(SendModify(ref))

    def cancel_order(self, entry: OrderEntry, reason: str) -> None:
        """Cancel one order. For the runtime only."""
        self._cancel(entry, reason)

    def _refusal(self, quantity: Decimal) -> str:
        if self._facts.cannot_enter:
            return self._facts.cannot_enter
        if quantity <= 0:
            return f"a quantity must be positive, not {quantity}"
        limit = self._facts.max_quantity
        if limit and quantity > limit:
            return f"{quantity} is more than the limit of {limit} per order"
        return ""

    def _exit(
        self,
        entry: Order,
        leg: int,
        role: Role,
        order_type: OrderType,
        *,
        stop: Decimal | None = None,
        limit: Decimal | None = None,
    ) -> Order:
        return Order(
            order_ref=ids.order_ref(entry.unit, leg),
            unit=entry.unit,
            role=role,
            action=entry.action.opposite,
            quantity=entry.quantity,
            order_type=order_type,
            stop_price=stop,
            limit_price=limit,
            parent_ref=entry.order_ref,
            tif=TimeInForce.GTC,  # a DAY stop would leave the position naked over night
        )

    def _intend(self, contract: Contract, legs: list[Order], reason: str, valid_s: float) -> None:
        expires = self.now_ns + int(valid_s * _NS)
        for order in legs:
            self.decisions.records.append(
                IntentRecorded(
                    at_ns=self.now_ns,
                    epoch=Epoch(self._facts.ledger.epoch),
                    order_id=OrderId(self._facts.next_order_id),
                    contract=contract,
                    order=order,
                    expires_ns=expires,
                    reason=reason,
                )
            )
            self._facts.next_order_id += 1
        self.decisions.sends.append(SendNew(tuple(order.order_ref for order in legs)))

    def _cancel(self, entry: OrderEntry, reason: str) -> None:
        ref = entry.order.order_ref
        self.decisions.records.append(
            CancelIntended(at_ns=self.now_ns, order_ref=ref, reason=reason)
        )
        self.decisions.sends.append(SendCancel(ref, entry.order_id))


def unit_pending(ledger: Ledger, book: UnitBook) -> bool:
    """Return whether the unit's entry may still fill."""
    return any(
        not ledger.orders[ref].state.terminal
        for ref in book.order_refs
        if ledger.orders[ref].order.role is Role.ENTRY
    )


def _is_live(ledger: Ledger, book: UnitBook) -> bool:
    """Return whether the unit holds something or may still fill."""
    return bool(book.open_quantity) or any(
        not ledger.orders[ref].state.terminal for ref in book.order_refs
    )


def view_unit(ledger: Ledger, book: UnitBook) -> UnitView:
    """Return what a strategy may see of *book*."""
    stops = _live(ledger, book.unit, Role.STOP)
    return UnitView(
        unit=book.unit,
        contract=book.contract,
        action=book.action,
        open_quantity=book.open_quantity,
        pending=unit_pending(ledger, book),
        average_entry_price=book.average_entry_price,
        stop_price=stops[-1].order.stop_price if stops else None,
        realized_pnl=book.realized_pnl,
    )


def _live(ledger: Ledger, unit: UnitRef, role: Role) -> list[OrderEntry]:
    book = ledger.units.get(unit)
    if book is None:
        return []
    entries = (ledger.orders[ref] for ref in book.order_refs)
    return [
        entry
        for entry in entries
        if entry.order.role is role and not entry.state.terminal and not entry.cancel_intended
    ]
