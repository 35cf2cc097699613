"""How orders and fills are told to one client: in its version, under the ids it knows.

An order that was entered in TWS has no id, which is 0, until client 0 binds it; what the
exchange said of it before is told under the new id as well.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial

from ibelay.gateway.exchange.events import BookOrder, Executed
from ibelay.gateway.session.desks.orders import view
from ibelay.gateway.session.voice import Said, Voice
from ibelay.model.ids import OrderId, PermId
from ibelay.wire import encode


class Teller:
    """Says orders and fills to one client.

    Args:
        voice: How to talk to the client.
        account: Account code.
        said: What was said before, to whomever: all ask for the day's orders and fills again and
            again, and most of all who comes back.
    """

    def __init__(self, voice: Voice, account: str, said: Said) -> None:
        self._voice = voice
        self._account = account
        self._bound: dict[PermId, OrderId] = {}
        self._said = said

    def order(self, order: BookOrder, margins: Mapping[str, Decimal | str] | None = None) -> None:
        """Say openOrder."""
        known = self._known(order)
        if margins is None:
            write = partial(self._open_order, known)
            self._voice.say(self._text("order", order.perm_id, known, write))
        else:
            self._voice.say(self._open_order(known, margins))

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
        write = partial(self._completed_order, known)
        self._voice.say(self._text("completed", order.perm_id, known, write))

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
        write = partial(encode.execution_text, done, totals, self._voice.version)
        text = self._text("fill", done.exec_id, (done, totals), write)
        self._voice.say(encode.execution_message(request_id, text))

    def _text(self, kind: str, name: Hashable, about: object, write: Callable[[], bytes]) -> bytes:
        """Return what is said of the order or fill called *name* in this client's version."""
        return self._said.text((kind, self._voice.version, name), about, write)

    def _open_order(
        self, known: BookOrder, margins: Mapping[str, Decimal | str] | None = None
    ) -> bytes:
        if known.commission is not None:
            currency = known.request.contract.currency
            margins = {"commission": known.commission, "commissionCurrency": currency}
        shown = view.order_view(known, self._account, margins)
        return encode.open_order(shown, self._voice.version)

    def _completed_order(self, known: BookOrder) -> bytes:
        shown = view.order_view(known, self._account)
        return encode.completed_order(shown, self._voice.version)

    def _known(self, order: BookOrder) -> BookOrder:
        """Return *order* under the id the client knows."""
        if order.request.order_id or order.perm_id not in self._bound:
            return order
        known = replace(order.request, order_id=self._bound[order.perm_id])
        return replace(order, request=known)
