"""A session: one client of the gateway, from its first byte to its last.

States: the prefix, then the version, then ``startApi``, then requests. What cannot be read
as TWS frames ends the session; a message that cannot be read as a request is answered with
IB's code, and the session goes on.

**Source**: shared IB facts, section 6a; notes on ib_async, section 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from ibelay.control.agenda import NEVER_NS
from ibelay.control.line.line import Line
from ibelay.errors import WireError
from ibelay.gateway.exchange.events import ExchangeEvent
from ibelay.gateway.market.api import MarketEvent
from ibelay.gateway.session.board.ticks import Tick
from ibelay.gateway.session.desk import (
    BarListener,
    Client,
    Desk,
    EventListener,
    ExchangeListener,
    Opener,
    TickListener,
    TimeListener,
    those,
)
from ibelay.gateway.session.desks.accounts.names import NameDesk
from ibelay.gateway.session.desks.accounts.positions import PositionDesk
from ibelay.gateway.session.desks.accounts.profit import ProfitDesk
from ibelay.gateway.session.desks.accounts.summary import SummaryDesk
from ibelay.gateway.session.desks.accounts.updates import UpdateDesk
from ibelay.gateway.session.desks.contracts import ContractDesk
from ibelay.gateway.session.desks.link import LinkDesk
from ibelay.gateway.session.desks.live.bars import BarDesk
from ibelay.gateway.session.desks.live.depth import DepthDesk
from ibelay.gateway.session.desks.live.greeks import OptionDesk
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
from ibelay.gateway.session.line.intake import PLANS_NOTHING, Intake
from ibelay.gateway.session.line.pacing import MessageRate, Pacing
from ibelay.gateway.session.lines import Lines
from ibelay.gateway.session.quote_bars import Shown, WantedBar
from ibelay.gateway.session.voice import Voice
from ibelay.model.ids import ClientId, ConId
from ibelay.model.market import Bar
from ibelay.wire import handshake
from ibelay.wire import requests as ask
from ibelay.wire.decode import decode
from ibelay.wire.framing import FrameDecoder
from ibelay.wire.times import moment

MAX_PENDING_BYTES = 16 << 20
MAX_WAITING_BYTES = 64 << 10
TOO_FAST = "Max rate of messages per second has been exceeded"


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
    DepthDesk,
    OptionDesk,
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
        self.openers: list[Opener] = those(desks, Opener)
        self.exchange: list[ExchangeListener] = those(desks, ExchangeListener)
        self.events: list[EventListener] = those(desks, EventListener)
        self.ticks: list[TickListener] = those(desks, TickListener)
        self.bars: list[BarListener] = those(desks, BarListener)
        self.time: list[TimeListener] = those(desks, TimeListener)


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
        self._troubles = floor.troubles
        self._frames = FrameDecoder()
        self._line = Line(floor.troubles)
        self._rate = MessageRate()
        self._waits = False
        self._stage = Stage.PREFIX
        self._voice = Voice(handshake.MAX_SERVER_VERSION, self._line.say)
        self._intake = Intake(floor.troubles, self._line, self._voice)
        self._lines = Lines()
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

    @property
    def client_id(self) -> ClientId | None:
        """Who the client is, once it has said so."""
        return self._line.client_id

    @property
    def half_open(self) -> bool:
        """Whether the socket is to stay as it is, whatever becomes of the session."""
        return self._line.half_open

    @property
    def stuck(self) -> bool:
        """Whether nothing is read from the client and nothing said to it, on purpose."""
        troubles = self._troubles
        if not (troubles.freezes or troubles.muted):
            return False
        return troubles.frozen(self.client_id) or (troubles.muted and not self.started)

    @property
    def unserved(self) -> bool:
        """Whether something has arrived that is to be served in its time: a thaw leaves some."""
        return self._waits or self._frames.buffered_bytes > 0

    @property
    def calm(self) -> bool:
        """Whether nothing of it waits for our time to go by."""
        return not (self.unserved or self._line.pending_bytes or self.stuck)

    @property
    def silent(self) -> bool:
        """Whether there is nothing to say to the client, and no reason to stop reading."""
        return not (self._line.pending_bytes or self._waits or self.closed or self.stuck)

    @property
    def behind(self) -> bool:
        """Whether the shell is to read no more for now."""
        if self._waits and self._frames.buffered_bytes > MAX_WAITING_BYTES:
            return True
        return self._troubles.freezes and self._troubles.frozen(self.client_id)

    def receive(
        self, data: bytes, now_ns: int, wall_ns: int | None = None, *, most: int | None = None
    ) -> bool:
        """Take the next bytes from the client, at market time *now_ns*, and serve them.

        Args:
            data: What arrived.
            now_ns: Market time.
            wall_ns: Our clock, monotonic; pacing goes by it, None for no pacing.
            most: Messages to serve at most; None for all.

        Returns:
            Whether so many were served that more may be there; ``serve`` goes on with them.
        """
        if self._stage is Stage.CLOSED or self._line.half_open:
            return False
        self._frames.feed(data)
        return self.serve(now_ns, wall_ns, most=most)

    def serve(self, now_ns: int, wall_ns: int | None, *, most: int | None = None) -> bool:
        """Serve what has arrived and may be served by now; see ``receive``."""
        if self._stage is Stage.CLOSED or self._line.half_open or self.stuck:
            return False
        self._floor.advance(now_ns)
        try:
            if self._stage is Stage.PREFIX and self._frames.take_prefix(handshake.API_PREFIX):
                self._stage = Stage.VERSION
            if self._stage is not Stage.PREFIX:
                return self._serve_frames(wall_ns, most)
        except WireError as error:
            self._end(508 if self.started else 506, str(error))
        return False

    def take(self, wall_ns: int = 0) -> bytes:
        """Return what is to be sent to the client, once."""
        if self._line.pending_bytes > MAX_PENDING_BYTES:
            self.leave()
        if self.stuck:
            return b""
        return self._line.take(wall_ns, self._floor.now_ns)

    def leave(self) -> None:
        """The socket is gone: hear nothing more. Orders stay."""
        self._stage = Stage.CLOSED
        if self._desks is not None:
            self._floor.leave(self._desks.client_id)
            self._desks = None

    # What goes wrong on purpose ----------------------------------------------------

    def breach(self, wall_ns: int) -> None:
        """Say that the client sends too much; end the session the third time."""
        self._voice.notify(100, TOO_FAST)
        if self._rate.breach(wall_ns):
            self.leave()

    def charge(self) -> None:
        """Count a breach that never was, as if a second had gone by since the last."""
        self._voice.notify(100, TOO_FAST)
        if self._rate.charge():
            self.leave()

    def vanish(self) -> None:
        """Let nothing come or go any more; the client id stays in use until ``leave``."""
        self._line.half_open = True

    def say(self, request_id: int, code: int, text: str) -> None:
        """Say a message with a code; nobody hears it before the handshake."""
        if self.started:
            self._voice.refuse(request_id, code, text)

    def lose_streams(self) -> None:
        """Let every stream fall silent until it is asked for again."""
        self._line.kill_streams()

    def refuse_streams(self, code: int, text: str) -> None:
        """Say a message with a code about every stream of the client."""
        for request_id in self._lines.request_ids():
            self.say(request_id, code, text)

    def upstream_is_back(self) -> None:
        """Say what waited for IB's servers, and take the orders that waited for them."""
        self._line.release()
        for request in self._intake.postponed():
            if self._desks is not None:
                self._intake.serve(request, self._desks.handlers[type(request)])

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

    def bars_wanted(self) -> list[WantedBar]:
        """Return which bars its desks want."""
        desks = self._desks.bars if self._desks else ()
        return [wanted for desk in desks for wanted in desk.bars_wanted()]

    def on_bar(self, con_id: ConId, shown: Shown, bar: Bar) -> None:
        """Hear that a 5-second bar closed."""
        for desk in self._desks.bars if self._desks else ():
            desk.on_bar(con_id, shown, bar)

    def on_time(self, now_ns: int) -> None:
        """Hear that time went by."""
        for desk in self._desks.time if self._desks else ():
            desk.on_time(now_ns)

    def due_ns(self) -> int:
        """Return the market time of which a desk has to hear without delay."""
        desks = self._desks.time if self._desks else ()
        return min([desk.due_ns() for desk in desks], default=NEVER_NS)

    # What the client says ----------------------------------------------------------

    def _end(self, code: int, text: str) -> None:
        """Say why, and close."""
        self._voice.notify(code, text)
        self.leave()

    def _serve_frames(self, wall_ns: int | None, most: int | None) -> bool:
        """Serve frame by frame, as far as pacing and the faults of the moment allow."""
        frames, served = self._frames.frames(), 0
        while not self._must_wait(wall_ns) and (payload := next(frames, None)) is not None:
            self._frame(payload, wall_ns)
            served += 1
            if self._line.pending_bytes > MAX_PENDING_BYTES:
                self.leave()
            if self.closed:
                return False
            if served == most:
                frames.close()  # which forgets what was served
                self._waits = self._frames.buffered_bytes > 0
                return self._waits
        return False

    def _must_wait(self, wall_ns: int | None) -> bool:
        self._waits = self.stuck or (
            self._floor.pacing is Pacing.PACE
            and self._desks is not None
            and wall_ns is not None
            and not self._rate.has_room(wall_ns)
        )
        return self._waits

    def _frame(self, payload: bytes, wall_ns: int | None) -> None:
        if self._stage is Stage.VERSION:
            self._agree(payload)
            return
        request = decode(payload, self._voice.version)
        if self._desks is not None:
            if not isinstance(request, PLANS_NOTHING):
                self._floor.stir()
            if wall_ns is None or not self._paced(request, wall_ns):
                self._intake.serve(request, self._desks.handlers[type(request)])
        elif isinstance(request, ask.StartApi):
            self._start(request.client_id)
        else:
            self._voice.notify(504, "Not connected: expected startApi first")

    def _agree(self, payload: bytes) -> None:
        version = handshake.negotiate(handshake.parse_hello(payload))
        self._voice = Voice(version, self._line.say)
        self._intake = Intake(self._floor.troubles, self._line, self._voice)
        self._line.put(handshake.encode_reply(version, moment(self._floor.now_ns)))
        self._stage = Stage.START

    def _paced(self, request: ask.ClientRequest, wall_ns: int) -> bool:
        """Count the message; refuse it, and in the end the client, if it is one too many."""
        if self._floor.pacing is Pacing.OFF:
            return False
        if self._floor.pacing is Pacing.REJECT and not self._rate.has_room(wall_ns):
            self.breach(wall_ns)
            return True
        self._rate.count(wall_ns)
        return self._intake.paced(request, self._floor.now_ns, wall_ns)

    def _start(self, client_id: ClientId) -> None:
        if self._floor.full:
            text = f"Couldn't connect: the gateway serves at most {MAX_CLIENTS} clients"
            self._end(502, text)
            return
        refused = client_id in self._floor.troubles.refused_ids
        if refused or not self._floor.join(client_id, self):
            text = "Unable to connect as the client id is already in use. Retry with a unique id."
            self._end(326, text)
            return
        self._desks = _Desks(Client(self._floor, client_id, self._voice, self._lines))
        self._line.client_id = client_id
        self._stage = Stage.OPEN
        for desk in self._desks.openers:
            desk.open()
