"""Protection: what is held has a stop of the right size at the broker, or gets one.

The decision is ``reconcile.protection.audit``; here it is performed, measured, and kept out
of the way of a unit that is being closed on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ibelay.journal.books import UnitBook
from ibelay.journal.ledger import Ledger
from ibelay.journal.records import IncidentNoted, Severity
from ibelay.model.ids import UnitRef
from ibelay.model.order import OrderState, Role
from ibelay.model.snapshot import BrokerOrder
from ibelay.reconcile.protection import (
    REFUSALS,
    CancelExit,
    CloseUnprotectable,
    PlaceStop,
    ResizeExit,
    audit,
)
from ibelay.runtime.books import Books
from ibelay.runtime.turn import TurnDesk


class Protector:
    """Keeps positions protected and counts the time they were not.

    Args:
        books: Ledger and clocks.
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        self._naked_since_ns: int | None = None
        self._naked_total_ns = 0
        self.foreign_stops: tuple[BrokerOrder, ...] = ()

    @property
    def unprotected_ns(self) -> int:
        """Monotonic time for which something was held without its stop, in this process."""
        running = 0
        if self._naked_since_ns is not None:
            running = self._books.monotonic_ns() - self._naked_since_ns
        return self._naked_total_ns + running

    def learn_foreign(self, orders: Sequence[BrokerOrder], ours: set[str]) -> None:
        """Remember the working stops of other clients and of people, from a snapshot."""
        self.foreign_stops = tuple(
            order
            for order in orders
            if order.order_ref not in ours and order.order_type in {"STP", "STP LMT", "TRAIL"}
        )

    def check(self, desk: TurnDesk, *, closing: dict[UnitRef, str], act: bool) -> None:
        """Ask *desk* for what protection needs; only measure if *act* is False."""
        ledger = self._books.ledger
        gaps = [gap for gap in audit(ledger, self.foreign_stops) if gap.unit not in closing]
        naked = any(isinstance(gap, PlaceStop | CloseUnprotectable) for gap in gaps)
        self._measure(naked=naked)
        if not act:
            return
        for gap in gaps:
            match gap:
                case PlaceStop(unit=unit, quantity=quantity, stop_price=price):
                    reason = f"protective stop missing for {quantity}"
                    desk.place_exit(ledger.units[unit], quantity, stop_price=price, reason=reason)
                    symbol = ledger.units[unit].contract.symbol
                    desk.decisions.records.append(
                        IncidentNoted(
                            at_ns=self._books.wall_ns(),
                            severity=Severity.WARNING,
                            text=f"{symbol}: {reason}, placing one at {price}",
                        )
                    )
                case CloseUnprotectable(unit=unit, quantity=quantity):
                    self._close(desk, unit, quantity)
                case ResizeExit(order_ref=ref, quantity=quantity):
                    desk.resize(ref, quantity, "larger than what is held")
                case CancelExit(order_ref=ref):
                    desk.cancel_order(ledger.orders[ref], "nothing left to close")
        self._finish_closing(desk, ledger, closing)

    def _close(self, desk: TurnDesk, unit: UnitRef, quantity: Decimal) -> None:
        book = self._books.ledger.units[unit]
        text = f"{book.contract.symbol}: IB refuses its stops, closing {quantity} at market"
        desk.decisions.records.append(
            IncidentNoted(at_ns=self._books.wall_ns(), severity=Severity.CRITICAL, text=text)
        )
        desk.place_exit(book, quantity, stop_price=None, reason="cannot be protected")

    def _finish_closing(self, desk: TurnDesk, ledger: Ledger, closing: dict[UnitRef, str]) -> None:
        for unit, reason in list(closing.items()):
            book = ledger.units.get(unit)
            if book is None or any(
                not ledger.orders[ref].state.terminal for ref in book.order_refs
            ):
                continue
            if _refused_exits(ledger, book) >= REFUSALS:
                # No loop of orders: the stop comes back instead, and a person is told.
                del closing[unit]
                text = f"{book.contract.symbol}: IB refuses to close {book.open_quantity} shares"
                desk.decisions.records.append(
                    IncidentNoted(
                        at_ns=self._books.wall_ns(), severity=Severity.CRITICAL, text=text
                    )
                )
            elif book.open_quantity > 0:
                desk.place_exit(book, book.open_quantity, stop_price=None, reason=reason)
            else:
                del closing[unit]

    def _measure(self, *, naked: bool) -> None:
        now = self._books.monotonic_ns()
        if naked and self._naked_since_ns is None:
            self._naked_since_ns = now
        elif not naked and self._naked_since_ns is not None:
            self._naked_total_ns += now - self._naked_since_ns
            self._naked_since_ns = None


def _refused_exits(ledger: Ledger, book: UnitBook) -> int:
    """Return how many market exits of *book* ended without a share."""
    exits = (ledger.orders[ref] for ref in book.order_refs)
    return sum(
        entry.order.role is Role.EXIT
        and entry.state in {OrderState.REJECTED, OrderState.CANCELLED}
        and not entry.filled
        for entry in exits
    )
