"""How orders and fills are told to one client: in its version, under the ids it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from ibelay.gateway.exchange.events import BookOrder, Executed
from ibelay.gateway.session.desks.orders import manual, view
from ibelay.gateway.session.voice import Voice
from ibelay.model.ids import OrderId
from ibelay.wire import encode


class Teller:
    """Says orders and fills to one client.

    Args:
        voice: How to talk to the client.
        account: Account code.
    """

    def __init__(self, voice: Voice, account: str) -> None:
        self._voice = voice
        self._account = account

    def order(self, order: BookOrder, margins: Mapping[str, Decimal | str] | None = None) -> None:
        """Say openOrder."""
        if order.commission is not None:
            currency = order.request.contract.currency
            margins = {"commission": order.commission, "commissionCurrency": currency}
        shown = view.order_view(_known(order), self._account, margins)
        self._voice.say(encode.open_order(shown, self._voice.version))

    def status(self, order: BookOrder) -> None:
        """Say orderStatus."""
        self._voice.say(view.order_status(_known(order)))

    def working(self, order: BookOrder) -> None:
        """Say how a working order stands: openOrder, then orderStatus."""
        self.order(order)
        self.status(order)

    def completed(self, order: BookOrder) -> None:
        """Say completedOrder."""
        shown = view.order_view(_known(order), self._account)
        self._voice.say(encode.completed_order(shown, self._voice.version))

    def bound(self, order: BookOrder) -> None:
        """Say that a manual order now has an id of client 0."""
        request = _known(order).request
        ids = (request.client_id, request.order_id)
        self._voice.say(encode.order_bound(order.perm_id, *ids))

    def fill(self, request_id: int, fill: Executed) -> None:
        """Say execDetails; *request_id* is -1 for a live fill."""
        done = fill.execution
        client_id, order_id = manual.shown(done.client_id, done.order_id)
        if order_id != done.order_id:
            done = replace(done, client_id=client_id, order_id=order_id)
        totals = (fill.cumulative, fill.average_price)
        self._voice.say(encode.execution(request_id, done, totals, self._voice.version))


def _known(order: BookOrder) -> BookOrder:
    """Return *order* under the ids clients know."""
    request = order.request
    client_id, order_id = manual.shown(request.client_id, request.order_id)
    if order_id == request.order_id:
        return order
    parent_id = OrderId(-request.parent_id)
    known = replace(request, client_id=client_id, order_id=order_id, parent_id=parent_id)
    return replace(order, request=known)
