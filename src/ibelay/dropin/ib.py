"""The drop-in ``IB``: ib_async's own, kept alive.

``from ibelay import IB`` instead of ``from ib_async import IB``. What changes:

1. After the first connect the connection is watched (a frozen gateway too) and reopened, with
   the same client id, until ``disconnect()`` is called.
2. ``Trade``, ``Ticker`` and ``RealTimeBarList`` objects stay alive across connections; their
   streams are asked for again; fills of an outage fire the usual events, once.
3. A new order is given a reference and an order id above every earlier one, and is on disk
   before its first byte leaves. It is never sent again by this class.
4. ``placeOrder`` raises ``ConnectionError`` while there is no connection.

Not yet: bars kept up to date from history, tick-by-tick, depth, scanner and P&L streams are
not asked for again; protection and reconciliation belong to the runtime (``ibelay up``).
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any, cast

import ib_async
from ib_async.client import Client
from ib_async.contract import Contract
from ib_async.objects import RealTimeBarList
from ib_async.order import Order, Trade
from ib_async.ticker import Ticker

from ibelay.dropin.intents import Intents
from ibelay.dropin.keeper import Keeper, KeeperConfig
from ibelay.dropin.wrapper import LivingWrapper

_IN_USE = 326
# What did not end is unknown, never empty: a reconnect that is not complete is no reconnect.
_COMPLETE = {"raiseSyncErrors": True}


class IB(ib_async.IB):
    """A supervised ``ib_async.IB`` (see the module).

    Args:
        journal: Where intents are kept; the environment variable ``IBELAY_JOURNAL`` or
            ``ibelay-CLIENTID.db`` in the working folder if not given.
        keeper: Back-off and heartbeat.
    """

    def __init__(self, *, journal: Path | None = None, keeper: KeeperConfig | None = None) -> None:
        self._keeper = Keeper(
            keeper or KeeperConfig(),
            probe=self.reqCurrentTimeAsync,
            alive=self.isConnected,
            drop=self._drop,
            connect=self._again,
        )
        super().__init__()
        self.wrapper: LivingWrapper = LivingWrapper(self, self._keeper.heard)
        self.client: Any = self._fresh_client()
        self._journal_path = journal
        self._intents: Intents | None = None
        self._address: dict[str, Any] = {}
        self._reopening = False
        self._quotes: dict[int, tuple[Any, ...]] = {}
        self._bars: dict[int, RealTimeBarList] = {}

    # -- connecting ------------------------------------------------------------------------

    async def connectAsync(self, *args: Any, **kwargs: Any) -> IB:  # noqa: N802  # the library's
        """Connect as ib_async does, then keep the connection until :meth:`disconnect`."""
        names = ("host", "port", "clientId", "timeout", "readonly", "account")
        self._address = {**dict(zip(names, args, strict=False)), **kwargs}
        await self._attempt()
        self.wrapper.keeping = True
        self._keeper.start()
        return self

    def disconnect(self) -> str | None:
        """Disconnect for good; held objects end as they do in ib_async."""
        if self._reopening:
            self._drop()  # a failed attempt must not wipe what the bot holds
            return None
        self._keeper.stop()
        self.wrapper.keeping = False
        if self._intents is not None:
            self._intents.close()
            self._intents = None
        status: str | None = super().disconnect()
        return status

    async def _again(self) -> None:
        """Make one attempt at the next connection, with a fresh client object."""
        self._reopening = True
        self.wrapper.begin_catching_up()
        try:
            self.client = self._fresh_client(self.client.MaxRequests)
            await self._attempt()
            self.wrapper.finish_catching_up()
            self._restore_streams()
        finally:
            self._reopening = False

    async def _attempt(self) -> None:
        """Connect once; 326 ends the attempt at once instead of after its timeout."""
        refused = asyncio.get_running_loop().create_future()

        def on_error(_req_id: int, code: int, text: str, _contract: object) -> None:
            if code == _IN_USE and not refused.done():
                refused.set_exception(ConnectionError(f"client id in use: {text}"))

        self.errorEvent += on_error
        connecting = asyncio.get_running_loop().create_task(
            super().connectAsync(**{**self._address, **(_COMPLETE if self._reopening else {})})
        )
        try:
            done, _ = await asyncio.wait({connecting, refused}, return_when=asyncio.FIRST_COMPLETED)
            if connecting not in done:
                connecting.cancel()
                await asyncio.wait({connecting})
                await refused
            await connecting
        finally:
            self.errorEvent -= on_error
            refused.cancel()
        self._ready_to_order()

    def _ready_to_order(self) -> None:
        if self._intents is None:
            client_id = self.client.clientId
            name = f"ib{client_id}"
            given = self._journal_path or os.environ.get("IBELAY_JOURNAL")
            self._intents = Intents(Path(given or f"ibelay-{client_id}.db"), name)
        self.client.updateReqId(self._intents.high_order_id + 1)

    def _fresh_client(self, max_requests: int | None = None) -> Any:
        client = cast("Any", Client)(self.wrapper)
        if max_requests is not None:
            client.MaxRequests = max_requests
        client.apiEnd += self.disconnectedEvent
        return client

    def _drop(self) -> None:
        transport = self.client.conn.transport
        if transport is not None:
            transport.abort()

    # -- orders ----------------------------------------------------------------------------

    def placeOrder(self, contract: Contract, order: Order) -> Trade:  # noqa: N802  # the library's
        """Place a new order once it is on disk, or modify one.

        Raises:
            ConnectionError: There is no connection; nothing left this process.
        """
        if not self.isConnected() or self._intents is None:
            raise ConnectionError("not connected: the order was not sent; it is being reconnected")
        key = self.wrapper.orderKey(self.wrapper.clientId, order.orderId, order.permId)
        if not order.orderId or key not in self.wrapper.trades:
            order.orderId = order.orderId or self.client.getReqId()
            order.orderRef = order.orderRef or self._intents.reference()
            self._intents.record(contract, order)
        return super().placeOrder(contract, order)

    # -- streams ---------------------------------------------------------------------------

    def reqMktData(self, contract: Contract, *args: Any, **kwargs: Any) -> Ticker:  # noqa: N802  # the library's name
        """Subscribe; a stream is asked for again on every later connection."""
        ticker = super().reqMktData(contract, *args, **kwargs)
        names = ("genericTickList", "snapshot", "regulatorySnapshot", "mktDataOptions")
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        if not (given.get("snapshot") or given.get("regulatorySnapshot")):
            options = given.get("mktDataOptions", [])
            generic = given.get("genericTickList", "")
            self._quotes[hash(contract)] = (contract, generic, options)
        return ticker

    def cancelMktData(self, contract: Contract) -> bool:  # noqa: N802  # the library's
        """Unsubscribe for good."""
        self._quotes.pop(hash(contract), None)
        return bool(super().cancelMktData(contract))

    def reqRealTimeBars(self, *args: Any, **kwargs: Any) -> RealTimeBarList:  # noqa: N802  # the library's name
        """Subscribe; the bars are asked for again on every later connection."""
        bars = super().reqRealTimeBars(*args, **kwargs)
        self._bars[id(bars)] = bars
        return bars

    def cancelRealTimeBars(self, bars: RealTimeBarList) -> None:  # noqa: N802  # the library's
        """Unsubscribe for good."""
        self._bars.pop(id(bars), None)
        super().cancelRealTimeBars(bars)

    def _restore_streams(self) -> None:
        for contract, generic, options in self._quotes.values():
            request = self.client.getReqId()
            self.wrapper.startTicker(request, contract, "mktData")
            self.client.reqMktData(request, contract, generic, False, False, options)
        for bars in self._bars.values():
            bars.reqId = self.client.getReqId()
            cast("Any", self.wrapper).startSubscription(bars.reqId, bars, bars.contract)
            self.client.reqRealTimeBars(
                bars.reqId,
                bars.contract,
                bars.barSize,
                bars.whatToShow,
                bars.useRTH,
                bars.realTimeBarsOptions,
            )
