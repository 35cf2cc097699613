"""What holds for live evidence whatever the broker says, whatever the books hold."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.test_ledger_properties import REFS, accepted, anything, fills
from tests.reconcile.scenes import BOT, NOW_NS, SPY, commission, holding, shown

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import AnyRecord, ModifyIntended, ModifyRefused, OrderStateChanged
from ibelay.model.events import (
    BarSeen,
    BrokerEvent,
    CommissionSeen,
    ExecutionSeen,
    LinkClosed,
    NoticeSeen,
    OrderSeen,
    PositionSeen,
    QuoteSeen,
    StatusSeen,
)
from ibelay.model.ids import ClientId, OrderId, PermId
from ibelay.model.market import Bar, Quote
from ibelay.model.notices import NOTICES, NoticeClass
from ibelay.model.order import Action, BrokerOrderStatus, OrderState
from ibelay.reconcile.intake import ID_IN_USE, NOTHING, Taken, take

OURS = ClientId(1)
ENDING = {
    code for code, row in NOTICES.items() if row.klass in {NoticeClass.REJECT, NoticeClass.TERMINAL}
}

orders_seen = st.builds(
    lambda order: OrderSeen(order=order),
    st.builds(
        shown,
        st.sampled_from([*REFS, "bot:9:9.0", ""]),
        perm_id=st.integers(0, 9),
        order_id=st.integers(-3, 30),
        status=st.sampled_from(BrokerOrderStatus),
        quantity=st.integers(0, 60),
        filled=st.integers(0, 60),
        action=st.sampled_from(Action),
    ),
)
statuses_seen = st.builds(
    StatusSeen,
    order_id=st.integers(-3, 30).map(OrderId),
    perm_id=st.integers(0, 9).map(PermId),
    client_id=st.integers(0, 2).map(ClientId),
    status=st.sampled_from(BrokerOrderStatus),
    filled=st.integers(0, 60).map(Decimal),
    remaining=st.integers(0, 60).map(Decimal),
    average_fill_price=st.just(Decimal(100)),
)
fills_seen = fills.map(lambda fill: ExecutionSeen(execution=fill))
commissions_seen = fills.map(lambda fill: CommissionSeen(report=commission(fill)))
notices_seen = st.builds(
    NoticeSeen,
    request_id=st.integers(-3, 30),
    code=st.sampled_from([*NOTICES, 0, 77777]),
    text=st.just("IB says"),
)
events = st.one_of(orders_seen, statuses_seen, fills_seen, commissions_seen, notices_seen)
modified = st.lists(st.sampled_from(REFS), max_size=3).map(
    lambda refs: [ModifyIntended(at_ns=4, order_ref=ref, stop_price=Decimal(98)) for ref in refs]
)


def taken(ledger: Ledger, event: BrokerEvent) -> Taken:
    """Return what *event* means, and apply it: the ledger refuses nothing of it."""
    found = take(ledger, event, bot=BOT, client_id=OURS, now_ns=NOW_NS)
    for record in found.records:
        ledger.apply(record)
    return found


@settings(max_examples=300)
@given(anything, modified, st.lists(events, min_size=1, max_size=8))
def test_the_ledger_takes_whatever_evidence_means(
    records: list[AnyRecord], changes: list[AnyRecord], seen: list[BrokerEvent]
) -> None:
    """A move that the table forbids would end the trading process with an InvariantError."""
    ledger, _ = accepted([*records, *changes])
    for event in seen:
        taken(ledger, event)


@settings(max_examples=300)
@given(anything, events)
def test_the_same_evidence_twice_is_written_down_once(
    records: list[AnyRecord], event: BrokerEvent
) -> None:
    ledger, _ = accepted(records)
    taken(ledger, event)
    assert taken(ledger, event).records == ()


@settings(max_examples=200)
@given(anything, modified, notices_seen)
def test_only_a_proven_code_about_an_order_id_of_ours_changes_anything(
    records: list[AnyRecord], changes: list[AnyRecord], event: NoticeSeen
) -> None:
    """And never one that is over, or whose modification may be meant (F20, F21)."""
    ledger, _ = accepted([*records, *changes])
    ref = ledger.by_order_id.get(event.request_id)
    before = None if ref is None else ledger.orders[ref].state
    shown_before = ref is not None and bool(ledger.orders[ref].perm_ids)
    changed = ref is not None and ledger.orders[ref].modified
    changed = changed and before not in {OrderState.INTENDED, OrderState.SENT}
    found = taken(ledger, event)
    for record in found.records:
        assert isinstance(record, OrderStateChanged | ModifyRefused)
        assert record.order_ref == ref
        assert before is not None
        assert not before.terminal
        if isinstance(record, ModifyRefused):
            assert changed
            assert ledger.orders[record.order_ref].state is before
        else:
            unshown = before is OrderState.SENT and not shown_before
            assert event.code in ENDING or (event.code == ID_IN_USE and unshown)
            assert event.code == 202 or not changed


@settings(max_examples=200)
@given(anything, st.one_of(orders_seen, statuses_seen, notices_seen))
def test_no_word_moves_a_book(records: list[AnyRecord], event: BrokerEvent) -> None:
    """Only executions do; and FILLED is never believed beyond them."""
    ledger, _ = accepted(records)
    again, _ = accepted(records)
    found = taken(ledger, event)
    assert (ledger.positions, ledger.units) == (again.positions, again.units)
    for record in found.records:
        assert isinstance(record, OrderStateChanged)
        if record.state is OrderState.FILLED and again.orders[record.order_ref].state is not (
            OrderState.FILLED
        ):
            assert ledger.orders[record.order_ref].filled > 0


@settings(max_examples=50)
@given(anything)
def test_market_data_positions_and_the_lines_end_are_no_evidence_about_orders(
    records: list[AnyRecord],
) -> None:
    """Every remaining kind of event: positions outside a snapshot wait for the next one."""
    ledger, _ = accepted(records)
    price = Decimal(100)
    bar = Bar(at_ns=1, open=price, high=price, low=price, close=price, volume=price)
    quote = Quote(at_ns=1, bid=price, ask=price)
    for event in (
        PositionSeen(position=holding(70)),
        QuoteSeen(con_id=SPY.con_id, quote=quote),
        BarSeen(con_id=SPY.con_id, bar=bar),
        LinkClosed(reason="cut"),
    ):
        assert taken(ledger, event) == NOTHING
