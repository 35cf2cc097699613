"""The drop-in ``IB``: ib_async's own, kept alive.

``from ibelay import IB`` instead of ``from ib_async import IB``. What changes:

1. After the first connect the connection is watched (a frozen gateway too) and reopened, with
   the same client id, until ``disconnect()`` is called.
2. ``Trade``, ``Ticker`` and bar list objects stay alive across connections; their streams are
   asked for again; fills of an outage fire the usual events, once.
3. A new order is given a reference and an order id above every earlier one, and is on disk
   before its first byte leaves. It is never sent again by this class.
4. ``placeOrder`` raises ``ConnectionError`` while there is no connection, while the gateway
   owes a sign of life, and until an outage has been caught up with.

How: one wrapper (:mod:`ibelay.dropin.wrapper`) and one client (:mod:`ibelay.dropin.client`) for
the life of the object, and a fresh socket under them each time; ib_async's own synchronisation
runs at every connect and finds the objects of before in its tables.

Protection and reconciliation belong to the runtime (``ibelay up``).
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import ib_async
from ib_async import Event
from ib_async.contract import Contract
from ib_async.ib import StartupFetch, StartupFetchALL
from ib_async.objects import IBDefaults
from ib_async.order import Order, Trade

from ibelay.dropin.catch_up import UNRESOLVED
from ibelay.dropin.client import KeptClient
from ibelay.dropin.clock import MachineClock
from ibelay.dropin.intents import Intents, OpenJournal
from ibelay.dropin.keeper import Keeper, KeeperConfig
from ibelay.dropin.link import PATIENCE_MAX_S, PATIENCE_S, ConnectOptions, refusing_326
from ibelay.dropin.wrapper import LivingWrapper
from ibelay.errors import InvariantError, LinkError, TradingRefusedError
from ibelay.ports.clock import Clock


class IB(ib_async.IB):
    """A supervised ``ib_async.IB`` (see the module).

    Args:
        defaults: ib_async's own.
        journal: Where intents are kept, a file or a folder; the environment variable
            ``IBELAY_JOURNAL`` or ``ibelay-CLIENTID.db`` in the working folder if not given.
            Or what opens it, given the name ``ibCLIENTID``.
        keeper: Back-off and heartbeat.
        supervise: Whether to watch and reopen the connection; orders are journaled anyway.
        clock: The time; the machine's if not given.

    Attributes:
        reconnectedEvent: Emitted, with nothing, when an outage has been caught up with.
    """

    _keeper: Keeper | None = None  # what __del__ finds if __init__ was refused
    _intents: Intents | None = None
    _options: ConnectOptions | None = None
    _returning: bool = False

    def __init__(
        self,
        defaults: IBDefaults | None = None,
        *,
        journal: Path | OpenJournal | None = None,
        keeper: KeeperConfig | None = None,
        supervise: bool = True,
        clock: Clock | None = None,
    ) -> None:
        super().__init__()
        self._clock = MachineClock() if clock is None else clock
        given = IBDefaults() if defaults is None else defaults
        self.wrapper: LivingWrapper = LivingWrapper(self, given)
        self.client: KeptClient = KeptClient(self.wrapper)
        self._keeper = Keeper(
            keeper or KeeperConfig(),
            clock=self._clock,
            probe=self.client.probe,
            alive=self.client.isReady,
            drop=self.client.drop,
            connect=self._again,
        )
        self.wrapper.heard = self._keeper.heard
        self.wrapper.answered = self._keeper.answered
        self.client.apiEnd += self._keeper.lost
        self.client.apiEnd += self.disconnectedEvent
        self.reconnectedEvent = Event("reconnectedEvent")
        self.connectedEvent += self._caught_up  # before anybody else is told
        self._journal = journal
        self._supervise = supervise
        self._patience_s = PATIENCE_S

    # -- connecting ------------------------------------------------------------------------

    async def connectAsync(  # noqa: N802  # the library's
        self,
        host: str = "127.0.0.1",
        port: int = 7497,
        clientId: int = 1,  # noqa: N803  # the library's
        timeout: float | None = 4,
        readonly: bool = False,  # noqa: FBT002  # the library's
        account: str = "",
        raiseSyncErrors: bool = False,  # noqa: FBT002, N803  # the library's
        fetchFields: StartupFetch = StartupFetchALL,  # noqa: N803  # the library's
    ) -> IB:
        """Connect as ib_async does, then keep the connection until :meth:`disconnect`.

        While it is being kept, connecting to the same place waits for the reconnect: a
        program's own reconnecting does no harm.

        Raises:
            ClientIdInUseError: At once when the gateway says 326.
            TimeoutError: As in ib_async.
            OSError: The gateway cannot be reached.
            ConfigurationError: The journal cannot be used, or another process writes it.
        """
        options = ConnectOptions(
            host=host,
            port=int(port),
            client_id=int(clientId),
            timeout=timeout or None,
            readonly=readonly,
            account=account,
            raise_sync_errors=raiseSyncErrors,
            fetch_fields=fetchFields,
        )
        keeper = self._kept()
        if keeper.running and options.same_place(self._options):
            async with asyncio.timeout(options.timeout):
                await keeper.up()
            return self
        self.disconnect()
        await keeper.stopped()
        self._options = options
        self._patience_s = options.timeout or PATIENCE_S
        self._intents = Intents.at(self._journal, options.client_id, self._clock)
        self.client.count_from(self._intents.high_order_id + 1)
        async with refusing_326(self.errorEvent, options.client_id):
            await super().connectAsync(**options.arguments())
        if self._supervise:
            self.wrapper.keeping = True
            keeper.start()
        return self

    def disconnect(self) -> str | None:
        """Disconnect for good; held objects end as they do in ib_async."""
        if self._keeper is None:
            return None
        if self._returning and self._keeper.attempt is _current_task():
            self.client.renew()  # ib_async cleans up after a failed attempt: ours goes on
            return None
        self._keeper.stop()
        self.wrapper.keeping = False
        self.wrapper.catch_up = None
        self.client.forget_streams()
        if self._intents is not None:
            self._intents.close()
            self._intents = None
        self.wrapper.fail_pending()
        if self.client.isConnected() and self.client.isReady():
            status: str | None = super().disconnect()
            return status
        self.wrapper.setEventsDone()
        self.wrapper.reset()
        self.client.renew()
        return None

    def isConnected(self) -> bool:  # noqa: N802  # the library's
        """Return whether there is a connection and the last outage has been caught up with."""
        return not self._returning and self.client.isReady() and self.client.isConnected()

    async def _again(self) -> None:
        """Make one attempt at the next connection."""
        options = self._options
        if options is None:
            raise InvariantError("the drop-in reconnects before it ever connected")
        self._returning = True
        self.client.renew()
        self.wrapper.begin_catching_up()
        try:
            async with refusing_326(self.errorEvent, options.client_id):
                await super().connectAsync(**options.again(self._patience_s))
            self._caught_up()
        except ConnectionError as error:
            if error.args and isinstance(error.args[0], list):  # requests that did not end
                self._patience_s = min(2 * self._patience_s, PATIENCE_MAX_S)
            raise
        finally:
            self._returning = False
            self.wrapper.catch_up = None
        self.reconnectedEvent.emit()

    def _caught_up(self) -> None:
        """Tell what happened in an outage and restore the streams; orders may go again."""
        if self._returning:
            self._returning = False
            self.wrapper.finish_catching_up()
            self.wrapper.prepare_streams()
            self.client.restore()

    def _kept(self) -> Keeper:
        if self._keeper is None:
            raise InvariantError("the drop-in was used before it was made")
        return self._keeper

    # -- orders ----------------------------------------------------------------------------

    def placeOrder(self, contract: Contract, order: Order) -> Trade:  # noqa: N802  # the library's
        """Place a new order, or change one, once it is on disk.

        Raises:
            LinkError: (a ``ConnectionError``) No connection, or the gateway owes a sign of
                life; nothing left this process.
            TradingRefusedError: The order is over, or nobody knows whether it arrived; a new
                attempt needs a new ``Order``.
        """
        if not self.isConnected() or self._intents is None:
            raise LinkError("not connected, so the order was not sent; place it again when it is")
        if self._kept().suspect:
            raise LinkError("the gateway does not answer, so the order was not sent")
        key = self.wrapper.orderKey(self.wrapper.clientId, order.orderId, order.permId)
        known = self.wrapper.trades.get(key) if order.orderId else None
        if known is not None:
            _refuse_again(known)
        order.orderId = order.orderId or self.client.getReqId()
        order.orderRef = order.orderRef or self._intents.reference()
        self._intents.record(contract, order)
        return super().placeOrder(contract, order)

    def cancelOrder(  # noqa: N802  # the library's
        self,
        order: Order,
        manualCancelOrderTime: str = "",  # noqa: N803  # the library's
    ) -> Trade | None:
        """Cancel an order; that we meant to is on disk before.

        Raises:
            ConnectionError: There is no connection; nothing left this process.
        """
        if self._intents is not None and self.client.isConnected():
            self._intents.cancel(order)
        return super().cancelOrder(order, manualCancelOrderTime)


def _refuse_again(trade: Trade) -> None:
    """Refuse to change an order that can no longer be changed; it could become a second one."""
    over = trade.isDone()
    if over or trade.advancedError == UNRESOLVED:
        why = trade.orderStatus.status if over else "unknown to the gateway since an outage"
        raise TradingRefusedError(
            f"order {trade.order.orderId} is {why}, so nothing was sent; expected an order that"
            " works: place a new Order instead"
        )


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop is running: a script between two calls
        return None
