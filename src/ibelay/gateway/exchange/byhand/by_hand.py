"""The operator's hand on the book: what the control room does to orders.

Every method is an act at a moment and returns what it makes the exchange say, to be published
like anything else; an act that cannot be done raises ``ConfigurationError`` and changes
nothing. Orders are named by permId, which has no owner.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from ibelay.gateway.exchange.acts import clock, ending, intake, trading
from ibelay.gateway.exchange.acts.standing import tell
from ibelay.gateway.exchange.acts.turn import Events, Pit
from ibelay.gateway.exchange.byhand import corporate, forced, names
from ibelay.gateway.exchange.events import OrderRequest
from ibelay.model.ids import ClientId, ConId, PermId


class ByHand:
    """Acts on *pit* by hand."""

    def __init__(self, pit: Pit) -> None:
        self._pit = pit

    # As a person at TWS --------------------------------------------------------------

    def place(self, now_ns: int, request: OrderRequest) -> Events:
        """Enter an order in TWS: it belongs to client 0 and has no id."""
        turn = clock.turn_at(self._pit, now_ns)
        request = replace(names.of_tws(request), tif=request.tif or "DAY")
        intake.take(turn, request, nameless=True)
        return turn.said()

    def bind(self, now_ns: int) -> Events:
        """Give TWS's orders negative ids, as reqAutoOpenOrders of client 0 does."""
        turn = clock.turn_at(self._pit, now_ns)
        names.bind(turn)
        return turn.said()

    def cancel(self, now_ns: int, perm_id: PermId) -> Events:
        """Cancel an order of anybody's in TWS."""
        turn = clock.turn_at(self._pit, now_ns)
        ending.cancel(turn, forced.working(self._pit, perm_id), ending.BY_TRADER)
        return turn.said()

    # As the exchange or IB ------------------------------------------------------------

    def force_cancel(self, now_ns: int, perm_id: PermId) -> Events:
        """Let the system cancel an order; a pending cancel is confirmed by it."""
        turn = clock.turn_at(self._pit, now_ns)
        ending.cancel(turn, forced.working(self._pit, perm_id))
        return turn.said()

    def force_fill(
        self,
        now_ns: int,
        perm_id: PermId,
        quantity: Decimal | None = None,
        price: Decimal | None = None,
    ) -> Events:
        """Fill an order, whatever the market says; by default all of it at its own price."""
        turn = clock.turn_at(self._pit, now_ns)
        forced.fill(turn, forced.working(self._pit, perm_id), quantity, price)
        return turn.said()

    def force_reject(self, now_ns: int, perm_id: PermId, code: int, text: str) -> Events:
        """Reject a working order: Inactive, then the code."""
        turn = clock.turn_at(self._pit, now_ns)
        forced.reject(turn, forced.working(self._pit, perm_id), code, text)
        return turn.said()

    def correct(
        self,
        now_ns: int,
        exec_id: str,
        *,
        quantity: Decimal | None = None,
        price: Decimal | None = None,
    ) -> Events:
        """Correct an execution; its id goes from ``.01`` to ``.02``."""
        turn = clock.turn_at(self._pit, now_ns)
        forced.correct(turn, exec_id, quantity, price)
        return turn.said()

    def net_out(self, now_ns: int, exec_id: str) -> Events:
        """Report an execution a second time, and a third that takes the second back."""
        turn = clock.turn_at(self._pit, now_ns)
        forced.net_out(turn, exec_id)
        return turn.said()

    def split(self, now_ns: int, con_id: ConId, ratio: Decimal) -> Events:
        """Split a stock: *ratio* new shares for each old one."""
        turn = clock.turn_at(self._pit, now_ns)
        corporate.split(turn, con_id, ratio)
        return turn.said()

    # Habits that hurt -------------------------------------------------------------------

    def second_perm_id(self, now_ns: int, perm_id: PermId, *, on_modify: bool = False) -> Events:
        """Let an order work twice, now or once its client modifies it."""
        turn = clock.turn_at(self._pit, now_ns)
        entry = forced.working(self._pit, perm_id)
        if on_modify:
            self._pit.doubled.add(perm_id)
        else:
            names.second_order(turn, entry)
        return turn.said()

    def roll_ids_back(self, client_id: ClientId, next_id: int) -> None:
        """Let *next_id* be the client's next valid id again."""
        names.roll_back(self._pit, client_id, next_id)

    def lose_untransmitted(self) -> int:
        """Lose the orders of ``transmit=False``, as a restart does; return how many."""
        return names.lose_untransmitted(self._pit)

    def forget_day(self, now_ns: int) -> None:
        """Forget the executions and completed orders of until now, as at midnight."""
        self._pit.tape.forget_before(now_ns + 1)
        self._pit.shelf.bury_before(now_ns + 1)

    def slow_cancels(self, *, slow: bool) -> None:
        """Keep cancels pending from now on, until ``force_cancel`` confirms each; or not."""
        self._pit.slow_cancels = slow

    def refuse_cancels(self, perm_id: PermId, *, refuse: bool = True) -> None:
        """Answer cancels of an order with 136; or no longer."""
        self._pit.uncancellable.discard(perm_id)
        if refuse:
            self._pit.uncancellable.add(forced.working(self._pit, perm_id).perm_id)

    def locate(self, now_ns: int, con_id: ConId, *, found: bool) -> Events:
        """Let new short sales of *con_id* wait for shares (404), or release those that wait."""
        turn = clock.turn_at(self._pit, now_ns)
        if not found:
            self._pit.hard_to_borrow.add(con_id)
            return turn.said()
        self._pit.hard_to_borrow.discard(con_id)
        for entry in self._pit.shelf.following(con_id):
            if entry.locating:
                entry.locating = False
                tell(turn, entry)
        trading.match(turn, con_id)
        return turn.said()
