"""A script on ib_async's API, as people write them: it connects, streams, enters and reconnects.

Rules:
1. It does what ib_async's own examples do, and what a careful user adds: it connects again five
   seconds after ``disconnectedEvent``, asks for its streams again, and takes the library's word
   for what it holds and what has become of its orders.
2. It wants to be in: an entry that the library calls cancelled, unasked, is entered again, and
   one that cannot be sent is tried again after five seconds.
3. What it was told is what its events said; a fill that is only in a list was not told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

from ib_async import IB, BarData, Contract, Fill, LimitOrder, MarketOrder, Order, Stock, Trade
from ib_async.order import StopOrder

from ibelay.model.ids import execution_key
from ibelay.testing.matrix.evidence import Diary
from ibelay.testing.matrix.plan import (
    Act,
    CancelEntry,
    Close,
    Enter,
    MoveStop,
    Planned,
    Reconnect,
    Watch,
)

PAUSE_S = 5.0
CONNECT_TIMEOUT_S = 4.0
TRIES = 200
_FAILURES = (OSError, TimeoutError, AssertionError, ValueError)
"""What ib_async raises when it cannot do what is asked; the script tries again."""


class Script:
    """One life of the script.

    Args:
        ib: Its library object.
        plan: What it does, and when.
        symbols: What it streams.
        diary: Where it writes what it was told.
        now_ns: Virtual time.
        done: Numbers of the acts that an earlier life has done.
        tell: Called with True when it is connected and with False when it is not.

    Attributes:
        work: What runs beside the plan.
    """

    def __init__(
        self,
        ib: IB,
        plan: tuple[Planned, ...],
        symbols: tuple[str, ...],
        *,
        diary: Diary,
        now_ns: Callable[[], int],
        done: set[int],
        tell: Callable[[bool], None],
    ) -> None:
        self.ib = ib
        self._plan = plan
        self._symbols = list(symbols)
        self._diary = diary
        self._now_ns = now_ns
        self._done = done
        self._tell = tell
        self._last: dict[str, float] = {}
        self._trades: dict[str, list[Trade]] = {}
        self._asked: set[int] = set()
        self.work: set[asyncio.Task[None]] = set()
        ib.execDetailsEvent += self._filled

    async def live(self) -> None:
        """Do the plan, each act at its time."""
        for number, planned in enumerate(self._plan):
            if number not in self._done and not isinstance(planned.act, Watch | Reconnect):
                self.spawn(self._at(number, planned))
        await asyncio.Event().wait()

    async def connect(self, host: str, port: int, client_id: int) -> None:
        """Try until it is connected, then ask for the streams."""
        while True:
            try:
                await self.ib.connectAsync(host, port, client_id, timeout=CONNECT_TIMEOUT_S)
                break
            except _FAILURES:
                await asyncio.sleep(PAUSE_S)
        await self.stream()

    async def stream(self) -> None:
        """Ask for every symbol's bars."""
        self._tell(True)
        for symbol in self._symbols:
            try:
                (contract,) = await self.ib.qualifyContractsAsync(Stock(symbol, "SMART", "USD"))
                if isinstance(contract, Contract):
                    bars = self.ib.reqRealTimeBars(contract, 5, "TRADES", useRTH=False)
                    bars.updateEvent += self._barred(symbol)
            except _FAILURES:
                return  # the connection is gone again

    def obey(self, act: Act) -> None:
        """Do what a person does."""
        match act:
            case Watch(symbol=symbol):
                self._symbols.append(symbol)
                self.spawn(self.stream())
            case Reconnect():
                self.ib.disconnect()  # whoever keeps it up connects again
            case _:
                pass

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run *work* beside the rest."""
        task = asyncio.get_running_loop().create_task(work)
        self.work.add(task)
        task.add_done_callback(self.work.discard)

    def close(self) -> None:
        """Write down what it believes at the end."""
        held = {one.contract.symbol: Decimal(str(one.position)) for one in self.ib.positions()}
        self._diary.believes = {symbol: quantity for symbol, quantity in held.items() if quantity}
        self._diary.open_orders = len(self.ib.openTrades())

    # -- what it hears -----------------------------------------------------------------------

    def _barred(self, symbol: str) -> Callable[[list[BarData], bool], None]:
        def heard(bars: list[Any], _new: bool) -> None:
            bar = bars[-1]
            began_ns = int(bar.time.timestamp()) * 10**9
            self._diary.bars.setdefault(symbol, {}).setdefault(began_ns, self._now_ns())
            self._last[symbol] = bar.close

        return heard

    def _filled(self, _trade: Trade, fill: Fill) -> None:
        execution = fill.execution
        signed = Decimal(str(execution.shares)) * (1 if execution.side == "BOT" else -1)
        self._diary.executions.add(execution_key(execution.execId))
        symbol = fill.contract.symbol
        self._diary.fills[symbol] = self._diary.fills.get(symbol, Decimal(0)) + signed

    # -- what it does ------------------------------------------------------------------------

    async def _at(self, number: int, planned: Planned) -> None:
        await asyncio.sleep(max(0.0, (planned.at_ns - self._now_ns()) / 1e9))
        for _try in range(TRIES):
            try:
                self._do(f"plan-{number}", planned.act)
            except (KeyError, *_FAILURES):
                await asyncio.sleep(PAUSE_S)
                continue
            self._done.add(number)
            return

    def _do(self, ref: str, act: Act) -> None:
        match act:
            case Enter():
                self._enter(ref, act)
            case CancelEntry(symbol=symbol):
                self._cancel(self._trades[symbol][0])
            case MoveStop(symbol=symbol, stop=stop):
                trade = self._trades[symbol][1]
                trade.order.auxPrice = round(self._last[symbol] - float(stop), 2)
                self.ib.placeOrder(trade.contract, trade.order)
            case Close(symbol=symbol):
                entry, *exits = self._trades[symbol]
                for trade in exits:
                    self._cancel(trade)
                order = MarketOrder("SELL", entry.order.totalQuantity, orderRef=f"{ref}-out")
                self.ib.placeOrder(entry.contract, order)
            case _:
                pass

    def _enter(self, ref: str, act: Enter) -> None:
        price, size = self._last[act.symbol], float(act.quantity)
        contract = Stock(act.symbol, "SMART", "USD", conId=self._con_id(act.symbol))
        entry: Order = MarketOrder("BUY", size)
        if act.below is not None:
            entry = LimitOrder("BUY", size, round(price - float(act.below), 2))
        legs = [entry, StopOrder("SELL", size, round(price - float(act.stop), 2), tif="GTC")]
        if act.target is not None:
            legs.append(LimitOrder("SELL", size, round(price + float(act.target), 2), tif="GTC"))
        for leg, order in enumerate(legs):
            order.orderId = self.ib.client.getReqId()
            order.parentId = 0 if leg == 0 else entry.orderId
            order.transmit = leg == len(legs) - 1
            order.orderRef = f"{ref}.{leg}"
        trades = [self.ib.placeOrder(contract, order) for order in legs]
        self._trades[act.symbol] = trades
        trades[0].cancelledEvent += lambda trade: self._called_cancelled(trade, ref, act)

    def _called_cancelled(self, trade: Trade, ref: str, act: Enter) -> None:
        if trade.order.orderId not in self._asked and not trade.filled():
            self._enter(ref, act)

    def _cancel(self, trade: Trade) -> None:
        self._asked.add(trade.order.orderId)
        self.ib.cancelOrder(trade.order)

    def _con_id(self, symbol: str) -> int:
        known = (bars.contract for bars in self.ib.realtimeBars())
        return next(contract.conId for contract in known if contract.symbol == symbol)
