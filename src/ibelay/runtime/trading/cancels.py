"""Cancels that have left and are owed an answer. Pure.

Rules:
1. A cancel is answered when its order is over, or when IB refuses it; then ``reconcile.retry``
   says when the next one leaves.
2. One without an answer is asked about once. The look that answers finds the order gone, or
   cancels again, and that cancel is owed an answer too: after twice the time, and so on, for an
   exchange that is closed leaves cancels pending until it opens. After the last of them the
   periodic look goes on.
3. With the connection goes what was owed over it: the look at every order that follows an outage
   takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ibelay.journal.order_entry import OrderEntry
from ibelay.model.ids import OrderRef

_ASKED_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class _Left:
    at_ns: int
    refusals: int
    asked: int
    waits: bool = True

    def due_ns(self, limit_ns: int) -> int:
        return self.at_ns + (limit_ns << self.asked)


class Cancels:
    """Which cancels have left, and when to ask what became of them; times are monotonic ns."""

    def __init__(self) -> None:
        self._left: dict[OrderRef, _Left] = {}
        self._era = -1

    def left(self, entry: OrderEntry, now_ns: int, era: int) -> bool:
        """Note that a cancel of *entry* has left; return whether it will be asked about."""
        self._forget(era)
        ref = entry.order.order_ref
        asked = self._left[ref].asked if ref in self._left else 0
        waits = asked < _ASKED_AT_MOST
        self._left[ref] = _Left(now_ns, entry.cancel_refusals, asked, waits)
        return waits

    def late(
        self, orders: Mapping[OrderRef, OrderEntry], now_ns: int, era: int, limit_ns: int
    ) -> list[OrderRef]:
        """Return the orders whose cancel is to be asked about now (rule 2)."""
        self._forget(era)
        for ref in [r for r, left in self._left.items() if _is_answered(orders[r], left)]:
            del self._left[ref]
        late = [
            ref for ref, left in self._left.items() if left.waits and now_ns > left.due_ns(limit_ns)
        ]
        for ref in late:
            left = self._left[ref]
            self._left[ref] = replace(left, asked=left.asked + 1, waits=False)
        return late

    def due_ns(self, era: int, limit_ns: int) -> int | None:
        """Return when one has been without an answer for too long, or None."""
        self._forget(era)
        return min((one.due_ns(limit_ns) for one in self._left.values() if one.waits), default=None)

    def _forget(self, era: int) -> None:
        if era != self._era:  # rule 3
            self._era = era
            self._left.clear()


def _is_answered(entry: OrderEntry, left: _Left) -> bool:
    return entry.state.terminal or entry.cancel_refusals > left.refusals  # rule 1
