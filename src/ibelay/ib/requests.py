"""Requests of a link that await an answer, and which notices end them.

Rules:
1. Request ids start at ``FIRST_REQUEST_ID``, far above any order id: a notice carries an order id
   or a request id in the same field, and so can be told apart. They are never reused, on no link
   of the process: a gateway may still know those of the link before (F32).
2. A notice about a request fails it, unless its code is advisory: then the answer still
   comes.
3. Broker times answer in the order they were asked for. A caller that gave up keeps its
   place, so that its answer is not taken for the next one.
4. When the link ends, everything pending fails; nobody waits on a dead link.

Source: shared facts sections 1b, 1c and 4; client notes section 4 ("disconnect with requests
pending": ib_async lets them hang for ever).
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from ibelay.errors import BrokerRefusedError, IbelayError, LinkError
from ibelay.ib.times import NS_PER_S

FIRST_REQUEST_ID = 1_000_000_000

_ADVISORY = frozenset({165, 399, 10089, 10090, 10167})
_WARNINGS = range(2100, 2200)
_NO_DATA = "no data"  # code 162: the request was right and the answer is empty


def is_request_id(number: int) -> bool:
    """Return whether the id in a notice is a request's, not an order's or none (-1)."""
    return number >= FIRST_REQUEST_ID


def is_advisory(code: int) -> bool:
    """Return whether a request goes on after a notice with *code*."""
    return code in _ADVISORY or code in _WARNINGS


@dataclass(slots=True)
class Pending:
    """One request: what it asked for, what came so far, and who waits."""

    question: str
    answer: asyncio.Future[list[Any]]
    items: list[Any] = field(default_factory=list)


class RequestIds:
    """Where all links of a connector get their ids from (rule 1)."""

    def __init__(self) -> None:
        self._next = FIRST_REQUEST_ID

    def take(self) -> int:
        """Return a request id that was never used before."""
        number, self._next = self._next, self._next + 1
        return number


class Requests:
    """The pending requests of one link.

    Args:
        ids: Shared with the links before and after.
    """

    def __init__(self, ids: RequestIds) -> None:
        self._ids = ids
        self._pending: dict[int, Pending] = {}
        self._times: deque[asyncio.Future[int] | None] = deque()

    def new_id(self) -> int:
        """Return a request id that was never used before."""
        return self._ids.take()

    def start(self, question: str) -> tuple[int, asyncio.Future[list[Any]]]:
        """Register a request; *question* says in a clause what is asked, for messages."""
        request_id = self.new_id()
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._pending[request_id] = Pending(question, answer)
        return request_id, answer

    def forget(self, request_id: int) -> None:
        """Drop a request; what still comes for it is ignored."""
        self._pending.pop(request_id, None)

    def item(self, request_id: int, item: object) -> None:
        """Take one piece of an answer."""
        if request_id in self._pending:
            self._pending[request_id].items.append(item)

    def ended(self, request_id: int) -> None:
        """Take the end of an answer."""
        pending = self._pending.pop(request_id, None)
        if pending is not None and not pending.answer.done():
            pending.answer.set_result(pending.items)

    def notice(self, request_id: int, code: int, text: str) -> None:
        """Take a notice about a request, not an advisory one (rule 2)."""
        if request_id not in self._pending:
            return
        if code == 162 and _NO_DATA in text.lower():
            self.ended(request_id)
            return
        question = self._pending[request_id].question
        self.fail(request_id, BrokerRefusedError(f"IB refused {question}: {text} (code {code})"))

    def fail(self, request_id: int, error: IbelayError) -> None:
        """Fail one request."""
        pending = self._pending.pop(request_id, None)
        if pending is not None and not pending.answer.done():
            pending.answer.set_exception(error)

    def expect_time(self, waiter: asyncio.Future[int] | None = None) -> None:
        """Note that a broker time was asked for, by *waiter* or by nobody in particular."""
        self._times.append(waiter)

    def time(self, epoch_s: int) -> int:
        """Give a broker time to whoever asked first; return it in nanoseconds."""
        waiter = self._times.popleft() if self._times else None
        if waiter is not None and not waiter.done():
            waiter.set_result(epoch_s * NS_PER_S)
        return epoch_s * NS_PER_S

    def fail_all(self, reason: str) -> None:
        """Fail everything pending because the link ended."""
        for request_id, pending in list(self._pending.items()):
            self.fail(request_id, LinkError(f"{pending.question} got no answer: {reason}"))
        while self._times:
            waiter = self._times.popleft()
            if waiter is not None and not waiter.done():
                waiter.set_exception(LinkError(f"no broker time: {reason}"))
