"""The broker as the runtime sees it: one object per connection, never reused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ibelay.model.contract import Contract
from ibelay.model.events import BrokerEvent
from ibelay.model.ids import ClientId, OrderId
from ibelay.model.market import Bar
from ibelay.model.order import Order
from ibelay.model.snapshot import BrokerSnapshot

EventSink = Callable[[BrokerEvent], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a gateway listens and as whom we speak to it."""

    host: str
    port: int
    client_id: ClientId


class BrokerLink(Protocol):
    """One live connection to a gateway.

    All methods must be called on the event loop. Events arrive through the sink given to
    :class:`BrokerConnector`, in the order IB sent them, from the moment ``open`` starts.
    Calls that send raise ``LinkError`` if the link is gone; they never queue silently.
    """

    @property
    def server_version(self) -> int:
        """The negotiated protocol version."""
        ...

    @property
    def accounts(self) -> tuple[str, ...]:
        """Accounts managed by the gateway's login; at least one."""
        ...

    @property
    def next_order_id(self) -> OrderId:
        """IB's nextValidId of this connection; may have rolled back."""
        ...

    @property
    def last_heard_ns(self) -> int:
        """Monotonic time of the last bytes received; the proof of life."""
        ...

    @property
    def send_buffer_size(self) -> int:
        """Bytes accepted by us but not yet by the kernel; 0 on a healthy link."""
        ...

    async def snapshot(self, timeout_s: float, *, whole: bool = True) -> BrokerSnapshot:
        """Ask for positions, all open orders, completed orders and executions.

        Args:
            timeout_s: For every part to end.
            whole: If not, completed orders and executions are not asked for: they grow with
                the day, while positions and open orders say whether there is need of them.

        Raises:
            SyncIncompleteError: A part did not end in *timeout_s*; names the parts.
            LinkError: The link died meanwhile.
        """
        ...

    def probe(self) -> asyncio.Future[int]:
        """Ask for the current time, now; the answer is broker time (UTC, ns, whole seconds).

        Never times out by itself: the caller decides how long silence may last. The link's end
        answers with a LinkError.
        """
        ...

    async def resolve(self, contract: Contract) -> Contract:
        """Return *contract* completed by IB (con_id, exchange, multiplier, …).

        Raises:
            BrokerRefusedError: IB knows no such contract, or several.
        """
        ...

    async def history(self, contract: Contract, *, duration: str, bar_size: str) -> list[Bar]:
        """Return TRADES bars up to now: IB's duration ("3600 S") and size ("5 secs") texts."""
        ...

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
        """Write one placeOrder (new or modification) to the socket, now."""
        ...

    def cancel(self, order_id: OrderId) -> None:
        """Write one cancelOrder to the socket, now."""
        ...

    def ask_order_id(self) -> None:
        """Ask for the next valid order id; ``next_order_id`` tells it when it has come."""
        ...

    def subscribe_quotes(self, contract: Contract) -> int:
        """Start top-of-book streaming; return the request id. Events carry the con_id."""
        ...

    def subscribe_bars(self, contract: Contract) -> int:
        """Start 5-second TRADES bars; return the request id. Events carry the con_id."""
        ...

    def unsubscribe(self, request_id: int) -> None:
        """Stop a stream started on this link. Unknown ids are ignored."""
        ...

    def abort(self) -> None:
        """Tear the transport down at once, without waiting for buffers. Idempotent."""
        ...

    async def closed(self) -> None:
        """Return when the transport is really gone."""
        ...


class BrokerConnector(Protocol):
    """Makes links. Each call makes a fresh client object."""

    async def open(self, address: Address, sink: EventSink, *, timeout_s: float) -> BrokerLink:
        """Connect, negotiate and log on; do not synchronise yet.

        Raises:
            ClientIdInUseError: 326 (at once, not after the timeout).
            GatewayMuteError: TCP accepted, no handshake answer in *timeout_s*.
            NotLoggedInError: The gateway manages no account.
            LinkError: Refused, unreachable or lost meanwhile.
        """
        ...
