"""A script for ib_async that is always in the middle of something, so that faults meet it there.

It is written as programs on ib_async are: handlers on events, live ``Trade`` objects, a loop that
retries the first connect. It trusts nothing but what it was told. What it does depends on the
bars alone, never on chance. It catches what the drop-in's guide says may be raised, no more.
"""

from __future__ import annotations

import asyncio

from ib_async import Contract, Fill, LimitOrder, MarketOrder, Stock, StopOrder, Trade
from ib_async.objects import RealTimeBarList
from ib_async.order import Order

from ibelay.dropin.ib import IB
from ibelay.errors import TradingRefusedError
from ibelay.ports.broker import Address

NEAR, FAR = 0.0003, 0.0015
QUANTITY = 50.0
REST_BARS = 4
CHANGE_BARS, PATIENCE_BARS = 6, 14
RETRY_S, ANSWER_S = 5.0, 10.0
_CHANGEABLE = frozenset({"Submitted", "PreSubmitted"})
_REFUSALS = (ConnectionError, TradingRefusedError)


class Script:
    """See the module's docstring.

    Args:
        ib: The drop-in.
        address: Where to connect.
        symbol: What it trades.

    Attributes:
        position: Shares, counted from the fills it was told.
    """

    def __init__(self, ib: IB, address: Address, symbol: str = "SPY") -> None:
        self.position = 0.0
        self._ib = ib
        self._address = address
        self._contract: Contract = Stock(symbol, "SMART", "USD")
        self._working: dict[int, tuple[Trade, int]] = {}
        self._count = 0
        self._entries = 0
        self._rested = 0

    async def run(self) -> None:
        """Connect, subscribe, and trade until cancelled."""
        await self._connected()
        while not await self._subscribed():  # noqa: ASYNC110  # it is asked anew each time
            await asyncio.sleep(RETRY_S)
        await asyncio.Event().wait()

    async def _connected(self) -> None:
        """Connect as often as it takes: the first connect is the program's own business."""
        address = self._address
        while True:
            try:
                await self._ib.connectAsync(
                    address.host, address.port, clientId=address.client_id, timeout=10
                )
            except (OSError, TimeoutError):
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _subscribed(self) -> bool:
        """Ask for what it lives on; return whether that could be asked."""
        ib = self._ib
        try:
            async with asyncio.timeout(ANSWER_S):
                await ib.qualifyContractsAsync(self._contract)
            bars = ib.reqRealTimeBars(self._contract, 5, "TRADES", useRTH=False)
            ib.reqMktData(self._contract)
        except (ConnectionError, TimeoutError):
            return False
        bars.updateEvent += self._on_bar
        for trade in ib.openTrades():
            self._watch(trade)  # of a process before this one
        held = [
            one.position for one in ib.positions() if one.contract.symbol == self._contract.symbol
        ]
        self.position = sum(held)
        return True

    def _on_bar(self, bars: RealTimeBarList, _new: bool) -> None:
        self._count += 1
        if not self._ib.isConnected():
            return
        close = bars[-1].close
        self._tend(close)
        if self._working:
            self._rested = 0
            return
        self._rested += 1
        if self._rested >= REST_BARS:
            self._rested = 0
            self._begin(close)

    def _begin(self, close: float) -> None:
        """Close what is held, else enter; the count of entries chooses how."""
        sign = -1 if self._entries % 2 else 1
        side = "BUY" if sign > 0 else "SELL"
        way = self._entries % 4
        if abs(self.position) >= 1:
            side = "SELL" if self.position > 0 else "BUY"
            self._place(MarketOrder(side, abs(self.position)))
            return
        self._entries += 1
        try:
            match way:
                case 0 | 3:
                    self._place(LimitOrder(side, QUANTITY, _off(close, -sign * FAR)))
                case 1:
                    bracket = self._ib.bracketOrder(
                        side,
                        QUANTITY,
                        _off(close, -sign * NEAR),
                        _off(close, sign * NEAR),
                        _off(close, -sign * FAR),
                    )
                    for order in bracket:
                        self._place(order)
                case _:
                    self._place(MarketOrder(side, QUANTITY))
        except ConnectionError:
            return  # no ids for a bracket while there is no connection

    def _tend(self, close: float) -> None:
        """Move entries that rest, cancel what does not fill, forget what is over."""
        for key, (trade, since) in list(self._working.items()):
            age = self._count - since
            if trade.isDone() or trade.advancedError.startswith("ibelay:"):
                del self._working[key]
            elif trade.orderStatus.status not in _CHANGEABLE:
                continue
            elif age == CHANGE_BARS and trade.order.orderType == "LMT":
                sign = 1 if trade.order.action == "BUY" else -1
                trade.order.lmtPrice = _off(close, -sign * NEAR)
                self._place(trade.order)
            elif age >= PATIENCE_BARS and age % 4 == 0:
                self._cancel(trade)

    def _on_fill(self, trade: Trade, fill: Fill) -> None:
        """Count it; a plain entry gets its stop at once, in the handler."""
        sign = 1 if fill.execution.side == "BOT" else -1
        self.position += sign * fill.execution.shares
        order = trade.order
        if (
            order.orderType == "LMT"
            and not order.parentId
            and trade.filled() >= order.totalQuantity
        ):
            side = "SELL" if order.action == "BUY" else "BUY"
            price = _off(fill.execution.price, -sign * FAR)
            if order.transmit:
                self._place(StopOrder(side, order.totalQuantity, price))

    def _place(self, order: Order) -> None:
        try:
            trade = self._ib.placeOrder(self._contract, order)
        except _REFUSALS:
            return
        self._watch(trade)

    def _cancel(self, trade: Trade) -> None:
        try:
            self._ib.cancelOrder(trade.order)
        except ConnectionError:
            return

    def _watch(self, trade: Trade) -> None:
        if id(trade) not in self._working:
            self._working[id(trade)] = trade, self._count
            trade.fillEvent += self._on_fill


def _off(price: float, share: float) -> float:
    """Return *price* moved by *share* of itself, on the tick."""
    return round(price * (1 + share), 2)
