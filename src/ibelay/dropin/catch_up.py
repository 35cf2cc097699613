"""What one synchronisation after an outage showed, and what follows from it.

Rules:
1. Nothing is concluded from a list that did not end.
2. An order ends if the gateway shows it completed, or its executions add up to its quantity.
3. An order of ours that is shown nowhere keeps its status and gets a hint: it may never have
   arrived, or be gone since long. It is not sent again.
4. What the messages say of orders, fills and commissions is told in the order it came, at the
   end: only then a program that answers a fill with an order can place it. If the
   synchronisation breaks, it is told at the end of the next one, which brings no fill twice.
5. A position that is not in a complete list is flat, and told so by the usual event.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from ib_async.objects import TradeLogEntry
from ib_async.order import OrderStatus, Trade

if TYPE_CHECKING:
    from ibelay.dropin.wrapper import LivingWrapper

log = logging.getLogger("ibelay.dropin")

_OPEN, _COMPLETED, _POSITIONS = "open orders", "completed orders", "positions"
UNRESOLVED = "ibelay: shown neither as open nor as completed after a reconnect; not sent again"


class CatchUp:
    """Collects while a new connection synchronises; :meth:`conclude` at its end.

    Args:
        untold: What an attempt before this one has brought and could not tell; outlives it.
    """

    def __init__(self, untold: deque[Callable[[], None]]) -> None:
        self._open: set[int] = set()
        self._completed: list[tuple[Trade, str]] = []
        self._positions: set[tuple[str, int]] = set()
        self._lists: set[str] = set()
        self._news = untold

    def later(self, news: Callable[[], None]) -> None:
        """Tell *news* when everything is in."""
        self._news.append(news)

    def open_order(self, trade: Trade) -> None:
        """Note an order that works."""
        self._open.add(id(trade))

    def open_orders_ended(self) -> None:
        """Note that the list of working orders is complete."""
        self._lists.add(_OPEN)

    def completed_order(self, trade: Trade, status: str) -> None:
        """Note an order that is over."""
        self._completed.append((trade, status))

    def completed_orders_ended(self) -> None:
        """Note that the list of finished orders is complete."""
        self._lists.add(_COMPLETED)

    def position(self, account: str, con_id: int) -> None:
        """Note a position."""
        self._positions.add((account, con_id))

    def positions_ended(self) -> None:
        """Note that the list of positions is complete."""
        self._lists.add(_POSITIONS)

    def conclude(self, wrapper: LivingWrapper) -> None:
        """Say what happened while we were away."""
        while self._news:
            self._news.popleft()()
        for trade, status in self._completed:
            if not trade.isDone():
                end(wrapper, trade, status, "found completed after an outage")
        for trade in list(wrapper.trades.values()):
            if trade.isDone() or id(trade) in self._open:
                continue
            if 0 < trade.order.totalQuantity <= trade.filled():
                end(wrapper, trade, OrderStatus.Filled, "found filled after an outage")
            elif {_OPEN, _COMPLETED} <= self._lists and trade.order.clientId == wrapper.clientId:
                _hint(wrapper, trade)
        if _POSITIONS in self._lists:
            self._close_positions(wrapper)

    def _close_positions(self, wrapper: LivingWrapper) -> None:
        for account, held in list(wrapper.positions.items()):
            for con_id, position in list(held.items()):
                if (account, con_id) not in self._positions:
                    wrapper.position(account, position.contract, 0.0, 0.0)


def end(wrapper: LivingWrapper, trade: Trade, status: str, text: str, code: int = 0) -> None:
    """Give *trade* its final *status* and fire the events that go with it."""
    state = trade.orderStatus
    state.status = status
    state.permId = state.permId or trade.order.permId
    # Fills of earlier days are not told again: what is known already is never taken back.
    state.filled = max(state.filled, trade.filled())
    state.remaining = max(0.0, trade.order.totalQuantity - state.filled)
    if trade.fills:
        value = sum(fill.execution.shares * fill.execution.price for fill in trade.fills)
        state.avgFillPrice = value / trade.filled()
        state.lastFillPrice = trade.fills[-1].execution.price
    found(trade)
    trade.log.append(TradeLogEntry(wrapper.lastTime, status, text, code))
    wrapper.ib.orderStatusEvent.emit(trade)
    trade.statusEvent.emit(trade)
    if status == OrderStatus.Filled:
        trade.filledEvent.emit(trade)
    elif status in (OrderStatus.Cancelled, OrderStatus.ApiCancelled):
        trade.cancelledEvent.emit(trade)


def found(trade: Trade) -> None:
    """Take the hint back: the gateway has shown the order after all."""
    if trade.advancedError == UNRESOLVED:
        trade.advancedError = ""


def _hint(wrapper: LivingWrapper, trade: Trade) -> None:
    if trade.advancedError == UNRESOLVED:
        return
    trade.advancedError = UNRESOLVED
    status = trade.orderStatus.status
    trade.log.append(TradeLogEntry(wrapper.lastTime, status, UNRESOLVED))
    log.error("order %s (%s): %s", trade.order.orderId, trade.order.orderRef, UNRESOLVED)
    wrapper.ib.orderStatusEvent.emit(trade)
    trade.statusEvent.emit(trade)
