"""Two small books the ledger keeps: one per position, one per unit. Pure arithmetic.

Prices are per share without commission; commissions are kept beside, since IB reports them
later and per fill.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.model.contract import Contract
from ibelay.model.execution import Execution
from ibelay.model.ids import OrderRef, UnitRef
from ibelay.model.order import Action

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """The broker's figure taken over: by how many shares it moved the book, and its average."""

    change: Decimal
    average_price: Decimal


@dataclass(slots=True)
class PositionBook:
    """One contract: signed quantity, average price of what is open, realised gross P&L.

    Attributes:
        history: What was booked, oldest first: the key of a fill, or an adjustment.
    """

    contract: Contract
    quantity: Decimal = _ZERO
    average_price: Decimal = _ZERO
    realized_pnl: Decimal = _ZERO
    commissions: Decimal = _ZERO
    history: list[str | Adjustment] = field(default_factory=list)

    def book(self, key: str, execution: Execution) -> None:
        """Book a fill for the first time."""
        self.history.append(key)
        self.fill(execution.quantity * execution.action.sign, execution.price)

    def rebook(self, executions: Mapping[str, Execution]) -> None:
        """Book everything again, after a correction changed one of *executions*.

        Taking the wrong fill back at its price would leave an average and a realised P&L that
        no series of trades has ever had.
        """
        self.quantity = self.average_price = self.realized_pnl = _ZERO
        for step in self.history:
            if isinstance(step, Adjustment):
                self._set(self.quantity + step.change, step.average_price)
            else:
                execution = executions[step]
                self.fill(execution.quantity * execution.action.sign, execution.price)

    def fill(self, signed: Decimal, price: Decimal) -> None:
        """Count *signed* shares (negative: sold) at *price*."""
        held = self.quantity
        after = held + signed
        if held * signed >= 0:
            cost = held * self.average_price + signed * price
            self.average_price = cost / after if after else _ZERO
        else:
            closing = min(abs(signed), abs(held))
            direction = 1 if held > 0 else -1
            gain = (price - self.average_price) * closing * direction
            self.realized_pnl += gain * self.contract.multiplier
            if abs(signed) > abs(held):
                self.average_price = price
            elif not after:
                self.average_price = _ZERO
        self.quantity = after

    def adjust(self, quantity: Decimal, average_price: Decimal) -> None:
        """Take the broker's figure where no fill of ours explains it."""
        self.history.append(Adjustment(quantity - self.quantity, average_price))
        self._set(quantity, average_price)

    def _set(self, quantity: Decimal, average_price: Decimal) -> None:
        self.quantity = quantity
        self.average_price = average_price if quantity else _ZERO


@dataclass(slots=True)
class UnitBook:
    """One bracket (or single order): what its entry filled and what its exits did.

    Attributes:
        adjusted_away: What of ``closed_outside`` rests on the broker's figure alone; another
            figure may take it back, as no fill of anybody's says that it was closed.
        corrected: Whether IB has corrected a fill of it: the sizes that IB gives its exits by
            itself need not follow.
        closing: Why it is to be closed at market; empty if it is not.
        closing_from: How many orders it had when that was decided.
    """

    unit: UnitRef
    contract: Contract
    action: Action
    number: int = 0
    order_refs: list[OrderRef] = field(default_factory=list)
    entry_filled: Decimal = _ZERO
    entry_value: Decimal = _ZERO
    exit_filled: Decimal = _ZERO
    exit_value: Decimal = _ZERO
    closed_outside: Decimal = _ZERO
    adjusted_away: Decimal = _ZERO
    corrected: bool = False
    closing: str = ""
    closing_from: int = 0

    @property
    def open_quantity(self) -> Decimal:
        """Entry fills minus exits, never negative."""
        return max(_ZERO, self.entry_filled - self.exit_filled - self.closed_outside)

    @property
    def average_entry_price(self) -> Decimal | None:
        """Average price of the entry's fills, None before the first."""
        return self.entry_value / self.entry_filled if self.entry_filled else None

    @property
    def realized_pnl(self) -> Decimal:
        """Gross P&L of the exits against the average entry."""
        entry = self.average_entry_price
        if entry is None:
            return _ZERO
        gain = (self.exit_value - entry * self.exit_filled) * self.action.sign
        return gain * self.contract.multiplier

    def close_outside(self, quantity: Decimal, *, by_figure: bool) -> Decimal:
        """Close *quantity* shares without a fill of ours; negative takes that back.

        Args:
            quantity: Bounded by what is open, or by what was closed in the same way.
            by_figure: Whether only the broker's figure says so, and no fill.

        Returns:
            By how much the unit's open quantity fell.
        """
        closed = self.adjusted_away if by_figure else self.closed_outside - self.adjusted_away
        part = min(max(quantity, -closed), self.open_quantity)
        self.closed_outside += part
        if by_figure:
            self.adjusted_away += part
        return part

    def fill(self, quantity: Decimal, price: Decimal, *, entering: bool) -> None:
        """Book *quantity* shares (negative takes an earlier booking back)."""
        if entering:
            self.entry_filled += quantity
            self.entry_value += quantity * price
        else:
            self.exit_filled += quantity
            self.exit_value += quantity * price
