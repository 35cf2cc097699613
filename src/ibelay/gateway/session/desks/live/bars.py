"""The bar desk: bars of 5 seconds as they close.

Only 5-second bars stream, whatever size is asked for, as at IB. A stream takes one of the
client's lines (``lines``).

**Source**: IB "Live Bars" page; shared IB facts, section 1c.
"""

from __future__ import annotations

from ibelay.gateway.session import hours
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks.contracts import find_one
from ibelay.gateway.session.entitlement import Entitlement
from ibelay.gateway.session.quote_bars import Shown, WantedBar
from ibelay.model.ids import ConId
from ibelay.model.market import Bar
from ibelay.wire import encode
from ibelay.wire import requests as ask


class BarDesk:
    """Serves the real-time bars of one client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._voice = client.voice
        self._streams: dict[int, tuple[ConId, Shown, bool]] = {}

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestRealTimeBars: self._real_time_bars,
            ask.CancelRealTimeBars: self._cancel,
        }

    def bars_wanted(self) -> list[WantedBar]:
        """See ``BarListener``."""
        return [(con_id, shown) for con_id, shown, _regular_only in self._streams.values()]

    def on_bar(self, con_id: ConId, shown: Shown, bar: Bar) -> None:
        """Send a closed bar to the subscriptions of *con_id*."""
        for request_id, (subscribed, wanted, regular_only) in self._streams.items():
            if subscribed != con_id or wanted is not shown:
                continue
            if not regular_only or self._is_regular(con_id, bar.at_ns):
                self._voice.say(encode.real_time_bar(request_id, bar))

    def _is_regular(self, con_id: ConId, at_ns: int) -> bool:
        floor = self._client.floor
        one = floor.instrument(con_id)
        return one is not None and hours.regular(hours.sessions(floor.market, one), at_ns)

    def _real_time_bars(self, request: ask.RequestRealTimeBars) -> None:
        number = request.request_id
        refusal = self._client.lines.take(number)
        if refusal is not None:
            self._voice.refuse(number, *refusal)
            return
        found = find_one(self._client, number, request.contract)
        live = self._client.floor.entitlement is Entitlement.LIVE
        if found is not None and live and request.what_to_show in Shown.__members__:
            shown = Shown(request.what_to_show)
            self._streams[number] = (found.contract.con_id, shown, request.regular_hours)
            return
        self._client.lines.free(number)
        if found is not None:
            why = (
                f"whatToShow {request.what_to_show[:20]!r}"
                if live
                else "No market data permissions"
            )
            self._voice.refuse(number, 420, f"Invalid Real-time Query:{why}")

    def _cancel(self, request: ask.CancelRealTimeBars) -> None:
        number = request.request_id
        if self._streams.pop(number, None) is None:
            self._voice.refuse(number, 300, f"Can't find EId with tickerId:{number}")
        else:
            self._client.lines.free(number)
