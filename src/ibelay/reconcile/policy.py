"""What to do where books and broker differ (R3), as settings. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How reconciliation decides.

    Attributes:
        quantity_tolerance: Shares by which a position may differ unnoticed; zero by default.
        watch_list: Symbols whose unexpected positions are adopted; all others are left alone.
        absent_snapshots: Complete snapshots an UNKNOWN order must be missing from …
        absent_after_s: … over at least this many monotonic seconds before it is ABSENT. IB
            may still deliver what a gateway holds back ("maintain and resubmit", F26).
        settling_s: Broker seconds after a fill during which a position that differs is not
            believed at first sight, since positions follow executions; and monotonic seconds
            for which such a difference must stand before it is.
    """

    quantity_tolerance: Decimal = Decimal(0)
    watch_list: frozenset[str] = frozenset()
    absent_snapshots: int = 3
    absent_after_s: float = 60.0
    settling_s: float = 10.0
