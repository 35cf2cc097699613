"""The line of one client: what it is to hear, as the faults of the moment let it through.

Rules, for a message of the gateway, in this order:
1. What concerns an order whose answers are lost is lost, unless the client asked.
2. Streams are silent while data is stopped, and those that were killed until asked for again.
3. Reports of orders wait while IB's servers are gone, unless the client asked.
4. Then it is dropped, cut short, doubled, delayed or put behind another, as the faults that
   stand say.
5. A delay begins when the message would have been sent; messages that are delayed alike keep
   their order.
6. All that waits counts: ``pending_bytes`` is what the shell's limits are about.
"""

from __future__ import annotations

import heapq
from itertools import count

from ibelay.gateway.session.line.troubles import Troubles
from ibelay.model.faults import BY_NUMBER, Delay, Drop, Duplicate, Reorder, Truncate
from ibelay.model.ids import ClientId, OrderId
from ibelay.wire.framing import frame

ORDER_STATUS, ERROR, OPEN_ORDER, EXECUTION, COMMISSION = 3, 4, 5, 11, 59
_REPORTS = frozenset({ORDER_STATUS, OPEN_ORDER, EXECUTION, COMMISSION})
_ENDS = frozenset({"201", "202"})
_ORDER_ID_AT = {ORDER_STATUS: 1, ERROR: 2, OPEN_ORDER: 1, EXECUTION: 2}
_CODE_AT = 3
_EXEC_ID_AT = {EXECUTION: 14, COMMISSION: 2}
_LENGTH_BYTES = 4
MAX_REMEMBERED = 1000


class Line:
    """Takes messages, gives bytes.

    Args:
        troubles: The faults that stand.

    Attributes:
        client_id: Whose line it is, once known.
        answering: Whether what is said now answers a query.
        half_open: Whether what is said vanishes.
    """

    def __init__(self, troubles: Troubles) -> None:
        self.client_id: ClientId | None = None
        self.answering = False
        self.half_open = False
        self.pending_bytes = 0
        self._troubles = troubles
        self._ready: list[bytes] = []
        self._fresh: list[tuple[Delay, bytes]] = []
        self._late: dict[bool, list[tuple[int, int, bytes]]] = {False: [], True: []}
        self._numbers = count()
        self._parked: list[tuple[int, bytes]] = []
        self._held: list[bytes] = []
        self._lost_orders: set[str] = set()
        self._lost_executions: set[str] = set()
        self._killed = False
        self._alive: set[str] = set()

    def say(self, message: bytes) -> None:
        """Take one framed message for the client."""
        if self._troubles.calm and not (self._lost_orders or self._killed or self._parked):
            self._put(message)
            return
        fields = message[_LENGTH_BYTES:].decode("utf-8", "replace").split("\0")
        number = int(fields[0])
        if self._is_lost(number, fields) or self._is_silent(number, fields):
            return
        if self._troubles.upstream and not self.answering and _is_report(number, fields):
            self.pending_bytes += len(message)
            self._held.append(message)
            return
        self._say_with_faults(number, message)

    def put(self, message: bytes) -> None:
        """Take what no fault concerns: the answer to the handshake."""
        self._put(message)

    def take(self, wall_ns: int, market_ns: int) -> bytes:
        """Return what is to be sent now.

        Args:
            wall_ns: Our clock, monotonic.
            market_ns: Market time.
        """
        now = {True: wall_ns, False: market_ns}
        for fault, message in self._fresh:
            span = fault.span
            due = (now[span.wall] + span.ns, next(self._numbers), message)
            heapq.heappush(self._late[span.wall], due)
        self._fresh.clear()
        for wall, waiting in self._late.items():
            while waiting and waiting[0][0] <= now[wall]:
                self._ready.append(heapq.heappop(waiting)[2])
        data = b"".join(self._ready)
        self._ready.clear()
        self.pending_bytes -= len(data)
        return b"" if self.half_open else data

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
        held, self._held = self._held, []
        for message in held:
            self.pending_bytes -= len(message)
            self._say_with_faults(int(message[_LENGTH_BYTES : message.index(0, 4)]), message)

    def _say_with_faults(self, number: int, message: bytes) -> None:
        use, client_id = self._troubles.use, self.client_id
        if use(Drop, client_id, number):
            return
        if use(Truncate, client_id, number):
            message = shortened(message)
        times = 2 if use(Duplicate, client_id, number) else 1
        delay = use(Delay, client_id, number)
        behind = None if delay else use(Reorder, client_id, number)
        for _time in range(times):
            if delay:
                self.pending_bytes += len(message)
                self._fresh.append((delay, message))
            elif behind:
                self.pending_bytes += len(message)
                self._parked.append((behind.behind.number, message))
            else:
                self._put(message)
        if not delay and not behind:
            self._unpark(number)

    def _unpark(self, number: int) -> None:
        waiting = [message for behind, message in self._parked if behind == number]
        self._parked = [parked for parked in self._parked if parked[0] != number]
        self._ready.extend(waiting)

    def _put(self, message: bytes) -> None:
        self.pending_bytes += len(message)
        self._ready.append(message)

    def _is_lost(self, number: int, fields: list[str]) -> bool:
        """Rule 1; a commission goes the way of its fill."""
        if not self._lost_orders or self.answering:
            return False
        if number == COMMISSION:
            return fields[_EXEC_ID_AT[COMMISSION]] in self._lost_executions
        at = _ORDER_ID_AT.get(number)
        lost = at is not None and fields[at] in self._lost_orders
        if lost and number == EXECUTION and len(self._lost_executions) < MAX_REMEMBERED:
            self._lost_executions.add(fields[_EXEC_ID_AT[EXECUTION]])
        return lost

    def _is_silent(self, number: int, fields: list[str]) -> bool:
        """Rule 2."""
        message = BY_NUMBER.get(number)
        if message is None or not message.stream or message.id_at is None:
            return False
        if self._troubles.data_stopped:
            return True
        return self._killed and fields[message.id_at] not in self._alive


def shortened(message: bytes) -> bytes:
    """Return a framed message without the second half of its fields."""
    fields = message[_LENGTH_BYTES:].split(b"\0")[:-1]
    return frame(b"\0".join(fields[: (len(fields) + 1) // 2]) + b"\0")


def _is_report(number: int, fields: list[str]) -> bool:
    """Return whether a message comes from IB's servers about an order."""
    return number in _REPORTS or (number == ERROR and fields[_CODE_AT] in _ENDS)
