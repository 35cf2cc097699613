"""How orders and fills are told to one client: in its version, under the ids it knows.

An order that was entered in TWS has no id, which is 0, until client 0 binds it; what the
exchange said of it before is told under the new id as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from ibelay.gateway.exchange.events import BookOrder, Executed
from ibelay.gateway.session.desks.orders import view
from ibelay.gateway.session.voice import Voice
from ibelay.model.ids import OrderId, PermId
from ibelay.wire import encode

# Clients that ask for the day's orders again and again are told at most so many from memory.
COMPLETED_MAX = 5_000


class Teller:
    """Says orders and fills to one client.

    Args:
        voice: How to talk to the client.
        account: Account code.
    """

    def __init__(self, voice: Voice, account: str) -> None:
        self._voice = voice
        self._account = account
        self._bound: dict[PermId, OrderId] = {}
        self._completed: dict[PermId, tuple[BookOrder, bytes]] = {}

    def order(self, order: BookOrder, margins: Mapping[str, Decimal | str] | None = None) -> None:
        """Say openOrder."""
        if order.commission is not None:
            currency = order.request.contract.currency
            margins = {"commission": order.commission, "commissionCurrency": currency}
        shown = view.order_view(self._known(order), self._account, margins)
        self._voice.say(encode.open_order(shown, self._voice.version))

    def status(self, order: BookOrder) -> None:
        """Say orderStatus."""
        self._voice.say(view.order_status(self._known(order)))

    def working(self, order: BookOrder) -> None:
        """Say how a working order stands: openOrder, then orderStatus."""
        self.order(order)
        self.status(order)

    def completed(self, order: BookOrder) -> None:
        """Say completedOrder; what has been said before is not written again."""
        known = self._known(order)
        said = self._completed.get(order.perm_id)
        if said is None or said[0] != known:
            shown = view.order_view(known, self._account)
            said = (known, encode.completed_order(shown, self._voice.version))
            if len(self._completed) >= COMPLETED_MAX:
                self._completed.clear()
            self._completed[order.perm_id] = said
        self._voice.say(said[1])

    def bind(self, order: BookOrder) -> None:
        """Say that an order entered in TWS now has an id of this client."""
        request = order.request
        self._bound[order.perm_id] = request.order_id
        self._voice.say(encode.order_bound(order.perm_id, request.client_id, request.order_id))

    def fill(self, request_id: int, fill: Executed) -> None:
        """Say execDetails; *request_id* is -1 for a live fill."""
        done = fill.execution
        if not done.order_id and done.perm_id in self._bound:
            done = replace(done, order_id=self._bound[done.perm_id])
        totals = (fill.cumulative, fill.average_price)
        self._voice.say(encode.execution(request_id, done, totals, self._voice.version))

    def _known(self, order: BookOrder) -> BookOrder:
        """Return *order* under the id the client knows."""
        if order.request.order_id or order.perm_id not in self._bound:
            return order
        known = replace(order.request, order_id=self._bound[order.perm_id])
        return replace(order, request=known)
