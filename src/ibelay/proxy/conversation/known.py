"""What a proxy remembers of a conversation: its orders, its streams, what was asked and not ended.

Rules:
1. An order is remembered by its id: its symbol, its permId and what was last said of it.
2. An answer to a question about open orders is what comes between the question and the end of
   the answer; an execution that answers says so itself, and its commission goes with it.
3. Everything is bounded; what is more pushes the oldest out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ibelay.control.line.line import COMMISSION, EXECUTION, OPEN_ORDER, ORDER_STATUS
from ibelay.model.faults import REQUEST_BY_NUMBER, Target
from ibelay.model.ids import ClientId
from ibelay.proxy.conversation.dialect import whole

OPEN_ORDER_END = 53
LIVE = "-1"
MAX_KNOWN = 1000
PERM_ID_AT = {OPEN_ORDER: 25, ORDER_STATUS: 6}
_SYMBOL_AT = 3
_CLIENT_ID_AT = {OPEN_ORDER: 24, ORDER_STATUS: 9}
_QUERIES = frozenset({5, 16})
_CANCELS = frozenset({2, 11, 25, 51, 98})
_EXEC_ID_AT = {EXECUTION: 14, COMMISSION: 2}
Fields = Sequence[str]


@dataclass(slots=True)
class Known:
    """One order, as the gateway last told it."""

    symbol: str
    client_id: ClientId
    order_id: int
    perm_id: int = 0
    opened: list[str] | None = None
    status: list[str] | None = None


class Memory:
    """What is known of one conversation."""

    def __init__(self) -> None:
        self.orders: dict[int, Known] = {}
        self.streams: dict[int, None] = {}
        self._open_queries = 0
        self._answered: dict[str, None] = {}

    def request(self, number: int, fields: Fields) -> int | None:
        """Take note of what a client asks; return the id of a stream it begins."""
        if number in _QUERIES:
            self._open_queries += 1
        kind = REQUEST_BY_NUMBER.get(number)
        if kind is None or kind.id_at is None or len(fields) <= kind.id_at:
            return None
        request_id = whole(fields[kind.id_at]) or 0
        if number in _CANCELS:
            self.streams.pop(request_id, None)
        elif kind.stream:
            _remember(self.streams, request_id, None)
            return request_id
        return None

    def ordered(self, client_id: ClientId, order_id: int, symbol: str) -> None:
        """Take note of an order that goes to the gateway."""
        if order_id not in self.orders:
            _remember(self.orders, order_id, Known(symbol, client_id, order_id))

    def answer(self, number: int, fields: list[str]) -> bool:
        """Take note of what the gateway says; return whether it answers a question."""
        if number == OPEN_ORDER_END:
            self._open_queries = max(0, self._open_queries - 1)
        if number in PERM_ID_AT and len(fields) > PERM_ID_AT[number]:
            self._told(number, fields)
            return self._open_queries > 0
        if number in _EXEC_ID_AT and len(fields) > _EXEC_ID_AT[number]:
            exec_id = fields[_EXEC_ID_AT[number]]
            if number == EXECUTION and fields[1] != LIVE:
                _remember(self._answered, exec_id, None)
            elif number == EXECUTION:
                self._answered.pop(exec_id, None)
            return exec_id in self._answered
        return False

    def find(self, target: Target) -> Known | None:
        """Return the order that is meant, the oldest that has a permId."""
        for order in self.orders.values():
            if not order.perm_id:
                continue
            if target.symbol:
                meant = order.symbol == target.symbol
            elif target.perm_id:
                meant = order.perm_id == target.perm_id
            else:
                meant = (order.client_id, order.order_id) == (target.client_id, target.order_id)
            if meant:
                return order
        return None

    def _told(self, number: int, fields: list[str]) -> None:
        order_id = whole(fields[1]) or 0
        known = self.orders.get(order_id)
        if known is None and number == OPEN_ORDER:
            client_id = ClientId(whole(fields[_CLIENT_ID_AT[number]]) or 0)
            known = Known(fields[_SYMBOL_AT], client_id, order_id)
            _remember(self.orders, order_id, known)
        if known is None:
            return
        known.perm_id = whole(fields[PERM_ID_AT[number]]) or known.perm_id
        if number == OPEN_ORDER:
            known.symbol, known.opened = fields[_SYMBOL_AT], fields
        else:
            known.status = fields


def _remember(kept: dict, key: object, value: object) -> None:  # type: ignore[type-arg]  # any
    kept[key] = value
    if len(kept) > MAX_KNOWN:
        del kept[next(iter(kept))]
