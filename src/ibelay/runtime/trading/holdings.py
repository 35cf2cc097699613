"""What the broker tells of positions between two looks, beside the books.

Theory: IB sends a position whenever it changes, and the execution that moved it in a message
of its own, a moment before or after. A position that still differs from the books when that
message must have come means that a fill was never told, or that somebody else traded: a stop
may be too large by then, or missing. Only a snapshot can tell which (R1, R2).

Rules:
1. A difference that has stood for ``SETTLES_NS`` is a doubt; the same two figures, told again
   and again, are doubted once, so that what is left alone by design asks for no second look.
2. Contracts that the books do not know are other people's, unless they are watched (R3).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ibelay.journal.ledger import Ledger
from ibelay.machines.backoff import SECOND_NS
from ibelay.model.ids import ConId
from ibelay.model.position import Position
from ibelay.reconcile.policy import Policy

SETTLES_NS = 3 * SECOND_NS
_ZERO = Decimal(0)


class Holdings:
    """The broker's positions as far as they were told.

    Args:
        ledger: Our books.
        policy: Tolerance, and whose symbols are watched.

    Attributes:
        at_broker: Shares or contracts by contract, negative if short.
    """

    def __init__(self, ledger: Ledger, policy: Policy) -> None:
        self._ledger = ledger
        self._policy = policy
        self._differ_since: dict[ConId, int] = {}
        self._symbols: dict[ConId, str] = {}
        self._doubted: dict[ConId, tuple[Decimal, Decimal]] = {}
        self.at_broker: dict[ConId, Decimal] = {}

    def listed(self, positions: Iterable[Position]) -> None:
        """Take the positions of a snapshot: whatever differs in it is seen to already."""
        self.at_broker = {each.contract.con_id: each.quantity for each in positions}
        self._differ_since.clear()

    def told(self, position: Position, now_ns: int) -> None:
        """Take a position that was sent because it changed; *now_ns* is monotonic."""
        contract = position.contract
        self.at_broker[contract.con_id] = position.quantity
        known = contract.con_id in self._ledger.positions
        if not known and contract.symbol not in self._policy.watch_list:
            return
        self._symbols[contract.con_id] = contract.symbol
        if self._doubted.get(contract.con_id) != self._figures(contract.con_id):
            self._doubted.pop(contract.con_id, None)
        if self._differs(contract.con_id):
            self._differ_since.setdefault(contract.con_id, now_ns)
        else:
            self._differ_since.pop(contract.con_id, None)

    def due_ns(self) -> int | None:
        """Return when to ask for doubts (monotonic); None if nothing differs."""
        since = self._differ_since.values()
        return min(since) + SETTLES_NS if since else None

    def doubts(self, now_ns: int) -> list[str]:
        """Return what has differed for long enough and was not doubted before, a line each."""
        latest = now_ns - SETTLES_NS
        due = [con_id for con_id, since in self._differ_since.items() if since <= latest]
        lines = []
        for con_id in due:
            del self._differ_since[con_id]
            told, held = figures = self._figures(con_id)
            if self._differs(con_id) and self._doubted.get(con_id) != figures:
                self._doubted[con_id] = figures
                lines.append(f"{self._symbols[con_id]}: it tells of {told}, the books hold {held}")
        return lines

    def _figures(self, con_id: ConId) -> tuple[Decimal, Decimal]:
        """Return what is told and what the books hold."""
        book = self._ledger.positions.get(con_id)
        return self.at_broker[con_id], _ZERO if book is None else book.quantity

    def _differs(self, con_id: ConId) -> bool:
        told, held = self._figures(con_id)
        return abs(told - held) > self._policy.quantity_tolerance
