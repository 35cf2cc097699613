"""What is held of one contract, and what fills do to it.

Rules:
1. A holding's cost is signed (quantity times average cost) and includes the commission of the
   opening fills, as IB counts average cost; a short's average cost is therefore lower than
   its price.
2. A fill that closes takes its share of the cost with it; what it brought, less that cost
   and its own commission, is realized. A fill that flips is a close and an open, its
   commission split by units.
3. A future is settled against ``settled``: what it was worth when its gains were last paid,
   or bought for since. Closing pays the gains of what is closed; ``settle`` those of all.
4. The day's profit is what the holding is worth, less what it was worth when the day began,
   less what was paid for it since; so a holding opened today earns realized + unrealized.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.model.contract import Contract

ZERO = Decimal(0)
_EIGHT_PLACES = Decimal("1e-8")


def average(total: Decimal, quantity: Decimal) -> Decimal:
    """Return *total* per unit to eight places, 0 for no units."""
    return (total / quantity).quantize(_EIGHT_PLACES).normalize() + ZERO if quantity else ZERO


@dataclass(slots=True)
class Holding:
    """What is held of one contract; kept at quantity 0 for the rest of the day.

    Money is in the contract's currency.

    Attributes:
        realized: Since the day began.
        settled: See rule 3; 0 for what is paid in full.
        opening_value: What it was worth when the day began.
        paid: Money spent on it since then, commissions included; negative if received.
    """

    contract: Contract
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    realized: Decimal = ZERO
    settled: Decimal = ZERO
    opening_value: Decimal = ZERO
    paid: Decimal = ZERO

    def closing(self, signed: Decimal) -> Decimal:
        """Return how much of a fill of *signed* units closes."""
        return min(abs(signed), abs(self.quantity)) if self.quantity * signed < 0 else ZERO

    def _share(self, total: Decimal, closing: Decimal) -> Decimal:
        """Return what *closing* units take of *total*; all of it with the last unit."""
        held = abs(self.quantity)
        return total if closing == held else total * closing / held

    def apply(self, signed: Decimal, value: Decimal, commission: Decimal) -> Decimal | None:
        """Book a fill of *signed* units at *value* each (rules 1 and 2).

        Returns:
            What it realized, None if it only opened.
        """
        size, closing = abs(signed), self.closing(signed)
        direction = 1 if signed > 0 else -1
        fee = commission * closing / size
        released = self._share(self.cost, closing) if closing else ZERO
        realized = -direction * closing * value - fee - released
        self.cost += direction * (size - closing) * value + (commission - fee) - released
        self.paid += signed * value + commission
        self.quantity += signed
        if not closing:
            return None
        self.realized += realized
        return realized

    def vary(self, signed: Decimal, value: Decimal) -> Decimal:
        """Return the gains that a fill of a future pays out (rule 3); call before ``apply``."""
        size, closing = abs(signed), self.closing(signed)
        direction = 1 if signed > 0 else -1
        released = self._share(self.settled, closing) if closing else ZERO
        self.settled += direction * (size - closing) * value - released
        return -direction * closing * value - released

    def settle(self, worth: Decimal) -> Decimal:
        """Return the gains of a future now worth *worth* in all, and count them as paid."""
        gains = worth - self.settled
        self.settled = worth
        return gains

    def begin_day(self, worth: Decimal) -> None:
        """Count the day's profit from *worth* (rule 4)."""
        self.opening_value, self.paid, self.realized = worth, ZERO, ZERO

    def earned(self, worth: Decimal) -> Decimal:
        """Return the day's profit, now that it is worth *worth*."""
        return worth - self.opening_value - self.paid
