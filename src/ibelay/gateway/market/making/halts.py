"""Halts: stretches of a day in which an instrument does not trade.

Rules:
1. A halt begins with a quote without sides that says so, and nothing follows until it ends.
2. It ends with an auction print at the price of that moment; quotes follow.
3. Of what derives from a halted underlying only options are halted with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ibelay.gateway.market.api import Halted


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """From *begin_ns* up to *end_ns* (ns since the epoch, UTC) *symbol* is halted."""

    symbol: str
    begin_ns: int
    end_ns: int
    reason: Halted = Halted.VOLATILITY

    def __post_init__(self) -> None:
        """Refuse a halt without a length or a reason.

        Raises:
            ValueError: It ends before it begins, or says that nothing is halted.
        """
        if self.begin_ns >= self.end_ns or self.reason is Halted.NO:
            raise ValueError(f"halt of {self.symbol} needs a length and a reason")


def halt_at(halts: Sequence[Halt], at_ns: int) -> Halt | None:
    """Return the halt of *halts* in which *at_ns* lies, None if there is none."""
    return next((one for one in halts if one.begin_ns <= at_ns < one.end_ns), None)
