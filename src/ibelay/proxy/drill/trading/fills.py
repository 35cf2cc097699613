"""Fills that the client never got, although the gateway told of them or would have told.

Rules:
1. A fill is received when an execDetails reaches the client, asked for or not.
2. A fill is missing while the gateway has said of an order that more of it filled than the
   client has received executions for, or while an execution was lost on its way.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.model.ids import execution_key
from ibelay.proxy.drill.facts import Fact, Told
from ibelay.proxy.drill.findings import Docket, Finding, Heading, span_text
from ibelay.proxy.drill.thresholds import Thresholds
from ibelay.proxy.drill.trading.book import Address, Watched
from ibelay.wire.answers import ExecutionTold

MAX_FILLS = 20_000
_CURE = "ask for executions after every loss and once a minute, and book each by its id"


@dataclass(slots=True)
class _Short:
    """An order of which the client knows less filled than the gateway has said."""

    order: Watched
    since_ns: int


class Fills:
    """Watches executions."""

    def __init__(self, thresholds: Thresholds, docket: Docket) -> None:
        self._limit = thresholds
        self._docket = docket
        self._received: dict[str, None] = {}
        self._short: dict[Address, _Short] = {}
        self.received = 0
        self.missed = 0

    def see(self, fact: Fact, about: object) -> None:
        """Take in *fact*, which the book says is *about* an order."""
        if not isinstance(fact, Told) or not isinstance(about, Watched):
            return
        if isinstance(fact.answer, ExecutionTold):
            self._executed(fact, fact.answer, about)
        if about.ours and about.filled > about.received:
            address = (about.client_id, about.order_id)
            known = self._short.get(address)
            if (known is None or known.order is not about) and len(self._short) < MAX_FILLS:
                self._short[address] = _Short(about, fact.at_ns)

    def tick(self, now_ns: int) -> None:
        """Find what has been missing for too long at *now_ns*."""
        for address, short in list(self._short.items()):
            if short.order.received >= short.order.filled:
                del self._short[address]
            elif now_ns - short.since_ns > self._limit.fill_ns:
                del self._short[address]
                self._missed(short, now_ns)

    def _executed(self, fact: Told, said: ExecutionTold, order: Watched) -> None:
        self._docket.try_out(Heading.FILLS)
        key = execution_key(said.exec_id)
        if key in self._received:
            return
        if not fact.passed:
            order.filled = max(order.filled, order.received + said.quantity)
            return
        if len(self._received) >= MAX_FILLS:
            del self._received[next(iter(self._received))]
        self._received[key] = None
        self.received += 1
        order.received += said.quantity
        order.filled = max(order.filled, order.received)

    def _missed(self, short: _Short, now_ns: int) -> None:
        self.missed += 1
        order = short.order
        lacks: Decimal = order.filled - order.received
        waited = span_text(now_ns - short.since_ns)
        what = f"{lacks:f} filled of {order.text()}, and no execution reached the bot in {waited}"
        why = "its book and the broker's differ from then on"
        self._docket.find(Finding(short.since_ns, Heading.FILLS, what, why, _CURE))
