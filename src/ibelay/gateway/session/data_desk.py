"""The data desk: contract details, top of book, bars as they close and bars of the past.

Rules:
1. The account is entitled to live data of everything traded here: whatever type a client
   asks for, it gets type 1, as IB does where a subscription exists.
2. A request id is one subscription; a second use while it lives is refused (102).
3. At most 100 streams per client (101), IB's default number of market data lines.
4. Only 5-second bars stream; historical data ends where market time is.

**Source**: IB "Market Data" and "Historical Data" pages; shared IB facts, sections 1c and 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ibelay.errors import WireError
from ibelay.gateway.market.api import Instrument
from ibelay.gateway.session import history
from ibelay.gateway.session.board import Tick
from ibelay.gateway.session.floor import Floor
from ibelay.gateway.session.quote_bars import Shown
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.model.market import Bar
from ibelay.wire import encode
from ibelay.wire import requests as ask
from ibelay.wire.times import moment

MAX_STREAMS = 100
ORDER_TYPES = "ACTIVETIM,DAY,GTC,IOC,LMT,MKT,NONALGO,OCA,STP,STPLMT,WHATIF"
LIVE_DATA = 1
_BBO_EXCHANGE = "9c0001"
_UNKNOWN_CONTRACT = "No security definition has been found for the request"


class DataDesk:
    """Serves the data requests of one client.

    Args:
        floor: What all clients share.
        send: Takes messages for the client.
    """

    def __init__(self, floor: Floor, send: Callable[[bytes], None]) -> None:
        self._floor = floor
        self._send = send
        self._ticks: dict[int, ConId] = {}
        self._bars: dict[int, tuple[ConId, Shown, bool]] = {}

    def serve(self, request: ask.DataRequests) -> None:
        """Answer one request."""
        match request:
            case ask.RequestContractDetails():
                self._contract_details(request)
            case ask.RequestMarketData():
                self._market_data(request)
            case ask.RequestMarketDataType(market_data_type):
                if not 1 <= market_data_type <= 4:
                    text = f"Error validating request: market data type {market_data_type}"
                    self._send(encode.error(-1, 321, text))
            case ask.RequestRealTimeBars():
                self._real_time_bars(request)
            case ask.RequestHistoricalData():
                self._historical_data(request)
            case _:
                self._cancel(request)

    def _cancel(self, request: ask.DataCancellations) -> None:
        number = request.request_id
        unknown = f"Can't find EId with tickerId:{number}"
        match request:
            case ask.CancelMarketData():
                if self._ticks.pop(number, None) is None:
                    self._send(encode.error(number, 300, unknown))
            case ask.CancelRealTimeBars():
                if self._bars.pop(number, None) is None:
                    self._send(encode.error(number, 300, unknown))
            case ask.CancelHistoricalData():
                text = f"No historical data query found for ticker id:{number}"
                self._send(encode.error(number, 366, text))

    def on_ticks(self, con_id: ConId, ticks: Sequence[Tick]) -> None:
        """Send *ticks* to the subscriptions of *con_id*."""
        for request_id, subscribed in self._ticks.items():
            if subscribed == con_id:
                for tick in ticks:
                    self._send(tick.encode(request_id))

    def on_bar(self, con_id: ConId, shown: Shown, bar: Bar) -> None:
        """Send a closed bar to the subscriptions of *con_id*."""
        market = self._floor.market
        regular = market.open_ns <= bar.at_ns < market.close_ns
        for request_id, (subscribed, wanted, regular_only) in self._bars.items():
            if subscribed == con_id and wanted is shown and (regular or not regular_only):
                self._send(encode.real_time_bar(request_id, bar))

    def _find(self, request_id: int, contract: Contract) -> Instrument | None:
        """Return the one instrument *contract* describes, or refuse."""
        found = self._floor.exchange.find(contract)
        if len(found) == 1:
            return found[0]
        text = "The contract description specified is ambiguous" if found else _UNKNOWN_CONTRACT
        self._send(encode.error(request_id, 200, text))
        return None

    def _may_stream(self, request_id: int) -> bool:
        """Refuse an id in use, and more streams than the account has lines."""
        if request_id in self._ticks or request_id in self._bars:
            self._send(encode.error(request_id, 102, "Duplicate ticker ID."))
            return False
        if len(self._ticks) + len(self._bars) >= MAX_STREAMS:
            text = "Max number of tickers has been reached."
            self._send(encode.error(request_id, 101, text))
            return False
        return True

    def _contract_details(self, request: ask.RequestContractDetails) -> None:
        found = self._floor.exchange.find(request.contract)
        if not found:
            self._send(encode.error(request.request_id, 200, _UNKNOWN_CONTRACT))
            return
        for one in found:
            self._send(
                encode.contract_details(
                    request.request_id,
                    one.contract,
                    long_name=one.long_name,
                    min_tick=one.min_tick,
                    order_types=ORDER_TYPES,
                    time_zone=one.time_zone,
                    trading_hours=one.trading_hours,
                    liquid_hours=one.liquid_hours,
                )
            )
        self._send(encode.contract_details_end(request.request_id))

    def _market_data(self, request: ask.RequestMarketData) -> None:
        number = request.request_id
        if not self._may_stream(number):
            return
        found = self._find(number, request.contract)
        if found is None:
            return
        self._send(encode.market_data_type(number, LIVE_DATA))
        self._send(encode.tick_parameters(number, found.min_tick, _BBO_EXCHANGE))
        for tick in self._floor.face(found.contract.con_id).shown():
            self._send(tick.encode(number))
        if request.snapshot:
            self._send(encode.tick_snapshot_end(number))
        else:
            self._ticks[number] = found.contract.con_id

    def _real_time_bars(self, request: ask.RequestRealTimeBars) -> None:
        number = request.request_id
        if not self._may_stream(number):
            return
        found = self._find(number, request.contract)
        if found is None:
            return
        if request.what_to_show not in Shown.__members__:
            text = f"Invalid Real-time Query: whatToShow {request.what_to_show[:20]!r}"
            self._send(encode.error(number, 420, text))
            return
        shown = Shown(request.what_to_show)
        self._bars[number] = (found.contract.con_id, shown, request.regular_hours)

    def _historical_data(self, request: ask.RequestHistoricalData) -> None:
        number, market = request.request_id, self._floor.market
        found = self._find(number, request.contract)
        if found is None:
            return
        if request.keep_up_to_date:
            self._no_history(number, "keepUpToDate is not served by the paper gateway")
            return
        try:
            what = history.stretch(request, market, self._floor.now_ns)
        except WireError as error:
            self._no_history(number, str(error))
            return
        bars = history.bars(market, found.contract.con_id, what)
        if not bars:
            contract = found.contract
            query = f"{contract.symbol}@{contract.exchange} Trades"
            self._no_history(number, f"HMDS query returned no data: {query}")
            return
        rows = history.dated(bars, what.size_s, request.format_date)
        start, end = moment(what.start_ns), moment(what.end_ns)
        self._send(encode.historical_data(number, start, end, rows))

    def _no_history(self, request_id: int, text: str) -> None:
        message = f"Historical Market Data Service error message:{text}"
        self._send(encode.error(request_id, 162, message))
