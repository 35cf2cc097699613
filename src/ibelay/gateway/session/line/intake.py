"""What of a client's requests reaches the desks, and what happens to the rest.

Rules:
1. Orders and cancels get through as ``control.line.orders`` says.
2. What is said while a query is served answers it; what is said while an order is taken does
   not: an acknowledgement can be lost, an answer to a question cannot.
3. Requests for data may be refused on arrival.
4. Bars of 30 s or less are paced (``pacing``, rules 3 and 4); others are not.

**Source**: shared IB facts, sections 2 ("maintain and resubmit") and 4.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ibelay.control.acts.upstream import CODE_COMPETING, NO_DATA_COMPETING
from ibelay.control.line.line import Line
from ibelay.control.line.orders import OrderWay, Sort
from ibelay.control.line.troubles import Troubles
from ibelay.gateway.session.line.pacing import SMALL_BAR_S, HistoryRate
from ibelay.gateway.session.voice import Voice
from ibelay.model.faults import RejectData
from ibelay.wire import requests as ask

CODE_HISTORY = 162
TOO_MUCH_HISTORY = (
    "Historical Market Data Service error message:Historical data request pacing violation"
)
_ORDERS = (ask.PlaceOrder, ask.CancelOrder, ask.GlobalCancel)
_STREAMS = (
    ask.RequestMarketData,
    ask.RequestRealTimeBars,
    ask.RequestTickByTick,
    ask.RequestHistoricalData,
)
PLANS_NOTHING = (
    ask.RequestCurrentTime,
    ask.RequestIds,
    ask.RequestAllOpenOrders,
    ask.RequestCompletedOrders,
    ask.RequestExecutions,
)
"""What is answered at once and changes nothing: of these the floor need not be stirred."""
_SECONDS = re.compile(r"(\d{1,3}) secs?")


class Intake:
    """Stands between one client's requests and its desks.

    Args:
        troubles: The faults that stand.
        line: The client's.
        voice: To refuse with.
    """

    def __init__(self, troubles: Troubles, line: Line, voice: Voice) -> None:
        self._troubles = troubles
        self._line = line
        self._voice = voice
        self._history = HistoryRate()
        self._orders: OrderWay[ask.ClientRequest] = OrderWay(troubles, line, voice.refuse)

    def serve(self, request: ask.ClientRequest, desk: Callable[[ask.ClientRequest], None]) -> None:
        """Let *desk* serve *request* if it gets through."""
        self._line.answering = not isinstance(request, _ORDERS)
        if isinstance(request, _STREAMS):
            self._line.asked_for(request.request_id)
            if refusal := self._troubles.use(RejectData, self._line.client_id):
                self._voice.refuse(request.request_id, refusal.code, refusal.text)
                return
        if self._line.answering or self._passes(request):
            desk(request)
        if isinstance(request, _STREAMS) and self._troubles.competing:
            self._voice.refuse(request.request_id, CODE_COMPETING, NO_DATA_COMPETING)
        self._line.answering = False

    def paced(self, request: ask.ClientRequest, market_ns: int, wall_ns: int) -> bool:
        """Refuse history that is asked for too often; return whether it was."""
        if not isinstance(request, ask.RequestHistoricalData):
            return False
        seconds = _SECONDS.fullmatch(request.bar_size)
        if seconds is None or int(seconds[1]) > SMALL_BAR_S:
            return False
        contract = request.contract
        series = (contract, request.what_to_show)
        terms = (request.end, request.bar_size, request.duration, request.regular_hours)
        if self._history.allows(
            market_ns,
            wall_ns,
            same=(*series, *terms),
            series=series,
            weight=2 if request.what_to_show == "BID_ASK" else 1,
        ):
            return False
        self._voice.refuse(request.request_id, CODE_HISTORY, TOO_MUCH_HISTORY)
        return True

    def postponed(self) -> list[ask.ClientRequest]:
        """Return the orders and cancels that waited for IB's servers, once."""
        return self._orders.postponed()

    def _passes(self, request: ask.ClientRequest) -> bool:
        """Rule 1."""
        if isinstance(request, ask.PlaceOrder):
            return self._orders.passes(Sort.PLACE, request, request.order_id)
        every = isinstance(request, ask.GlobalCancel)
        return self._orders.passes(Sort.CANCEL_ALL if every else Sort.CANCEL, request)
