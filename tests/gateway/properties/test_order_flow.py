"""What holds for orders whatever clients, markets, time and the operator do."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gateway.properties.play import (
    CASH,
    STOCKS,
    Play,
    Step,
    hand_kinds,
    order_terms,
    plans,
    prices,
    quote_terms,
    sizes,
    step_kinds,
    waits,
)

from ibelay.gateway.exchange.events import (
    CommissionCharged,
    Executed,
    OrderChanged,
    OrderRequest,
)
from ibelay.model.execution import Execution
from ibelay.model.ids import ConId, PermId, execution_key
from ibelay.model.order import Action, BrokerOrderStatus

ZERO = Decimal(0)
DONE = {BrokerOrderStatus.FILLED, BrokerOrderStatus.CANCELLED, BrokerOrderStatus.INACTIVE}
LIMITED = {"LMT", "STP LMT", "TRAIL LIMIT", "LIT", "LOC", "MIDPRICE"}
by_clients = plans(step_kinds)
by_anybody = plans({**step_kinds, **hand_kinds})
check = settings(max_examples=40)


@check
@given(by_anybody)
def test_cash_and_positions_are_the_sum_of_fills_and_commissions(plan: list[Step]) -> None:
    """Corrections replace, combinations move money by their legs alone."""
    play = Play(plan)
    fills: dict[str, Execution] = {}
    cash, held = CASH, defaultdict[ConId, Decimal](Decimal)
    for event in play.said:
        if isinstance(event, Executed) and event.execution.contract.sec_type != "BAG":
            fills[execution_key(event.execution.exec_id)] = event.execution
        elif isinstance(event, CommissionCharged):
            assert event.report.commission >= 0
            cash -= event.report.commission
    for one in fills.values():
        cash -= one.action.sign * one.quantity * one.price
        held[one.contract.con_id] += one.action.sign * one.quantity
    values = {key: value for key, value, _ in play.exchange.account_values(play.now)}
    assert Decimal(values["TotalCashValue"]) == cash.quantize(Decimal("0.01"))
    rows = {row.position.contract.con_id: row for row in play.exchange.positions()}
    for contract in STOCKS:
        row = rows.get(contract.con_id)
        assert (row.position.quantity if row else ZERO) == held[contract.con_id]
    worth = sum((row.position.quantity * row.market_price for row in rows.values()), cash)
    assert abs(Decimal(values["NetLiquidation"]) - worth) <= Decimal("0.01")


@check
@given(by_clients)
def test_no_fill_is_worse_than_the_limit_or_beyond_what_was_shown(plan: list[Step]) -> None:
    """Auctions aside, a fill is at the touch (or its middle) and within its size."""
    requests: dict[PermId, OrderRequest] = {}
    taken: dict[tuple[int, Action], Decimal] = defaultdict(Decimal)
    play = Play(plan)
    for moment in play.moments:
        for event in moment.events:
            if isinstance(event, OrderChanged):
                requests[event.order.perm_id] = event.order.request
            if not isinstance(event, Executed):
                continue
            one = event.execution
            request = requests[one.perm_id]
            whole = request.contract.sec_type != "BAG" or one.contract.sec_type == "BAG"
            if request.order_type in LIMITED and whole and request.limit_price is not None:
                assert (request.limit_price - one.price) * one.action.sign >= 0
            auctioned = request.order_type in {"MOC", "LOC"} or request.tif == "OPG"
            if auctioned or one.contract.sec_type == "BAG":
                continue
            quote = moment.quotes[one.contract.con_id]
            assert quote.bid is not None
            assert quote.ask is not None
            touch = quote.ask if one.action is Action.BUY else quote.bid
            middle = (quote.bid + quote.ask) / 2
            assert one.price == (middle if request.order_type == "MIDPRICE" else touch)
            key = (id(quote), one.action)  # two quotes may be of one moment
            taken[key] += one.quantity
            assert one.quantity > 0
            assert quote.bid_size is None or taken[key] <= quote.bid_size


@check
@given(by_anybody)
def test_an_order_never_overfills_and_ends_exactly_once(plan: list[Step]) -> None:
    play = Play(plan)
    ended: set[PermId] = set()
    for event in play.said:
        if isinstance(event, OrderChanged):
            order = event.order
            assert order.perm_id not in ended
            assert 0 <= order.filled <= order.request.quantity
            if order.status in DONE:
                ended.add(order.perm_id)
                assert order.completed_ns
            else:
                assert order.remaining > 0
        elif isinstance(event, Executed) and event.execution.exec_id.endswith(".01"):
            assert event.execution.perm_id not in ended
    assert {order.perm_id for order in play.exchange.completed_orders()} <= ended
    assert not ended & {order.perm_id for order in play.exchange.working_orders()}


@check
@given(by_clients)
def test_ids_are_never_used_twice(plan: list[Step]) -> None:
    play = Play(plan)
    owner: dict[PermId, int] = {}
    for order in play.orders():
        assert owner.setdefault(order.perm_id, order.request.order_id) == order.request.order_id
    assert len(set(owner.values())) == len(owner)
    exec_ids = [one.execution.exec_id for one in play.fills]
    assert len({execution_key(exec_id) for exec_id in exec_ids}) == len(exec_ids)


@check
@given(by_clients)
def test_children_live_and_fill_only_as_far_as_their_parent_has(plan: list[Step]) -> None:
    play = Play(plan)
    filled: dict[int, Decimal] = defaultdict(Decimal)
    exits: dict[int, Decimal] = defaultdict(Decimal)
    for event in play.said:
        if isinstance(event, OrderChanged):
            parent = event.order.request.parent_id
            if event.order.status is BrokerOrderStatus.SUBMITTED and parent:
                assert filled[parent] > 0
        if not isinstance(event, Executed):
            continue
        one = event.execution
        filled[one.order_id] += one.quantity
        parent = play.sent[one.order_id].parent_id
        if parent:
            exits[parent] += one.quantity
            assert exits[parent] <= filled[parent]


@check
@given(by_clients)
def test_orders_trade_in_their_hours_only(plan: list[Step]) -> None:
    """Regular ones between open and close, the others at most in the extended session."""
    play = Play(plan)
    instrument = play.exchange.instrument(STOCKS[0].con_id)
    assert instrument is not None
    for event in play.said:
        if not isinstance(event, Executed):
            continue
        one = event.execution
        session = instrument.session_at(one.at_ns)
        assert session is not None
        request = play.sent[one.order_id]
        if request.order_type in {"MOC", "LOC"}:
            assert one.at_ns == session.close_ns
        elif request.outside_rth:
            assert session.begin_ns <= one.at_ns < session.end_ns
        else:
            assert session.open_ns <= one.at_ns < session.close_ns


@check
@given(by_anybody)
def test_the_same_plan_gives_byte_identical_events(plan: list[Step]) -> None:
    assert repr(Play(plan).said).encode() == repr(Play(plan).said).encode()


@check
@given(plans({name: kind for name, kind in step_kinds.items() if name != "clock"}))
def test_looking_at_the_clock_changes_nothing(plan: list[Step]) -> None:
    """What is due happens at its time and in its order, whoever calls first."""
    assert Play(plan).said == Play(plan, ticking=True).said


@check
@given(by_clients)
def test_what_is_listed_is_what_was_told(plan: list[Step]) -> None:
    play = Play(plan)
    told = {order.perm_id: order for order in play.orders()}
    for order in [*play.exchange.working_orders(), *play.exchange.completed_orders()]:
        assert told[order.perm_id] == order


def member(terms: dict[str, Any], oca_type: int) -> Step:
    """A buy of AAA in the group."""
    own = {"stock": 0, "action": Action.BUY, "tif": "GTC", "oca_group": "g", "oca_type": oca_type}
    plain = {"transmit": True, "conditions": (), "minimum_quantity": None}
    return Step(0, "order", {**terms, **plain, **own})


@check
@given(
    st.lists(
        order_terms.filter(lambda terms: terms["order_type"] not in {"MOC", "LOC"}),
        min_size=2,
        max_size=4,
    ),
    st.lists(
        st.one_of(
            st.builds(Step, waits, st.just("quote"), quote_terms),
            st.builds(
                Step,
                waits,
                st.just("print"),
                st.fixed_dictionaries({"stock": st.just(0), "price": prices, "size": sizes}),
            ),
            st.builds(
                Step,
                waits,
                st.just("change"),
                st.fixed_dictionaries(
                    {"order_id": st.integers(1, 4), "quantity": sizes, "price": prices}
                ),
            ),
        ),
        max_size=30,
    ),
    st.integers(1, 3),
)
def test_an_oca_group_never_fills_more_than_its_largest_member(
    members: list[dict[str, Any]], market: list[Step], oca_type: int
) -> None:
    """Also with type 3, where IB itself does not promise it."""
    play = Play([*(member(terms, oca_type) for terms in members), *market])
    asked = [terms["quantity"] for terms in members]
    asked += [step.terms["quantity"] for step in market if step.kind == "change"]
    total = sum((one.execution.quantity for one in play.fills), ZERO)
    assert total <= max(asked)
