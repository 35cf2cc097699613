"""The order desk: a client's orders, and what it may see of others'.

Rules:
1. A client hears its own orders and fills; client 0, the master, hears everybody's.
   Refusals go to the owner alone.
2. Every change of an order is an openOrder and an orderStatus, but an end by cancellation
   is an orderStatus and code 202.
3. A live fill has request id -1; its commission follows.
4. Orders are changed and cancelled by their own client only; a global cancel takes all.
5. Completed orders carry neither order id nor client id nor quantity, as IB's do.

**Source**: shared IB facts, section 3; notes on ib_async, section 2.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

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
from ibelay.gateway.session.board import ASK, BID, PriceTick
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks.orders import view as order_view
from ibelay.gateway.session.desks.orders.request import order_request
from ibelay.gateway.session.desks.orders.times import CODE_BAD_TIME, BadTimeError
from ibelay.model.faults import Fault
from ibelay.model.ids import ClientId
from ibelay.model.order import Action, BrokerOrderStatus
from ibelay.wire import encode
from ibelay.wire import requests as ask
from ibelay.wire.times import parse_moment

MASTER = ClientId(0)
LIVE = -1
_SIDES = {"BUY": Action.BUY, "BOT": Action.BUY, "SELL": Action.SELL, "SLD": Action.SELL}


class OrderDesk:
    """Serves the order requests of one client."""

    def __init__(self, client: Client) -> None:
        self._floor = client.floor
        self._client_id = client.client_id
        self._voice = client.voice
        self._send = client.voice.say
        self._version = client.voice.version

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.PlaceOrder: self._place,
            ask.CancelOrder: self._cancel,
            ask.GlobalCancel: self._cancel_all,
            ask.RequestOpenOrders: lambda _request: self._open_orders(only_mine=True),
            ask.RequestAllOpenOrders: lambda _request: self._open_orders(only_mine=False),
            ask.RequestAutoOpenOrders: self._auto_open_orders,
            ask.RequestCompletedOrders: self._completed_orders,
            ask.RequestExecutions: self._executions,
            ask.RequestIds: self._next_id,
        }

    def _place(self, request: ask.PlaceOrder) -> None:
        if Fault.SWALLOW_ORDERS in self._floor.faults:
            return
        now_ns = self._floor.now_ns
        try:
            asked = order_request(self._client_id, request, now_ns)
        except BadTimeError as error:
            self._voice.refuse(request.order_id, CODE_BAD_TIME, str(error))
            return
        self._floor.publish(self._floor.exchange.place(now_ns, asked))

    def _cancel(self, request: ask.CancelOrder) -> None:
        if Fault.SWALLOW_ORDERS not in self._floor.faults:
            now_ns, order_id = self._floor.now_ns, request.order_id
            self._floor.publish(self._floor.exchange.cancel(now_ns, self._client_id, order_id))

    def _cancel_all(self, _request: ask.GlobalCancel) -> None:
        self._floor.publish(self._floor.exchange.cancel_all(self._floor.now_ns))

    def _auto_open_orders(self, _request: ask.RequestAutoOpenOrders) -> None:
        if self._client_id != MASTER:
            text = "Only the default client (i.e 0) can auto bind orders"
            self._voice.notify(327, text)

    def _next_id(self, _request: ask.RequestIds) -> None:
        self._send(encode.next_valid_id(self._floor.exchange.next_order_id(self._client_id)))

    def hear(self, event: ExchangeEvent) -> None:
        """Tell the client what concerns it of *event*."""
        match event:
            case OrderChanged(order=order):
                if self._mine(order.request.client_id):
                    self._changed(order)
            case Executed(execution=execution):
                if self._mine(execution.client_id):
                    self._filled(LIVE, event)
            case CommissionCharged():
                if self._mine(event.client_id):
                    self._send(encode.commission(event.report))
            case Refused():
                if event.client_id == self._client_id:
                    self._voice.refuse(event.order_id, event.code, event.text)
            case PositionChanged():
                pass  # the account desk's

    def _mine(self, client_id: ClientId) -> bool:
        return self._client_id in {client_id, MASTER}

    def _changed(self, order: BookOrder) -> None:
        if order.status is not BrokerOrderStatus.CANCELLED:
            margins = self._margins(order) if order.request.what_if else None
            view = order_view.order_view(order, self._floor.account, margins)
            self._send(encode.open_order(view, self._version))
        if order.request.what_if:
            return
        self._send(order_view.order_status(order))
        cancelled = order.status is BrokerOrderStatus.CANCELLED
        if cancelled and order.request.client_id == self._client_id:
            self._voice.refuse(order.request.order_id, 202, "Order Canceled - reason:")

    def _margins(self, order: BookOrder) -> dict[str, Decimal]:
        """Return the figures of a what-if at its own price, else at the touch."""
        request = order.request
        touch = ASK if request.action is Action.BUY else BID
        shown = self._floor.face(request.contract.con_id).shown()
        prices = [
            tick.price for tick in shown if isinstance(tick, PriceTick) and tick.kind == touch
        ]
        price = request.limit_price or request.stop_price or next(iter(prices), Decimal(0))
        values = self._floor.exchange.account_values(self._floor.now_ns)
        return order_view.what_if_margins(order, values, price)

    def _filled(self, request_id: int, fill: Executed) -> None:
        totals = (fill.cumulative, fill.average_price)
        self._send(encode.execution(request_id, fill.execution, totals, self._version))

    def _open_orders(self, *, only_mine: bool) -> None:
        for order in self._floor.exchange.working_orders():
            if not only_mine or self._mine(order.request.client_id):
                view = order_view.order_view(order, self._floor.account)
                self._send(encode.open_order(view, self._version))
                self._send(order_view.order_status(order))
        self._send(encode.open_order_end())

    def _completed_orders(self, _request: ask.RequestCompletedOrders) -> None:
        for order in self._floor.exchange.completed_orders():
            view = order_view.order_view(order, self._floor.account)
            self._send(encode.completed_order(view, self._version))
        self._send(encode.completed_orders_end())

    def _executions(self, request: ask.RequestExecutions) -> None:
        try:
            wanted = self._filter(request)
        except WireError as error:
            text = f"Error validating request: {error}"
            self._voice.refuse(request.request_id, 321, text)
            return
        for fill, report in self._floor.exchange.executions():
            if wanted(fill):
                self._filled(request.request_id, fill)
                if report is not None:
                    self._send(encode.commission(report))
        self._send(encode.execution_end(request.request_id))

    def _filter(self, request: ask.RequestExecutions) -> Callable[[Executed], bool]:
        """Return whether a fill passes; empty or 0 is no condition."""
        if request.account not in {"", self._floor.account}:
            raise WireError(f"account {request.account[:20]!r} is not {self._floor.account}")
        side = _SIDES.get(request.side.upper())
        if request.side and side is None:
            raise WireError(f"side {request.side[:20]!r} is neither BUY nor SELL")
        since_ns = parse_moment(request.time) if request.time else 0

        def passes(fill: Executed) -> bool:
            done = fill.execution
            exchanges = {"", "SMART", done.contract.exchange, done.contract.primary_exchange}
            return (
                request.client_id in {0, done.client_id}
                and done.at_ns >= since_ns
                and request.symbol in {"", done.contract.symbol}
                and request.sec_type in {"", done.contract.sec_type}
                and request.exchange in exchanges
                and side in {None, done.action}
            )

        return passes
