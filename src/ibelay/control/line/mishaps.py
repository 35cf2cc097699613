"""What happens to messages on one way: lost, cut short, doubled, late, or behind another.

Rules:
1. A message is dropped, then cut short, rewritten, doubled, delayed or put behind another,
   as the faults that stand say.
2. A delay begins when the message would have been sent; messages that are delayed alike keep
   their order.
3. All that waits counts: ``pending_bytes`` is what a shell's limits are about.
"""

from __future__ import annotations

import heapq
from itertools import count

from ibelay.control.agenda import NEVER_NS
from ibelay.control.line.rewriting import EXECUTION, retimed, rewritten, shortened
from ibelay.control.line.troubles import Troubles
from ibelay.model.faults import (
    Delay,
    Drop,
    Duplicate,
    Message,
    Reorder,
    Retime,
    Rewrite,
    Truncate,
)
from ibelay.model.ids import ClientId


class Mishaps:
    """Takes framed messages, gives those that are to be sent.

    Args:
        troubles: The faults that stand.
        from_client: Which way it is.

    Attributes:
        client_id: Whose line it is, once known.
        pending_bytes: What waits.
        parked: What waits for another message, behind which it goes.
    """

    def __init__(self, troubles: Troubles, *, from_client: bool = False) -> None:
        self.client_id: ClientId | None = None
        self.pending_bytes = 0
        self._troubles = troubles
        self._from_client = from_client
        self._ready: list[bytes] = []
        self._fresh: list[tuple[Delay, bytes]] = []
        self._late: dict[bool, list[tuple[int, int, bytes]]] = {False: [], True: []}
        self._numbers = count()
        self.parked: list[tuple[Message, bytes]] = []

    @property
    def next_ns(self) -> int:
        """When the next late message is due, on whichever clock; only ``take`` knows new ones."""
        return min((waiting[0][0] for waiting in self._late.values() if waiting), default=NEVER_NS)

    def put(self, message: bytes) -> None:
        """Take what no fault concerns."""
        self.pending_bytes += len(message)
        self._ready.append(message)

    def meet(self, number: int, message: bytes) -> bool:
        """Take a message; return whether it is not lost."""
        if not (self._troubles.at_messages or self.parked):
            self.put(message)
            return True
        use, client_id, ours = self._troubles.use, self.client_id, self._from_client
        if use(Drop, client_id, number, from_client=ours):
            return False
        if use(Truncate, client_id, number, from_client=ours):
            message = shortened(message)
        if rewrite := use(Rewrite, client_id, number, from_client=ours):
            message = rewritten(message, rewrite)
        if number == EXECUTION and not ours and (retime := use(Retime, client_id)):
            message = retimed(message, retime.form)
        times = 2 if use(Duplicate, client_id, number, from_client=ours) else 1
        delay = use(Delay, client_id, number, from_client=ours)
        behind = None if delay else use(Reorder, client_id, number, from_client=ours)
        for _time in range(times):
            if delay:
                self.pending_bytes += len(message)
                self._fresh.append((delay, message))
            elif behind:
                self.pending_bytes += len(message)
                self.parked.append((behind.behind, message))
            else:
                self.put(message)
        if not delay and not behind:
            self._unpark(number)
        return True

    def take(self, wall_ns: int, market_ns: int) -> list[bytes]:
        """Return what is to be sent now.

        Args:
            wall_ns: Our clock, monotonic.
            market_ns: Market time; the same where there is but one clock.
        """
        late = self._late
        if self._fresh or late[True] or late[False]:
            self._ripen({True: wall_ns, False: market_ns})
        taken, self._ready = self._ready, []
        self.pending_bytes -= sum(map(len, taken))
        return taken

    def _ripen(self, now: dict[bool, int]) -> None:
        """Let what is late begin to wait, and what has waited be ready (rule 2)."""
        for fault, message in self._fresh:
            span = fault.span
            due = (now[span.wall] + span.ns, next(self._numbers), message)
            heapq.heappush(self._late[span.wall], due)
        self._fresh.clear()
        for wall, waiting in self._late.items():
            while waiting and waiting[0][0] <= now[wall]:
                self._ready.append(heapq.heappop(waiting)[2])

    def _unpark(self, number: int) -> None:
        waiting = [message for behind, message in self.parked if behind.number == number]
        if waiting:
            self.parked = [one for one in self.parked if one[0].number != number]
            self._ready.extend(waiting)
