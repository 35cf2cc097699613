"""The orders of one check: what was sent, what the broker said of it, and waiting for that.

Rules:
1. An order is written down before it is sent, so that the clean-up knows of it whatever
   happens next.
2. Only events of our own client id and references count.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

from ibelay.app.check.ticket import CANCELLED, Ticket
from ibelay.errors import BrokerRefusedError, LinkError
from ibelay.model.contract import Contract
from ibelay.model.events import (
    BrokerEvent,
    ExecutionSeen,
    LinkClosed,
    NoticeSeen,
    OrderSeen,
    QuoteSeen,
    StatusSeen,
)
from ibelay.model.execution import Execution
from ibelay.model.ids import ClientId, OrderId, execution_key
from ibelay.model.market import Quote
from ibelay.model.notices import rejects_new_order
from ibelay.model.order import BrokerOrderStatus, Order
from ibelay.model.snapshot import BrokerSnapshot
from ibelay.ports.broker import BrokerLink

_ORDER_CANCELLED = 202


class Desk:
    """Sends the orders of a check over one link and hears of them.

    ``hear`` is the link's sink; ``attach`` the link that was opened with it.

    Args:
        client_id: Ours. The master client hears of others' orders too, under the same ids.
    """

    def __init__(self, client_id: ClientId) -> None:
        self._client_id = client_id
        self.tickets: dict[OrderId, Ticket] = {}
        self.quote: Quote | None = None
        self._lost = ""
        self._link: BrokerLink | None = None
        self._next_id = OrderId(0)
        self._news = asyncio.Event()

    def attach(self, link: BrokerLink) -> None:
        """Use *link* from now on; order ids go on where they were, or higher."""
        self._link, self._lost = link, ""
        self._next_id = max(self._next_id, link.next_order_id)

    @property
    def link(self) -> BrokerLink:
        """The live link.

        Raises:
            LinkError: There is none.
        """
        if self._link is None or self._lost:
            raise LinkError(f"the connection is gone ({self._lost or 'it never opened'})")
        return self._link

    def place(
        self,
        contract: Contract,
        order: Order,
        *,
        account: str,
        parent: Ticket | None = None,
        transmit: bool = True,
    ) -> Ticket:
        """Send *order* and return its ticket (rule 1).

        Raises:
            LinkError: The link is gone.
        """
        link = self.link
        ticket = Ticket(order_id=self._next_id, order=order)
        self._next_id = OrderId(self._next_id + 1)
        self.tickets[ticket.order_id] = ticket
        link.place(
            ticket.order_id,
            contract,
            order,
            parent_id=parent.order_id if parent else OrderId(0),
            transmit=transmit,
            account=account,
        )
        return ticket

    def net(self) -> Decimal:
        """Return the shares all orders together have bought; negative if sold."""
        return sum(
            (one.order.action.sign * one.filled for one in self.tickets.values()), Decimal(0)
        )

    async def until(self, met: Callable[[], bool]) -> None:
        """Return once *met*, which is asked after every event.

        Raises:
            LinkError: The link was lost first.
        """
        while not met():
            _ = self.link
            self._news.clear()
            await self._news.wait()

    async def taken(self, *tickets: Ticket) -> None:
        """Return once the broker has taken every one of *tickets*.

        Raises:
            BrokerRefusedError: It ended one of them instead.
            LinkError: The link was lost first.
        """
        await self.until(
            lambda: (
                any(one.ended_badly for one in tickets) or all(one.acknowledged for one in tickets)
            )
        )
        for ticket in tickets:
            if ticket.ended_badly:
                raise BrokerRefusedError(f"order {ticket.order_id} was refused ({ticket.words()})")

    async def filled(self, ticket: Ticket) -> None:
        """Return once *ticket* is filled.

        Raises:
            BrokerRefusedError: It ended in another way.
            LinkError: The link was lost first.
        """
        await self.until(lambda: ticket.over)
        if not ticket.complete:
            raise BrokerRefusedError(
                f"order {ticket.order_id} ended with {ticket.filled} of "
                f"{ticket.order.quantity} shares ({ticket.words()})"
            )

    async def cancel(self, *tickets: Ticket) -> None:
        """Cancel those of *tickets* that are not over and return once all are.

        Raises:
            LinkError: The link was lost first.
        """
        for ticket in tickets:
            if not ticket.over:
                self.link.cancel(ticket.order_id)
        await self.until(lambda: all(one.over for one in tickets))

    def learn(self, snapshot: BrokerSnapshot) -> None:
        """Take from *snapshot* what became of our orders while nobody listened."""
        for done in snapshot.executions:
            self.executed(done)
        working = {one.order_ref for one in snapshot.open_orders}
        completed = {one.order_ref for one in snapshot.completed_orders} - working
        for ticket in self.tickets.values():
            if ticket.order.order_ref in completed and not ticket.complete:
                ticket.cancelled = True

    def last_words(self) -> str:
        """Return what the broker last said of an order that is not over, if anything."""
        said = [one.notice for one in self.tickets.values() if one.notice and not one.over]
        return f"; the broker said: {said[-1]}" if said else ""

    def hear(self, event: BrokerEvent) -> None:
        """Take one event; the link's sink."""
        match event:
            case OrderSeen(order=seen):
                self._status(seen.order_id, seen.order_ref, seen.status, seen.filled)
            case StatusSeen(client_id=client_id) if client_id == self._client_id:
                self._status(event.order_id, "", event.status, event.filled)
            case ExecutionSeen(execution=done):
                self.executed(done)
            case QuoteSeen(quote=quote):
                self.quote = quote
            case NoticeSeen():
                self._notice(event)
            case LinkClosed(reason=reason):
                self._lost = reason or "closed"
            case _:
                pass
        self._news.set()

    def executed(self, done: Execution) -> None:
        """Count a fill of one of our orders; a correction replaces, it does not add."""
        for ticket in self.tickets.values():
            if ticket.order.order_ref == done.order_ref:
                ticket.executions[execution_key(done.exec_id)] = done

    def _status(
        self, order_id: OrderId, order_ref: str, status: BrokerOrderStatus, filled: Decimal
    ) -> None:
        ticket = self.tickets.get(order_id)
        if ticket is None or (order_ref and order_ref != ticket.order.order_ref):
            return
        ticket.status = status
        ticket.filled_by_status = max(ticket.filled_by_status, filled)
        ticket.cancelled = ticket.cancelled or status in CANCELLED

    def _notice(self, event: NoticeSeen) -> None:
        ticket = self.tickets.get(OrderId(event.request_id))
        said = f"{event.code} {' '.join(event.text.split())}"
        if ticket is None:
            return
        if event.code == _ORDER_CANCELLED:
            ticket.cancelled = True
        elif rejects_new_order(event.code) and not ticket.acknowledged:
            ticket.refusal = said
        else:
            ticket.notice = said
