"""What a desk is: the part of a session that serves some families of requests.

Rules:
1. A desk says which requests it serves (``handlers``); no two desks serve the same.
2. It hears of the floor only what it has a method for: ``ExchangeListener``,
   ``EventListener``, ``TickListener``, ``BarListener``, ``TimeListener``.
3. It answers through its client's ``Voice`` and counts streams in its ``Lines``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, TypeVar, runtime_checkable

from ibelay.gateway.exchange.events import ExchangeEvent
from ibelay.gateway.market.api import MarketEvent
from ibelay.gateway.session.board.ticks import Tick
from ibelay.gateway.session.floor import Floor
from ibelay.gateway.session.lines import Lines
from ibelay.gateway.session.quote_bars import Shown, WantedBar
from ibelay.gateway.session.voice import Voice
from ibelay.model.ids import ClientId, ConId
from ibelay.model.market import Bar

Request = TypeVar("Request")
Handlers = Mapping[type, Callable[[Any], None]]


@dataclass(frozen=True, slots=True)
class Client:
    """Whom a desk serves.

    Attributes:
        floor: What all clients share.
        client_id: As given in startApi.
        voice: How to talk to this client.
        lines: Its market data lines.
    """

    floor: Floor
    client_id: ClientId
    voice: Voice
    lines: Lines


class Desk(Protocol):
    """Serves some families of requests of one client."""

    def handlers(self) -> Handlers:
        """Return which requests are served here, and by what."""
        ...


@runtime_checkable
class ExchangeListener(Protocol):
    """A desk that hears what the exchange says."""

    def hear(self, event: ExchangeEvent) -> None:
        """Hear what the exchange says, to whomever."""
        ...


@runtime_checkable
class EventListener(Protocol):
    """A desk that hears every quote and print."""

    def on_event(self, event: MarketEvent) -> None:
        """Hear a quote or a print as it happens, before what it changes on the board."""
        ...


@runtime_checkable
class TickListener(Protocol):
    """A desk that hears what changes on the board."""

    def on_ticks(self, con_id: ConId, ticks: Sequence[Tick]) -> None:
        """Hear what changed on the board."""
        ...


@runtime_checkable
class BarListener(Protocol):
    """A desk that hears bars close."""

    def bars_wanted(self) -> Iterable[WantedBar]:
        """Return which bars it wants."""
        ...

    def on_bar(self, con_id: ConId, shown: Shown, bar: Bar) -> None:
        """Hear that a 5-second bar closed."""
        ...


@runtime_checkable
class TimeListener(Protocol):
    """A desk that does something as time goes by."""

    def on_time(self, now_ns: int) -> None:
        """Hear that market time has come to *now_ns*: when it is due, or earlier."""
        ...

    def due_ns(self) -> int:
        """Return the market time of which it has to hear without delay."""
        ...


@runtime_checkable
class Opener(Protocol):
    """A desk that speaks first, when a session opens."""

    def open(self) -> None:
        """Say what a client hears unasked."""
        ...


_ROLES: tuple[type[Any], ...] = (
    Opener,
    ExchangeListener,
    EventListener,
    TickListener,
    BarListener,
    TimeListener,
)


@cache  # a protocol takes microseconds to tell, and every session has a hundred to ask
def _roles(kind: type[Desk]) -> frozenset[object]:
    return frozenset(role for role in _ROLES if issubclass(kind, role))


def those(desks: Sequence[Desk], role: object) -> list[Any]:
    """Return the desks that play *role*."""
    return [desk for desk in desks if role in _roles(type(desk))]
