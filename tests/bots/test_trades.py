"""The arithmetic of a trade, whatever the order in which its fills are found."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.bots.ps60_state import Ps60State
from ibelay.bots.scanner import Side, SliceName
from ibelay.bots.trades import ExitReason, Slice, Trade
from ibelay.model.contract import Contract
from ibelay.model.ids import UnitRef
from ibelay.model.order import Role

Fact = tuple[int, Role, Decimal, Decimal]

SIZES = {SliceName.PARTIAL: 6, SliceName.TARGET1: 3, SliceName.TARGET2: 3}
PRICES = st.decimals(min_value=1, max_value=900, places=2)


def trade(side: Side) -> Trade:
    return Trade(
        symbol="TSLA",
        contract=Contract(symbol="TSLA"),
        side=side,
        pivot=Decimal(445),
        attempt=1,
        session_date="2013-10-08",
        placed_ns=1,
        initial_stop=Decimal(443),
        stop_price=Decimal(443),
        slices=[
            Slice(
                name=name,
                unit=UnitRef(f"ps60:1:{number}"),
                quantity=Decimal(size),
                target=Decimal(450),
            )
            for number, (name, size) in enumerate(SIZES.items())
        ],
    )


@st.composite
def whole_trades(draw: st.DrawFn) -> list[Fact]:
    """Return the fills of a trade that begins and ends, in pieces of one share."""
    facts: list[Fact] = []
    for number, size in enumerate(SIZES.values()):
        for _ in range(size):
            way_out = draw(st.sampled_from([Role.STOP, Role.TARGET, Role.EXIT]))
            facts.append((number, Role.ENTRY, Decimal(1), draw(PRICES)))
            facts.append((number, way_out, Decimal(1), draw(PRICES)))
    return facts


@given(
    facts=whole_trades(),
    side=st.sampled_from(Side),
    chance=st.randoms(use_true_random=False),
)
def test_fills_in_any_order_end_flat_with_the_money_that_was_made(
    facts: list[Fact], side: Side, chance: Random
) -> None:
    """Daily P&L is a sum of differences: it has to arrive at the exact total."""
    made = Decimal(0)
    for _number, role, quantity, price in facts:
        made += (1 if role is not Role.ENTRY else -1) * side.sign * quantity * price
    chance.shuffle(facts)
    one, daily = trade(side), Decimal(0)
    for number, role, quantity, price in facts:
        assert not one.over
        before, part = one.pnl, one.slices[number]
        if role is Role.ENTRY:
            one.enter(part, quantity, price, at_ns=5)
        else:
            one.leave(part, role, quantity, price, 7, recovered=True)
        daily += one.pnl - before
    assert one.over
    assert one.remaining == 0
    assert one.pnl == daily == made
    assert sum(row.quantity for row in one.exits) == sum(SIZES.values())


@pytest.mark.parametrize(
    ("side", "expected"), [(Side.LONG, Decimal("445.26")), (Side.SHORT, Decimal("445.25"))]
)
def test_break_even_is_rounded_away_from_a_loss(side: Side, expected: Decimal) -> None:
    one = trade(side)
    assert one.break_even_price(Decimal("0.01")) is None
    for part, price in zip(one.slices, ("445.25", "445.26", "445.25"), strict=True):
        one.enter(part, part.quantity, Decimal(price), at_ns=5)
    assert one.break_even_price(Decimal("0.01")) == expected


def test_what_the_broker_closed_is_flat_at_unknown_profit_until_its_fill_is_found() -> None:
    one = trade(Side.LONG)
    part = one.slices[0]
    one.enter(part, Decimal(6), Decimal(100), at_ns=5)
    assert one.close_outside(7) == Decimal(6)
    assert (one.remaining, one.pnl) == (Decimal(0), Decimal(0))
    one.leave(part, Role.STOP, Decimal(2), Decimal(99), 6, recovered=True)
    assert (one.remaining, one.pnl) == (Decimal(0), Decimal(-2))
    assert {row.reason: int(row.quantity) for row in one.exits} == {
        ExitReason.CLOSED_AT_BROKER: 4,
        ExitReason.STOP: 2,
    }


def test_a_settled_trade_is_in_one_list_only() -> None:
    one, state = trade(Side.LONG), Ps60State(session_date="2013-10-08")
    state.settle(one, 5)
    state.settle(one, 6)
    assert (len(state.open_trades), len(state.closed_trades)) == (1, 0)
    for part in one.slices:
        part.entry_ended = True
    state.settle(one, 7)
    state.settle(one, 8)
    assert (len(state.open_trades), len(state.closed_trades), one.closed_ns) == (0, 1, 7)
