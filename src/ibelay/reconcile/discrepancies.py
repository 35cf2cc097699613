"""What can differ between our books and the broker's, in a trader's words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The closed list of findings (R2)."""

    MISSED_FILL = "missed fill"
    ORPHAN_FILL = "fill without an intent"
    MANUAL_FILL = "manual fill"
    CORRECTED_FILL = "corrected fill"
    UNLISTED_FILL = "fill without an execution"
    FOUND_ORDER = "unanswered order found"
    VANISHED_ORDER = "vanished order"
    GONE_ORDER = "vanished order is gone"
    ABSENT_ORDER = "order never arrived"
    RESURRECTED_ORDER = "order lives that was over"
    DUPLICATE_ORDER = "two live orders for one intent"
    ORPHAN_ORDER = "order without an intent"
    INACTIVE_STOP = "stop is not active"
    CLOSED_EXTERNALLY = "position closed externally"
    QUANTITY_MISMATCH = "quantity mismatch"
    UNEXPECTED_POSITION = "unexpected position"


CRITICAL = frozenset(
    {
        Kind.RESURRECTED_ORDER,
        Kind.DUPLICATE_ORDER,
        Kind.ORPHAN_ORDER,
        Kind.ORPHAN_FILL,
        Kind.INACTIVE_STOP,
        Kind.UNLISTED_FILL,
        Kind.UNEXPECTED_POSITION,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """One finding: what was in the books, what the broker shows, what is done about it."""

    kind: Kind
    symbol: str
    before: str
    after: str
    action: str

    @property
    def critical(self) -> bool:
        """Whether a person should be woken."""
        return self.kind in CRITICAL

    @property
    def line(self) -> str:
        """Say it in one line."""
        return f"{self.symbol}: {self.kind}: {self.before} → {self.after} ({self.action})"
