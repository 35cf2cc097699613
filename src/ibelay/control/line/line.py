"""The line of one client: what it is to hear, as the faults of the moment let it through.

Rules, for a message of the gateway, in this order:
1. What concerns an order whose answers are lost is lost, unless the client asked.
2. Streams are silent while data is stopped, and those that were killed until asked for again.
3. Reports of orders wait while IB's servers are gone, unless the client asked.
4. Then it meets its mishaps (``mishaps``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ibelay.control.line.mishaps import Mishaps
from ibelay.control.line.rewriting import LENGTH_BYTES
from ibelay.control.line.troubles import Troubles
from ibelay.model.faults import BY_NUMBER
from ibelay.model.ids import ClientId, OrderId

ORDER_STATUS, ERROR, OPEN_ORDER, EXECUTION, COMMISSION = 3, 4, 5, 11, 59
_REPORTS = frozenset({ORDER_STATUS, OPEN_ORDER, EXECUTION, COMMISSION})
_ENDS = frozenset({"201", "202"})
_ORDER_ID_AT = {ORDER_STATUS: 1, ERROR: 2, OPEN_ORDER: 1, EXECUTION: 2}
_CODE_AT = 3
_EXEC_ID_AT = {EXECUTION: 14, COMMISSION: 2}
MAX_REMEMBERED = 1000
Fields = Sequence[str]


def text_fields(payload: bytes) -> Fields:
    """Return the fields of a message as all versions below 201 write it."""
    return payload.decode("utf-8", "replace").split("\0")


class Line:
    """Takes messages, gives bytes.

    Args:
        troubles: The faults that stand.
        read: Returns the fields of a payload, its number first as text.

    Attributes:
        answering: Whether what is said now answers a query.
        half_open: Whether what is said vanishes.
    """

    def __init__(self, troubles: Troubles, read: Callable[[bytes], Fields] = text_fields) -> None:
        self.answering = False
        self.half_open = False
        self._troubles = troubles
        self._read = read
        self._mishaps = Mishaps(troubles)
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._lost_orders: set[str] = set()
        self._lost_executions: set[str] = set()
        self._killed = False
        self._alive: set[str] = set()

    @property
    def client_id(self) -> ClientId | None:
        """Whose line it is, once known."""
        return self._mishaps.client_id

    @client_id.setter
    def client_id(self, client_id: ClientId) -> None:
        self._mishaps.client_id = client_id

    @property
    def pending_bytes(self) -> int:
        """What waits to be sent, for whatever reason."""
        return self._mishaps.pending_bytes + self._held_bytes

    @property
    def next_ns(self) -> int:
        """When the next late message is due, after a ``take``."""
        return self._mishaps.next_ns

    @property
    def calm(self) -> bool:
        """Whether every message passes, whatever it says."""
        return self._troubles.calm and not (
            self._mishaps.parked or self._lost_orders or self._killed or self.half_open
        )

    def say(self, message: bytes) -> bool:
        """Take one framed message for the client; return whether it is not lost."""
        if self.calm:
            self._mishaps.put(message)
            return True
        fields = self._read(message[LENGTH_BYTES:])
        number = int(fields[0])
        if self._is_lost(number, fields) or self._is_silent(number, fields):
            return False
        if self._troubles.upstream and not self.answering and _is_report(number, fields):
            self._held_bytes += len(message)
            self._held.append(message)
            return True
        return self._mishaps.meet(number, message)

    def put(self, message: bytes) -> None:
        """Take what no fault concerns: the answer to the handshake, anything while it is calm."""
        self._mishaps.put(message)

    def take(self, wall_ns: int, market_ns: int) -> bytes:
        """Return what is to be sent now.

        Args:
            wall_ns: Our clock, monotonic.
            market_ns: Market time.
        """
        return b"".join(self.messages(wall_ns, market_ns))

    def messages(self, wall_ns: int, market_ns: int) -> list[bytes]:
        """Return the messages that are to be sent now."""
        taken = self._mishaps.take(wall_ns, market_ns)
        return [] if self.half_open else taken

    def lose(self, order_id: OrderId) -> None:
        """Say nothing of this order from now on, unless asked."""
        if len(self._lost_orders) < MAX_REMEMBERED:
            self._lost_orders.add(str(order_id))

    def kill_streams(self) -> None:
        """Let no stream that was asked for until now say anything again."""
        self._killed, self._alive = True, set()

    def asked_for(self, request_id: int) -> None:
        """Let what the client asks for now be heard."""
        if self._killed and len(self._alive) < MAX_REMEMBERED:
            self._alive.add(str(request_id))

    def release(self) -> None:
        """Say the reports that waited for IB's servers."""
        held, self._held, self._held_bytes = self._held, [], 0
        for message in held:
            self._mishaps.meet(int(self._read(message[LENGTH_BYTES:])[0]), message)

    def _is_lost(self, number: int, fields: Fields) -> bool:
        """Rule 1; a commission goes the way of its fill."""
        if not self._lost_orders or self.answering:
            return False
        if number == COMMISSION:
            return _field(fields, _EXEC_ID_AT[COMMISSION]) in self._lost_executions
        at = _ORDER_ID_AT.get(number)
        lost = at is not None and _field(fields, at) in self._lost_orders
        if lost and number == EXECUTION and len(self._lost_executions) < MAX_REMEMBERED:
            self._lost_executions.add(_field(fields, _EXEC_ID_AT[EXECUTION]))
        return lost

    def _is_silent(self, number: int, fields: Fields) -> bool:
        """Rule 2."""
        message = BY_NUMBER.get(number)
        if message is None or not message.stream or message.id_at is None:
            return False
        if self._troubles.data_stopped:
            return True
        return self._killed and _field(fields, message.id_at) not in self._alive


def _is_report(number: int, fields: Fields) -> bool:
    """Return whether a message comes from IB's servers about an order."""
    return number in _REPORTS or (number == ERROR and _field(fields, _CODE_AT) in _ENDS)


def _field(fields: Fields, at: int) -> str:
    """Return a field, empty where a message has fewer."""
    return fields[at] if at < len(fields) else ""
