"""The outbox: what was decided leaves in order, after it is durable, or visibly not at all.

Rules (DESIGN section 5):
1. No byte of an order leaves before its intent is on disk (I1): every batch waits for the
   commit it was decided in.
2. A new order is written at most once per ``order_ref`` (I2): by the epoch that intended it,
   from this outbox, which forgets it afterwards.
3. An entry that may no longer leave (not ready, expired, link silent) ends ABSENT, known
   never to have been sent. Exits, stops and cancels need only a reachable broker (I15).
4. What was decided before an outage does not leave after it: the books it was decided from
   are older than what the outage hid. A stop may have filled, and a second one would open the
   other side.
5. What cannot leave is never queued for later: reconciliation decides again from the truth.
6. Whatever is sent says the whole order as the ledger has it. While a later change of the same
   order still waits for the disk an earlier one is left out, and a new order waits for it: they
   would say the later one's figures.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from ibelay.errors import InvariantError, LinkError
from ibelay.journal.order_entry import OrderEntry
from ibelay.journal.records import AnyRecord, OrderStateChanged
from ibelay.model.ids import OrderId, OrderRef
from ibelay.model.order import OrderState, Role
from ibelay.ports.broker import BrokerLink
from ibelay.reconcile.amend import order_to_send
from ibelay.runtime.link.session import Session
from ibelay.runtime.trading.books import Books
from ibelay.runtime.trading.cancels import Cancels

_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class SendNew:
    """Write the orders of one unit, parent first; the last one transmits them all."""

    refs: tuple[OrderRef, ...]


@dataclass(frozen=True, slots=True)
class SendModify:
    """Write the order as the ledger now has it, under its own id."""

    ref: OrderRef


@dataclass(frozen=True, slots=True)
class SendCancel:
    """Write a cancel."""

    ref: OrderRef
    order_id: OrderId


Send = SendNew | SendModify | SendCancel


@dataclass(frozen=True, slots=True)
class _Batch:
    durable: Future[int]
    sends: tuple[Send, ...]
    era: int


class Outbox:
    """Sends what has become durable, one batch after the other.

    Args:
        books: Ledger and journal.
        session: Where the link is.
        account: Account for every order; empty leaves it to IB.
        entries_refused: Returns why entries may not leave now, or an empty string.
        changed: Called with records committed here, so that the strategy hears of them.
        sent: Called when something that is owed an answer has left.
    """

    def __init__(
        self,
        books: Books,
        session: Session,
        *,
        account: str,
        entries_refused: Callable[[], str],
        changed: Callable[[Sequence[AnyRecord]], None],
        sent: Callable[[], None],
    ) -> None:
        self._books = books
        self._session = session
        self._account = account
        self._entries_refused = entries_refused
        self._changed = changed
        self._sent = sent
        self._queue: asyncio.Queue[_Batch] = asyncio.Queue(_LIMIT)
        self._sent_mono_ns: dict[OrderRef, int] = {}
        self._cancels = Cancels()
        self._changes: defaultdict[OrderRef, list[Future[int]]] = defaultdict(list)

    @property
    def backlog(self) -> int:
        """Batches that wait for the disk or for a proof of life."""
        return self._queue.qsize()

    def put(self, durable: Future[int], sends: Sequence[Send]) -> None:
        """Send *sends*, in order, when *durable* has resolved."""
        try:
            self._queue.put_nowait(_Batch(durable, tuple(sends), self._session.era))
        except asyncio.QueueFull:
            msg = f"more than {_LIMIT} batches of orders wait to be sent; the strategy is looping"
            raise InvariantError(msg) from None
        for send in sends:
            if isinstance(send, SendModify):
                self._changes[send.ref].append(durable)

    def unanswered(self, limit_ns: int) -> set[OrderRef]:
        """Return orders sent more than *limit_ns* ago that are still only SENT."""
        orders = self._books.ledger.orders
        for ref in [r for r in self._sent_mono_ns if orders[r].state is not OrderState.SENT]:
            del self._sent_mono_ns[ref]
        now = self._books.monotonic_ns()
        return {ref for ref, sent in self._sent_mono_ns.items() if now - sent > limit_ns}

    def uncancelled(self, limit_ns: int) -> list[OrderRef]:
        """Return orders whose cancel has been without an answer too long (:class:`Cancels`)."""
        now = self._books.monotonic_ns()
        return self._cancels.late(self._books.ledger.orders, now, self._session.era, limit_ns)

    def overdue_ns(self, limit_ns: int) -> int | None:
        """Return when an answer will be overdue (monotonic); None: not before another send."""
        dues = [sent + limit_ns for sent in self._sent_mono_ns.values()]
        cancel_due = self._cancels.due_ns(self._session.era, limit_ns)
        return min(dues if cancel_due is None else [*dues, cancel_due], default=None)

    async def run(self) -> None:
        """Send for ever; a journal that cannot be written ends the bot with its error."""
        while True:
            batch = await self._queue.get()
            await asyncio.wrap_future(batch.durable)
            await self._send(batch)
            self._queue.task_done()

    async def drained(self) -> None:
        """Return when nothing waits any more."""
        await self._queue.join()

    async def _send(self, batch: _Batch) -> None:
        alive = await self._alive()
        while changing := self._not_on_disk(batch):
            await asyncio.wrap_future(changing)
            alive = await self._alive()
        # All that may have taken a while: look again before writing.
        alive = alive and batch.era == self._session.era
        link = self._session.reachable if alive else None
        for send in batch.sends:
            match send:
                case SendNew(refs):
                    self._send_new(link, refs)
                case SendModify(ref):
                    self._send_modify(link, ref)
                case SendCancel(ref, order_id):
                    self._send_cancel(link, ref, order_id)

    async def _alive(self) -> bool:
        link = self._session.reachable
        return link is not None and await self._session.proof_of_life(link)

    def _not_on_disk(self, batch: _Batch) -> Future[int] | None:
        """Return the commit of a change that a new order of *batch* would say (rule 6)."""
        new = (ref for send in batch.sends if isinstance(send, SendNew) for ref in send.refs)
        commits = (self._changes[ref][-1] for ref in new if ref in self._changes)
        return next((one for one in commits if not one.done()), None)

    def _send_new(self, link: BrokerLink | None, refs: tuple[OrderRef, ...]) -> None:
        entries = [self._books.ledger.orders[ref] for ref in refs]
        refusal = self._refusal(link, entries)
        if refusal or link is None:
            self._conclude(entries, OrderState.ABSENT, f"never sent: {refusal}")
            return
        head = entries[0]
        sent: list[OrderEntry] = []
        try:
            for entry in entries:
                order = entry.order
                parent = head.order_id if order.parent_ref == head.order.order_ref else OrderId(0)
                link.place(
                    entry.order_id,
                    entry.contract,
                    order,
                    parent_id=parent,
                    transmit=entry is entries[-1],
                    account=self._account,
                )
                sent.append(entry)
        except LinkError as error:
            # A write that failed half-way proves nothing about what arrived.
            self._conclude(entries, OrderState.UNKNOWN, f"the link died while sending: {error}")
            return
        now = self._books.monotonic_ns()
        self._sent_mono_ns.update((entry.order.order_ref, now) for entry in sent)
        self._conclude(sent, OrderState.SENT, "sent")
        self._sent()

    def _refusal(self, link: BrokerLink | None, entries: list[OrderEntry]) -> str:
        if link is None:
            why = self._session.value.reason or "the link was silent or lost meanwhile"
            return f"the broker cannot be reached ({why})"
        for entry in entries:
            if entry.state is not OrderState.INTENDED:
                return f"order {entry.order.order_ref} is already {entry.state}"
            if entry.intent.epoch != self._books.ledger.epoch:
                return "the intent belongs to an earlier epoch"
        if entries[0].order.role is not Role.ENTRY:
            return ""
        if reason := self._entries_refused():
            return reason
        now = self._session.broker_now_ns()
        if now is None or now > entries[0].intent.expires_ns:
            return "the intent has expired"
        return ""

    def _send_modify(self, link: BrokerLink | None, ref: OrderRef) -> None:
        entry = self._books.ledger.orders[ref]
        self._changes[ref].pop(0)
        if self._changes[ref]:
            return  # rule 6
        del self._changes[ref]
        if link is None or entry.state is not OrderState.WORKING:
            # A modification of an order the broker never showed would be a second send (I2).
            return  # reconciliation compares prices and sizes and modifies again
        order = order_to_send(self._books.ledger, entry)
        if order is None:
            return
        try:
            # IB refuses a child's modification that still names a filled parent (F41), so
            # the parent is left out; IB keeps the relation it has.
            link.place(entry.order_id, entry.contract, order, transmit=True, account=self._account)
        except LinkError:
            return

    def _send_cancel(self, link: BrokerLink | None, ref: OrderRef, order_id: OrderId) -> None:
        entry = self._books.ledger.orders.get(ref)
        if link is None or (entry is not None and entry.state.terminal):
            return  # reconciliation sees cancel_intended and cancels again
        try:
            link.cancel(order_id)
        except LinkError:
            return
        # A double that is cancelled leaves the order itself as it was: of that no answer is owed.
        if entry is None or not entry.cancel_intended:
            return
        if self._cancels.left(entry, self._books.monotonic_ns(), self._session.era):
            self._sent()

    def _conclude(self, entries: list[OrderEntry], state: OrderState, reason: str) -> None:
        now = self._session.broker_now_ns() or self._books.wall_ns()
        records = tuple(
            OrderStateChanged(
                at_ns=now, order_ref=entry.order.order_ref, state=state, reason=reason
            )
            for entry in entries
        )
        self._books.commit(records)
        if state is not OrderState.SENT:
            self._changed(records)
