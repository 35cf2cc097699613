"""What holds for the exchange whatever clients and markets do."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ibelay.gateway.exchange.book import Exchange
from ibelay.gateway.exchange.events import ExchangeEvent, Executed, OrderChanged, OrderRequest
from ibelay.gateway.market.api import Instrument, QuoteChange
from ibelay.model.contract import Contract
from ibelay.model.ids import ClientId, ConId, OrderId, PermId
from ibelay.model.market import Quote
from ibelay.model.order import Action, BrokerOrderStatus

STOCKS = (Contract(symbol="AAA", con_id=ConId(1)), Contract(symbol="BBB", con_id=ConId(2)))
CASH = Decimal(50_000)
ZERO = Decimal(0)
DONE = {BrokerOrderStatus.FILLED, BrokerOrderStatus.CANCELLED, BrokerOrderStatus.INACTIVE}


@dataclass(frozen=True)
class QuoteStep:
    stock: int
    bid: int
    spread: int
    size: int


@dataclass(frozen=True)
class OrderStep:
    stock: int
    terms: dict[str, Any]


@dataclass(frozen=True)
class BracketStep:
    stock: int
    action: Action
    quantity: int
    entry: int
    target: int
    stop: int


@dataclass(frozen=True)
class ChangeStep:
    order_id: int
    quantity: int
    price: int


@dataclass(frozen=True)
class CancelStep:
    order_id: int


Step = QuoteStep | OrderStep | BracketStep | ChangeStep | CancelStep

prices = st.integers(90, 110)
quantities = st.integers(1, 200)
stocks = st.integers(0, 1)
terms = st.fixed_dictionaries(
    {
        "action": st.sampled_from(Action),
        "quantity": quantities.map(Decimal),
        "order_type": st.sampled_from(["MKT", "LMT", "STP", "STP LMT"]),
        "limit_price": prices.map(Decimal),
        "stop_price": prices.map(Decimal),
        "tif": st.sampled_from(["DAY", "GTC", "IOC"]),
        "transmit": st.sampled_from([True, True, True, False]),
        "oca_group": st.sampled_from(["", "", "one", "two"]),
        "oca_type": st.integers(1, 3),
    }
)
steps = st.lists(
    st.one_of(
        st.builds(QuoteStep, stocks, prices, st.integers(0, 3), st.integers(0, 150)),
        st.builds(QuoteStep, stocks, prices, st.integers(0, 3), st.integers(0, 150)),
        st.builds(OrderStep, stocks, terms),
        st.builds(BracketStep, stocks, st.sampled_from(Action), quantities, prices, prices, prices),
        st.builds(ChangeStep, st.integers(1, 20), quantities, prices),
        st.builds(CancelStep, st.integers(1, 20)),
    ),
    max_size=40,
)


class Run:
    """Plays steps against a fresh exchange and keeps what it said."""

    def __init__(self, plan: list[Step]) -> None:
        self.exchange = Exchange(
            account="DU1",
            cash=CASH,
            instruments=[Instrument(contract=stock, long_name="") for stock in STOCKS],
            open_ns=3,
            close_ns=35,
        )
        self.requests: dict[int, OrderRequest] = {}
        self.quotes: dict[ConId, Quote] = {}
        self.now = 0
        self.said: list[tuple[ExchangeEvent, dict[ConId, Quote]]] = []
        for step in plan:
            self.now += 1
            self.said += [(event, dict(self.quotes)) for event in self._play(step)]

    def _play(self, step: Step) -> list[ExchangeEvent]:
        match step:
            case QuoteStep():
                return self._quote(step)
            case OrderStep():
                return self._place(step.stock, **step.terms)
            case BracketStep():
                return self._bracket(step)
            case ChangeStep():
                return self._change(step)
            case CancelStep():
                return self.exchange.cancel(self.now, ClientId(1), OrderId(step.order_id))

    def _quote(self, step: QuoteStep) -> list[ExchangeEvent]:
        con_id = STOCKS[step.stock].con_id
        quote = self.quotes[con_id] = Quote(
            at_ns=self.now,
            bid=Decimal(step.bid),
            ask=Decimal(step.bid + step.spread),
            bid_size=Decimal(step.size),
            ask_size=Decimal(step.size),
        )
        return self.exchange.on_market(QuoteChange(con_id=con_id, quote=quote))

    def _place(self, stock: int, **terms: Any) -> list[ExchangeEvent]:
        order_id = self.exchange.next_order_id(ClientId(1))
        request = OrderRequest(
            client_id=ClientId(1), order_id=order_id, contract=STOCKS[stock], **terms
        )
        self.requests[order_id] = request
        return self.exchange.place(self.now, request)

    def _bracket(self, step: BracketStep) -> list[ExchangeEvent]:
        parent = self.exchange.next_order_id(ClientId(1))
        size = Decimal(step.quantity)
        exits: dict[str, Any] = {
            "action": step.action.opposite,
            "quantity": size,
            "parent_id": parent,
        }
        entry = self._place(
            step.stock,
            action=step.action,
            quantity=size,
            order_type="LMT",
            limit_price=Decimal(step.entry),
            transmit=False,
        )
        target = self._place(
            step.stock,
            order_type="LMT",
            limit_price=Decimal(step.target),
            transmit=False,
            **exits,
        )
        stop = self._place(step.stock, order_type="STP", stop_price=Decimal(step.stop), **exits)
        return entry + target + stop

    def _change(self, step: ChangeStep) -> list[ExchangeEvent]:
        before = self.requests.get(step.order_id)
        if before is None:
            return []
        request = OrderRequest(
            client_id=ClientId(1),
            order_id=OrderId(step.order_id),
            contract=before.contract,
            action=before.action,
            quantity=Decimal(step.quantity),
            order_type=before.order_type,
            limit_price=Decimal(step.price),
            stop_price=Decimal(step.price),
        )
        return self.exchange.place(self.now, request)

    @property
    def fills(self) -> list[tuple[Executed, dict[ConId, Quote]]]:
        return [(event, then) for event, then in self.said if isinstance(event, Executed)]


@given(steps)
def test_cash_and_positions_are_the_sum_of_fills_and_commissions(plan: list[Step]) -> None:
    exchange = Run(plan).exchange
    cash, held = CASH, defaultdict[ConId, Decimal](Decimal)
    for executed, report in exchange.executions():
        one = executed.execution
        assert report is not None
        assert report.commission >= 0
        cash -= one.action.sign * one.quantity * one.price + report.commission
        held[one.contract.con_id] += one.action.sign * one.quantity
    values = {key: value for key, value, _ in exchange.account_values(0)}
    assert Decimal(values["TotalCashValue"]) == cash.quantize(Decimal("0.01"))
    for row in exchange.positions():
        assert row.position.quantity == held[row.position.contract.con_id]
    worth = sum((r.position.quantity * r.market_price for r in exchange.positions()), cash)
    assert abs(Decimal(values["NetLiquidation"]) - worth) <= Decimal("0.01")
    gained = Decimal(values["RealizedPnL"]) + Decimal(values["UnrealizedPnL"])
    assert abs(gained - (worth - CASH)) <= Decimal("0.02")


@given(steps)
def test_no_fill_beyond_limit_touch_or_displayed_size(plan: list[Step]) -> None:
    taken: dict[tuple[ConId, int, Action], Decimal] = defaultdict(Decimal)
    orders: dict[PermId, OrderRequest] = {}
    for event, quotes in Run(plan).said:
        if isinstance(event, OrderChanged):
            orders[event.order.perm_id] = event.order.request
        if not isinstance(event, Executed):
            continue
        one = event.execution
        request, quote = orders[one.perm_id], quotes[one.contract.con_id]
        touch = quote.ask if one.action is Action.BUY else quote.bid
        assert one.price == touch
        if request.order_type in {"LMT", "STP LMT"}:
            assert request.limit_price is not None
            assert (request.limit_price - one.price) * one.action.sign >= 0
        key = (one.contract.con_id, quote.at_ns, one.action)
        taken[key] += one.quantity
        assert quote.ask_size is not None
        assert 0 < one.quantity <= taken[key] <= quote.ask_size


@given(steps)
def test_no_order_fills_beyond_its_quantity_and_done_orders_stay_done(plan: list[Step]) -> None:
    done: set[PermId] = set()
    run = Run(plan)
    for event, _ in run.said:
        if isinstance(event, OrderChanged):
            assert event.order.perm_id not in done
            assert 0 <= event.order.filled <= event.order.request.quantity
            if event.order.status in DONE:
                done.add(event.order.perm_id)
        elif isinstance(event, Executed):
            assert event.execution.perm_id not in done
    assert done == {order.perm_id for order in run.exchange.completed_orders()}
    assert not done & {order.perm_id for order in run.exchange.working_orders()}


@given(steps)
def test_children_never_fill_more_than_their_parent(plan: list[Step]) -> None:
    """At every moment, not only at the end; so they never fill before it either."""
    run = Run(plan)
    filled: dict[int, Decimal] = defaultdict(Decimal)
    exits: dict[int, Decimal] = defaultdict(Decimal)
    for executed, _ in run.fills:
        one = executed.execution
        filled[one.order_id] += one.quantity
        parent = run.requests[one.order_id].parent_id
        if parent:
            exits[parent] += one.quantity
            assert exits[parent] <= filled[parent]


@given(
    st.lists(
        st.one_of(
            st.builds(QuoteStep, st.just(0), prices, st.integers(0, 3), st.integers(0, 80)),
            st.builds(CancelStep, st.integers(1, 4)),
        ),
        max_size=30,
    ),
    st.lists(
        st.tuples(st.sampled_from(["LMT", "STP"]), quantities, prices), min_size=2, max_size=4
    ),
    st.integers(1, 3),
)
def test_an_oca_group_never_fills_more_than_its_largest_member(
    market: list[Step], members: list[tuple[str, int, int]], oca_type: int
) -> None:
    group: list[Step] = [
        OrderStep(
            0,
            {
                "action": Action.BUY,
                "quantity": Decimal(quantity),
                "order_type": order_type,
                "limit_price": Decimal(price),
                "stop_price": Decimal(price),
                "tif": "GTC",
                "oca_group": "g",
                "oca_type": oca_type,
            },
        )
        for order_type, quantity, price in members
    ]
    run = Run([*group, *market])
    total = sum((executed.execution.quantity for executed, _ in run.fills), ZERO)
    assert total <= max(quantity for _, quantity, _ in members)


@given(steps)
def test_same_inputs_give_identical_events(plan: list[Step]) -> None:
    first, second = Run(plan), Run(plan)
    assert first.said == second.said
    ids = [executed.execution.exec_id for executed, _ in first.fills]
    assert len(ids) == len(set(ids))
