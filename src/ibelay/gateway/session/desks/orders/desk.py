"""The order desk.

Rules:
1. A client hears its own orders and fills; client 0, the master, hears everybody's.
   Refusals go to the owner alone.
2. Every change of an order is an openOrder and an orderStatus, but a cancellation, asked for
   and done, is an orderStatus; done, it is confirmed by code 202.
3. A live fill has request id -1; its commission follows.
4. Orders are changed and cancelled by their own client only; a global cancel takes all.
   Manual orders are client 0's once it has bound them (``manual``).
5. A client is told its working orders unasked when it connects.
6. Completed orders carry neither order id nor client id nor quantity, as IB's do.
7. A read-only API refuses everything that could touch an order, under no id.

**Source**: shared IB facts, sections 1d, 3 and 6a; notes on ib_async, section 2;
docs/evidence/gateway-recordings.md for rule 7.
"""

from __future__ import annotations

from dataclasses import replace

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
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks.orders.executions import filtered
from ibelay.gateway.session.desks.orders.exercise import why_not
from ibelay.gateway.session.desks.orders.manual import MANUAL, MASTER, is_manual, meant, shown
from ibelay.gateway.session.desks.orders.preview import preview
from ibelay.gateway.session.desks.orders.request import order_request
from ibelay.gateway.session.desks.orders.teller import Teller
from ibelay.gateway.session.desks.orders.times import CODE_BAD_TIME, BadTimeError
from ibelay.gateway.session.followed import asked_for
from ibelay.model.ids import ClientId, OrderId
from ibelay.model.order import BrokerOrderStatus
from ibelay.wire import encode
from ibelay.wire import requests as ask

LIVE = -1
CODE_VALIDATION = 321
CODE_CANCELLED = 202
READ_ONLY = "Error validating request: The API interface is currently in Read-Only mode."
_STATUS_ALONE = frozenset({BrokerOrderStatus.PENDING_CANCEL, BrokerOrderStatus.CANCELLED})
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
        self._tell = Teller(client.voice, client.floor.account)
        self._binds = False
        self._bound: set[OrderId] = set()

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
            if self._owns(order.request.client_id):
                self._tell.working(order)

    # What the client asks for ------------------------------------------------------

    def _refuse(self, _request: object) -> None:
        self._voice.notify(CODE_VALIDATION, READ_ONLY)

    def _place(self, request: ask.PlaceOrder) -> None:
        now_ns = self._floor.now_ns
        client_id, order_id = self._book_ids(request.order_id)
        try:
            asked = order_request(client_id, replace(request, order_id=order_id), now_ns)
        except BadTimeError as error:
            self._voice.refuse(request.order_id, CODE_BAD_TIME, str(error))
            return
        self._floor.follow(asked_for(self._floor.exchange, asked))
        self._floor.publish(self._floor.exchange.place(now_ns, asked))

    def _cancel(self, request: ask.CancelOrder) -> None:
        now_ns = self._floor.now_ns
        ids = self._book_ids(request.order_id)
        self._floor.publish(self._floor.exchange.cancel(now_ns, *ids))

    def _cancel_all(self, _request: ask.GlobalCancel) -> None:
        self._floor.publish(self._floor.exchange.cancel_all(self._floor.now_ns))

    def _next_id(self, _request: ask.RequestIds) -> None:
        next_id = self._floor.exchange.next_order_id(self._client_id)
        self._voice.say(encode.next_valid_id(next_id))

    def _exercise(self, request: ask.ExerciseOptions) -> None:
        refusal = why_not(self._floor, request)
        self._voice.refuse(request.request_id, *refusal)

    def _open_orders(self, _request: ask.RequestOpenOrders) -> None:
        for order in self._floor.exchange.working_orders():
            if self._owns(order.request.client_id):
                self._bind(order)
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
            placed = order.request
            if not (request.api_only and is_manual(placed.client_id, placed.order_id)):
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
        if self._binds:
            self._bind(order)
        if order.status not in _STATUS_ALONE:
            self._tell.order(order)
        self._tell.status(order)
        request = order.request
        if order.status is BrokerOrderStatus.CANCELLED and self._owns(request.client_id):
            _client_id, order_id = shown(request.client_id, request.order_id)
            self._voice.refuse(order_id, CODE_CANCELLED, "Order Canceled - reason:")

    def _refused(self, event: Refused) -> None:
        if self._owns(event.client_id):
            _client_id, order_id = shown(event.client_id, event.order_id)
            self._voice.refuse(order_id, event.code, event.text)

    # Whose an order is -------------------------------------------------------------

    def _owns(self, client_id: ClientId) -> bool:
        return shown(client_id, OrderId(0))[0] == self._client_id

    def _hears_of(self, client_id: ClientId) -> bool:
        return self._client_id in {client_id, MASTER}

    def _bind(self, order: BookOrder) -> None:
        """Let the client change and cancel a manual order from now on."""
        request = order.request
        if request.client_id == MANUAL and request.order_id not in self._bound:
            self._bound.add(request.order_id)
            self._tell.bound(order)

    def _book_ids(self, order_id: OrderId) -> tuple[ClientId, OrderId]:
        """Return the ids in the book of what the client calls *order_id*."""
        client_id, book_id = meant(self._client_id, order_id)
        if client_id == MANUAL and book_id not in self._bound:
            return self._client_id, order_id
        return client_id, book_id
