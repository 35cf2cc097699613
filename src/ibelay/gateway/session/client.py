"""A session: one client of the gateway, from its first byte to its last.

States: the prefix, then the version, then ``startApi``, then requests. What cannot be read
as TWS frames ends the session; a message that cannot be read as a request is answered with
IB's code, and the session goes on.

**Source**: shared IB facts, section 6a; notes on ib_async, section 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from ibelay.errors import WireError
from ibelay.gateway.exchange.events import ExchangeEvent
from ibelay.gateway.market.api import MarketEvent
from ibelay.gateway.session.board import Tick
from ibelay.gateway.session.desk import (
    BarListener,
    Client,
    Desk,
    EventListener,
    ExchangeListener,
    Opener,
    TickListener,
    TimeListener,
)
from ibelay.gateway.session.desks.accounts.names import NameDesk
from ibelay.gateway.session.desks.accounts.positions import PositionDesk
from ibelay.gateway.session.desks.accounts.profit import ProfitDesk
from ibelay.gateway.session.desks.accounts.summary import SummaryDesk
from ibelay.gateway.session.desks.accounts.updates import UpdateDesk
from ibelay.gateway.session.desks.contracts import ContractDesk
from ibelay.gateway.session.desks.link import LinkDesk
from ibelay.gateway.session.desks.live.bars import BarDesk
from ibelay.gateway.session.desks.live.quotes import QuoteDesk
from ibelay.gateway.session.desks.live.tick_by_tick import TickByTickDesk
from ibelay.gateway.session.desks.news import NewsDesk
from ibelay.gateway.session.desks.orders import OrderDesk
from ibelay.gateway.session.desks.past.bar_desk import PastBarsDesk
from ibelay.gateway.session.desks.past.tick_desk import PastTicksDesk
from ibelay.gateway.session.desks.scanner import ScannerDesk
from ibelay.gateway.session.desks.search import SearchDesk
from ibelay.gateway.session.desks.services import ServiceDesk
from ibelay.gateway.session.floor import MAX_CLIENTS, Floor
from ibelay.gateway.session.lines import Lines
from ibelay.gateway.session.quote_bars import Shown
from ibelay.gateway.session.voice import Voice
from ibelay.model.faults import Fault
from ibelay.model.ids import ClientId, ConId
from ibelay.model.market import Bar
from ibelay.wire import handshake
from ibelay.wire import requests as ask
from ibelay.wire.decode import decode
from ibelay.wire.framing import FrameDecoder
from ibelay.wire.times import moment

MAX_PENDING_BYTES = 16 << 20


class Stage(StrEnum):
    """How far a session has come."""

    PREFIX = "prefix"
    VERSION = "version"
    START = "start"
    OPEN = "open"
    CLOSED = "closed"


_DESKS: tuple[Callable[[Client], Desk], ...] = (
    NameDesk,  # says managedAccounts before anything else, as IB does
    LinkDesk,
    OrderDesk,
    UpdateDesk,
    SummaryDesk,
    PositionDesk,
    ProfitDesk,
    ContractDesk,
    SearchDesk,
    QuoteDesk,
    TickByTickDesk,
    BarDesk,
    PastBarsDesk,
    PastTicksDesk,
    ScannerDesk,
    NewsDesk,
    ServiceDesk,
)


class _Desks:
    """The desks of one client, sorted by what they want to hear."""

    def __init__(self, client: Client) -> None:
        self.client_id = client.client_id
        desks = [make(client) for make in _DESKS]
        self.handlers = {kind: do for desk in desks for kind, do in desk.handlers().items()}
        self.openers = [desk for desk in desks if isinstance(desk, Opener)]
        self.exchange = [desk for desk in desks if isinstance(desk, ExchangeListener)]
        self.events = [desk for desk in desks if isinstance(desk, EventListener)]
        self.ticks = [desk for desk in desks if isinstance(desk, TickListener)]
        self.bars = [desk for desk in desks if isinstance(desk, BarListener)]
        self.time = [desk for desk in desks if isinstance(desk, TimeListener)]


class Session:
    """One client, without its socket.

    The shell gives it what arrives (``receive``), sends what it says (``take``), and closes
    the socket once ``closed`` has become true and the rest has been sent. One chunk of
    requests that would make more than 16 MiB of answers ends the session.

    Args:
        floor: What all clients share.
    """

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._frames = FrameDecoder()
        self._out: list[bytes] = []
        self._out_bytes = 0
        self._stage = Stage.PREFIX
        self._voice = Voice(handshake.MAX_SERVER_VERSION, self._send)
        self._desks: _Desks | None = None

    @property
    def closed(self) -> bool:
        """Whether the gateway has ended the session."""
        return self._stage is Stage.CLOSED

    @property
    def started(self) -> bool:
        """Whether the client has said who it is."""
        return self._desks is not None

    @property
    def name(self) -> str:
        """What to call the client in a log."""
        return f"client {self._desks.client_id}" if self._desks else "a client not started"

    def receive(self, data: bytes, now_ns: int) -> None:
        """Take the next bytes from the client, at market time *now_ns*."""
        if self.closed or Fault.MUTE in self._floor.faults:
            return
        self._floor.advance(now_ns)
        self._frames.feed(data)
        try:
            if self._stage is Stage.PREFIX and self._frames.take_prefix(handshake.API_PREFIX):
                self._stage = Stage.VERSION
            if self._stage is not Stage.PREFIX:
                for payload in self._frames.frames():
                    self._frame(payload)
                    if self._out_bytes > MAX_PENDING_BYTES:
                        self.leave()
                    if self._stage is Stage.CLOSED:
                        return
        except WireError as error:
            self._end(508 if self.started else 506, str(error))

    def take(self) -> bytes:
        """Return what is to be sent to the client, once."""
        data = b"".join(self._out)
        self._out.clear()
        self._out_bytes = 0
        return data

    def leave(self) -> None:
        """The socket is gone: hear nothing more. Orders stay."""
        self._stage = Stage.CLOSED
        if self._desks is not None:
            self._floor.leave(self._desks.client_id)
            self._desks = None

    # What happens on the floor -----------------------------------------------------

    def on_exchange(self, event: ExchangeEvent) -> None:
        """Hear what the exchange says."""
        for desk in self._desks.exchange if self._desks else ():
            desk.hear(event)

    def on_event(self, event: MarketEvent) -> None:
        """Hear a quote or a print."""
        for desk in self._desks.events if self._desks else ():
            desk.on_event(event)

    def on_ticks(self, con_id: ConId, ticks: Sequence[Tick]) -> None:
        """Hear what changed on the board."""
        for desk in self._desks.ticks if self._desks else ():
            desk.on_ticks(con_id, ticks)

    def bars_wanted(self) -> set[ConId]:
        """Return what its desks want bars of."""
        desks = self._desks.bars if self._desks else ()
        return {con_id for desk in desks for con_id in desk.bars_wanted()}

    def on_bar(self, con_id: ConId, shown: Shown, bar: Bar) -> None:
        """Hear that a 5-second bar closed."""
        for desk in self._desks.bars if self._desks else ():
            desk.on_bar(con_id, shown, bar)

    def on_time(self, now_ns: int) -> None:
        """Hear that time went by."""
        for desk in self._desks.time if self._desks else ():
            desk.on_time(now_ns)

    # What the client says ----------------------------------------------------------

    def _send(self, message: bytes) -> None:
        self._out.append(message)
        self._out_bytes += len(message)

    def _end(self, code: int, text: str) -> None:
        """Say why, and close."""
        self._voice.notify(code, text)
        self.leave()

    def _frame(self, payload: bytes) -> None:
        if self._stage is Stage.VERSION:
            version = handshake.negotiate(handshake.parse_hello(payload))
            self._voice = Voice(version, self._send)
            self._send(handshake.encode_reply(version, moment(self._floor.now_ns)))
            self._stage = Stage.START
            return
        request = decode(payload, self._voice.version)
        if self._desks is not None:
            self._desks.handlers[type(request)](request)
        elif isinstance(request, ask.StartApi):
            self._start(request.client_id)
        else:
            self._voice.notify(504, "Not connected: expected startApi first")

    def _start(self, client_id: ClientId) -> None:
        if self._floor.full:
            text = f"Couldn't connect: the gateway serves at most {MAX_CLIENTS} clients"
            self._end(502, text)
            return
        if not self._floor.join(client_id, self):
            text = "Unable to connect as the client id is already in use. Retry with a unique id."
            self._end(326, text)
            return
        self._desks = _Desks(Client(self._floor, client_id, self._voice, Lines()))
        self._stage = Stage.OPEN
        for desk in self._desks.openers:
            desk.open()
