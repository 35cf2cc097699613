"""The exchange: takes requests and quotes, and says what happened. Pure.

Rules:
1. A state change is told at once and completely: every method returns the events in the
   order in which a client may hear them (a fill before its commission).
2. Time comes with every call and never goes back; what was due before it happens first.
3. The same calls give the same events: no clock, no chance.

What is done to orders stands in ``acts``, what they see of the market in ``matching``, what
they are in ``orders``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from ibelay.control.agenda import NEVER_NS
from ibelay.gateway.exchange.accounts import Account
from ibelay.gateway.exchange.acts import changing, clock, intake, trading
from ibelay.gateway.exchange.acts.turn import Events, Pit
from ibelay.gateway.exchange.byhand.by_hand import ByHand
from ibelay.gateway.exchange.catalogue import Catalogue
from ibelay.gateway.exchange.events import BookOrder, Executed, OrderRequest, PositionChanged
from ibelay.gateway.exchange.matching.hours import boundless
from ibelay.gateway.exchange.money.margin import MarginEffect
from ibelay.gateway.exchange.tape import Tape
from ibelay.gateway.market.api import Instrument, MarketEvent, QuoteChange
from ibelay.model.contract import Contract
from ibelay.model.execution import CommissionReport
from ibelay.model.ids import ClientId, ConId, OrderId


class Exchange:
    """One account's orders and holdings, filled from quotes.

    ``by_hand`` is for the control room: what a person at TWS, IB or a restart would do.

    Args:
        account: Account code.
        cash: Starting cash in dollars.
        instruments: What can be traded.
        first_perm_id: The permId of the first order; they count up.
        id_seed: Makes the execution ids of this exchange differ from another's.
        open_ns: Beginning of the regular session of instruments that name no sessions, ns
            since the epoch, UTC; None for open.
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
        holder = Account(account, cash, instruments)
        self._pit = pit = Pit(
            account=holder,
            catalogue=Catalogue(instruments),
            tape=Tape(holder, id_seed),
            hours=boundless(open_ns, close_ns),
            next_perm_id=first_perm_id,
        )
        self.by_hand = ByHand(pit)

    def place(self, now_ns: int, request: OrderRequest) -> Events:
        """Take a new order, or the modification of one (same client and order id)."""
        turn = clock.turn_at(self._pit, now_ns)
        request = replace(request, tif=request.tif or "DAY")
        entry = self._pit.shelf.find(request.client_id, request.order_id)
        if entry is not None and not entry.done and not request.what_if:
            changing.modify(turn, entry, request)
        else:
            intake.take(turn, request)
        return turn.said()

    def cancel(self, now_ns: int, client_id: ClientId, order_id: OrderId) -> Events:
        """Cancel a working order of *client_id*, with the children of an unfilled parent."""
        turn = clock.turn_at(self._pit, now_ns)
        changing.cancel(turn, client_id, order_id)
        return turn.said()

    def cancel_all(self, now_ns: int) -> Events:
        """Cancel every working order of every client."""
        turn = clock.turn_at(self._pit, now_ns)
        changing.cancel_all(turn)
        return turn.said()

    def on_market(self, event: MarketEvent) -> Events:
        """Follow the market: quotes value holdings, elect stops and fill orders; prints elect."""
        pit, con_id = self._pit, event.con_id
        if isinstance(event, QuoteChange):
            turn = clock.turn_at(self._pit, event.quote.at_ns)
            self._quoted(event)
        else:
            turn = clock.turn_at(self._pit, event.at_ns)
            pit.top(con_id).printed(event)
        trading.match(turn, con_id)
        for entry in pit.shelf.watching(con_id):
            trading.attempt(turn, entry)
        return turn.said()

    def on_clock(self, now_ns: int) -> Events:
        """Follow the time where no price tells it: closes, ends of orders, times to wake."""
        turn = clock.turn_at(self._pit, now_ns)
        for entry in self._pit.shelf.conditional():
            trading.attempt(turn, entry)
        return turn.said()

    def due_ns(self) -> int:
        """Return when time has its next effect: on an order, on what is held, or on the day.

        Conditions are looked at whenever time moves, so with them it is always due: 0; and so
        is what has happened and was not told yet.
        """
        pit = self._pit
        if pit.unsaid or pit.shelf.waits_for_conditions:
            return 0
        by_orders = pit.agenda[0][0] if pit.agenda else NEVER_NS
        return min(by_orders, pit.account.expires_ns or NEVER_NS, pit.tomorrow_ns)

    def working_orders(self) -> list[BookOrder]:
        """Return the transmitted orders that can still fill, oldest first."""
        return [entry.view() for entry in self._pit.shelf.live() if not entry.held]

    def completed_orders(self) -> list[BookOrder]:
        """Return the orders that ended today (New York), in that order."""
        return [entry.view() for entry in self._pit.shelf.done()]

    def executions(self) -> list[tuple[Executed, CommissionReport | None]]:
        """Return every fill since midnight (New York) with its commission, oldest first.

        **Source**: IB_FACTS section 3, reqExecutions.
        """
        return list(self._pit.tape.rows())

    def positions(self) -> list[PositionChanged]:
        """Return the day's holdings; what was closed today shows quantity 0."""
        return self._pit.account.rows()

    @property
    def account(self) -> Account:
        """Return the account: its figures, its profit, what an order would do to it."""
        return self._pit.account

    def account_values(self, now_ns: int) -> list[tuple[str, str, str]]:  # noqa: ARG002  # as asked
        """Return (key, value, currency) as of *now_ns*, which only marks of quotes decide."""
        return self._pit.account.values()

    def effect(self, request: OrderRequest) -> MarginEffect:
        """Return what filling *request*, of a known contract, would do to the account.

        It fills at its own price, else at the touch, else at the last price.
        """
        instrument = self._pit.catalogue.find(request.contract)[0]
        top = self._pit.top(instrument.contract.con_id)
        own = request.limit_price or request.stop_price
        price = own or top.price(request.action) or top.mark() or Decimal(0)
        return self._pit.account.effect(request.action, instrument, request.quantity, price)

    def next_order_id(self, client_id: ClientId) -> OrderId:
        """Return the lowest order id *client_id* may use."""
        return intake.next_order_id(self._pit, client_id)

    @property
    def catalogue(self) -> Catalogue:
        """Return what exists here, for searches beyond ``find``."""
        return self._pit.catalogue

    def instrument(self, con_id: ConId) -> Instrument | None:
        """Return the instrument with *con_id*, or None."""
        return self._pit.catalogue.get(con_id)

    def find(self, contract: Contract, *, include_expired: bool = False) -> list[Instrument]:
        """Return what *contract* describes: by con_id if it has one, else by its terms."""
        return self._pit.catalogue.find(contract, include_expired=include_expired)

    def _quoted(self, event: QuoteChange) -> None:
        top = self._pit.top(event.con_id)
        top.quoted(event.quote)
        mark = top.mark()
        if mark is not None:
            self._pit.account.mark(event.con_id, mark)
