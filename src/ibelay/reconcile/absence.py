"""What reconciliation remembers from one snapshot to the next. Pure.

One snapshot proves presence, never absence: an order may be on its way, and positions and
executions of one snapshot can be skewed by a fill between the two requests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.model.ids import ConId, ExecId, OrderRef
from ibelay.reconcile.policy import Policy

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Missing:
    """An order that was in none of *snapshots* complete snapshots since *since_ns*."""

    since_ns: int
    snapshots: int


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A position differs by *difference* since *since_ns*, with these *executions* known.

    Two equal differences may be of two different fills: only a difference that stands for a
    while, in a contract in which nothing fills meanwhile, is one.
    """

    difference: Decimal
    since_ns: int
    executions: frozenset[ExecId]


@dataclass(frozen=True, slots=True)
class Absences:
    """What the latest snapshot left open.

    Attributes:
        missing: Orders that it did not account for.
        mismatches: Position differences that have not stood for long enough, by contract.
        living: Orders it shows although our books hold them to be over, seen once.
        sizes: Exits it shows with another quantity than ours, seen once.
        told: Matters that were alarmed about and still stand; not alarmed about again.
    """

    missing: dict[OrderRef, Missing] = field(default_factory=dict)
    mismatches: dict[ConId, Mismatch] = field(default_factory=dict)
    living: frozenset[OrderRef] = frozenset()
    sizes: dict[OrderRef, Decimal] = field(default_factory=dict)
    told: frozenset[str] = frozenset()


def missed_again(earlier: Missing | None, monotonic_ns: int) -> Missing:
    """Return the memory of an order that is missing from one more snapshot."""
    if earlier is None:
        return Missing(since_ns=monotonic_ns, snapshots=1)
    return Missing(since_ns=earlier.since_ns, snapshots=earlier.snapshots + 1)


def is_absent(missing: Missing, policy: Policy, monotonic_ns: int) -> bool:
    """Return whether an order missing like this may be declared ABSENT."""
    waited = monotonic_ns - missing.since_ns
    return missing.snapshots >= policy.absent_snapshots and waited >= policy.absent_after_s * _NS
