"""Figures of what the program sent: into dead lines, too often, under used ids. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ibelay.testing.matrix.evidence import Evidence
from ibelay.testing.matrix.figures.troubles import DEAF, Trouble
from ibelay.testing.simulation.observed import Asked, Observation, Told
from ibelay.wire import requests as ask

_STREAMS = (
    ask.RequestMarketData,
    ask.RequestRealTimeBars,
    ask.RequestHistoricalData,
    ask.RequestTickByTick,
)


_ERROR, _LOST, _BACK = "4", {"1100", "2110"}, {"1101", "1102"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFigures:
    """What left.

    Attributes:
        into_dead_link: New orders written while nobody heard them.
        while_isolated: New orders written after it was told that IB's servers are away.
        orders: New orders and changes written in all.
        cancels: Cancels written, each global one too.
        order_ids_reused: New orders under an id that was used, or below one that was.
        request_ids_reused: Streams asked for under an id that another stream had.
        per_symbol: The most streams of one kind that one connection held of one symbol.
    """

    into_dead_link: int
    while_isolated: int
    orders: int
    cancels: int
    order_ids_reused: int
    request_ids_reused: int
    per_symbol: int


def sent_figures(evidence: Evidence, found: tuple[Trouble, ...]) -> SentFigures:
    """Measure what one run's program sent."""
    asked = [(one.at_ns, one.request) for one in evidence.observations if isinstance(one, Asked)]
    starts = [at_ns for at_ns, request in asked if isinstance(request, ask.StartApi)]
    placed = [
        (at_ns, request)
        for at_ns, request in asked
        if isinstance(request, ask.PlaceOrder) and not request.what_if
    ]
    deaf = [_until_anew(one, starts) for one in found if one.word in DEAF]
    away = _away(evidence)
    stream_ids = [request.request_id for _at, request in asked if isinstance(request, _STREAMS)]
    return SentFigures(
        into_dead_link=sum(_within(at_ns, deaf) for at_ns, _order in placed),
        while_isolated=sum(_within(at_ns, away) for at_ns, _order in placed),
        orders=len(placed),
        cancels=sum(isinstance(one, ask.CancelOrder | ask.GlobalCancel) for _at, one in asked),
        order_ids_reused=_reused(order for _at, order in placed),
        request_ids_reused=len(stream_ids) - len(set(stream_ids)),
        per_symbol=_per_symbol(evidence.observations),
    )


def _until_anew(one: Trouble, starts: list[int]) -> tuple[int, int]:
    """Return the stretch in which nobody hears: until its end, or until a fresh connection."""
    anew = [at_ns for at_ns in starts if at_ns > one.begin_ns]
    return one.begin_ns, min([one.end_ns, *anew])


def _away(evidence: Evidence) -> list[tuple[int, int]]:
    """Return the stretches between the word that IB is away and the word that it is back."""
    stretches: list[tuple[int, int]] = []
    since: int | None = None
    for one in evidence.observations:
        if not isinstance(one, Told) or one.fields[0] != _ERROR:
            continue
        if one.fields[3] in _LOST and since is None:
            since = one.at_ns
        elif one.fields[3] in _BACK and since is not None:
            stretches.append((since, one.at_ns))
            since = None
    return stretches if since is None else [*stretches, (since, evidence.ended_ns)]


def _within(at_ns: int, stretches: Iterable[tuple[int, int]]) -> bool:
    return any(begin < at_ns < end for begin, end in stretches)


def _reused(orders: Iterable[ask.PlaceOrder]) -> int:
    """Count new orders whose id does not exceed every earlier one; a change keeps its id."""
    reused, highest = 0, 0
    refs: dict[int, str] = {}
    for order in orders:
        if refs.get(order.order_id) == order.order_ref:
            continue
        reused += order.order_id <= highest
        highest = max(highest, order.order_id)
        refs[order.order_id] = order.order_ref
    return reused


def _per_symbol(observations: Iterable[Observation]) -> int:
    """Return how often one thing was streamed at once over one connection."""
    most = 0
    standing: dict[int, tuple[type, str, str]] = {}
    for one in observations:
        request = one.request if isinstance(one, Asked) else None
        match request:
            case ask.StartApi():
                standing = {}
            case ask.RequestRealTimeBars(request_id=number, contract=contract, what_to_show=what):
                standing[number] = (type(request), contract.symbol, what)
            case ask.RequestMarketData(request_id=number, contract=contract, snapshot=False):
                standing[number] = (type(request), contract.symbol, "")
            case (
                ask.CancelRealTimeBars(request_id=number) | ask.CancelMarketData(request_id=number)
            ):
                standing.pop(number, None)
            case _:
                continue
        kinds = list(standing.values())
        most = max([most, *(kinds.count(kind) for kind in set(kinds))])
    return most
