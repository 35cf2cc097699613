"""What a trade of three slices is worth, computed from its fills alone. No desk, no clock.

Rules:
1. A slice is one bracket at the broker: its entry fills, its exit fills, nothing else.
2. Money is derived, not accumulated: realized = value of exits minus their share of the cost,
   gross of commission, in the contract's currency.
3. Fills may come in any order and in pieces; the result is the same.
4. A quantity the broker closed without a fill of ours is *outside*: it leaves the position, and
   its P&L is unknown (0) until the fill turns up.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum

import msgspec

from ibelay.bots.scanner import Side, SliceName
from ibelay.model.contract import Contract
from ibelay.model.ids import OrderRef, UnitRef
from ibelay.model.order import Role

ZERO = Decimal(0)
_MICRO = Decimal("0.000001")


class ExitReason(StrEnum):
    """Why shares left a position. CLOSED is by order of a person or of the runtime."""

    PARTIAL_50 = "PARTIAL_50"
    TARGET1 = "TARGET1"
    TARGET2 = "TARGET2"
    STOP = "STOP"
    BREAKEVEN_STOP = "BREAKEVEN_STOP"
    CLOSED = "CLOSED"
    CLOSED_AT_BROKER = "CLOSED_AT_BROKER"


_TARGET_REASON = {
    SliceName.PARTIAL: ExitReason.PARTIAL_50,
    SliceName.TARGET1: ExitReason.TARGET1,
    SliceName.TARGET2: ExitReason.TARGET2,
}


class Exit(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Shares that left for one reason; several fills of one reason are one row.

    ``at_ns`` is broker time of the latest of them; ``recovered`` says that at least one was
    found after an outage or a crash.
    """

    reason: ExitReason
    at_ns: int
    quantity: Decimal = ZERO
    value: Decimal = ZERO
    recovered: bool = False

    @property
    def price(self) -> Decimal | None:
        """Average price per share, or None where no fill told it."""
        return self.value / self.quantity if self.value else None


class Slice(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One bracket of a trade; quantities in shares, cost and value in currency."""

    name: SliceName
    unit: UnitRef
    quantity: Decimal
    target: Decimal
    entered: Decimal = ZERO
    entry_cost: Decimal = ZERO
    exited: Decimal = ZERO
    exit_value: Decimal = ZERO
    outside: Decimal = ZERO
    entry_ended: bool = False
    entry_final: Decimal = ZERO
    stop_ref: OrderRef | None = None

    @property
    def remaining(self) -> Decimal:
        """Shares still held."""
        return self.entered - self.exited - self.outside

    @property
    def pending(self) -> bool:
        """Whether entry fills may still come (also those reported but not yet delivered)."""
        expected = self.entry_final if self.entry_ended else self.quantity
        return self.entered < expected

    def realized(self, sign: int) -> Decimal:
        """P&L of what has left (rule 2), to a millionth so that differences add up exactly."""
        if not self.exited or not self.entered:
            return ZERO
        cost = self.entry_cost * self.exited / self.entered
        return (sign * (self.exit_value - cost)).quantize(_MICRO)


class Trade(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One attempt at a pivot. Times are broker time, ns; prices per share."""

    symbol: str
    contract: Contract
    side: Side
    pivot: Decimal
    attempt: int
    session_date: str
    placed_ns: int
    initial_stop: Decimal
    stop_price: Decimal
    slices: list[Slice]
    exits: list[Exit] = msgspec.field(default_factory=list)
    entry_ns: int = 0
    closed_ns: int = 0
    break_even: Decimal | None = None
    stop_asked_bar: int = 0

    @property
    def entered(self) -> Decimal:
        """Shares that were ever entered."""
        return sum((part.entered for part in self.slices), ZERO)

    @property
    def remaining(self) -> Decimal:
        """Shares still held."""
        return sum((part.remaining for part in self.slices), ZERO)

    @property
    def pending(self) -> bool:
        """Whether entry fills may still come."""
        return any(part.pending for part in self.slices)

    @property
    def entry_price(self) -> Decimal | None:
        """Average price of all entry fills, from our own fills (S1); None before the first."""
        entered = self.entered
        if not entered:
            return None
        return sum((part.entry_cost for part in self.slices), ZERO) / entered

    @property
    def pnl(self) -> Decimal:
        """P&L of what has left, gross of commission."""
        return sum((part.realized(self.side.sign) for part in self.slices), ZERO)

    @property
    def over(self) -> bool:
        """Whether nothing is held and nothing can come."""
        return not self.pending and all(part.remaining == 0 for part in self.slices)

    @property
    def partial_taken(self) -> bool:
        """Whether the partial slice left wholly at its target (not at its stop)."""
        for part in self.slices:
            if part.name is SliceName.PARTIAL:
                taken = self._exit_quantity(ExitReason.PARTIAL_50)
                return part.entered > 0 and taken >= part.entered
        return False

    def slice_of(self, unit: UnitRef) -> Slice | None:
        """Return the slice whose bracket is *unit*."""
        return next((part for part in self.slices if part.unit == unit), None)

    def enter(self, part: Slice, quantity: Decimal, price: Decimal, at_ns: int) -> None:
        """Book an entry fill."""
        part.entered += quantity
        part.entry_cost += quantity * price
        self.entry_ns = min(self.entry_ns or at_ns, at_ns)

    def leave(
        self,
        part: Slice,
        role: Role,
        quantity: Decimal,
        price: Decimal,
        at_ns: int,
        *,
        recovered: bool,
    ) -> ExitReason:
        """Book an exit fill; return the reason it was booked under."""
        part.exited += quantity
        part.exit_value += quantity * price
        found = min(part.outside, quantity)
        if found > 0:
            part.outside -= found
            self._exit(ExitReason.CLOSED_AT_BROKER, at_ns).quantity -= found
            self.exits = [row for row in self.exits if row.quantity]
        reason = self._reason(part, role)
        row = self._exit(reason, at_ns)
        row.quantity += quantity
        row.value += quantity * price
        row.at_ns = max(row.at_ns, at_ns)
        row.recovered = row.recovered or recovered
        return reason

    def close_outside(self, at_ns: int) -> Decimal:
        """Book all that remains as closed by the broker; return how much that was (rule 4)."""
        gone = self.remaining
        for part in self.slices:
            part.outside += part.remaining
        self._exit(ExitReason.CLOSED_AT_BROKER, at_ns).quantity += gone
        return gone

    def break_even_price(self, tick: Decimal) -> Decimal | None:
        """Return the average entry price on a tick, rounded so that the stop cannot lose."""
        price = self.entry_price
        if price is None:
            return None
        rounding = ROUND_CEILING if self.side is Side.LONG else ROUND_FLOOR
        return (price / tick).to_integral_value(rounding) * tick

    def _reason(self, part: Slice, role: Role) -> ExitReason:
        match role:
            case Role.TARGET:
                return _TARGET_REASON[part.name]
            case Role.STOP:
                return ExitReason.STOP if self.break_even is None else ExitReason.BREAKEVEN_STOP
            case Role.ENTRY | Role.EXIT:
                return ExitReason.CLOSED

    def _exit_quantity(self, reason: ExitReason) -> Decimal:
        return sum((row.quantity for row in self.exits if row.reason is reason), ZERO)

    def _exit(self, reason: ExitReason, at_ns: int) -> Exit:
        for row in self.exits:
            if row.reason is reason:
                return row
        row = Exit(reason=reason, at_ns=at_ns)
        self.exits.append(row)
        return row
