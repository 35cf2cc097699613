"""The observer: a plain ib_async client that asks the broker what it knows.

It shares no code with the bot's adapter, so that a mistake there cannot pass at both ends.
It never sends an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import ib_async

from ibelay.app.sides import Book, Holding, order_line
from ibelay.errors import LinkError
from ibelay.model.ids import execution_key

_CONNECT_S = 30.0  # as the arena waits for the processes it starts, on a busy machine too
_DONE = {"Filled", "Cancelled", "ApiCancelled"}


class Observer:
    """Looks at an account over its own connection.

    Args:
        host: The gateway's host.
        port: The gateway's port.
        client_id: Unlike every bot's.
    """

    def __init__(self, host: str, port: int, *, client_id: int = 97) -> None:
        self._ib = ib_async.IB()
        self._host, self._port, self._client_id = host, port, client_id

    async def connect(self) -> None:
        """Connect and synchronise.

        Raises:
            LinkError: The gateway cannot be reached.
        """
        try:
            await self._ib.connectAsync(
                self._host,
                self._port,
                clientId=self._client_id,
                timeout=_CONNECT_S,
                raiseSyncErrors=True,
            )
        except (OSError, TimeoutError) as error:
            msg = f"the observer cannot reach the gateway at {self._host}:{self._port}: {error!r}"
            raise LinkError(msg) from error

    def close(self) -> None:
        """Disconnect."""
        self._ib.disconnect()

    async def book(self) -> Book:
        """Return the broker's side as any client can see it."""
        ib = self._ib
        trades = await ib.reqAllOpenOrdersAsync()
        completed = await ib.reqCompletedOrdersAsync(apiOnly=False)
        fills = await ib.reqExecutionsAsync()
        positions = await ib.reqPositionsAsync()
        refs: dict[str, set[int]] = {}
        for trade in (*trades, *completed):
            if trade.order.orderRef:
                refs.setdefault(trade.order.orderRef, set()).add(trade.order.permId)
        return Book(
            holdings={
                held.contract.symbol: Holding(
                    quantity=Decimal(str(held.position)),
                    average_cost=Decimal(str(held.avgCost)),
                )
                for held in positions
                if held.position
            },
            working=tuple(sorted(_working(trades))),
            fills=frozenset(execution_key(fill.execution.execId) for fill in fills),
            order_refs={ref: frozenset(perms) for ref, perms in refs.items()},
            realized_pnl=self._realized(),
            stops=_stops(trades),
        )

    async def unprotected(self) -> list[str]:
        """Return the symbols held with less stop than quantity at the broker, right now.

        Positions are read before and after the orders: a symbol counts only if it was held
        unchanged around a moment in which its stops did not cover it.
        """
        before = self._held()
        stops = _stops(await self._ib.reqAllOpenOrdersAsync())
        after = self._held()
        return [
            symbol
            for symbol, quantity in before.items()
            if after.get(symbol) == quantity and abs(quantity) > stops.get(symbol, Decimal(0))
        ]

    def _held(self) -> dict[str, Decimal]:
        return {held.contract.symbol: Decimal(str(held.position)) for held in self._ib.positions()}

    def _realized(self) -> Decimal:
        for value in self._ib.accountValues():
            if value.tag == "RealizedPnL" and value.currency in {"USD", "BASE"}:
                return Decimal(value.value)
        return Decimal(0)


def _working(trades: Sequence[ib_async.Trade]) -> list[str]:
    lines = []
    for trade in trades:
        if trade.orderStatus.status in _DONE:
            continue
        order = trade.order
        price = None
        if order.orderType == "LMT":
            price = Decimal(str(order.lmtPrice))
        elif order.orderType == "STP":
            price = Decimal(str(order.auxPrice))
        remaining = Decimal(str(order.totalQuantity)) - Decimal(str(trade.filled()))
        lines.append(
            order_line(trade.contract.symbol, order.action, order.orderType, price, remaining)
        )
    return lines


def _stops(trades: Sequence[ib_async.Trade]) -> dict[str, Decimal]:
    stops: dict[str, Decimal] = {}
    for trade in trades:
        if trade.order.orderType != "STP" or trade.orderStatus.status in _DONE:
            continue
        left = Decimal(str(trade.order.totalQuantity)) - Decimal(str(trade.filled()))
        symbol = trade.contract.symbol
        stops[symbol] = stops.get(symbol, Decimal(0)) + left
    return stops
