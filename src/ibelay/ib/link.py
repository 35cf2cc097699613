"""One connection to a gateway as the runtime uses it (``ports.broker.BrokerLink``).

Rules:
1. Orders go from our value to the socket in one call: no queue, no bookkeeping, no log line.
2. ``LinkClosed`` is emitted once, after everything the gateway had sent, and only for a
   link that ``open`` returned; for others ``open`` raises.
3. A message about orders, executions or positions that cannot be read ends the link: going
   on without it would make "absent" of something that exists.
4. A closed link lets go of everything that refers to it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import ib_async

from ibelay.errors import BrokerRefusedError, ConfigurationError, LinkError
from ibelay.ib.codec import HELLO, RawDecoder, RequestWriter, UnreadableError
from ibelay.ib.logon import Logon
from ibelay.ib.quotes import QuoteBooks
from ibelay.ib.raw import RawCallbacks
from ibelay.ib.repeats import Repeats
from ibelay.ib.requests import RequestIds, Requests
from ibelay.ib.snapshot import WHOLE, WORKING_AND_HELD, Gatherer, Part
from ibelay.ib.translate import ib_contract, ib_order
from ibelay.ib.transport import FramedTransport, fields_of
from ibelay.model.contract import Contract
from ibelay.model.events import BrokerEvent, LinkClosed
from ibelay.model.ids import ConId, OrderId
from ibelay.model.market import Bar
from ibelay.model.order import Order
from ibelay.model.snapshot import BrokerSnapshot
from ibelay.ports.broker import Address, EventSink
from ibelay.ports.clock import Clock

_log = logging.getLogger(__name__)

_MUST_BE_READ = frozenset({"3", "5", "9", "11", "15", "53", "55", "59", "61", "62", "101", "102"})
_BY_REQUEST = frozenset({"10", "17", "18"})
_OUTSIDE_RTH_TOO = False  # IB's useRTH


class IbLink:
    """A connection to one gateway; made by ``IbConnector.open``, never reused.

    Args:
        address: Where and as whom.
        sink: Takes the events.
        clock: Monotonic time for proof of life and durations; wall time for quotes, whose
            ticks carry no time (the runtime knows the broker's clock and may restamp them).
        repeats: What earlier links have read, and this one will read.
        ids: Of requests, never used by an earlier link.
    """

    def __init__(
        self,
        address: Address,
        sink: EventSink,
        clock: Clock,
        repeats: Repeats,
        ids: RequestIds,
    ) -> None:
        self._address = address
        self._sink: EventSink | None = sink
        self._clock = clock
        self._announced = False
        self._account_asked = False
        self._unread = False
        self._one_snapshot = asyncio.Lock()
        self._requests = Requests(ids)
        self._gatherer = Gatherer()
        self._books = QuoteBooks(clock.wall_ns)
        self._repeats = repeats
        self._logon = Logon(address)
        self._raw = RawCallbacks(
            self._emit,
            logon=self._logon,
            requests=self._requests,
            gatherer=self._gatherer,
            books=self._books,
            repeats=self._repeats,
        )
        self._decoder = RawDecoder(self._raw)
        self._transport = FramedTransport(
            clock, on_message=self._received, on_read=self._read_done, on_lost=self._lost
        )
        self._write: Any = RequestWriter(self._transport.write)

    @property
    def server_version(self) -> int:
        """The negotiated protocol version."""
        return self._logon.server_version

    @property
    def accounts(self) -> tuple[str, ...]:
        """Accounts managed by the gateway's login; at least one."""
        return self._logon.accounts

    @property
    def next_order_id(self) -> OrderId:
        """IB's latest nextValidId of this connection; may have rolled back."""
        return self._logon.next_order_id

    @property
    def last_heard_ns(self) -> int:
        """Monotonic time of the last bytes received."""
        return self._transport.last_heard_ns

    @property
    def send_buffer_size(self) -> int:
        """Bytes accepted by us but not yet by the kernel."""
        return self._transport.unsent

    async def log_on(self, timeout_s: float) -> None:
        """Connect, greet and wait until orders may be sent; the connector calls this once.

        Raises:
            LinkError: One of its kinds, as ``BrokerConnector.open`` promises.
            OSError: The socket could not be opened.
            TimeoutError: The socket did not open in *timeout_s*.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        async with asyncio.timeout_at(deadline):
            await self._transport.connect(self._address.host, self._address.port)
        self._transport.write(HELLO)
        try:
            async with asyncio.timeout_at(deadline):
                await self._logon.ready
        except TimeoutError as error:
            raise self._logon.mute(timeout_s) from error
        if not self._transport.is_open:
            raise LinkError(f"the connection was lost right after logon: {self._transport.reason}")
        self._announced = True

    async def snapshot(self, timeout_s: float, *, whole: bool = True) -> BrokerSnapshot:
        """Ask for what the broker holds; see ``snapshot.Gatherer`` for what counts.

        Snapshots of one link take turns; *timeout_s* counts from this one's turn. Account
        values are those known by its end: they are asked for once per link and then pushed.
        One that is not *whole* leaves out completed orders and executions.
        """
        parts = WHOLE if whole else WORKING_AND_HELD
        async with self._one_snapshot:
            started_ns = self._clock.monotonic_ns()
            request_id = self._requests.new_id()
            self._gatherer.begin(request_id, parts)
            try:
                self._ask_for(parts, request_id)
                await self._gatherer.finish(timeout_s)
                return self._gatherer.result(
                    account=self.accounts[0],
                    started_ns=started_ns,
                    ended_ns=self._clock.monotonic_ns(),
                    next_order_id=self.next_order_id,
                    account_values=self._raw.account_values,
                )
            finally:
                self._gatherer.end()

    def probe(self) -> asyncio.Future[int]:
        """Ask for the current time; several may be under way."""
        waiter: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._write.reqCurrentTime()
        self._requests.expect_time(waiter)
        return waiter

    async def resolve(self, contract: Contract) -> Contract:
        """Return *contract* completed by IB."""
        question = f"to describe {_name(contract)}"
        request_id, answer = self._requests.start(question)
        try:
            self._write.reqContractDetails(request_id, ib_contract(contract))
            matches: list[Contract] = await answer
        finally:
            self._requests.forget(request_id)
        found = {match.con_id: match for match in reversed(matches)}
        if len(found) != 1:
            ids = ", ".join(str(con_id) for con_id in sorted(found)) or "none"
            raise BrokerRefusedError(
                f"IB knows {len(found)} contracts for {_name(contract)} (con_id: {ids}), expected"
                " one; give its primary exchange, currency or con_id"
            )
        return found.popitem()[1]

    async def history(self, contract: Contract, *, duration: str, bar_size: str) -> list[Bar]:
        """Return TRADES bars up to now, those outside regular hours too.

        Raises:
            BrokerRefusedError: IB refused; a pacing violation (162) is told as such.
            LinkError: The link died meanwhile.
        """
        question = f"bars of {_name(contract)} ({duration} of {bar_size})"
        request_id, answer = self._requests.start(question)
        try:
            self._write.reqHistoricalData(
                request_id, ib_contract(contract), "", duration, bar_size, "TRADES",
                _OUTSIDE_RTH_TOO, 2, False, [],
            )  # fmt: skip
            return await answer
        except asyncio.CancelledError:
            if self._transport.is_open:
                self._write.cancelHistoricalData(request_id)
            raise
        finally:
            self._requests.forget(request_id)

    def place(
        self,
        order_id: OrderId,
        contract: Contract,
        order: Order,
        *,
        parent_id: OrderId = OrderId(0),
        transmit: bool = True,
        account: str = "",
    ) -> None:
        """Write one placeOrder to the socket, now."""
        theirs = ib_order(order, parent_id=parent_id, transmit=transmit, account=account)
        self._write.placeOrder(order_id, ib_contract(contract), theirs)

    def cancel(self, order_id: OrderId) -> None:
        """Write one cancelOrder to the socket, now."""
        self._write.cancelOrder(order_id)

    def ask_order_id(self) -> None:
        """Ask for nextValidId."""
        self._write.reqIds(1)

    def subscribe_quotes(self, contract: Contract) -> int:
        """Start top-of-book streaming."""
        con_id = _resolved(contract)
        request_id = self._requests.new_id()
        self._write.reqMktData(request_id, ib_contract(contract), "", False, False, [])
        self._books.open(request_id, con_id)
        return request_id

    def subscribe_bars(self, contract: Contract) -> int:
        """Start 5-second TRADES bars."""
        con_id = _resolved(contract)
        request_id = self._requests.new_id()
        self._write.reqRealTimeBars(
            request_id, ib_contract(contract), 5, "TRADES", _OUTSIDE_RTH_TOO, []
        )
        self._raw.bar_streams[request_id] = con_id
        return request_id

    def unsubscribe(self, request_id: int) -> None:
        """Stop a stream started on this link."""
        if self._books.close(request_id):
            self._write.cancelMktData(request_id)
        elif self._raw.bar_streams.pop(request_id, None) is not None:
            self._write.cancelRealTimeBars(request_id)

    def abort(self) -> None:
        """Tear the transport down at once. Idempotent."""
        self._transport.abort("we aborted it")

    async def closed(self) -> None:
        """Return when the transport is really gone."""
        await self._transport.closed()

    def _ask_for(self, parts: frozenset[Part], request_id: int) -> None:
        """Write all requests of a snapshot; the socket takes them in one go."""
        if not self._account_asked:
            self._account_asked = True
            self._write.reqAccountUpdates(True, self.accounts[0])
        self._write.reqPositions()
        self._write.reqAllOpenOrders()
        if Part.COMPLETED_ORDERS in parts:
            self._write.reqCompletedOrders(False)
        if Part.EXECUTIONS in parts:
            self._write.reqExecutions(request_id, ib_async.ExecutionFilter())
        self._write.reqCurrentTime()
        self._requests.expect_time()

    def _greeted(self, fields: list[str]) -> None:
        """Take the first message: the server's version."""
        if self._logon.shake(fields):
            self._decoder.serverVersion = self.server_version
            self._repeats.begin(self.server_version)
            self._write.begin(self.server_version, self._address.client_id)
            self._write.startApi()

    def _received(self, payload: bytes) -> None:
        """Take one message."""
        if not self.server_version:
            self._greeted(fields_of(payload))
            return
        known = self._repeats.find(payload)
        if known is not None:
            self._raw.again(*known)
            return
        fields = fields_of(payload)
        try:
            self._decoder.interpret(fields)
        except UnreadableError as error:
            _log.exception("server version %d sent %s", self.server_version, fields)
            self._unreadable(fields, error)

    def _unreadable(self, fields: list[str], error: UnreadableError) -> None:
        """Act on a message that cannot be read (rule 3)."""
        if fields[0] in _MUST_BE_READ:
            self._unread = True
            self._transport.abort(str(error))
        elif fields[0] in _BY_REQUEST and len(fields) > 1 and fields[1].isdigit():
            refusal = BrokerRefusedError(f"the answer to a request is no good: {error}")
            self._requests.fail(int(fields[1]), refusal)

    def _read_done(self) -> None:
        for quote in self._books.changed():
            self._emit(quote)

    def _emit(self, event: BrokerEvent) -> None:
        if self._sink is not None:
            self._sink(event)

    def _lost(self, reason: str) -> None:
        """Take the end of the connection: tell it, fail what waits, let go (rule 4)."""
        self._logon.lost(reason)
        self._requests.fail_all(reason)
        self._gatherer.fail(LinkError(f"the link ended during the snapshot: {reason}"))
        if self._announced:
            self._emit(LinkClosed(reason=reason, unreadable=self._unread))
        self._sink = None
        self._decoder.forget()


def _resolved(contract: Contract) -> ConId:
    if not contract.con_id:
        raise ConfigurationError(
            f"{_name(contract)} cannot be streamed before it is resolved: its events carry the"
            " con_id, so call resolve first"
        )
    return contract.con_id


def _name(contract: Contract) -> str:
    """Return how to call a contract in a message."""
    parts = (contract.sec_type, contract.symbol, contract.last_trade_date, contract.currency)
    return " ".join(part for part in parts if part)
