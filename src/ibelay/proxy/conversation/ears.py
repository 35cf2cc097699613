"""What passes through a proxy, as the events a scenario's steps wait for.

Rules:
1. An order is an event when a client sends it first, a fill and a cancel when a gateway first
   tells it, whoever hears it; whether the message then arrives does not matter.
2. Executions that answer a question are no events, nor are orders that only ask what if.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from ibelay.control.line.line import EXECUTION, ORDER_STATUS
from ibelay.proxy.conversation.known import LIVE, Fields

MAX_SEEN = 100_000
_ENDS = frozenset({"Cancelled", "ApiCancelled"})
_EXEC_ID_AT, _SYMBOL_AT, _STATUS_AT, _PERM_ID_AT = 14, 4, 2, 6


class Ears:
    """Tells what happens, once.

    Args:
        tell: Told an event and a symbol.
    """

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        self._seen: dict[Hashable, None] = {}

    def ordered(self, key: Hashable, symbol: str) -> None:
        """Hear that a client places an order; *key* is the same if it places it again."""
        self._once(("order", key), "order", symbol)

    def told(self, number: int, fields: Fields, symbol: str = "") -> None:
        """Hear what a gateway says; *symbol* is that of the order it is about, if known."""
        if number == EXECUTION and len(fields) > _EXEC_ID_AT and fields[1] == LIVE:
            self._once(("fill", fields[_EXEC_ID_AT]), "fill", fields[_SYMBOL_AT])
        elif number == ORDER_STATUS and len(fields) > _PERM_ID_AT and fields[_STATUS_AT] in _ENDS:
            self._once(("cancel", fields[_PERM_ID_AT], fields[1]), "cancel", symbol)

    def _once(self, key: Hashable, event: str, symbol: str) -> None:
        if key in self._seen:
            return
        self._seen[key] = None
        if len(self._seen) > MAX_SEEN:
            del self._seen[next(iter(self._seen))]
        self._tell(event, symbol)
