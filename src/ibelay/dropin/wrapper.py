"""ib_async's bookkeeping, taught to outlive a connection.

The library forgets everything when the socket goes: ``Trade`` and ``Ticker`` objects a bot
holds are orphaned, their events marked done (docs/evidence/ib_async-connection-life.md). Here,
as long as the connection is being kept, they stay in the tables, so that the next
connection's messages find them again:

1. A working order comes back by (client id, order id), a finished one by perm id, one that
   was on its way by its order reference.
2. A fill that happened meanwhile is told like a live one, once per execution.
3. A commission is told once, not again at every connect.
4. A code that does not prove an order dead leaves the ``Trade`` as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ib_async.contract import Contract
from ib_async.objects import CommissionReport, Execution, TradeLogEntry
from ib_async.order import Order, OrderState, OrderStatus, Trade
from ib_async.wrapper import Wrapper

from ibelay.model.notices import rejects_new_order

if TYPE_CHECKING:
    from ib_async.ib import IB

_CANCELLED = 202


class LivingWrapper(Wrapper):
    """A wrapper whose tables survive the socket while :attr:`keeping` is set."""

    def __init__(self, ib: IB, heard: Callable[[], None]) -> None:
        self.keeping = False
        self.catching_up = False
        self._heard = heard
        self._charged: set[str] = set()
        self._ended: list[tuple[Trade, str]] = []
        super().__init__(ib)

    # -- the end of a connection ---------------------------------------------------------

    def setEventsDone(self) -> None:  # noqa: N802  # the library's name
        """Leave the events of kept objects alive."""
        if not self.keeping:
            cast("Any", super()).setEventsDone()

    def connectionClosed(self) -> None:  # noqa: N802  # the library's name
        """Fail what waits for an answer; keep the tables."""
        if not self.keeping:
            cast("Any", super()).connectionClosed()
            return
        futures, self._futures = self._futures, {}
        self._results = {}
        self._reqId2Contract = {}
        self.setTimeout(0)
        for future in futures.values():
            if not future.done():
                future.set_exception(ConnectionError("the connection to the gateway was lost"))
                # Nobody may be waiting any more; that is no news then.
                future.exception()

    def begin_catching_up(self) -> None:
        """Prepare for the messages of a new connection to the same gateway."""
        self.catching_up = True
        self.positions.clear()
        self.portfolio.clear()
        self._ended = []

    def finish_catching_up(self) -> None:
        """Conclude orders that ended while we were away, after their fills were told."""
        self.catching_up = False
        for trade, status in self._ended:
            if trade.isDone():
                continue
            trade.orderStatus.status = status
            trade.orderStatus.filled = trade.filled()
            trade.orderStatus.remaining = trade.remaining()
            trade.log.append(TradeLogEntry(self.lastTime, status, "found after an outage"))
            self.ib.orderStatusEvent.emit(trade)
            trade.statusEvent.emit(trade)
            if status == OrderStatus.Filled:
                trade.filledEvent.emit(trade)
            else:
                trade.cancelledEvent.emit(trade)
        self._ended = []

    # -- messages ------------------------------------------------------------------------

    def tcpDataArrived(self) -> None:  # noqa: N802  # the library's name
        """Note the proof of life."""
        self._heard()
        cast("Any", super()).tcpDataArrived()

    def openOrder(  # noqa: N802  # the library's name
        self,
        orderId: int,  # noqa: N803  # the library's name
        contract: Contract,
        order: Order,
        orderState: OrderState,  # noqa: N803  # the library's name
    ) -> None:
        """Give a held trade the perm id it was still waiting for."""
        held = self.trades.get(self.orderKey(order.clientId, order.orderId, order.permId))
        if held is not None and order.permId:
            held.order.permId = order.permId
        super().openOrder(orderId, contract, order, orderState)

    def completedOrder(  # noqa: N802  # the library's name
        self,
        contract: Contract,
        order: Order,
        orderState: OrderState,  # noqa: N803  # the library's name
    ) -> None:
        """Bind a finished order to the trade the bot holds; conclude it after its fills."""
        held = self.permId2Trade.get(order.permId) or self._by_reference(order.orderRef)
        if held is not None:
            held.order.permId = order.permId
            self.permId2Trade[order.permId] = held
            if self.catching_up:
                self._ended.append((held, orderState.status))
        super().completedOrder(contract, order, orderState)

    def execDetails(  # noqa: N802  # the library's name
        self,
        reqId: int,  # noqa: N803  # the library's name
        contract: Contract,
        execution: Execution,
    ) -> None:
        """Tell a fill that happened while we were away like a live one."""
        news = execution.execId not in self.fills
        asked = reqId in self._futures
        super().execDetails(reqId, contract, execution)
        if not (news and asked and self.catching_up):
            return
        fill = self.fills[execution.execId]
        trade = self.permId2Trade.get(execution.permId)
        if trade is not None:
            self.ib.execDetailsEvent.emit(trade, fill)
            trade.fillEvent.emit(trade, fill)

    def commissionReport(self, commissionReport: CommissionReport) -> None:  # noqa: N802, N803  # the library's name
        """Tell a commission once; the library tells all of the day at every connect."""
        if commissionReport.execId in self._charged:
            return
        if commissionReport.execId in self.fills:
            self._charged.add(commissionReport.execId)
        super().commissionReport(commissionReport)

    def error(
        self,
        reqId: int,  # noqa: N803  # the library's name
        errorCode: int,  # noqa: N803  # the library's name
        errorString: str,  # noqa: N803  # the library's name
        advancedOrderRejectJson: str,  # noqa: N803  # the library's name
    ) -> None:
        """Let only codes that prove it end a trade (the library cancels on any other)."""
        trade = self.trades.get((self.clientId, reqId)) if reqId != -1 else None
        modified = trade is not None and any(entry.message == "Modify" for entry in trade.log)
        ends = errorCode == _CANCELLED or (rejects_new_order(errorCode) and not modified)
        if trade is None or trade.isDone() or ends or reqId in self._futures:
            super().error(reqId, errorCode, errorString, advancedOrderRejectJson)
            return
        text = f"Notice {errorCode}, order {reqId}: {errorString}"
        status = trade.orderStatus.status
        trade.log.append(TradeLogEntry(self.lastTime, status, text, errorCode))
        self._logger.warning(text)
        self.ib.errorEvent.emit(reqId, errorCode, errorString, trade.contract)

    def _by_reference(self, reference: str) -> Trade | None:
        if not reference:
            return None
        waiting = (trade for trade in self.trades.values() if not trade.order.permId)
        return next((trade for trade in waiting if trade.order.orderRef == reference), None)
