"""What holds for the ledger whatever happens, in whatever order."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reconcile.scenes import (
    AMD,
    BOT,
    SPY,
    booked,
    commission,
    epoch,
    execution,
    intent,
    ledger_of,
    state,
)

from ibelay.errors import InvariantError
from ibelay.journal.codec import decode, encode
from ibelay.journal.ledger import Ledger, fold
from ibelay.journal.records import AnyRecord, CommissionRecorded, PositionAdjusted
from ibelay.machines.order_life import MOVES
from ibelay.model import ids
from ibelay.model.execution import Execution
from ibelay.model.ids import execution_key
from ibelay.model.order import Action, OrderState, Role

UNITS = [ids.unit_ref(BOT, 1, number) for number in (1, 2)]
REFS = [ids.order_ref(unit, leg) for unit in UNITS for leg in range(3)]
INTENTS: list[AnyRecord] = [
    intent(leg, role, unit=unit, order_id=10 * number + leg, action=side, contract=contract)
    for number, (unit, side, contract) in enumerate(
        zip(UNITS, (Action.BUY, Action.SELL), (SPY, AMD), strict=True), 1
    )
    for leg, role, side in (
        (0, Role.ENTRY, side),
        (1, Role.STOP, side.opposite),
        (2, Role.TARGET, side.opposite),
    )
]

fills = st.builds(
    execution,
    st.integers(1, 12),
    st.sampled_from([*REFS, "", "other:1:1.0"]),
    st.sampled_from(list(Action)),
    st.integers(1, 60),
    price=st.integers(90, 110).map(str),
    contract=st.sampled_from([SPY, AMD]),
)
"""Fills of ours and of others; the same number is the same fill, so the first one wins."""

adjustments = st.builds(
    PositionAdjusted,
    at_ns=st.just(5),
    contract=st.sampled_from([SPY, AMD]),
    before=st.just(Decimal(0)),
    after=st.integers(-90, 90).map(Decimal),
    average_cost=st.integers(90, 110).map(Decimal),
    reason=st.just("test"),
)
changes = st.builds(
    state, st.sampled_from(REFS), st.sampled_from(OrderState), perm_id=st.integers(0, 9)
)
anything = st.lists(
    st.one_of(
        fills.map(booked),
        fills.map(lambda fill: CommissionRecorded(at_ns=5, report=commission(fill))),
        adjustments,
        changes,
        st.builds(epoch, st.integers(1, 4)),
    ),
    max_size=40,
)


def accepted(records: list[AnyRecord]) -> tuple[Ledger, list[AnyRecord]]:
    """Return the ledger of *records* and those of them that it did not refuse."""
    ledger, kept = Ledger(), []
    for record in [epoch(), *INTENTS, *records]:
        try:
            ledger.apply(record)
        except InvariantError:
            continue
        kept.append(record)
    return ledger, kept


def firsts(executions: list[Execution]) -> list[Execution]:
    """Return the first of each fill."""
    seen: dict[str, Execution] = {}
    for each in executions:
        seen.setdefault(execution_key(each.exec_id), each)
    return list(seen.values())


@given(anything)
def test_replay_is_the_live_ledger(records: list[AnyRecord]) -> None:
    """Also through the bytes of the journal, and whatever was refused on the way (I8)."""
    live, kept = accepted(records)
    assert fold(kept) == live
    assert fold(decode(1, encode(record)) for record in kept) == live


@given(st.lists(fills, max_size=30))
def test_a_position_is_the_sum_of_its_signed_fills(executions: list[Execution]) -> None:
    """I9."""
    ledger = ledger_of(*INTENTS, *map(booked, executions))
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for fill in firsts(executions):
        sums[fill.contract.con_id] += fill.quantity * fill.action.sign
    assert {con_id: book.quantity for con_id, book in ledger.positions.items()} == sums


@given(st.lists(fills, min_size=1, max_size=20), st.data())
def test_applying_a_fill_again_changes_nothing(
    executions: list[Execution], data: st.DataObject
) -> None:
    records = [booked(fill) for fill in firsts(executions)]
    repeated = data.draw(st.lists(st.sampled_from(records), max_size=10))
    assert ledger_of(*INTENTS, *records, *repeated) == ledger_of(*INTENTS, *records)


@given(st.lists(fills, min_size=1, max_size=12), st.integers(1, 70), st.data())
def test_a_correction_replaces_what_it_corrects(
    executions: list[Execution], quantity: int, data: st.DataObject
) -> None:
    """Positions, their average and P&L are as if the wrong fill had never been heard of."""
    known = firsts(executions)
    wrong = data.draw(st.sampled_from(known))
    right = msgspec.structs.replace(
        booked(wrong),
        execution=execution(
            int(wrong.exec_id.split(".")[1], 16),
            wrong.order_ref,
            wrong.action,
            quantity,
            price=str(wrong.price),
            revision=2,
            contract=wrong.contract,
        ),
    )
    later = [booked(fill) for fill in known]
    place = data.draw(st.integers(later.index(booked(wrong)) + 1, len(later)))
    later.insert(place, right)
    later.append(booked(wrong))
    instead = [right if record == booked(wrong) else record for record in map(booked, known)]
    corrected, direct = ledger_of(*INTENTS, *later), ledger_of(*INTENTS, *instead)
    assert corrected.executions == direct.executions
    assert corrected.positions == direct.positions
    assert [e.filled for e in corrected.orders.values()] == [
        e.filled for e in direct.orders.values()
    ]


@given(st.lists(fills, min_size=1, max_size=20), st.integers(90, 110))
def test_no_money_is_made_or_lost_by_booking(executions: list[Execution], mark: int) -> None:
    """Realised P&L and what is open, at any price, are what all fills paid and received."""
    ledger = ledger_of(*INTENTS, *map(booked, executions))
    worth: dict[int, Decimal] = defaultdict(Decimal)
    for fill in firsts(executions):
        worth[fill.contract.con_id] += fill.quantity * fill.action.sign * (mark - fill.price)
    for con_id, book in ledger.positions.items():
        total = book.realized_pnl + book.quantity * (mark - book.average_price)
        assert abs(total - worth[con_id]) < Decimal("1e-15")


@given(anything)
def test_open_orders_and_live_units_are_what_a_walk_over_everything_finds(
    records: list[AnyRecord],
) -> None:
    """The indexes never drift from the books they index."""
    ledger, _ = accepted(records)
    open_refs = {ref for ref, entry in ledger.orders.items() if not entry.state.terminal}
    assert {entry.order.order_ref for entry in ledger.open_orders()} == open_refs
    live = {
        ref
        for ref, unit in ledger.units.items()
        if unit.open_quantity or open_refs.intersection(unit.order_refs)
    }
    assert {unit.unit for unit in ledger.live_units()} == live


@given(anything)
def test_a_unit_never_holds_less_than_nothing(records: list[AnyRecord]) -> None:
    ledger, _ = accepted(records)
    for unit in ledger.units.values():
        assert unit.open_quantity >= 0
        assert unit.closed_outside >= 0


@settings(max_examples=50)
@given(st.lists(changes, max_size=40))
def test_an_order_only_makes_moves_of_the_table(records: list[AnyRecord]) -> None:
    """I10: terminal is terminal, but for what the table says."""
    ledger = ledger_of(*INTENTS)
    for record in records:
        before = {ref: entry.state for ref, entry in ledger.orders.items()}
        try:
            ledger.apply(record)
        except InvariantError:
            assert {ref: entry.state for ref, entry in ledger.orders.items()} == before
        for ref, entry in ledger.orders.items():
            assert entry.state is before[ref] or entry.state in MOVES[before[ref]]
