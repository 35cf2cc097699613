"""The depth desk: the book behind the top, row by row.

Rules:
1. At most 3 at a time, as with IB's default (309); each takes a line of the client's.
2. A venue that names its market makers (NASDAQ), and SMART depth, come as L2, others as
   L1. SMART depth says first which venues it has (2152); SMART without it is refused
   (10092).
3. Rows are kept in place: what changes is updated, what is new inserted at the end, what is
   gone deleted from the end.
4. Only with live data (10092).

**Source**: IB "Market Depth" page; docs/evidence/gateway-recordings (2152, 10092).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ibelay.gateway.market.api import Instrument, MarketEvent, QuoteChange
from ibelay.gateway.market.depth import LEVELS_MAX, Level, depth
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks.contracts import find_one
from ibelay.gateway.session.entitlement import Entitlement
from ibelay.model.market import Quote
from ibelay.wire.encode import data as say
from ibelay.wire.requests import data as ask

MAX_STREAMS = 3
INSERT, UPDATE, DELETE = 0, 1, 2
ASK_SIDE, BID_SIDE = 0, 1
_DEEP_VENUES = frozenset({"NASDAQ", "ISLAND"})
_NOT_SUPPORTED = "Deep market data is not supported for this combination of security type/exchange"


def changes(before: list[Level], after: list[Level]) -> list[tuple[int, int, Level]]:
    """Return (position, operation, level) that lead from *before* to *after* (rule 3)."""
    found = [
        (position, UPDATE, new)
        for position, (old, new) in enumerate(zip(before, after, strict=False))
        if old != new
    ]
    found += [(n, INSERT, after[n]) for n in range(len(before), len(after))]
    gone = range(len(before) - 1, len(after) - 1, -1)
    return found + [(n, DELETE, before[n]) for n in gone]


@dataclass(slots=True)
class _Stream:
    instrument: Instrument
    rows: int
    deep: bool
    smart: bool
    sides: dict[int, list[Level]] = field(default_factory=lambda: {ASK_SIDE: [], BID_SIDE: []})

    def says(self, number: int, quote: Quote) -> list[bytes]:
        """Return what *quote* changes."""
        book = depth(self.instrument, quote, self.rows)
        out = []
        for side, levels in ((ASK_SIDE, list(book.asks)), (BID_SIDE, list(book.bids))):
            for position, operation, level in changes(self.sides[side], levels):
                row = (position, operation, side, level.price, level.size)
                if self.deep:
                    out.append(say.market_depth_l2(number, row, level.maker, smart=self.smart))
                else:
                    out.append(say.market_depth(number, row))
            self.sides[side] = levels
        return out


class DepthDesk:
    """Serves the market depth of one client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._floor = client.floor
        self._voice = client.voice
        self._streams: dict[int, _Stream] = {}

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {ask.RequestMarketDepth: self._subscribe, ask.CancelMarketDepth: self._cancel}

    def on_event(self, event: MarketEvent) -> None:
        """Send what a quote changes of each book."""
        if not self._streams or not isinstance(event, QuoteChange):
            return
        for number, stream in self._streams.items():
            if stream.instrument.contract.con_id == event.con_id:
                self._voice.say_all(stream.says(number, event.quote))

    def _subscribe(self, request: ask.RequestMarketDepth) -> None:
        number = request.request_id
        found = find_one(self._client, number, request.contract)
        if found is None:
            return
        venue = request.contract.exchange
        plain_smart = venue == "SMART" and not request.smart
        live = self._floor.entitlement is Entitlement.LIVE
        if plain_smart or not live or not found.tradable:
            self._voice.refuse(number, 10092, _NOT_SUPPORTED)
            return
        if not 1 <= request.rows <= LEVELS_MAX:
            text = f"Error validating request: {request.rows} rows, expected 1 to {LEVELS_MAX}"
            self._voice.refuse(number, 321, text)
            return
        if len(self._streams) >= MAX_STREAMS:
            text = f"Max number ({MAX_STREAMS}) of market depth requests has been reached"
            self._voice.refuse(number, 309, text)
            return
        refusal = self._client.lines.take(number)
        if refusal is not None:
            self._voice.refuse(number, *refusal)
            return
        stream = _Stream(
            found, request.rows, deep=request.smart or venue in _DEEP_VENUES, smart=request.smart
        )
        self._begin(number, stream)

    def _begin(self, number: int, stream: _Stream) -> None:
        if stream.smart:
            venues = "; ".join(one for one in stream.instrument.valid_exchanges if one != "SMART")
            text = f"Exchanges - Depth: {venues}; Need additional market data permissions - "
            self._voice.refuse(number, 2152, text)
        self._streams[number] = stream
        con_id = stream.instrument.contract.con_id
        quote = self._floor.face(con_id).quote(self._floor.now_ns)
        self._voice.say_all(stream.says(number, quote))

    def _cancel(self, request: ask.CancelMarketDepth) -> None:
        number = request.request_id
        if self._streams.pop(number, None) is None:
            text = f"Can't find the subscribed market depth with tickerId:{number}"
            self._voice.refuse(number, 310, text)
        else:
            self._client.lines.free(number)
