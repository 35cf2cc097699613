"""The quote desk: top of book, streaming or once, live, frozen or delayed.

Rules:
1. What a client gets of what it asks for is decided by ``entitlement``; marketDataType says
   which type it is, before the first tick.
2. A stream takes one of the client's lines (``lines``); a snapshot gives its line back when
   it ends.
3. Generic ticks are those of ``extra``; headlines (292) are those of the news desk.

**Source**: IB "Market Data" page; shared IB facts, section 1c.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ibelay.control.agenda import NEVER_NS
from ibelay.gateway.market.api import Instrument, MarketEvent, QuoteChange
from ibelay.gateway.session import hours
from ibelay.gateway.session.board.ticks import GenericTick, Tick
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks.contracts import BBO_EXCHANGE, find_one
from ibelay.gateway.session.desks.live import extra
from ibelay.gateway.session.desks.live.delayed import DelayedFace
from ibelay.gateway.session.desks.live.greeks import OPTIONS, computed_of
from ibelay.gateway.session.desks.news import headlines
from ibelay.gateway.session.desks.services import NO_FUNDAMENTALS
from ibelay.gateway.session.entitlement import SHOWING_DELAYED, DataType, Refusal, granted
from ibelay.model.ids import ConId
from ibelay.wire.encode import data as say
from ibelay.wire.encode import news as say_news
from ibelay.wire.requests import data as ask

_HALTED = 49
_DELAYED_HALTED = 90


@dataclass(slots=True)
class _Stream:
    """One subscription.

    *delayed* is set where that is what it gets; *option* where it is one, whose figures are
    computed.
    """

    con_id: ConId
    extra: extra.ExtraTicks
    delayed: DelayedFace | None = None
    option: Instrument | None = None


class QuoteDesk:
    """Serves the market data requests of one client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._floor = client.floor
        self._voice = client.voice
        self._wanted = DataType.LIVE
        self._streams: dict[int, _Stream] = {}
        self._live: dict[ConId, list[int]] = {}
        self._extra: dict[ConId, list[int]] = {}
        self._delayed: list[int] = []

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestMarketData: self._market_data,
            ask.CancelMarketData: self._cancel,
            ask.RequestMarketDataType: self._market_data_type,
        }

    def on_ticks(self, con_id: ConId, ticks: Sequence[Tick]) -> None:
        """Send *ticks* to the live subscriptions of *con_id*."""
        for number in self._live.get(con_id, ()):
            for tick in ticks:
                self._voice.say(tick.encode(number))

    def on_event(self, event: MarketEvent) -> None:
        """Send the generic ticks that *event* makes."""
        for number in self._extra.get(event.con_id, ()):
            stream = self._streams[number]
            self._tell(number, stream.extra.happened(event))
            if stream.option is not None:
                self._tell(number, computed_of(self._floor, stream.option, event))

    def on_time(self, now_ns: int) -> None:
        """Let delayed subscriptions follow."""
        for number in self._delayed:
            face = self._streams[number].delayed
            if face is not None:
                self._tell(number, face.move(now_ns))

    def due_ns(self) -> int:
        """See ``TimeListener``: what is delayed is not looked for, so it is always due."""
        return self._floor.now_ns if self._delayed else NEVER_NS

    def _tell(self, number: int, ticks: Sequence[Tick]) -> None:
        for tick in ticks:
            self._voice.say(tick.encode(number))

    def _market_data(self, request: ask.RequestMarketData) -> None:
        number = request.request_id
        refusal = self._client.lines.take(number)
        if refusal is not None:
            self._voice.refuse(number, *refusal)
            return
        found = find_one(self._client, number, request.contract)
        stream = None if found is None else self._begin(request, found)
        if stream is None or request.snapshot:
            self._client.lines.free(number)
        else:
            self._keep(number, stream)

    def _begin(self, request: ask.RequestMarketData, one: Instrument) -> _Stream | None:
        """Say all there is now; return the stream, None if it is refused."""
        number, now_ns = request.request_id, self._floor.now_ns
        sessions = hours.sessions(self._floor.market, one)
        kind = granted(
            self._floor.entitlement, self._wanted, trading=hours.trading(sessions, now_ns)
        )
        if isinstance(kind, Refusal):
            self._voice.refuse(number, kind.code, kind.text)
            return None
        generic = self._generic(request, one)
        if generic is None:
            return None
        market = self._floor.market
        stream = _Stream(
            con_id=one.contract.con_id,
            extra=extra.ExtraTicks(generic, sessions),
            option=one if one.contract.sec_type in OPTIONS else None,
        )
        if kind in {DataType.DELAYED, DataType.DELAYED_FROZEN}:
            self._voice.refuse(number, SHOWING_DELAYED.code, SHOWING_DELAYED.text)
            stream.delayed = DelayedFace(market, one, now_ns)
        self._say_now(number, kind, one, stream)
        if request.snapshot:
            self._voice.say(say.tick_snapshot_end(number))
        return stream

    def _say_now(self, number: int, kind: DataType, one: Instrument, stream: _Stream) -> None:
        self._voice.say(say.market_data_type(number, kind))
        self._voice.say(say.tick_parameters(number, one.min_tick, BBO_EXCHANGE))
        halted = _HALTED if stream.delayed is None else _DELAYED_HALTED
        face = stream.delayed or self._floor.face(stream.con_id)
        self._tell(number, face.shown())
        self._tell(
            number, [GenericTick(halted, Decimal(face.halted)), *stream.extra.first(face.price)]
        )
        if stream.option is not None and stream.delayed is None:
            quote = self._floor.face(stream.con_id).quote(self._floor.now_ns)
            now = QuoteChange(con_id=stream.con_id, quote=quote)
            self._tell(number, computed_of(self._floor, stream.option, now))
        if extra.NEWS in stream.extra.asked:
            for headline in headlines(self._floor, one):
                row = (headline.at_ns, headline.article_id, headline.text)
                self._voice.say(say_news.tick_news(number, *row))

    def _generic(self, request: ask.RequestMarketData, one: Instrument) -> frozenset[int] | None:
        """Return the generic ticks asked for, None if they are refused."""
        number, asked = request.request_id, extra.numbers(request.generic_ticks)
        text = (
            "Error validating request: a generic tick list is numbers parted by commas"
            if asked is None
            else extra.illegal(asked, one.contract.sec_type)
        )
        if text or asked is None:
            self._voice.refuse(number, 321, text)
            return None
        if extra.FUNDAMENTALS in asked:
            self._voice.refuse(number, *NO_FUNDAMENTALS)
            return None
        return frozenset(asked)

    def _keep(self, number: int, stream: _Stream) -> None:
        self._streams[number] = stream
        if stream.delayed is not None:
            self._delayed.append(number)
            return
        self._live.setdefault(stream.con_id, []).append(number)
        if stream.extra.asked or stream.option is not None:
            self._extra.setdefault(stream.con_id, []).append(number)

    def _cancel(self, request: ask.CancelMarketData) -> None:
        number = request.request_id
        stream = self._streams.pop(number, None)
        if stream is None:
            self._voice.refuse(number, 300, f"Can't find EId with tickerId:{number}")
            return
        self._client.lines.free(number)
        lists = (self._delayed, self._live.get(stream.con_id), self._extra.get(stream.con_id))
        for numbers in lists:
            if numbers and number in numbers:
                numbers.remove(number)

    def _market_data_type(self, request: ask.RequestMarketDataType) -> None:
        if request.market_data_type not in set(DataType):
            text = f"Error validating request: market data type {request.market_data_type}"
            self._voice.notify(321, text)
            return
        self._wanted = DataType(request.market_data_type)
