"""How soon an order that IB ended without a share is placed again. Pure.

Theory: what IB refuses once it refuses again at once, while the position stays as naked as it
was. Waits of 1, 2, 4 … 60 s find out when the reason has gone (a halt, a pre-open, a limit of
orders) without a flood of orders that would be a reason of its own.

What never arrived has waited already: that an order is absent takes a minute to prove, and that
minute is part of the wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from ibelay.journal.order_entry import OrderEntry
from ibelay.machines.backoff import SECOND_NS, Schedule, delay_ns
from ibelay.model.order import OrderState

_WAITS = Schedule(base_ns=SECOND_NS, factor=2.0, cap_ns=60 * SECOND_NS, jitter=0.0)
_ENDED = frozenset({OrderState.REJECTED, OrderState.CANCELLED, OrderState.ABSENT})


def not_before_ns(tries: Sequence[OrderEntry]) -> int:
    """Return before which broker time no further order follows *tries*; 0 if one may now.

    Args:
        tries: The stand-alone orders of one kind that a unit had, oldest first.
    """
    failed = sum(1 for _ in takewhile(_failed, reversed(tries)))
    if not failed:
        return 0
    last, wait_ns = tries[-1], delay_ns(_WAITS, failed, 0.0)
    if last.state is OrderState.ABSENT:
        return max(last.since_ns + _WAITS.base_ns, last.intent.at_ns + wait_ns)
    return last.since_ns + wait_ns


def change_not_before_ns(entry: OrderEntry) -> int:
    """Return before which broker time *entry* is not changed again; 0 if it may be now."""
    if not entry.refusals:
        return 0
    return entry.refused_ns + delay_ns(_WAITS, entry.refusals, 0.0)


def cancel_not_before_ns(entry: OrderEntry) -> int:
    """Return before which broker time *entry* is not cancelled again; 0 if it may be now."""
    if not entry.cancel_refusals:
        return 0
    return entry.kept_ns + delay_ns(_WAITS, entry.cancel_refusals, 0.0)


def is_due(at_ns: int, now_ns: int) -> bool:
    """Return whether *at_ns* has come, or the broker's clock was set back to long before it."""
    return not at_ns - _WAITS.cap_ns <= now_ns < at_ns


def _failed(entry: OrderEntry) -> bool:
    return entry.state in _ENDED and not entry.filled and not entry.cancel_intended
