"""An exchange on a stage: one stock with sessions of its own, moments in seconds of its days."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from typing import Any

from ibelay.gateway.exchange.book import Exchange
from ibelay.gateway.exchange.events import (
    BookOrder,
    ExchangeEvent,
    Executed,
    OrderChanged,
    OrderRequest,
    Refused,
)
from ibelay.gateway.market.api import Instrument, Print, QuoteChange, TradingSession
from ibelay.gateway.market.hours import trading_day
from ibelay.model.contract import Contract
from ibelay.model.ids import ClientId, ConId, OrderId
from ibelay.model.market import Quote
from ibelay.model.order import Action
from ibelay.wire.times import parse_moment

ME = ClientId(7)
SPY = Contract(symbol="SPY", con_id=ConId(1), primary_exchange="ARCA")
DAYS = ("2024-07-01", "2024-07-02", "2024-07-03")
_PRICES = (
    "limit_price", "stop_price", "trail_amount", "trail_percent", "trail_stop_price",
    "limit_offset", "minimum_quantity", "cash_quantity",
)  # fmt: skip


def session(day: str) -> TradingSession:
    """New York's hours of *day*."""
    hours = trading_day(day)
    return TradingSession(
        begin_ns=hours.start_ns,
        open_ns=hours.open_ns,
        close_ns=hours.close_ns,
        end_ns=hours.end_ns,
    )


def stock(**terms: Any) -> Instrument:
    """SPY, with the sessions of ``DAYS`` unless *terms* say otherwise."""
    terms.setdefault("sessions", tuple(map(session, DAYS)))
    terms.setdefault("contract", SPY)
    return Instrument(long_name="SPDR", **terms)


class Stage:
    """An exchange, the clock of its days, and what it said."""

    def __init__(self, *instruments: Instrument, cash: int = 1_000_000) -> None:
        self.instruments = instruments or (stock(),)
        self.exchange = Exchange(account="DU1", cash=D(cash), instruments=self.instruments)
        self.now = 0
        self.said: list[ExchangeEvent] = []
        self.orders: dict[int, BookOrder] = {}
        self.at("10:00:00")

    def hear(self, events: list[ExchangeEvent]) -> list[ExchangeEvent]:
        """Keep what was said."""
        self.said += events
        for event in events:
            if isinstance(event, OrderChanged):
                self.orders[event.order.request.order_id] = event.order
        return events

    def at(self, clock: str, day: int = 0) -> list[ExchangeEvent]:
        """Move the clock to a time of one of the days."""
        self.now = parse_moment(f"{DAYS[day].replace('-', '')} {clock}")
        return self.hear(self.exchange.on_clock(self.now))

    def quote(
        self,
        bid: str | None,
        ask: str | None,
        size: int | None = 1000,
        con_id: int = 1,
        **more: Any,
    ) -> list[ExchangeEvent]:
        """Show a touch."""
        quote = Quote(
            at_ns=self.now,
            bid=D(bid) if bid else None,
            ask=D(ask) if ask else None,
            bid_size=None if size is None else D(size),
            ask_size=None if size is None else D(size),
            **{name: D(value) for name, value in more.items()},
        )
        return self.hear(self.exchange.on_market(QuoteChange(con_id=ConId(con_id), quote=quote)))

    def trade(self, price: str, size: int = 100, con_id: int = 1) -> list[ExchangeEvent]:
        """Show a print."""
        event = Print(con_id=ConId(con_id), at_ns=self.now, price=D(price), size=D(size))
        return self.hear(self.exchange.on_market(event))

    def request(
        self, order_id: int, action: str, quantity: str | int, order_type: str, **terms: Any
    ) -> OrderRequest:
        """Return a request; prices may be text."""
        for name in _PRICES:
            if terms.get(name) is not None:
                terms[name] = D(terms[name])
        terms.setdefault("client_id", ME)
        terms.setdefault("contract", self.instruments[0].contract)
        if "parent" in terms:
            terms["parent_id"] = OrderId(terms.pop("parent"))
        return OrderRequest(
            order_id=OrderId(order_id),
            action=Action(action),
            quantity=D(quantity),
            order_type=order_type,
            **terms,
        )

    def place(
        self, order_id: int, action: str, quantity: str | int, order_type: str, **terms: Any
    ) -> list[ExchangeEvent]:
        """Send an order, or a modification."""
        request = self.request(order_id, action, quantity, order_type, **terms)
        return self.hear(self.exchange.place(self.now, request))

    def change(self, order_id: int, **terms: Any) -> list[ExchangeEvent]:
        """Send the order as last told again, with some terms changed, as clients do."""
        request = replace(self.orders[order_id].request, parent_id=OrderId(0), **terms)
        return self.hear(self.exchange.place(self.now, request))

    def cancel(self, order_id: int) -> list[ExchangeEvent]:
        """Cancel one."""
        return self.hear(self.exchange.cancel(self.now, ME, OrderId(order_id)))

    def status(self, order_id: int) -> str:
        """The last status told of an order, empty if none was."""
        return self.orders[order_id].status if order_id in self.orders else ""

    @property
    def fills(self) -> list[tuple[int, D, D]]:
        """(order id, quantity, price) of every fill."""
        found = [e.execution for e in self.said if isinstance(e, Executed)]
        return [(one.order_id, one.quantity, one.price) for one in found]

    def codes(self, events: list[ExchangeEvent] | None = None) -> list[int]:
        """The codes in *events*, or of all that was said."""
        heard = self.said if events is None else events
        return [event.code for event in heard if isinstance(event, Refused)]

    def position(self, con_id: int = 1) -> D:
        """What is held."""
        rows = [row.position for row in self.exchange.positions()]
        return sum((one.quantity for one in rows if one.contract.con_id == con_id), D(0))
