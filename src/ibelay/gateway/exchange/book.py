"""The exchange: takes requests and quotes, and says what happened. Pure.

Rules:
1. A state change is told at once and completely: every method returns the events in the
   order in which a client may hear them (a fill before its commission).
2. Orders match by arrival, on every quote of their contract and when they arrive
   (``matching``), within the session (``session_hours``), as far as their bracket and OCA
   group allow (``brackets``).
3. An order with ``transmit=False`` is held, unseen, until a member of its bracket arrives
   with ``transmit=True``; then the whole bracket enters, parent first.
4. Order ids of a client only go up; an id at or below its highest addresses an order that
   works (a modification) or is refused.
5. The same calls give the same events: no clock, no chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from ibelay.gateway.exchange import brackets, matching, rules
from ibelay.gateway.exchange.accounts import Account
from ibelay.gateway.exchange.catalogue import Catalogue
from ibelay.gateway.exchange.events import (
    BookOrder,
    ExchangeEvent,
    Executed,
    OrderChanged,
    OrderRequest,
    PositionChanged,
)
from ibelay.gateway.exchange.orders import Entry
from ibelay.gateway.exchange.rules import Refusal
from ibelay.gateway.exchange.session_hours import SessionHours
from ibelay.gateway.exchange.tape import Tape
from ibelay.gateway.market.api import Instrument, MarketEvent, QuoteChange
from ibelay.model.contract import Contract
from ibelay.model.execution import CommissionReport
from ibelay.model.ids import ClientId, ConId, OrderId, PermId
from ibelay.model.order import BrokerOrderStatus

Events = list[ExchangeEvent]


class Exchange:
    """One account's orders and holdings, filled from quotes.

    Args:
        account: Account code.
        cash: Starting cash in dollars.
        instruments: What can be traded.
        first_perm_id: The permId of the first order; they count up.
        id_seed: Makes the execution ids of this exchange differ from another's.
        open_ns: Beginning of the regular session, ns since the epoch, UTC; None for open.
        close_ns: Its end; None for never.
    """

    def __init__(
        self,
        *,
        account: str,
        cash: Decimal,
        instruments: Sequence[Instrument],
        first_perm_id: int = 1_000_001,
        id_seed: str = "paper",
        open_ns: int | None = None,
        close_ns: int | None = None,
    ) -> None:
        self._account = Account(account, cash)
        self._catalogue = Catalogue(instruments)
        self._hours = SessionHours(open_ns, close_ns)
        self._was_open = False
        self._was_closed = False
        self._tape = Tape(self._account, id_seed)
        self._tops: dict[ConId, matching.Top] = {}
        self._orders: dict[tuple[ClientId, OrderId], Entry] = {}
        self._live: dict[PermId, Entry] = {}
        self._done: list[Entry] = []
        self._next_perm_id = first_perm_id
        self._highest_id: dict[ClientId, int] = {}

    def place(self, now_ns: int, request: OrderRequest) -> Events:
        """Take a new order, or the modification of one (same client and order id)."""
        request = replace(request, tif=request.tif or "DAY")
        out: Events = []
        self._follow_session(now_ns, out)
        entry = self._orders.get((request.client_id, request.order_id))
        if entry is not None and not entry.done and not request.what_if:
            self._modify(now_ns, entry, request, out)
            return out
        found = self.find(request.contract)
        refusal = self._why_not(entry, request, found)
        self._use_id(request)
        if refusal is not None:
            out.append(refusal.to(request.client_id, request.order_id))
        elif request.what_if:
            out.append(_preview(replace(request, contract=found[0].contract)))
        else:
            self._enter(now_ns, request, found[0], out)
        return out

    def cancel(self, now_ns: int, client_id: ClientId, order_id: OrderId) -> Events:
        """Cancel a working order of *client_id*, with the children of an unfilled parent."""
        out: Events = []
        self._follow_session(now_ns, out)
        entry = self._orders.get((client_id, order_id))
        if entry is None:
            out.append(rules.not_found(order_id).to(client_id, order_id))
        elif entry.done:
            refusal = rules.cannot_cancel(order_id, entry.status)
            out.append(refusal.to(client_id, order_id))
        else:
            self._end(now_ns, entry, BrokerOrderStatus.CANCELLED, "Cancelled by Trader", out)
        return out

    def cancel_all(self, now_ns: int) -> Events:
        """Cancel every working order of every client."""
        out: Events = []
        self._follow_session(now_ns, out)
        for entry in list(self._live.values()):
            if not entry.done:
                self._end(now_ns, entry, BrokerOrderStatus.CANCELLED, "Cancelled by Trader", out)
        return out

    def on_market(self, event: MarketEvent) -> Events:
        """Follow the market: quotes value holdings, elect stops and fill orders."""
        out: Events = []
        if not isinstance(event, QuoteChange):
            self._follow_session(event.at_ns, out)
            return out
        self._follow_session(event.quote.at_ns, out)
        top = matching.Top(event.quote)
        self._tops[event.con_id] = top
        mark = top.mark()
        if mark is not None:
            self._account.mark(event.con_id, mark)
        self._match(event.quote.at_ns, event.con_id, out)
        return out

    def working_orders(self) -> list[BookOrder]:
        """Return the transmitted orders that can still fill, oldest first."""
        return [entry.view() for entry in self._live.values() if not entry.held]

    def completed_orders(self) -> list[BookOrder]:
        """Return the orders that ended, in that order."""
        return [entry.view() for entry in self._done]

    def executions(self) -> list[tuple[Executed, CommissionReport | None]]:
        """Return every fill with its commission, oldest first."""
        return list(self._tape.rows)

    def positions(self) -> list[PositionChanged]:
        """Return the day's holdings; what was closed today shows quantity 0."""
        return self._account.rows()

    def account_values(self, now_ns: int) -> list[tuple[str, str, str]]:  # noqa: ARG002  # as asked
        """Return (key, value, currency) as of *now_ns*, which only marks of quotes decide."""
        return self._account.values()

    def next_order_id(self, client_id: ClientId) -> OrderId:
        """Return the lowest order id *client_id* may use."""
        return OrderId(self._highest_id.get(client_id, 0) + 1)

    def instrument(self, con_id: ConId) -> Instrument | None:
        """Return the instrument with *con_id*, or None."""
        return self._catalogue.get(con_id)

    def find(self, contract: Contract) -> list[Instrument]:
        """Return what *contract* describes: by con_id if it has one, else by its terms."""
        return self._catalogue.find(contract)

    def _why_not(
        self, previous: Entry | None, request: OrderRequest, found: list[Instrument]
    ) -> Refusal | None:
        if (
            previous is not None
            and not request.what_if
            and previous.status is BrokerOrderStatus.FILLED
        ):
            return rules.FILLED
        if request.order_id < self.next_order_id(request.client_id) and not request.what_if:
            return rules.DUPLICATE_ID
        if len(found) != 1:
            return rules.NO_DEFINITION
        refusal = rules.check_terms(request, found[0], self._account.name)
        if refusal is None and request.parent_id and self._parent_of(request) is None:
            return rules.MISSING_PARENT
        return refusal

    def _parent_of(self, request: OrderRequest) -> Entry | None:
        parent = self._orders.get((request.client_id, request.parent_id))
        return None if parent is None or parent.done else parent

    def _use_id(self, request: OrderRequest) -> None:
        """Count the id as used, also by what is refused; a what-if uses none."""
        if not request.what_if:
            highest = self._highest_id.get(request.client_id, 0)
            self._highest_id[request.client_id] = max(highest, request.order_id)

    def _enter(
        self, now_ns: int, request: OrderRequest, instrument: Instrument, out: Events
    ) -> None:
        parent = self._parent_of(request) if request.parent_id else None
        entry = Entry(
            request=replace(request, contract=instrument.contract, account=self._account.name),
            instrument=instrument,
            perm_id=PermId(self._next_perm_id),
            held=True,
            triggered=request.order_type not in matching.STOP_TYPES,
            own_oca_group=bool(request.oca_group),
        )
        self._next_perm_id += 1
        if parent is not None:
            brackets.adopt(parent, entry)
        self._orders[(request.client_id, request.order_id)] = entry
        self._live[entry.perm_id] = entry
        if request.transmit:
            self._release(now_ns, entry, out)

    def _release(self, now_ns: int, entry: Entry, out: Events) -> None:
        """Let a whole bracket enter (rule 3), then match what entered."""
        top = brackets.root(entry)
        entering = [member for member in brackets.family(top) if member.held and not member.done]
        if top.held and not self._affordable(now_ns, top, out):
            return
        for member in entering:
            member.held = False
            self._tell(now_ns, member, out)
        for con_id in dict.fromkeys(member.con_id for member in entering):
            self._match(now_ns, con_id, out)
        for member in entering:
            if member.request.tif == "IOC" and not member.done and member.parent is None:
                self._end(now_ns, member, BrokerOrderStatus.CANCELLED, "Cancelled by System", out)

    def _affordable(self, now_ns: int, entry: Entry, out: Events) -> bool:
        """Refuse *entry* with 201, after status Inactive, if it opens more than it may."""
        needed, available = self._opens(entry), self._account.buying_power
        if needed <= available:
            return True
        self._end(now_ns, entry, BrokerOrderStatus.INACTIVE, "Inactive", out)
        request = entry.request
        refusal = rules.no_funds(needed, available)
        out.append(refusal.to(request.client_id, request.order_id))
        return False

    def _opens(self, entry: Entry) -> Decimal:
        """Return the dollars of new position *entry* would open; 0 if no price is known."""
        request = entry.request
        top = self._tops.get(entry.con_id)
        touch = top.price(request.action) if top else None
        price = request.limit_price or request.stop_price or touch or Decimal(0)
        opening = self._account.opening(entry.con_id, request.action, request.quantity)
        return opening * price * entry.instrument.contract.multiplier

    def _modify(self, now_ns: int, entry: Entry, request: OrderRequest, out: Events) -> None:
        refusal = rules.check_change(entry, request) or rules.check_terms(
            request, entry.instrument, self._account.name
        )
        if refusal is not None:
            out.append(refusal.to(request.client_id, request.order_id))
            return
        entry.request = replace(
            entry.request,
            quantity=brackets.allowed_quantity(entry, request.quantity),
            limit_price=request.limit_price,
            stop_price=request.stop_price,
            tif=request.tif,
            outside_rth=request.outside_rth,
            extra=request.extra,
        )
        if entry.held and request.transmit:
            self._release(now_ns, entry, out)
            return
        self._tell(now_ns, entry, out)
        self._fit_children(now_ns, entry, out)
        self._match(now_ns, entry.con_id, out)

    def _tell(self, now_ns: int, entry: Entry, out: Events) -> None:
        """Say how *entry* stands; held orders say nothing."""
        entry.status, entry.why_held = self._standing(now_ns, entry)
        if not entry.held:
            out.append(OrderChanged(order=entry.view()))

    def _tell_if_changed(self, now_ns: int, entry: Entry, out: Events) -> None:
        if not entry.done and self._standing(now_ns, entry) != (entry.status, entry.why_held):
            self._tell(now_ns, entry, out)

    def _standing(self, now_ns: int, entry: Entry) -> tuple[BrokerOrderStatus, str]:
        """Return status and whyHeld of an order that is not over."""
        waiting = entry.parent is not None and not entry.parent.filled
        reasons = ["child"] * waiting + ["trigger"] * (not entry.triggered)
        if reasons or not self._hours.may_fill(entry.request, now_ns):
            return BrokerOrderStatus.PRE_SUBMITTED, ",".join(reasons)
        return BrokerOrderStatus.SUBMITTED, ""

    def _resize(self, now_ns: int, entry: Entry, wanted: Decimal, out: Events) -> None:
        """Give *entry* what its bracket leaves of the quantity *wanted*; none left ends it."""
        quantity = brackets.allowed_quantity(entry, wanted)
        if entry.done or quantity == entry.request.quantity:
            return
        if quantity <= entry.filled:
            self._end(now_ns, entry, BrokerOrderStatus.CANCELLED, "Cancelled by System", out)
            return
        entry.request = replace(entry.request, quantity=quantity)
        self._tell(now_ns, entry, out)

    def _fit_children(self, now_ns: int, parent: Entry, out: Events) -> None:
        for child in parent.children:
            self._resize(now_ns, child, child.request.quantity, out)

    def _end(
        self, now_ns: int, entry: Entry, status: BrokerOrderStatus, text: str, out: Events
    ) -> None:
        """Take *entry* out of the book, and what depends on it."""
        entry.status, entry.why_held = status, ""
        entry.completed_ns, entry.completed_status = now_ns, text
        self._live.pop(entry.perm_id)
        self._done.append(entry)
        out.append(OrderChanged(order=entry.view()))
        if status is BrokerOrderStatus.FILLED:
            return
        for child in entry.children:
            if not child.done and not entry.filled:
                self._end(now_ns, child, BrokerOrderStatus.CANCELLED, "Cancelled by System", out)
        self._fit_children(now_ns, entry, out)

    def _follow_session(self, now_ns: int, out: Events) -> None:
        """Act on the open and on the close, once each."""
        if not self._was_open and self._hours.opened(now_ns):
            self._was_open = True
            self._tell_all_changed(now_ns, out)
        if not self._was_closed and self._hours.closed(now_ns):
            self._was_closed = True
            for entry in list(self._live.values()):
                if not entry.done and self._hours.ends_at_close(entry.request):
                    text = "Cancelled by System"
                    self._end(now_ns, entry, BrokerOrderStatus.CANCELLED, text, out)
            self._tell_all_changed(now_ns, out)

    def _tell_all_changed(self, now_ns: int, out: Events) -> None:
        for entry in list(self._live.values()):
            self._tell_if_changed(now_ns, entry, out)

    def _match(self, now_ns: int, con_id: ConId, out: Events) -> None:
        top = self._tops.get(con_id)
        if top is None:
            return
        for entry in list(self._live.values()):
            if entry.con_id == con_id and not entry.held and not entry.done:
                self._try(now_ns, entry, top, out)

    def _try(self, now_ns: int, entry: Entry, top: matching.Top, out: Events) -> None:
        """Elect and fill *entry* as far as *top*, the session and its bracket allow."""
        if not self._hours.may_fill(entry.request, now_ns):
            return
        limit = brackets.fillable(entry)
        if limit <= 0:
            return
        if not entry.triggered:
            if not matching.elects(entry.request, top):
                return
            entry.triggered = True
            self._tell(now_ns, entry, out)
        price = matching.fill_price(entry.request, top)
        quantity = top.available(entry.request.action, limit)
        if price is not None and quantity > 0:
            top.take(entry.request.action, quantity)
            self._fill(now_ns, entry, quantity, price, out)

    def _fill(
        self, now_ns: int, entry: Entry, quantity: Decimal, price: Decimal, out: Events
    ) -> None:
        executed, charged = self._tape.record(entry, quantity, price, now_ns)
        out.append(executed)
        if entry.remaining:
            self._tell(now_ns, entry, out)
        else:
            size = entry.request.quantity.normalize()
            self._end(now_ns, entry, BrokerOrderStatus.FILLED, f"Filled Size: {size:f}", out)
        out.extend((charged, self._account.row(entry.con_id)))
        for other, left in brackets.oca_quantities(entry, quantity, list(self._live.values())):
            self._resize(now_ns, other, left, out)
        if entry.parent is not None:
            self._fit_children(now_ns, entry.parent, out)
        for child in entry.children:
            self._tell_if_changed(now_ns, child, out)


def _preview(request: OrderRequest) -> OrderChanged:
    """Answer a what-if: the order as it would stand, with no permId and not in the book."""
    status = BrokerOrderStatus.PRE_SUBMITTED
    return OrderChanged(order=BookOrder(request=request, perm_id=PermId(0), status=status))
