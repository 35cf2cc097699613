"""The history desk: bars of the past, up to market time.

**Source**: IB "Historical Data" page; shared IB facts, section 4.
"""

from __future__ import annotations

from ibelay.errors import WireError
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks import stretch
from ibelay.gateway.session.desks.contracts import find_one
from ibelay.wire import encode
from ibelay.wire import requests as ask
from ibelay.wire.times import moment


class HistoryDesk:
    """Serves the historical data requests of one client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._floor = client.floor
        self._voice = client.voice

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestHistoricalData: self._historical_data,
            ask.CancelHistoricalData: self._cancel,
        }

    def _historical_data(self, request: ask.RequestHistoricalData) -> None:
        number, market = request.request_id, self._floor.market
        found = find_one(self._client, number, request.contract)
        if found is None:
            return
        if request.keep_up_to_date:
            self._no_history(number, "keepUpToDate is not served by the paper gateway")
            return
        try:
            what = stretch.stretch(request, market, self._floor.now_ns)
        except WireError as error:
            self._no_history(number, str(error))
            return
        bars = stretch.bars(market, found.contract.con_id, what)
        if not bars:
            contract = found.contract
            query = f"{contract.symbol}@{contract.exchange} Trades"
            self._no_history(number, f"HMDS query returned no data: {query}")
            return
        rows = stretch.dated(bars, what.size_s, request.format_date)
        start, end = moment(what.start_ns), moment(what.end_ns)
        self._voice.say(encode.historical_data(number, start, end, rows))

    def _cancel(self, request: ask.CancelHistoricalData) -> None:
        number = request.request_id
        text = f"No historical data query found for ticker id:{number}"
        self._voice.refuse(number, 366, text)

    def _no_history(self, request_id: int, text: str) -> None:
        message = f"Historical Market Data Service error message:{text}"
        self._voice.refuse(request_id, 162, message)
