"""Which orders and cancels get from a client to the book, and what becomes of the rest.

Rules:
1. While IB's servers are gone orders wait for them, at most ``MAX_POSTPONED``; what is more is
   lost as it is when a gateway is closed, and so is everything if the reset says so.
2. So they do while a dialog asks a person something.
3. Otherwise orders and cancels may be swallowed, orders refused on arrival, or taken with every
   answer lost.

**Source**: shared IB facts, sections 2 ("maintain and resubmit") and 5 (F08).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Generic, TypeVar

from ibelay.control.line.line import Line
from ibelay.control.line.troubles import Troubles
from ibelay.model.faults import LoseAck, RejectNext, SwallowOrders
from ibelay.model.ids import OrderId

MAX_POSTPONED = 1000
Request = TypeVar("Request")


class Sort(Enum):
    """What a client wants of an order."""

    PLACE = "place"
    CANCEL = "cancel"
    CANCEL_ALL = "cancel all"


class OrderWay(Generic[Request]):
    """The way of one client's orders.

    Args:
        troubles: The faults that stand.
        line: What the client hears.
        refuse: Says a message with a code about an order.
    """

    def __init__(
        self, troubles: Troubles, line: Line, refuse: Callable[[int, int, str], None]
    ) -> None:
        self._troubles = troubles
        self._line = line
        self._refuse = refuse
        self._postponed: list[Request] = []

    def passes(self, sort: Sort, request: Request, order_id: OrderId | None = None) -> bool:
        """Return whether *request* goes on now; what waits is kept, what is refused is said."""
        use, client_id = self._troubles.use, self._line.client_id
        upstream = self._troubles.upstream
        if upstream is not None or self._troubles.dialog:
            kept = upstream is None or upstream.orders == "resubmit"
            if kept and len(self._postponed) < MAX_POSTPONED:
                self._postponed.append(request)
            return False
        if sort is not Sort.CANCEL_ALL and use(SwallowOrders, client_id):
            return False
        if sort is Sort.PLACE and order_id is not None:
            refusal = use(RejectNext, client_id)
            if refusal is not None:
                self._refuse(order_id, refusal.code, refusal.text)
                return False
            if use(LoseAck, client_id):
                self._line.lose(order_id)
        return True

    def postponed(self) -> list[Request]:
        """Return the orders and cancels that waited for IB's servers or a person, once."""
        waited, self._postponed = self._postponed, []
        return waited
