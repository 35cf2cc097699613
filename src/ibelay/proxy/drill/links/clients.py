"""One client id and its connection, and what a client has to ask for to know everything again."""

from __future__ import annotations

from dataclasses import dataclass, field

from ibelay.model.ids import ClientId
from ibelay.proxy.drill.links.outages import EXECUTIONS, OPEN_ORDERS, POSITIONS, Outage
from ibelay.wire import requests as ask

_PARTS: tuple[tuple[str, tuple[type, ...], frozenset[str]], ...] = (
    (
        POSITIONS,
        (ask.RequestPositions, ask.RequestAccountUpdates),
        frozenset({"positionEnd", "accountDownloadEnd"}),
    ),
    (
        OPEN_ORDERS,
        (ask.RequestOpenOrders, ask.RequestAllOpenOrders),
        frozenset({"openOrderEnd"}),
    ),
    (EXECUTIONS, (ask.RequestExecutions,), frozenset({"execDetailsEnd"})),
)


@dataclass(slots=True)
class Client:
    """One client id.

    Attributes:
        line: Number of its connection; None while it has none.
        outage: What it is in, or has not recovered from.
        asked_ns: When each part was asked for on this connection, and not yet answered.
        answered_ns: When what is answered was asked for.
    """

    client_id: ClientId
    line: int | None
    outage: Outage | None = None
    asked_ns: dict[str, int] = field(default_factory=dict)
    answered_ns: dict[str, int] = field(default_factory=dict)


def part_asked(request: object) -> str | None:
    """Return the part of the truth that *request* asks for, None if it asks for none."""
    if isinstance(request, ask.RequestAccountUpdates) and not request.subscribe:
        return None
    return next((part for part, asks, _ends in _PARTS if isinstance(request, asks)), None)


def part_ended(end: str) -> str | None:
    """Return the part of the truth whose answer a message with the name *end* completes."""
    return next((part for part, _asks, ends in _PARTS if end in ends), None)
