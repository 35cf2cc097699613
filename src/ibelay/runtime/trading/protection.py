"""Protection: what is held has a stop of the right size at the broker, or gets one.

The decision is ``reconcile.protection.audit``; here it is performed, measured, and kept out
of the way of a unit that is being closed on purpose.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from ibelay.journal.books import UnitBook
from ibelay.journal.records import IncidentNoted, Severity
from ibelay.model.ids import ClientId, UnitRef
from ibelay.model.snapshot import BrokerOrder
from ibelay.reconcile.closing import is_closing
from ibelay.reconcile.gaps import (
    CancelExit,
    CloseAtMarket,
    CloseUnprotectable,
    Gap,
    GivenUp,
    PlaceStop,
    ResizeExit,
)
from ibelay.reconcile.protection import audit, hand_placed_stops
from ibelay.reconcile.retry import is_due
from ibelay.runtime.trading.books import Books
from ibelay.runtime.trading.turn import TurnDesk

_WAITING = PlaceStop | ResizeExit | CancelExit | CloseAtMarket


class Protector:
    """Keeps positions protected and counts the time they were not.

    Args:
        books: Ledger and clocks.
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        self._naked_since_ns: int | None = None
        self._naked_total_ns = 0
        self._refused: set[tuple[UnitRef, type[Gap]]] = set()
        self.waits = False  # whether something is to be tried again after a while
        self.foreign_stops: tuple[BrokerOrder, ...] = ()

    @property
    def unprotected_ns(self) -> int:
        """Monotonic time for which something was held without its stop, in this process."""
        running = 0
        if self._naked_since_ns is not None:
            running = self._books.monotonic_ns() - self._naked_since_ns
        return self._naked_total_ns + running

    def learn_foreign(
        self, orders: Sequence[BrokerOrder], ours: Container[str], client_id: ClientId
    ) -> None:
        """Remember the stops that people placed by hand, from a snapshot."""
        self.foreign_stops = hand_placed_stops(orders, ours, client_id)

    def check(self, desk: TurnDesk, *, act: bool) -> None:
        """Ask *desk* for what protection needs; only measure if *act* is False."""
        gaps = audit(self._books.ledger, self.foreign_stops)
        naked = any(isinstance(gap, PlaceStop | CloseUnprotectable | GivenUp) for gap in gaps)
        self._measure(naked=naked)
        if not act:
            return
        waiting = [gap for gap in gaps if not is_due(_not_before_ns(gap), desk.now_ns)]
        self.waits = bool(waiting)
        for gap in gaps:
            if gap not in waiting:
                self._perform(desk, gap)
        self._tell_of_refused(desk, gaps)

    def _perform(self, desk: TurnDesk, gap: Gap) -> None:
        ledger = self._books.ledger
        book = ledger.units[gap.unit]
        match gap:
            case PlaceStop(quantity=quantity, stop_price=price):
                reason = f"protective stop missing for {quantity}"
                desk.place_exit(book, quantity, stop_price=price, reason=reason)
                self._tell(desk, book, f"{reason}, placing one at {price}", Severity.WARNING)
            case CloseUnprotectable(unit=unit, quantity=quantity):
                text = f"IB refuses its stops, closing {quantity} at market"
                self._tell(desk, book, text, Severity.CRITICAL)
                # Its target goes first: filled beside the exit it would open the other side.
                desk.close(unit, reason="cannot be protected")
            case CloseAtMarket(quantity=quantity):
                desk.place_exit(book, quantity, stop_price=None, reason=book.closing)
            case ResizeExit(order_ref=ref, quantity=quantity):
                desk.resize(ref, quantity, "larger than what is held")
            case CancelExit(order_ref=ref):
                desk.cancel_order(ledger.orders[ref], "nothing left to close")
            case GivenUp():
                pass  # told below, once

    def _tell_of_refused(self, desk: TurnDesk, gaps: Sequence[Gap]) -> None:
        """Alarm once about every unit that we may not close or protect."""
        ledger = self._books.ledger
        refused: dict[tuple[UnitRef, type[Gap]], str] = {
            (unit.unit, CloseAtMarket): f"IB refuses to close {unit.open_quantity} shares"
            for unit in ledger.live_units()
            if unit.closing and unit.open_quantity and not is_closing(ledger, unit)
        }
        for gap in gaps:
            if isinstance(gap, GivenUp):
                refused[gap.unit, GivenUp] = (
                    f"every stop of {gap.quantity} shares was cancelled by somebody else; they "
                    "are not protected, so place a stop or close them in TWS"
                )
        if refused:
            for one in sorted(refused.keys() - self._refused, key=str):
                self._tell(desk, ledger.units[one[0]], refused[one], Severity.CRITICAL)
        self._refused = set(refused)

    def _tell(self, desk: TurnDesk, book: UnitBook, text: str, severity: Severity) -> None:
        record = IncidentNoted(
            at_ns=self._books.wall_ns(),
            severity=severity,
            text=f"{book.contract.symbol}: {text}",
        )
        desk.decisions.records.append(record)

    def _measure(self, *, naked: bool) -> None:
        now = self._books.monotonic_ns()
        if naked and self._naked_since_ns is None:
            self._naked_since_ns = now
        elif not naked and self._naked_since_ns is not None:
            self._naked_total_ns += now - self._naked_since_ns
            self._naked_since_ns = None


def _not_before_ns(gap: Gap) -> int:
    return gap.not_before_ns if isinstance(gap, _WAITING) else 0
