"""What the drop-in promises its script: TOLD, HELD and ASKED.

Rules:
1. A fill that reaches the socket is told once by each of its two events, at the latest when
   the synchronisation that brought it has ended. What went down with a link is told over the next.
2. ``Trade`` objects stand through everything but the end of their process.
3. What a fault kept from the script while its line stood, it learns from the next
   synchronisation: its objects are judged after one that began when nothing was made to go
   wrong any more, and an order that changed just now may still be on its way.
4. Orders of a process before this one are not judged: it was never given their ``Trade``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import ClassVar

from ibelay.gateway.exchange.events import (
    BookOrder,
    Executed,
    OrderChanged,
    PositionChanged,
)
from ibelay.machines.link_events import LinkState
from ibelay.model.execution import Execution
from ibelay.model.ids import ConId, execution_key, is_ours
from ibelay.testing.simulation.invariants.breach import Bounds, Breach, seconds
from ibelay.testing.simulation.invariants.known import Known
from ibelay.testing.simulation.invariants.sending import LIVE
from ibelay.testing.simulation.observed import (
    Asked,
    Booted,
    Calmed,
    Emitted,
    Ended,
    Held,
    HeldTrade,
    LinkChanged,
    News,
    Observation,
    Settled,
    Told,
    Truth,
)
from ibelay.wire.requests import (
    CancelMarketData,
    CancelRealTimeBars,
    PlaceOrder,
    RequestMarketData,
    RequestRealTimeBars,
    StartApi,
)

_OF_FILLS = (News.EXECUTION, News.FILL)
_ONCE = frozenset({*_OF_FILLS, News.COMMISSION})


class FillsTold:
    """TOLD: no fill is told twice, none is kept from the script."""

    number: ClassVar[str] = "TOLD"
    sentence: ClassVar[str] = "every fill that arrives is told the script by its events, once"
    reads: ClassVar[frozenset[type]] = frozenset(
        {Booted, Ended, Asked, Told, Emitted, LinkChanged, Settled}
    )

    def __init__(self, known: Known, bounds: Bounds) -> None:
        self._known = known
        self._bound_ns = bounds.taken_ns
        self._placed: set[str] = set()
        self._told: set[tuple[News, str]] = set()
        self._due: dict[tuple[News, str], int] = {}

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Follow every fill from the socket to the script (rule 1)."""
        match seen:
            case Booted() | Ended():
                for of_one_process in (self._placed, self._told, self._due):
                    of_one_process.clear()
            case Asked(request=PlaceOrder(order_ref=ref)) if self._known.sends.get(ref) == 1:
                self._placed.add(ref)
            case Told(at_ns=at_ns, fields=("11", _request, *rest)) if len(rest) > 24:
                self._hear(rest[12], rest[24], self._known.awake_ns(at_ns))
            case LinkChanged(after=LinkState.DOWN):
                self._due.clear()
            case Emitted(news=news, exec_id=exec_id) if news in _ONCE:
                yield from self._tell(seen, (news, exec_id))
            case _:
                pass
        yield from self._overdue(seen.at_ns)

    def _hear(self, exec_id: str, ref: str, awake_ns: int) -> None:
        if ref not in self._placed or not is_ours(ref, self._known.bot):
            return
        for news in _OF_FILLS:
            if (news, exec_id) not in self._told:
                self._due.setdefault((news, exec_id), awake_ns)

    def _tell(self, seen: Emitted, what: tuple[News, str]) -> Iterator[Breach]:
        self._due.pop(what, None)
        if what in self._told:
            sentence = f"{seen.news} told the script of {seen.exec_id} ({seen.order_ref}) twice"
            yield Breach(self.number, seen.at_ns, f"{sentence}; expected it once")
        self._told.add(what)

    def _overdue(self, now_ns: int) -> Iterator[Breach]:
        known = self._known
        if not self._due or known.ready_since_ns is None:
            return
        awake_ns = known.awake_ns(now_ns)
        for (news, exec_id), told_ns in list(self._due.items()):
            waited_ns = awake_ns - max(told_ns, known.ready_awake_ns)
            if waited_ns > self._bound_ns:
                del self._due[news, exec_id]
                sentence = (
                    f"fill {exec_id} arrived, the connection stands for {seconds(waited_ns)} since "
                    f"then, and no {news} told the script of it"
                )
                yield Breach(self.number, now_ns, sentence)


class ObjectsLive:
    """HELD: what the script holds stays alive, and tells the truth after a synchronisation."""

    number: ClassVar[str] = "HELD"
    sentence: ClassVar[str] = (
        "every Trade the script was given stays in trades(), and trades and positions are the "
        "broker's after a synchronisation"
    )
    reads: ClassVar[frozenset[type]] = frozenset({Asked, Truth, Calmed, Settled, Held})

    def __init__(self, known: Known, bounds: Bounds) -> None:
        self._known = known
        self._settles_ns = bounds.passing_ns
        self._book: dict[str, BookOrder] = {}
        self._fills: dict[str, dict[str, Execution]] = {}
        self._changed_ns: dict[str, int] = {}
        self._moved_ns = 0
        self._positions: Mapping[ConId, Decimal] = {}
        self._calm_ns: int | None = None
        self._said: set[str] = set()

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Keep the broker's book beside the objects, and compare them (rules 2 and 3)."""
        match seen:
            case Asked(at_ns=at_ns, request=PlaceOrder(order_ref=ref)):
                self._changed_ns[ref] = at_ns
            case Truth(at_ns=at_ns, event=OrderChanged(order=order)):
                self._book[order.request.order_ref] = order
                self._changed_ns[order.request.order_ref] = at_ns
            case Truth(at_ns=at_ns, event=Executed(execution=execution)):
                self._changed_ns[execution.order_ref] = at_ns
                fills = self._fills.setdefault(execution.order_ref, {})
                fills[execution_key(execution.exec_id)] = execution  # a correction replaces
            case Truth(at_ns=at_ns, event=PositionChanged()):
                self._moved_ns = at_ns
            case Calmed(at_ns=at_ns):
                self._calm_ns = at_ns
            case Settled(positions=positions):
                self._positions = positions
            case Held():
                for problem in self._problems(seen):
                    if problem not in self._said:
                        self._said.add(problem)
                        yield Breach(self.number, seen.at_ns, problem)
            case _:
                pass

    def _problems(self, seen: Held) -> Iterator[str]:
        for trade in seen.trades:
            if not trade.stands:
                yield f"the Trade of {trade.order_ref} ({trade.status}) is not in trades() any more"
        since_ns, calm_ns = self._known.ready_since_ns, self._calm_ns
        if since_ns is None or calm_ns is None or since_ns < calm_ns:
            return
        quiet_ns = seen.at_ns - self._settles_ns
        if since_ns > quiet_ns:
            return
        for trade in seen.trades:
            if self._changed_ns.get(trade.order_ref, 0) < quiet_ns:
                fills = self._fills.get(trade.order_ref, {})
                filled = sum((one.quantity for one in fills.values()), Decimal(0))
                yield from _differs(trade, self._book.get(trade.order_ref), filled)
        if self._moved_ns < quiet_ns:
            yield from self._positions_differ(seen.positions)

    def _positions_differ(self, held: Mapping[ConId, Decimal]) -> Iterator[str]:
        for con_id in sorted({*held, *self._positions}):
            ours, theirs = held.get(con_id, Decimal(0)), self._positions.get(con_id, Decimal(0))
            if ours != theirs:
                yield f"positions() says {ours} of contract {con_id}, the broker has {theirs}"


class StreamsAsked:
    """ASKED: what the script streams is asked for again on every connection."""

    number: ClassVar[str] = "ASKED"
    sentence: ClassVar[str] = "what streams is asked for again, under its id, on every connection"
    reads: ClassVar[frozenset[type]] = frozenset({Booted, Asked, LinkChanged, Settled})

    def __init__(self, known: Known, bounds: Bounds) -> None:
        self._known = known
        self._bound_ns = bounds.passing_ns
        self._streams: set[int] = set()
        self._asked: set[int] = set()
        self._judged = False

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Follow the requests of streams, and judge each connection once."""
        match seen:
            case Booted():
                self._streams.clear()
            case Asked(request=StartApi()):
                self._asked.clear()
                self._judged = False
            case Asked(request=RequestRealTimeBars() | RequestMarketData() as request):
                self._streams.add(request.request_id)
                self._asked.add(request.request_id)
            case Asked(request=CancelRealTimeBars(request_id) | CancelMarketData(request_id)):
                self._streams.discard(request_id)
            case _:
                pass
        known = self._known
        if self._judged or known.ready_since_ns is None:
            return
        waited_ns = known.awake_ns(seen.at_ns) - known.ready_awake_ns
        if waited_ns > self._bound_ns:
            self._judged = True
            for missing in sorted(self._streams - self._asked):
                sentence = (
                    f"stream {missing} was not asked for again, {seconds(waited_ns)} after the "
                    "connection was back"
                )
                yield Breach(self.number, seen.at_ns, sentence)


def _differs(trade: HeldTrade, order: BookOrder | None, filled: Decimal) -> Iterator[str]:
    """Yield what *trade* says otherwise than the broker's book does."""
    what = f"the Trade of {trade.order_ref} says {trade.status}, {trade.filled} filled"
    if order is None:
        if not trade.done and not trade.unresolved:
            yield f"{what}; the broker never had it, and no hint says so"
        return
    theirs = f"{order.status}, {filled} filled"
    if trade.filled != filled:
        yield f"{what}; the broker's book says {theirs}"
    elif trade.done != (order.status not in LIVE):
        hint = ", with the hint that nobody knows about it" if trade.unresolved else ""
        yield f"{what}{hint}; the broker's book says {theirs}"
    elif trade.unresolved:
        yield f"{what} with the hint that nobody knows about it; the broker's book says {theirs}"
