"""Orders that appear a second time under another permId.

The gateway knows of one; what it says of it is said again with the other id, from then on, so
that a client sees two live orders where there is one. What fills, fills under the first.

**Source**: shared IB facts, section 5 (F25).
"""

from __future__ import annotations

from ibelay.proxy.conversation.dialect import whole
from ibelay.proxy.conversation.known import PERM_ID_AT

_OTHER = 1 << 30
MAX_TWINS = 1000


def twin_of(perm_id: int) -> int:
    """Return the second permId of an order, another for each and always the same."""
    return perm_id ^ _OTHER


class Twins:
    """The orders of one client that have a twin."""

    def __init__(self) -> None:
        self._perm_ids: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._perm_ids)

    def add(self, perm_id: int) -> None:
        """Give an order a twin."""
        if len(self._perm_ids) < MAX_TWINS:
            self._perm_ids.add(perm_id)

    def again(self, number: int, fields: list[str]) -> list[str] | None:
        """Return what is to be said after a message: the same of the twin, if there is one."""
        at = PERM_ID_AT.get(number)
        if at is None or len(fields) <= at:
            return None
        perm_id = whole(fields[at])
        if perm_id is None or perm_id not in self._perm_ids:
            return None
        return [*fields[:at], str(twin_of(perm_id)), *fields[at + 1 :]]
