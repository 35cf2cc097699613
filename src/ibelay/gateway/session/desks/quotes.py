"""The quote desk: top of book, streaming or once.

Rules:
1. The account is entitled to live data of everything traded here: whatever type a client
   asks for, it gets type 1, as IB does where a subscription exists.
2. A stream takes one of the client's lines (``lines``).

**Source**: IB "Market Data" page; shared IB facts, section 1c.
"""

from __future__ import annotations

from collections.abc import Sequence

from ibelay.gateway.session.board import Tick
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks.contracts import find_one
from ibelay.model.ids import ConId
from ibelay.wire import encode
from ibelay.wire import requests as ask

LIVE_DATA = 1
_BBO_EXCHANGE = "9c0001"


class QuoteDesk:
    """Serves the market data requests of one client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._voice = client.voice
        self._streams: dict[int, ConId] = {}
        self._of: dict[ConId, list[int]] = {}

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestMarketData: self._market_data,
            ask.CancelMarketData: self._cancel,
            ask.RequestMarketDataType: self._market_data_type,
        }

    def on_ticks(self, con_id: ConId, ticks: Sequence[Tick]) -> None:
        """Send *ticks* to the subscriptions of *con_id*."""
        for request_id in self._of.get(con_id, ()):
            for tick in ticks:
                self._voice.say(tick.encode(request_id))

    def _market_data(self, request: ask.RequestMarketData) -> None:
        number = request.request_id
        refusal = self._client.lines.take(number)
        if refusal is not None:
            self._voice.refuse(number, *refusal)
            return
        found = find_one(self._client, number, request.contract)
        if found is None or request.snapshot:
            self._client.lines.free(number)
        if found is None:
            return
        con_id = found.contract.con_id
        self._voice.say(encode.market_data_type(number, LIVE_DATA))
        self._voice.say(encode.tick_parameters(number, found.min_tick, _BBO_EXCHANGE))
        for tick in self._client.floor.face(con_id).shown():
            self._voice.say(tick.encode(number))
        if request.snapshot:
            self._voice.say(encode.tick_snapshot_end(number))
        else:
            self._streams[number] = con_id
            self._of.setdefault(con_id, []).append(number)

    def _cancel(self, request: ask.CancelMarketData) -> None:
        number = request.request_id
        con_id = self._streams.pop(number, None)
        if con_id is None:
            self._voice.refuse(number, 300, f"Can't find EId with tickerId:{number}")
            return
        self._of[con_id].remove(number)
        self._client.lines.free(number)

    def _market_data_type(self, request: ask.RequestMarketDataType) -> None:
        if not 1 <= request.market_data_type <= 4:
            text = f"Error validating request: market data type {request.market_data_type}"
            self._voice.notify(321, text)
