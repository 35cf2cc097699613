"""The order desk.

Rules:
1. A client hears its own orders and fills; client 0, the master, hears everybody's.
   Refusals go to the owner alone.
2. Every change of an order is an openOrder and an orderStatus, but a cancellation, asked for
   and done, is an orderStatus; done, it is confirmed by code 202.
3. A live fill has request id -1; its commission follows.
4. Orders are changed and cancelled by their own client only; a global cancel takes all, and
   where there is nothing left to cancel is told so (161), under no id.
   Orders entered in TWS have no id, and are client 0's once it has bound them: by asking for
   its open orders, or as they come after ``reqAutoOpenOrders``.
5. A client is told its working orders unasked when it connects.
6. Completed orders carry neither order id nor client id nor quantity, as IB's do.
7. A read-only API refuses everything that could touch an order, under no id.

**Source**: shared IB facts, sections 1d, 3 and 6a; notes on ib_async, section 2;
docs/evidence/gateway-recordings.md for the 161 of rule 4 (that it has no id is our choice: the
record does not say) and for rule 7.
"""

from __future__ import annotations

from ibelay.errors import WireError
from ibelay.gateway.exchange.events import (
    BookOrder,
    CommissionCharged,
    ExchangeEvent,
    Executed,
    OrderChanged,
    PositionChanged,
    Refused,
)
from ibelay.gateway.exchange.rules.codes import cancelling
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks.orders.executions import filtered
from ibelay.gateway.session.desks.orders.exercise import why_not
from ibelay.gateway.session.desks.orders.preview import preview
from ibelay.gateway.session.desks.orders.request import order_request
from ibelay.gateway.session.desks.orders.teller import Teller
from ibelay.gateway.session.desks.orders.times import CODE_BAD_TIME, BadTimeError
from ibelay.gateway.session.followed import asked_for
from ibelay.model.ids import ClientId, OrderId, PermId
from ibelay.model.order import BrokerOrderStatus
from ibelay.wire import encode
from ibelay.wire import requests as ask

MASTER = ClientId(0)
NO_ID = OrderId(0)
LIVE = -1
CODE_VALIDATION = 321
CODE_CANCELLED = 202
CODE_DUPLICATE_ID = 103
READ_ONLY = "Error validating request: The API interface is currently in Read-Only mode."
NO_PERM_ID = PermId(0)
_ENDING = frozenset({BrokerOrderStatus.PENDING_CANCEL, BrokerOrderStatus.CANCELLED})
"""Told by orderStatus alone (rule 2)."""
_TOUCHING = frozenset(
    {
        ask.PlaceOrder,
        ask.CancelOrder,
        ask.GlobalCancel,
        ask.RequestOpenOrders,
        ask.RequestAutoOpenOrders,
        ask.RequestCompletedOrders,
        ask.RequestIds,
        ask.ExerciseOptions,
    }
)


class OrderDesk:
    """Serves the order requests of one client."""

    def __init__(self, client: Client) -> None:
        self._floor = client.floor
        self._client_id = client.client_id
        self._voice = client.voice
        self._tell = Teller(client.voice, client.floor.account, client.floor.said)
        self._binds = False

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        handlers: Handlers = {
            ask.PlaceOrder: self._place,
            ask.CancelOrder: self._cancel,
            ask.GlobalCancel: self._cancel_all,
            ask.RequestOpenOrders: self._open_orders,
            ask.RequestAllOpenOrders: self._all_open_orders,
            ask.RequestAutoOpenOrders: self._auto_open_orders,
            ask.RequestCompletedOrders: self._completed_orders,
            ask.RequestExecutions: self._executions,
            ask.RequestIds: self._next_id,
            ask.ExerciseOptions: self._exercise,
        }
        if not self._floor.read_only:
            return handlers
        return {kind: self._refuse if kind in _TOUCHING else do for kind, do in handlers.items()}

    def open(self) -> None:
        """Say the client's working orders (rule 5)."""
        for order in self._floor.exchange.working_orders():
            if order.request.client_id == self._client_id:
                self._tell.working(order)

    # What the client asks for ------------------------------------------------------

    def _refuse(self, _request: object) -> None:
        self._voice.notify(CODE_VALIDATION, READ_ONLY)

    def _place(self, request: ask.PlaceOrder) -> None:
        if request.order_id == NO_ID:
            self._voice.refuse(NO_ID, CODE_DUPLICATE_ID, "Duplicate order id")
            return
        now_ns = self._floor.now_ns
        try:
            asked = order_request(self._client_id, request, now_ns)
        except BadTimeError as error:
            self._voice.refuse(request.order_id, CODE_BAD_TIME, str(error))
            return
        self._floor.follow(asked_for(self._floor.exchange, asked))
        self._floor.publish(self._floor.exchange.place(now_ns, asked))

    def _cancel(self, request: ask.CancelOrder) -> None:
        exchange, now_ns = self._floor.exchange, self._floor.now_ns
        self._floor.publish(exchange.cancel(now_ns, self._client_id, request.order_id))

    def _cancel_all(self, _request: ask.GlobalCancel) -> None:
        exchange = self._floor.exchange
        said = exchange.cancel_all(self._floor.now_ns)
        self._floor.publish(said)
        if not any(isinstance(one, OrderChanged) and one.order.status in _ENDING for one in said):
            pending = [order.perm_id for order in exchange.working_orders()]
            self._voice.notify(*cancelling(pending[0] if pending else NO_PERM_ID))

    def _next_id(self, _request: ask.RequestIds) -> None:
        next_id = self._floor.exchange.next_order_id(self._client_id)
        self._voice.say(encode.next_valid_id(next_id))

    def _exercise(self, request: ask.ExerciseOptions) -> None:
        refusal = why_not(self._floor, request)
        self._voice.refuse(request.request_id, *refusal)

    def _open_orders(self, _request: ask.RequestOpenOrders) -> None:
        if self._client_id == MASTER:
            self._bind()
        for order in self._floor.exchange.working_orders():
            if order.request.client_id == self._client_id:
                self._tell.working(order)
        self._voice.say(encode.open_order_end())

    def _all_open_orders(self, _request: ask.RequestAllOpenOrders) -> None:
        for order in self._floor.exchange.working_orders():
            self._tell.working(order)
        self._voice.say(encode.open_order_end())

    def _auto_open_orders(self, request: ask.RequestAutoOpenOrders) -> None:
        if self._client_id != MASTER:
            text = "Only the default client (i.e 0) can auto bind orders"
            self._voice.notify(327, text)
            return
        self._binds = request.bind

    def _completed_orders(self, request: ask.RequestCompletedOrders) -> None:
        for order in self._floor.exchange.completed_orders():
            if not (request.api_only and order.request.order_id <= NO_ID):
                self._tell.completed(order)
        self._voice.say(encode.completed_orders_end())

    def _executions(self, request: ask.RequestExecutions) -> None:
        try:
            passes = filtered(request, self._floor.account)
        except WireError as error:
            text = f"Error validating request: {error}"
            self._voice.refuse(request.request_id, CODE_VALIDATION, text)
            return
        for fill, report in self._floor.exchange.executions():
            if passes(fill):
                self._tell.fill(request.request_id, fill)
                if report is not None:
                    self._voice.say(encode.commission(report))
        self._voice.say(encode.execution_end(request.request_id))

    # What the exchange says --------------------------------------------------------

    def hear(self, event: ExchangeEvent) -> None:
        """Tell the client what concerns it of *event*."""
        match event:
            case OrderChanged(order=order):
                if self._hears_of(order.request.client_id):
                    self._changed(order)
            case Executed(execution=execution):
                if self._hears_of(execution.client_id):
                    self._tell.fill(LIVE, event)
            case CommissionCharged():
                if self._hears_of(event.client_id):
                    self._voice.say(encode.commission(event.report))
            case Refused():
                self._refused(event)
            case PositionChanged():
                pass  # the account desk's

    def _changed(self, order: BookOrder) -> None:
        if order.request.what_if:
            self._tell.order(order, preview(self._floor, order))
            return
        if self._binds and order.request.order_id == NO_ID:
            self._bind()
        if order.status not in _ENDING:
            self._tell.order(order)
        self._tell.status(order)
        request = order.request
        mine = request.client_id == self._client_id and request.order_id != NO_ID
        if order.status is BrokerOrderStatus.CANCELLED and mine:
            self._voice.refuse(request.order_id, CODE_CANCELLED, "Order Canceled - reason:")

    def _refused(self, event: Refused) -> None:
        if event.client_id == self._client_id and event.order_id != NO_ID:
            self._voice.refuse(event.order_id, event.code, event.text)

    # Whose an order is -------------------------------------------------------------

    def _hears_of(self, client_id: ClientId) -> bool:
        return self._client_id in {client_id, MASTER}

    def _bind(self) -> None:
        """Give what was entered in TWS and works an id of this client (rule 4)."""
        exchange = self._floor.exchange
        orders = exchange.working_orders()
        unbound = {one.perm_id for one in orders if one.request.order_id == NO_ID}
        others: list[ExchangeEvent] = []
        for event in exchange.by_hand.bind(self._floor.now_ns) if unbound else ():
            if isinstance(event, OrderChanged) and event.order.perm_id in unbound:
                unbound.discard(event.order.perm_id)
                self._tell.bind(event.order)
            else:
                others.append(event)
        self._floor.publish(others)
