"""The callbacks that ib_async's decoder calls: each message, as IB sent it, at once.

Rules:
1. Every message goes to our sink before anybody interprets it, in the order IB sent it.
2. ib_async's own ``Wrapper`` is not used: its bookkeeping drops repeated statuses and live
   fills it has seen, calls orders cancelled on advisory codes, keeps every trade of the day
   alive and formats it into log lines that nobody reads.
3. An execution that answers our request is not news; it is in the snapshot only.
4. What IB tells again with every snapshot is read once (``repeats``).

Source: client notes section 3 (45 of 132 microseconds of a placeOrder are log formatting; a
collector pause of 50 ms with 4,200 trades) and section 4 (e), (g).
"""
# ruff: noqa: N802, N803, N815 - the names are those ib_async's decoder calls

from __future__ import annotations

import re
from datetime import UTC
from decimal import Decimal

import ib_async

from ibelay.ib.logon import Logon
from ibelay.ib.quotes import QuoteBooks
from ibelay.ib.repeats import Meaning, Repeats
from ibelay.ib.requests import Requests, is_advisory, is_request_id
from ibelay.ib.snapshot import Gatherer, Part
from ibelay.ib.times import NS_PER_S
from ibelay.ib.translate import (
    bar_of,
    commission_of,
    completed_order_of,
    contract_of,
    execution_of,
    open_order_of,
    quantity,
    status_of,
)
from ibelay.model.events import (
    BarSeen,
    CommissionSeen,
    ExecutionSeen,
    NoticeSeen,
    OrderSeen,
    PositionSeen,
    StatusSeen,
)
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ClientId, ConId, OrderId, PermId
from ibelay.model.market import Bar
from ibelay.model.position import Position
from ibelay.model.snapshot import BrokerOrder
from ibelay.ports.broker import EventSink

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


class RawCallbacks:
    """Receives the messages of one link and shares them out.

    Args:
        sink: Takes our events.
        logon: Takes what belongs to the logon.
        requests: Takes answers to requests with an id, and broker times.
        gatherer: Takes what may belong to a snapshot.
        books: Takes ticks.
        repeats: Remembers what is told again.
    """

    defaultTimezone = UTC

    def __init__(
        self,
        sink: EventSink,
        *,
        logon: Logon,
        requests: Requests,
        gatherer: Gatherer,
        books: QuoteBooks,
        repeats: Repeats,
    ) -> None:
        self._emit = sink
        self._logon = logon
        self._requests = requests
        self._gatherer = gatherer
        self._repeats = repeats
        self.price_tick = books.price_tick
        self.size_tick = books.size_tick
        self.bar_streams: dict[int, ConId] = {}
        self.account_values: dict[str, str] = {}

    def again(self, meaning: Meaning, request_id: int) -> None:
        """Take what was read before; *request_id* is an execution's."""
        match meaning:
            case BrokerOrder():
                self._gatherer.completed_order(meaning)
            case Execution():
                self._executed(request_id, meaning)
            case CommissionReport():
                self._charged(meaning)
            case OrderSeen(order=order):
                self._emit(meaning)
                self._gatherer.open_order(order)

    def managedAccounts(self, accountsList: str) -> None:
        """Accounts of the login."""
        self._logon.accounts_seen(accountsList)

    def nextValidId(self, orderId: int) -> None:
        """First order id IB accepts."""
        self._logon.next_id_seen(orderId)

    def error(self, reqId: int, code: int, text: str, _advanced: str) -> None:
        """Emit a notice; then let it end the request it is about, if any."""
        text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
        self._emit(NoticeSeen(request_id=reqId, code=code, text=text))
        self._logon.notice(code, text)
        if is_request_id(reqId) and not is_advisory(code):
            self._requests.notice(reqId, code, text)
            self._gatherer.refused(reqId, code, text)

    def orderStatus(
        self,
        orderId: int,
        status: str,
        filled: float,
        remaining: float,
        avgFillPrice: float,
        permId: int,
        _parentId: int,
        _lastFillPrice: float,
        clientId: int,
        _whyHeld: str,
        _mktCapPrice: float = 0.0,
    ) -> None:
        """Status of an order."""
        seen = StatusSeen(
            order_id=OrderId(orderId),
            perm_id=PermId(permId),
            client_id=ClientId(clientId),
            status=status_of(status),
            filled=quantity(filled),
            remaining=quantity(remaining),
            average_fill_price=quantity(avgFillPrice),
        )
        self._emit(seen)
        self._gatherer.status(seen)

    def openOrder(
        self,
        _orderId: int,
        contract: ib_async.Contract,
        order: ib_async.Order,
        state: ib_async.OrderState,
    ) -> None:
        """An order that is, or just was, working; what-if answers are none."""
        if order.whatIf:
            return
        seen = OrderSeen(order=open_order_of(contract, order, state))
        self._repeats.keep(seen)
        self._emit(seen)
        self._gatherer.open_order(seen.order)

    def openOrderEnd(self) -> None:
        """All open orders were sent."""
        self._gatherer.ended(Part.OPEN_ORDERS)

    def completedOrder(
        self,
        contract: ib_async.Contract,
        order: ib_async.Order,
        state: ib_async.OrderState,
    ) -> None:
        """An order of today that is over."""
        seen = completed_order_of(contract, order, state)
        self._repeats.keep(seen)
        self._gatherer.completed_order(seen)

    def completedOrdersEnd(self) -> None:
        """All completed orders were sent."""
        self._gatherer.ended(Part.COMPLETED_ORDERS)

    def execDetails(
        self, reqId: int, contract: ib_async.Contract, execution: ib_async.Execution
    ) -> None:
        """A fill: live, or in answer to our request."""
        seen = execution_of(contract, execution)
        self._repeats.keep(seen)
        self._executed(reqId, seen)

    def _executed(self, reqId: int, seen: Execution) -> None:
        if not is_request_id(reqId):
            self._emit(ExecutionSeen(execution=seen))
        self._gatherer.execution(seen)

    def execDetailsEnd(self, reqId: int) -> None:
        """All executions asked for were sent."""
        self._gatherer.executions_ended(reqId)

    def commissionReport(self, report: ib_async.CommissionReport) -> None:
        """What a fill cost; not told on while IB itself does not know it."""
        seen = commission_of(report)
        if seen is not None:
            self._repeats.keep(seen)
            self._charged(seen)

    def _charged(self, seen: CommissionReport) -> None:
        self._emit(CommissionSeen(report=seen))
        self._gatherer.commission(seen)

    def position(
        self, account: str, contract: ib_async.Contract, size: float, averageCost: float
    ) -> None:
        """A holding; news unless it answers the snapshot."""
        seen = Position(
            account=account,
            contract=contract_of(contract),
            quantity=quantity(size),
            average_cost=quantity(averageCost),
        )
        if not self._gatherer.position(seen):
            self._emit(PositionSeen(position=seen))

    def positionEnd(self) -> None:
        """All positions were sent."""
        self._gatherer.ended(Part.POSITIONS)

    def updateAccountValue(self, tag: str, value: str, currency: str, _account: str) -> None:
        """One value of the account, kept under ``tag`` or ``tag:currency``."""
        self.account_values[f"{tag}:{currency}" if currency else tag] = value

    def currentTime(self, time: int) -> None:
        """The broker's clock, in seconds."""
        self._gatherer.broker_time(self._requests.time(time))

    def contractDetails(self, reqId: int, details: ib_async.ContractDetails) -> None:
        """One contract that matches a request."""
        if details.contract is not None:
            self._requests.item(reqId, contract_of(details.contract))

    bondContractDetails = contractDetails

    def contractDetailsEnd(self, reqId: int) -> None:
        """All matching contracts were sent."""
        self._requests.ended(reqId)

    def historicalData(self, reqId: int, bar: ib_async.BarData) -> None:
        """One historical bar."""
        self._requests.item(reqId, bar_of(bar))

    def historicalDataEnd(self, reqId: int, _start: str, _end: str) -> None:
        """All bars were sent."""
        self._requests.ended(reqId)

    def realtimeBar(
        self,
        reqId: int,
        time: int,
        open_: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        wap: float,
        count: int,
    ) -> None:
        """A 5-second bar of a stream; late ones of a stopped stream are nobody's."""
        con_id = self.bar_streams.get(reqId)
        if con_id is None:
            return
        bar = Bar(
            at_ns=time * NS_PER_S,
            open=quantity(open_),
            high=quantity(high),
            low=quantity(low),
            close=quantity(close),
            volume=_volume(volume),
            wap=quantity(wap),
            count=count,
        )
        self._emit(BarSeen(con_id=con_id, bar=bar))


def _volume(value: float) -> Decimal:
    """Return a bar's volume; IB sends -1 where there is none."""
    return quantity(value) if value > 0 else Decimal(0)
