"""The tick-by-tick desk: every print, every quote or every mid-point, as it happens.

Rules:
1. At most 5 at a time, a twentieth of the market data lines, as at IB (10190); an id is
   one stream, and each takes a line.
2. ``number_of_ticks`` of the past come first, as historical ticks under the same id.
3. ``ignore_size`` leaves out quotes whose prices stay.
4. Only with live data (10189).

**Source**: IB "Tick-by-Tick Data" page.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from ibelay.gateway.market.api import Instrument, MarketEvent, Print, QuoteChange
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks.contracts import find_one
from ibelay.gateway.session.desks.past.nearest import earlier
from ibelay.gateway.session.entitlement import Entitlement
from ibelay.model.ids import ConId
from ibelay.model.market import Quote
from ibelay.wire.encode import data as say
from ibelay.wire.encode import history as say_past
from ibelay.wire.requests import data as ask

MAX_STREAMS = 5
MAX_PAST = 1000


class Kind(Enum):
    """What is streamed, by IB's names; the value is IB's number in the message."""

    Last = 1
    AllLast = 2
    BidAsk = 3
    MidPoint = 4

    @property
    def traded(self) -> bool:
        """Whether it is prints."""
        return self in {Kind.Last, Kind.AllLast}


@dataclass(slots=True)
class _Stream:
    con_id: ConId
    kind: Kind
    ignore_size: bool
    venue: str
    before: tuple[Decimal | None, ...] = ()

    def says(self, number: int, event: MarketEvent) -> bytes | None:
        """Return what *event* makes of this stream, None for nothing."""
        if isinstance(event, Print):
            if not self.kind.traded:
                return None
            trade = (event.at_ns, event.price, event.size)
            return say.tick_by_tick_last(number, self.kind.value, trade, self.venue)
        if self.kind.traded or not isinstance(event, QuoteChange):
            return None
        return self._quoted(number, event.quote)

    def _quoted(self, number: int, quote: Quote) -> bytes | None:
        bid, ask_ = quote.bid, quote.ask
        if self.kind is Kind.MidPoint:
            if bid is None or ask_ is None or self.before == (bid + ask_,):
                return None
            self.before = (bid + ask_,)
            return say.tick_by_tick_mid_point(number, quote.at_ns, (bid + ask_) / 2)
        seen = (bid, ask_) if self.ignore_size else (bid, ask_, quote.bid_size, quote.ask_size)
        if seen == self.before:
            return None
        self.before = seen
        return say.tick_by_tick_bid_ask(number, quote)


class TickByTickDesk:
    """Serves the tick-by-tick requests of one client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._floor = client.floor
        self._voice = client.voice
        self._streams: dict[int, _Stream] = {}

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {ask.RequestTickByTick: self._subscribe, ask.CancelTickByTick: self._cancel}

    def on_event(self, event: MarketEvent) -> None:
        """Send what *event* makes of each stream."""
        for number, stream in self._streams.items():
            if stream.con_id == event.con_id:
                message = stream.says(number, event)
                if message is not None:
                    self._voice.say(message)

    def _subscribe(self, request: ask.RequestTickByTick) -> None:
        number = request.request_id
        if request.kind not in Kind.__members__ or not 0 <= request.past <= MAX_PAST:
            text = (
                "Error validating request: expected Last, AllLast, BidAsk or MidPoint"
                f" and 0 to {MAX_PAST} ticks of the past"
            )
            self._voice.refuse(number, 321, text)
            return
        found = find_one(self._client, number, request.contract)
        if found is None:
            return
        if self._floor.entitlement is not Entitlement.LIVE:
            text = "Failed to request tick-by-tick data.No market data permissions"
            self._voice.refuse(number, 10189, text)
            return
        if len(self._streams) >= MAX_STREAMS:
            text = "Max number of tick-by-tick requests has been reached."
            self._voice.refuse(number, 10190, text)
            return
        refusal = self._client.lines.take(number)
        if refusal is not None:
            self._voice.refuse(number, *refusal)
            return
        kind = Kind[request.kind]
        if request.past:
            self._voice.say(self._past(number, kind, found, request.past))
        venue = found.contract.primary_exchange or found.contract.exchange
        self._streams[number] = _Stream(
            found.contract.con_id, kind, ignore_size=request.ignore_size, venue=venue
        )

    def _past(self, number: int, kind: Kind, one: Instrument, count: int) -> bytes:
        market, now_ns = self._floor.market, self._floor.now_ns
        wanted: type = Print if kind.traded else QuoteChange
        found = earlier(
            market, one.contract.con_id, now_ns, count, lambda event: isinstance(event, wanted)
        )[-count:]
        if kind.traded:
            venue = one.contract.primary_exchange or one.contract.exchange
            rows = [(e.at_ns, e.price, e.size) for e in found if isinstance(e, Print)]
            return say_past.historical_ticks_last(number, rows, venue)
        quotes = [event.quote for event in found if isinstance(event, QuoteChange)]
        if kind is Kind.BidAsk:
            return say_past.historical_ticks_bid_ask(number, quotes)
        return say_past.historical_ticks(number, quotes)

    def _cancel(self, request: ask.CancelTickByTick) -> None:
        number = request.request_id
        if self._streams.pop(number, None) is None:
            self._voice.refuse(number, 300, f"Can't find EId with tickerId:{number}")
        else:
            self._client.lines.free(number)
