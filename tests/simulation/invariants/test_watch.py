"""The watch as a whole: it takes anything, says each matter once, and knows I1 to I16."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.simulation.invariants.scenes import (
    BOT,
    BRACKET,
    CLIENT,
    ENTRY,
    SPY,
    STOP,
    TARGET,
    Run,
    S,
    at_broker,
    entering,
    execution,
    holding,
    placing,
)

from ibelay.gateway.exchange.events import (
    CommissionCharged,
    Executed,
    OrderChanged,
    PositionChanged,
    Refused,
)
from ibelay.journal.ledger import Ledger
from ibelay.journal.records import AnyRecord, DropInIntent, Severity
from ibelay.machines.link_events import LinkState
from ibelay.model.execution import CommissionReport
from ibelay.model.faults import SecondPermId, SetPrice, Target
from ibelay.model.ids import ClientId, Epoch, ExecId, OrderId, OrderRef, UnitRef
from ibelay.model.order import Action, Order, OrderType, Role
from ibelay.model.position import Position
from ibelay.testing.simulation.invariants.watch import Watch
from ibelay.testing.simulation.observed import (
    Appended,
    Asked,
    Booted,
    Broke,
    Calmed,
    Durable,
    Ended,
    LinkChanged,
    Noted,
    Observation,
    Over,
    Settled,
    Told,
    Truth,
)
from ibelay.wire.requests import CancelOrder, GlobalCancel, RequestCurrentTime

REFS = [ENTRY, STOP, TARGET, "bot:2:1.0", "other:1:1.0", ""]
refs = st.sampled_from(REFS).map(OrderRef)
instants = st.integers(0, 2_000).map(lambda seconds: seconds * 1_000_000_000)
amounts = st.integers(-60, 60).map(Decimal)
small = st.integers(0, 4)

orders = st.builds(
    Order,
    order_ref=refs,
    unit=st.sampled_from(["bot:1:1", "bot:2:1"]).map(UnitRef),
    role=st.sampled_from(Role),
    action=st.sampled_from(Action),
    quantity=amounts,
    order_type=st.sampled_from(OrderType),
    parent_ref=st.none() | refs,
)
fills = st.builds(
    execution,
    small,
    refs,
    st.sampled_from(Action),
    st.integers(1, 60),
    revision=st.integers(1, 3),
)
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "at_ns": instants,
    "order_ref": refs,
    "order": orders,
    "execution": fills,
    "contract": st.just(SPY),
    "before": amounts,
    "after": amounts,
    "average_cost": amounts,
    "epoch": small,
    "order_id": small,
    "perm_id": small,
    "report": st.just(CommissionReport(exec_id=ExecId("1.1.01"), commission=Decimal(1))),
    "body": st.just(msgspec.Raw(b"{}")),
    "quantity": amounts,
    "unit": st.sampled_from(["bot:1:1", "bot:2:1"]),
}
TEXTS = {"discrepancy": {"before", "after"}, "drop_in_intent": {"order"}}


def record_of(kind: type[AnyRecord]) -> st.SearchStrategy[AnyRecord]:
    """Return any record of *kind*, about few orders so that records meet."""
    fields = set(kind.__struct_fields__)
    apart: set[str] = TEXTS.get(str(kind.__struct_config__.tag), set())
    return st.builds(kind, **{name: PARTS[name] for name in (fields & set(PARTS)) - apart})


records = st.lists(st.one_of(*map(record_of, get_args(AnyRecord))), max_size=4).map(tuple)
intended = st.sampled_from(BRACKET)
requests = st.one_of(
    st.builds(
        placing,
        intended,
        order_ref=refs,
        order_id=small,
        quantity=amounts,
        what_if=st.booleans(),
    ),
    small.map(OrderId).map(CancelOrder),
    st.sampled_from([GlobalCancel(), RequestCurrentTime()]),
)
books = st.builds(
    at_broker,
    intended,
    perm_id=small,
    status=st.sampled_from(S),
    filled=amounts,
)
events = st.one_of(
    books.map(lambda order: OrderChanged(order=order)),
    fills.map(
        lambda fill: Executed(execution=fill, cumulative=Decimal(1), average_price=Decimal(1))
    ),
    amounts.map(
        lambda held: PositionChanged(
            position=Position(account="DU1", contract=SPY, quantity=held, average_cost=Decimal(1)),
            market_price=Decimal(1),
            realized_pnl=Decimal(0),
        )
    ),
    st.just(Refused(client_id=CLIENT, order_id=OrderId(1), code=201, text="no")),
    st.just(
        CommissionCharged(
            client_id=CLIENT,
            report=CommissionReport(exec_id=ExecId("1.1.01"), commission=Decimal(1)),
        )
    ),
)
words = st.sampled_from(["", "1", "2", "-1", "x", "bot:1:1.0", "1.1.01", "Filled", "9" * 5000])
told = st.tuples(st.sampled_from(["3", "5", "11", "1", ""]), st.lists(words, max_size=32)).map(
    lambda both: (both[0], *both[1])
)
links = st.sampled_from(LinkState)
observations: st.SearchStrategy[Observation] = st.one_of(
    st.builds(Booted, instants, small),
    st.builds(Ended, instants, small, st.just("killed")),
    st.builds(Asked, instants, st.just(CLIENT) | st.just(ClientId(2)), requests),
    st.builds(Told, instants, told),
    st.just(Told(0, ())),
    st.builds(Appended, instants, records),
    st.builds(Durable, instants, st.integers(1, 30), records),
    st.builds(Truth, instants, events),
    st.builds(LinkChanged, instants, links, links, st.just("by chance")),
    st.builds(Noted, instants, st.sampled_from(Severity), st.just("text")),
    st.builds(
        Broke,
        instants,
        st.sampled_from([SecondPermId(Target(symbol="SPY")), SetPrice("SPY", Decimal(1))]),
        st.just("done"),
    ),
    st.builds(Calmed, instants),
    st.builds(
        Settled,
        at_ns=instants,
        state=st.none() | links,
        healthy=st.booleans(),
        ledger=st.none() | st.builds(Ledger, epoch=small),
        replayed=st.builds(Ledger, epoch=small),
        positions=st.dictionaries(st.just(SPY.con_id), amounts),
        faulty=st.booleans(),
    ),
    st.builds(Over, instants),
)


@given(st.lists(observations, max_size=30))
def test_whatever_is_observed_is_judged_and_nothing_else_happens(seen: list[Observation]) -> None:
    watch, again = Watch(bot=BOT, client_id=CLIENT), Watch(bot=BOT, client_id=CLIENT)
    said = [breach for each in seen for breach in watch.see(each)]
    assert said == [breach for each in seen for breach in again.see(each)]
    assert watch.first == (said[0] if said else None)
    assert {breach.invariant for breach in said} <= {each.number for each in watch.invariants}
    assert all(breach.sentence for breach in said)


def test_the_first_breach_is_remembered_and_reads_like_a_sentence() -> None:
    run = Run().boot().wait(3.25, step=3.25).sends(*BRACKET).cancels(77)
    assert run.broken == ["I1"] * 4
    assert run.watch.first is not None
    assert str(run.watch.first) == (
        "I1 at 3.250 s: bot:1:1.0 (order id 1: BUY 50 SPY MKT) left and no intent of it is on disk"
    )


def test_every_invariant_of_the_design_is_watched_once() -> None:
    numbers = [each.number for each in Watch(bot=BOT, client_id=CLIENT).invariants]
    words = ["NAKED", "DUPLICATE", "CANCELLED", "STREAMS", "RAISED"]
    assert numbers == [f"I{number}" for number in range(1, 17)] + words


def test_prices_and_heartbeats_are_let_pass() -> None:
    """They are most of what a bot is told."""
    watch = Watch(bot=BOT, client_id=CLIENT)
    before = dict(vars(watch._known))
    assert watch.see(Told(5, ("1", "6", "1", "100.25"))) == []
    assert vars(watch._known) == before


def test_a_quiet_day_with_a_position_held_breaks_nothing() -> None:
    assert holding().wait(6 * 3600).over().broken == []


def test_a_restart_in_the_middle_of_a_trade_breaks_nothing() -> None:
    assert entering().end().wait(10).boot().wait(300).over().broken == []


def test_drop_in_programs_are_held_to_what_they_promise() -> None:
    """They journal no states, so no outcome is owed; what leaves is still judged."""
    intended = DropInIntent(
        at_ns=1,
        epoch=Epoch(1),
        order_id=OrderId(5),
        order_ref=OrderRef("bot:1:9"),
        symbol="SPY",
        con_id=SPY.con_id,
        order={},
    )
    run = Run().boot().write(intended)
    run.asks(placing(BRACKET[0], order_id=OrderId(5), order_ref="bot:1:9")).wait(500)
    assert run.broken == []
    run.asks(placing(BRACKET[0], order_id=OrderId(5), order_ref="bot:1:8"))
    assert run.broken == ["I1", "I11"]
