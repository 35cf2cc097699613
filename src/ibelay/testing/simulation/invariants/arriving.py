"""What must arrive in the end, however often it was cut off: CANCELLED and STREAMS.

Rules:
1. A cancel that is on disk is repeated until the broker has ended the order, or it has filled.
2. A contract that the strategy streams has bars again soon after an outage. A market that
   stands still sends none, and is excused.
3. Both clocks run in peace only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ibelay.gateway.exchange.events import BookOrder, OrderChanged
from ibelay.testing.simulation.invariants.breach import Bounds, Breach, seconds
from ibelay.testing.simulation.invariants.known import Known
from ibelay.testing.simulation.invariants.sending import LIVE
from ibelay.testing.simulation.observed import Observation, Settled, Truth


class CancelsArrive:
    """CANCELLED: an order that is to be cancelled does not live on."""

    number: ClassVar[str] = "CANCELLED"
    sentence: ClassVar[str] = (
        "an order whose cancel is on disk is over at the broker in bounded time"
    )
    reads: ClassVar[frozenset[type]] = frozenset({Truth, Settled})

    def __init__(self, known: Known, bounds: Bounds) -> None:
        self._known = known
        self._bound_ns = bounds.cancelled_ns
        self._live: dict[int, BookOrder] = {}
        self._since: dict[int, int] = {}

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Follow what lives, and judge it in quiet."""
        match seen:
            case Truth(event=OrderChanged(order=order)):
                self._live.pop(order.perm_id, None)
                if order.status in LIVE and order.remaining > 0:
                    self._live[order.perm_id] = order
                else:
                    self._since.pop(order.perm_id, None)
            case Settled(at_ns=at_ns):
                yield from self._judge(at_ns)
            case _:
                pass

    def _judge(self, now_ns: int) -> Iterator[Breach]:
        for perm_id, order in self._live.items():
            ours = self._known.orders.get(order.request.order_ref)
            if ours is None or not ours.cancel_intended:
                continue
            since_ns = self._since.setdefault(perm_id, now_ns)
            if self._known.at_peace_ns(since_ns, now_ns) > self._bound_ns:
                self._since[perm_id] = now_ns
                sentence = (
                    f"the cancel of {ours.ref} is on disk for {seconds(now_ns - since_ns)} or more,"
                    f" and perm id {perm_id} is {order.status} at the broker; expected it to be "
                    f"over within {seconds(self._bound_ns)} of peace"
                )
                yield Breach(self.number, now_ns, sentence)


class StreamsFlow:
    """STREAMS: what the strategy asked to see is seen again after an outage."""

    number: ClassVar[str] = "STREAMS"
    sentence: ClassVar[str] = "bars of every contract the strategy streams keep coming"
    reads: ClassVar[frozenset[type]] = frozenset({Settled})

    def __init__(self, known: Known, bounds: Bounds) -> None:
        self._known = known
        self._bound_ns = bounds.streaming_ns
        self._said: dict[str, int] = {}

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Look when the strategy was last given a bar."""
        if not isinstance(seen, Settled):
            return
        for symbol, heard_ns in sorted(seen.bars.items()):
            quiet_ns = self._known.at_peace_ns(heard_ns, seen.at_ns)
            if quiet_ns > self._bound_ns and self._said.get(symbol) != heard_ns:
                self._said[symbol] = heard_ns
                sentence = (
                    f"no bar of {symbol} for {seconds(seen.at_ns - heard_ns)} while its market "
                    f"moves; expected one within {seconds(self._bound_ns)} of peace"
                )
                yield Breach(self.number, seen.at_ns, sentence)
