"""ib_async's bookkeeping, taught to outlive a connection.

The library forgets everything when the socket goes: ``Trade`` and ``Ticker`` objects a bot
holds are orphaned, their events marked done (docs/evidence/ib_async-connection-life.md). Here,
as long as the connection is being kept, they stay in the tables, so that the next
connection's messages find them again:

1. A working order comes back by (client id, order id), a finished one by perm id, one that
   was on its way by its order reference.
2. A fill that happened meanwhile is told like a live one, once per execution.
3. A commission is told once, not again at every connect, not even after one that failed or was
   asked for by the program; its ``Fill`` has it all the same. An execution that corrects another
   takes its place among the fills of its trade.
4. A code that does not prove an order dead leaves the ``Trade`` as it is.
5. Bars that are kept up to date get the bars they missed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any, cast

from ib_async.contract import Contract
from ib_async.objects import (
    BarDataList,
    CommissionReport,
    Execution,
    IBDefaults,
    TradeLogEntry,
)
from ib_async.order import Order, OrderState, OrderStatus, Trade
from ib_async.util import UNSET_DOUBLE, dataclassUpdate
from ib_async.wrapper import Wrapper

from ibelay.dropin.catch_up import CatchUp, end, found
from ibelay.model.ids import execution_key, supersedes
from ibelay.model.notices import NOTICES, NoticeClass, rejects_new_order

if TYPE_CHECKING:
    from ib_async.ib import IB


_STATUS = signature(Wrapper.orderStatus)


class LivingWrapper(Wrapper):
    """A wrapper whose tables survive the socket while :attr:`keeping` is set.

    Args:
        ib: The facade whose events are fired.
        defaults: ib_async's own.

    Attributes:
        keeping: Whether the connection is being kept.
        catch_up: What the synchronisation under way has shown, after an outage.
        heard: Called when bytes arrive.
        answered: Called when the gateway tells its time.
    """

    def __init__(self, ib: IB, defaults: IBDefaults) -> None:
        self.keeping = False
        self.catch_up: CatchUp | None = None
        self.heard: Callable[[], None] = _nothing
        self.answered: Callable[[], None] = _nothing
        self._charged: dict[str, CommissionReport] = {}
        self._untold: deque[Callable[[], None]]
        super().__init__(ib, defaults=defaults)

    def reset(self) -> None:
        """Forget everything, as ib_async does, but for what the program was told (rule 3)."""
        self._untold = deque()
        cast("Any", super()).reset()

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
        self.fail_pending()
        self.setTimeout(0)

    def fail_pending(self) -> None:
        """Tell everybody who waits for an answer that none will come."""
        futures, self._futures = self._futures, {}
        self._results = {}
        for future in futures.values():
            if not future.done():
                future.set_exception(ConnectionError("the connection to the gateway was lost"))
                # Nobody may be waiting any more; that is no news then.
                future.exception()

    def begin_catching_up(self) -> None:
        """Prepare for the messages of a new connection to the same gateway."""
        self.fail_pending()
        self.catch_up = CatchUp(self._untold)

    def finish_catching_up(self) -> None:
        """Conclude what ended while we were away, after its fills were told."""
        caught_up, self.catch_up = self.catch_up, None
        if caught_up is not None:
            caught_up.conclude(self)

    def prepare_streams(self) -> None:
        """Make room for what the streams will tell when they are asked for again."""
        for request, subscriber in self.reqId2Subscriber.items():
            if isinstance(subscriber, BarDataList):
                self._results[request] = []
        for ticker in self.ticker2ReqId["mktDepth"]:
            ticker.domBids, ticker.domAsks = [], []
            ticker.domBidsDict.clear()
            ticker.domAsksDict.clear()

    # -- proof of life -------------------------------------------------------------------

    def tcpDataArrived(self) -> None:  # noqa: N802  # the library's name
        """Note the proof of life."""
        self.heard()
        cast("Any", super()).tcpDataArrived()

    def currentTime(self, time: int) -> None:  # noqa: N802  # the library's name
        """Note the answer to a probe."""
        self.answered()
        cast("Any", super()).currentTime(time)

    # -- orders --------------------------------------------------------------------------

    def openOrder(  # noqa: N802  # the library's name
        self,
        orderId: int,  # noqa: N803  # the library's name
        contract: Contract,
        order: Order,
        orderState: OrderState,  # noqa: N803  # the library's name
    ) -> None:
        """Note that a held trade works."""
        super().openOrder(orderId, contract, order, orderState)
        trade = self.trades.get(self.orderKey(order.clientId, order.orderId, order.permId))
        if trade is not None:
            found(trade)
            if self.catch_up is not None:
                self.catch_up.open_order(trade)

    def openOrderEnd(self) -> None:  # noqa: N802  # the library's name
        """Note that the list is complete."""
        if self.catch_up is not None:
            self.catch_up.open_orders_ended()
        cast("Any", super()).openOrderEnd()

    def completedOrder(  # noqa: N802  # the library's name
        self,
        contract: Contract,
        order: Order,
        orderState: OrderState,  # noqa: N803  # the library's name
    ) -> None:
        """Bind a finished order to the trade the bot holds."""
        held = self.permId2Trade.get(order.permId) or self._on_its_way(contract, order)
        if held is not None:
            held.order.permId = order.permId
            self.permId2Trade[order.permId] = held
            if self.catch_up is not None:
                self.catch_up.completed_order(held, orderState.status)
        super().completedOrder(contract, order, orderState)

    def completedOrdersEnd(self) -> None:  # noqa: N802  # the library's name
        """Note that the list is complete."""
        if self.catch_up is not None:
            self.catch_up.completed_orders_ended()
        cast("Any", super()).completedOrdersEnd()

    def orderStatus(self, *args: Any, **kwargs: Any) -> None:  # noqa: N802  # the library's name
        """Tell a status; one of a synchronisation at its end."""
        tell = cast("Any", super()).orderStatus
        # A message that was cut short fails here, alone, and not among the news at the end.
        said = _STATUS.bind(self, *args, **kwargs).arguments
        trade = self.trades.get(self.orderKey(said["clientId"], said["orderId"], said["permId"]))
        if trade is not None:
            found(trade)
        if self.catch_up is None:
            tell(*args, **kwargs)
        else:
            self.catch_up.later(partial(tell, *args, **kwargs))

    def execDetails(  # noqa: N802  # the library's name
        self,
        reqId: int,  # noqa: N803  # the library's name
        contract: Contract,
        execution: Execution,
    ) -> None:
        """Tell a fill that happened while we were away like a live one."""
        news = execution.execId not in self.fills
        asked = reqId in self._futures
        key = self.orderKey(execution.clientId, execution.orderId, execution.permId)
        trade = self.permId2Trade.get(execution.permId) or self.trades.get(key)
        if trade is not None and news:
            _keep_latest(trade, execution.execId)
        super().execDetails(reqId, contract, execution)
        if trade is not None and news:
            _keep_latest(trade, execution.execId)
        if not (news and asked and self.catch_up is not None):
            return
        fill = self.fills[execution.execId]
        if trade is not None:
            self.permId2Trade.setdefault(execution.permId, trade)
            trade.order.permId = trade.order.permId or execution.permId
            self.catch_up.later(partial(self.ib.execDetailsEvent.emit, trade, fill))
            self.catch_up.later(partial(trade.fillEvent.emit, trade, fill))

    def commissionReport(self, commissionReport: CommissionReport) -> None:  # noqa: N802, N803  # the library's
        """Tell a commission once; the library tells all of the day at every connect."""
        if self.catch_up is None:
            self._charge(commissionReport)
        else:
            self.catch_up.later(partial(self._charge, commissionReport))

    def _charge(self, report: CommissionReport) -> None:
        """Tell *report* unless it was told; judged when it is told, for its fill may come later."""
        fill = self.fills.get(report.execId)
        if fill is None:
            return  # of another client's order
        report = replace(
            report, yield_=_figure(report.yield_), realizedPNL=_figure(report.realizedPNL)
        )
        if self._charged.get(report.execId) == report:
            dataclassUpdate(fill.commissionReport, report)  # the fill may be another object now
            return
        if fill.execution.permId in self.permId2Trade:  # or else nobody is told
            self._charged[report.execId] = report
        super().commissionReport(report)

    def error(
        self,
        reqId: int,  # noqa: N803  # the library's name
        errorCode: int,  # noqa: N803  # the library's name
        errorString: str,  # noqa: N803  # the library's name
        advancedOrderRejectJson: str,  # noqa: N803  # the library's name
    ) -> None:
        """Let only codes that prove it end a trade (the library cancels on any other)."""
        trade = self.trades.get((self.clientId, reqId)) if reqId != -1 else None
        if trade is None or reqId in self._futures:
            super().error(reqId, errorCode, errorString, advancedOrderRejectJson)
            return
        text = f"Notice {errorCode}, order {reqId}: {errorString}"
        self._logger.warning(text)
        if advancedOrderRejectJson:
            trade.advancedError = advancedOrderRejectJson
        if not trade.isDone() and _proves_dead(errorCode, trade):
            end(self, trade, OrderStatus.Cancelled, text, errorCode)
        else:
            status = trade.orderStatus.status
            trade.log.append(TradeLogEntry(self.lastTime, status, text, errorCode))
        self.ib.errorEvent.emit(reqId, errorCode, errorString, trade.contract)

    def _on_its_way(self, contract: Contract, order: Order) -> Trade | None:
        """Return the one held trade without a perm id that can be *order*.

        A program may give all its orders one reference; then only what is unmistakable counts.
        """
        fits = [
            trade
            for trade in self.trades.values()
            if order.orderRef
            and trade.order.orderRef == order.orderRef
            and not trade.order.permId
            and trade.order.action == order.action
            and trade.contract.conId in (0, contract.conId)
            and trade.contract.symbol == contract.symbol
        ]
        return fits[0] if len(fits) == 1 else None

    # -- positions and bars --------------------------------------------------------------

    def position(
        self,
        account: str,
        contract: Contract,
        posSize: float,  # noqa: N803  # the library's name
        avgCost: float,  # noqa: N803  # the library's name
    ) -> None:
        """Note that a position is still there."""
        if self.catch_up is not None:
            self.catch_up.position(account, contract.conId)
        super().position(account, contract, posSize, avgCost)

    def positionEnd(self) -> None:  # noqa: N802  # the library's name
        """Note that the list is complete."""
        if self.catch_up is not None:
            self.catch_up.positions_ended()
        cast("Any", super()).positionEnd()

    def historicalDataEnd(self, reqId: int, _start: str, _end: str) -> None:  # noqa: N802, N803  # the library's
        """Put the bars of an outage into the list the bot holds, each with its event."""
        bars = self.reqId2Subscriber.get(reqId)
        if not isinstance(bars, BarDataList) or reqId in self._futures:
            cast("Any", super()).historicalDataEnd(reqId, _start, _end)
            return
        for bar in self._results.pop(reqId, []):
            if bars and bar.date < bars[-1].date:
                continue
            new = not bars or bar.date > bars[-1].date
            if new:
                bars.append(bar)
            else:
                bars[-1] = bar
            self.ib.barUpdateEvent.emit(bars, new)
            bars.updateEvent.emit(bars, new)


def _nothing() -> None:
    pass


def _keep_latest(trade: Trade, exec_id: str) -> None:
    """Take out of *trade* what was corrected: a correction replaces, it does not add.

    Args:
        trade: What it filled.
        exec_id: The execution that arrives or has arrived; it may be the older one.
    """
    key = execution_key(exec_id)
    told = (fill.execution.execId for fill in trade.fills)
    known = [exec_id, *(one for one in told if execution_key(one) == key)]
    trade.fills[:] = [
        fill
        for fill in trade.fills
        if not any(supersedes(one, fill.execution.execId) for one in known)
    ]


def _proves_dead(code: int, trade: Trade) -> bool:
    """Return whether *code* ends *trade*: a cancellation, or the rejection of a new order."""
    notice = NOTICES.get(code)
    if notice is not None and notice.klass is NoticeClass.TERMINAL:
        return True
    # The rejection of a change leaves the order as it was.
    return rejects_new_order(code) and not any(entry.message == "Modify" for entry in trade.log)


def _figure(said: float) -> float:
    """Return 0 for what the gateway left out, as the library does."""
    return 0.0 if said == UNSET_DOUBLE else said
