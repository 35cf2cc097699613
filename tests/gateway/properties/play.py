"""Plays random days against an exchange: orders of every kind, prices, time, and the operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from tests.gateway.exchange_stage import DAYS, session

from ibelay.errors import ConfigurationError
from ibelay.gateway.exchange.book import Exchange
from ibelay.gateway.exchange.events import (
    BookOrder,
    ExchangeEvent,
    Executed,
    OrderChanged,
    OrderRequest,
)
from ibelay.gateway.exchange.orders.kinds import KINDS
from ibelay.gateway.market.api import Instrument, Print, QuoteChange
from ibelay.gateway.market.hours import SECOND_NS
from ibelay.model.conditions import (
    Condition,
    ExecutionCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from ibelay.model.contract import ComboLeg, Contract
from ibelay.model.ids import ClientId, ConId, OrderId, PermId
from ibelay.model.market import Quote
from ibelay.model.order import Action

CASH = Decimal(200_000)
STOCKS = (Contract(symbol="AAA", con_id=ConId(1)), Contract(symbol="BBB", con_id=ConId(2)))
SPREAD = Contract(
    symbol="AAA",
    sec_type="BAG",
    legs=(
        ComboLeg(con_id=ConId(1), ratio=1, action="BUY"),
        ComboLeg(con_id=ConId(2), ratio=2, action="SELL"),
    ),
)
MAX_ORDER_ID = 12


@dataclass(frozen=True)
class Step:
    """Something that happens *wait_s* seconds after the step before."""

    wait_s: int
    kind: str
    terms: dict[str, Any]


_HOURS = st.one_of(st.integers(0, 4 * 3600), st.just(15 * 3600))
OPENING = [
    Step(0, "quote", {"stock": 0, "bid": Decimal(100), "spread": Decimal(1), "size": None}),
    Step(0, "quote", {"stock": 1, "bid": Decimal(100), "spread": Decimal(1), "size": None}),
]
waits = st.integers(0, 29).flatmap(lambda n: _HOURS if n == 29 else st.just(n))
prices = st.integers(90, 110).map(Decimal)
sizes = st.integers(1, 200).map(Decimal)
stocks = st.integers(0, 1)
order_ids = st.integers(1, MAX_ORDER_ID)
conditions: st.SearchStrategy[Condition] = st.one_of(
    st.builds(
        PriceCondition, con_id=st.sampled_from([ConId(1), ConId(2)]), exchange=st.just("SMART"),
        price=prices, is_more=st.booleans(), trigger_method=st.sampled_from([0, 2, 4, 8]),
        conjunction=st.booleans(),
    ),
    st.builds(
        TimeCondition, is_more=st.booleans(), conjunction=st.booleans(),
        time=st.sampled_from([f"{day.replace('-', '')} 11:00:00 US/Eastern" for day in DAYS]),
    ),
    st.builds(
        ExecutionCondition, symbol=st.sampled_from(["AAA", "BBB"]), sec_type=st.just("STK"),
        exchange=st.just("SMART"), conjunction=st.booleans(),
    ),
    st.builds(
        VolumeCondition, con_id=st.just(ConId(2)), exchange=st.just("SMART"),
        volume=st.integers(0, 500).map(Decimal), is_more=st.booleans(), conjunction=st.booleans(),
    ),
)  # fmt: skip


def sometimes(strategy: st.SearchStrategy[Any], otherwise: Any) -> st.SearchStrategy[Any]:
    """Mostly *otherwise*, so that most orders are simple ones."""
    return st.one_of(st.just(otherwise), st.just(otherwise), strategy)


def fitting(terms: dict[str, Any]) -> dict[str, Any]:
    """Mend what would only be refused: there are tests for that."""
    kind = KINDS[terms["order_type"]]
    if kind.at_close or (kind.stop and terms["tif"] != "GTC"):
        terms["tif"] = "DAY"
    if terms["tif"] == "OPG" and terms["order_type"] not in {"MKT", "LMT"}:
        terms["tif"] = "GTC"
    if not kind.conditional or (terms["conditions_cancel"] and terms["order_type"] == "MKT"):
        terms["conditions"] = ()
    return terms


order_terms = st.fixed_dictionaries(
    {
        "stock": stocks,
        "action": st.sampled_from(Action),
        "quantity": sizes,
        "order_type": st.sampled_from(
            ["MKT", "LMT", "LMT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT", "MOC",
             "LOC", "MIDPRICE"]
        ),
        "limit_price": prices,
        "stop_price": prices,
        "trail_amount": st.integers(1, 5).map(Decimal),
        "tif": st.sampled_from(["DAY", "DAY", "GTC", "IOC", "FOK", "OPG"]),
        "outside_rth": sometimes(st.just(True), False),
        "transmit": sometimes(st.just(False), True),
        "oca_group": sometimes(st.sampled_from(["one", "two"]), ""),
        "oca_type": st.integers(1, 3),
        "all_or_none": sometimes(st.just(True), False),
        "minimum_quantity": sometimes(sizes, None),
        "trigger_method": sometimes(st.sampled_from([1, 2, 3, 4, 7, 8]), 0),
        "conditions": sometimes(st.lists(conditions, max_size=3).map(tuple), ()),
        "conditions_cancel": sometimes(st.just(True), False),
    }
).map(fitting)  # fmt: skip
quote_terms = st.fixed_dictionaries(
    {
        "stock": stocks,
        "bid": prices,
        "spread": st.integers(0, 3).map(Decimal),
        "size": st.one_of(st.none(), st.integers(0, 150).map(Decimal)),
    }
)
step_kinds: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "quote": quote_terms,
    "print": st.fixed_dictionaries({"stock": stocks, "price": prices, "size": sizes}),
    "order": order_terms,
    "bracket": st.fixed_dictionaries(
        {
            "stock": stocks, "action": st.sampled_from(Action), "quantity": sizes,
            "entry": prices, "target": prices, "stop": prices,
            "exit_type": st.sampled_from(["STP", "TRAIL"]), "tif": st.sampled_from(["DAY", "GTC"]),
        }
    ),
    "combo": st.fixed_dictionaries(
        {
            "action": st.sampled_from(Action), "quantity": sizes,
            "order_type": st.sampled_from(["MKT", "LMT"]),
            "limit_price": st.integers(-130, -70).map(Decimal),
        }
    ),
    "change": st.fixed_dictionaries({"order_id": order_ids, "quantity": sizes, "price": prices}),
    "cancel": st.fixed_dictionaries({"order_id": order_ids}),
    "cancel_all": st.just({}),
    "clock": st.just({}),
}  # fmt: skip
hand_kinds: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "fill": st.fixed_dictionaries({"number": st.integers(0, 5), "quantity": sizes}),
    "reject": st.fixed_dictionaries({"number": st.integers(0, 5)}),
    "second": st.fixed_dictionaries({"number": st.integers(0, 5)}),
    "slow": st.fixed_dictionaries({"slow": st.booleans()}),
    "shares": st.fixed_dictionaries({"found": st.booleans()}),
    "end": st.fixed_dictionaries({"number": st.integers(0, 5)}),
    "correct": st.fixed_dictionaries(
        {"number": st.integers(0, 5), "quantity": sizes, "price": prices}
    ),
}


def plans(kinds: dict[str, st.SearchStrategy[dict[str, Any]]]) -> st.SearchStrategy[list[Step]]:
    """Lists of steps of *kinds*, after a quote of each stock; mostly quotes and orders."""
    common = {"quote": 12, "print": 4, "order": 8, "bracket": 3}
    weighted = [name for name in kinds for _ in range(common.get(name, 1))]
    one = st.sampled_from(weighted).flatmap(
        lambda name: st.builds(Step, waits, st.just(name), kinds[name])
    )
    return st.lists(one, min_size=25, max_size=40).map(lambda steps: [*OPENING, *steps])


@dataclass
class Moment:
    """What one step made the exchange say, with the quotes as they stood after it."""

    step: Step
    at_ns: int
    events: list[ExchangeEvent]
    quotes: dict[ConId, Quote] = field(default_factory=dict)


class Play:
    """Plays a plan against a fresh exchange and keeps what was said."""

    def __init__(self, plan: list[Step], *, ticking: bool = False) -> None:
        self.exchange = Exchange(
            account="DU1",
            cash=CASH,
            instruments=[
                Instrument(contract=one, long_name="", sessions=tuple(map(session, DAYS)))
                for one in STOCKS
            ],
        )
        self.now = session(DAYS[0]).open_ns + 1800 * SECOND_NS
        self.sent: dict[OrderId, OrderRequest] = {}
        self.quotes: dict[ConId, Quote] = {}
        self.moments: list[Moment] = []
        for step in plan:
            self.now += step.wait_s * SECOND_NS
            events = self.exchange.on_clock(self.now) if ticking else []
            do: Callable[..., list[ExchangeEvent]] = getattr(self, f"_{step.kind}")
            events += do(**step.terms)
            self.moments.append(Moment(step, self.now, events, dict(self.quotes)))

    @property
    def said(self) -> list[ExchangeEvent]:
        """Everything, in order."""
        return [event for moment in self.moments for event in moment.events]

    @property
    def fills(self) -> list[Executed]:
        """Every execution."""
        return [event for event in self.said if isinstance(event, Executed)]

    def orders(self) -> list[BookOrder]:
        """Every order as told, in order of telling."""
        return [event.order for event in self.said if isinstance(event, OrderChanged)]

    def _quote(
        self, stock: int, bid: Decimal, spread: Decimal, size: Decimal | None
    ) -> list[ExchangeEvent]:
        con_id = STOCKS[stock].con_id
        quote = self.quotes[con_id] = Quote(
            at_ns=self.now, bid=bid, ask=bid + spread, bid_size=size, ask_size=size
        )
        return self.exchange.on_market(QuoteChange(con_id=con_id, quote=quote))

    def _print(self, stock: int, price: Decimal, size: Decimal) -> list[ExchangeEvent]:
        event = Print(con_id=STOCKS[stock].con_id, at_ns=self.now, price=price, size=size)
        return self.exchange.on_market(event)

    def _place(self, contract: Contract, **terms: Any) -> list[ExchangeEvent]:
        order_id = self.exchange.next_order_id(ClientId(1))
        request = OrderRequest(client_id=ClientId(1), order_id=order_id, contract=contract, **terms)
        self.sent[order_id] = request
        return self.exchange.place(self.now, request)

    def _order(self, stock: int, **terms: Any) -> list[ExchangeEvent]:
        return self._place(STOCKS[stock], **terms)

    def _combo(self, **terms: Any) -> list[ExchangeEvent]:
        return self._place(SPREAD, **terms)

    def _bracket(self, stock: int, **terms: Any) -> list[ExchangeEvent]:
        parent = self.exchange.next_order_id(ClientId(1))
        entry: Action = terms["action"]
        common = {"quantity": terms["quantity"], "tif": terms["tif"]}
        exits = {**common, "action": entry.opposite, "parent_id": parent}
        stock_ = STOCKS[stock]
        return [
            *self._place(
                stock_, action=entry, order_type="LMT", limit_price=terms["entry"],
                transmit=False, **common,
            ),
            *self._place(
                stock_, order_type="LMT", limit_price=terms["target"], transmit=False, **exits
            ),
            *self._place(
                stock_, order_type=terms["exit_type"], stop_price=terms["stop"],
                trail_amount=Decimal(2), **exits,
            ),
        ]  # fmt: skip

    def _change(self, order_id: int, quantity: Decimal, price: Decimal) -> list[ExchangeEvent]:
        before = self.sent.get(OrderId(order_id))
        if before is None:
            return []
        request = replace(
            before,
            quantity=quantity,
            limit_price=price,
            stop_price=price,
            parent_id=OrderId(0),
            oca_group="",
            transmit=True,
        )
        return self.exchange.place(self.now, request)

    def _cancel(self, order_id: int) -> list[ExchangeEvent]:
        return self.exchange.cancel(self.now, ClientId(1), OrderId(order_id))

    def _cancel_all(self) -> list[ExchangeEvent]:
        return self.exchange.cancel_all(self.now)

    def _clock(self) -> list[ExchangeEvent]:
        return self.exchange.on_clock(self.now)

    # By hand -----------------------------------------------------------------------

    def _working(self, number: int) -> BookOrder | None:
        orders = self.exchange.working_orders()
        return orders[number % len(orders)] if orders else None

    def _fill(self, number: int, quantity: Decimal) -> list[ExchangeEvent]:
        order = self._working(number)
        if order is None:
            return []
        wanted = min(quantity, order.remaining)
        try:
            return self.exchange.by_hand.force_fill(self.now, order.perm_id, wanted)
        except ConfigurationError:  # time has ended it, or there is no price yet
            return self.exchange.on_clock(self.now)

    def _reject(self, number: int) -> list[ExchangeEvent]:
        return self._by_perm_id(number, "force_reject", 201, "no")

    def _end(self, number: int) -> list[ExchangeEvent]:
        return self._by_perm_id(number, "force_cancel")

    def _second(self, number: int) -> list[ExchangeEvent]:
        return self._by_perm_id(number, "second_perm_id")

    def _slow(self, *, slow: bool) -> list[ExchangeEvent]:
        self.exchange.by_hand.slow_cancels(slow=slow)
        return []

    def _shares(self, *, found: bool) -> list[ExchangeEvent]:
        return self.exchange.by_hand.locate(self.now, STOCKS[0].con_id, found=found)

    def _by_perm_id(self, number: int, act: str, *args: Any) -> list[ExchangeEvent]:
        order = self._working(number)
        if order is None:
            return []
        do: Callable[..., list[ExchangeEvent]] = getattr(self.exchange.by_hand, act)
        try:
            return do(self.now, PermId(order.perm_id), *args)
        except ConfigurationError:  # time has ended it
            return self.exchange.on_clock(self.now)

    def _correct(self, number: int, quantity: Decimal, price: Decimal) -> list[ExchangeEvent]:
        rows = [row for row in self.exchange.executions() if row[1] is not None]
        if not rows:
            return []
        wrong = rows[number % len(rows)][0].execution
        right = {"quantity": min(quantity, wrong.quantity), "price": price}
        try:
            return self.exchange.by_hand.correct(self.now, wrong.exec_id, **right)
        except ConfigurationError:  # it was yesterday's
            return self.exchange.on_clock(self.now)
