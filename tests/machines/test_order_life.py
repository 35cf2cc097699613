"""What each state of an order may become, and what IB's words prove."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.machines.order_life import MOVES, conclude, may_become
from ibelay.model.order import BrokerOrderStatus, OrderState

HALF, WHOLE = Decimal(25), Decimal(50)
LIVE = [state for state in OrderState if not state.terminal]
OVER = {BrokerOrderStatus.CANCELLED, BrokerOrderStatus.API_CANCELLED}


def test_the_table_speaks_of_every_state_and_none_becomes_itself() -> None:
    assert set(MOVES) == set(OrderState)
    assert not any(may_become(state, state) for state in OrderState)


def test_every_order_can_end_in_every_way_its_state_allows() -> None:
    """Whatever is not over may yet fill, be cancelled or be rejected."""
    ends = {OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED}
    assert all(ends <= MOVES[state] for state in LIVE)


def test_only_what_was_never_acknowledged_can_be_absent() -> None:
    """A working order that is nowhere is unknown first."""
    absent = {state for state in OrderState if may_become(state, OrderState.ABSENT)}
    assert absent == {OrderState.INTENDED, OrderState.SENT, OrderState.UNKNOWN}


def test_nothing_goes_back_to_being_sent() -> None:
    """An order is sent once (I2): no state leads to INTENDED, and only INTENDED to SENT."""
    assert not any(may_become(state, OrderState.INTENDED) for state in OrderState)
    assert {s for s in OrderState if may_become(s, OrderState.SENT)} == {OrderState.INTENDED}


def test_filled_is_the_one_end_nothing_follows() -> None:
    """The other ends are left by a fill, or by a resurrection (I10)."""
    assert MOVES[OrderState.FILLED] == frozenset()
    for state in (OrderState.CANCELLED, OrderState.REJECTED):
        assert MOVES[state] == {OrderState.FILLED, OrderState.WORKING}


@pytest.mark.parametrize(
    "status",
    [status for status in BrokerOrderStatus if status not in OVER],
    ids=str,
)
@pytest.mark.parametrize("state", LIVE, ids=str)
def test_any_word_but_cancelled_proves_that_the_order_arrived(
    state: OrderState, status: BrokerOrderStatus
) -> None:
    """Inactive may wait for the open, PendingCancel may fill, Filled may precede its fills."""
    assert conclude(state, status, HALF, WHOLE) is OrderState.WORKING


@pytest.mark.parametrize("status", sorted(OVER), ids=str)
def test_cancelled_is_believed(status: BrokerOrderStatus) -> None:
    assert conclude(OrderState.WORKING, status, HALF, WHOLE) is OrderState.CANCELLED


@pytest.mark.parametrize("status", list(BrokerOrderStatus), ids=str)
def test_executions_outweigh_every_word(status: BrokerOrderStatus) -> None:
    """Also Cancelled: the cancel lost its race (F22)."""
    assert conclude(OrderState.WORKING, status, WHOLE, WHOLE) is OrderState.FILLED


@given(
    st.sampled_from([s for s in OrderState if s.terminal and s is not OrderState.ABSENT]),
    st.sampled_from(BrokerOrderStatus),
    st.integers(0, 60).map(Decimal),
)
def test_no_word_changes_what_is_over(
    state: OrderState, status: BrokerOrderStatus, filled: Decimal
) -> None:
    """A late message about a finished order is no news (I10)."""
    assert conclude(state, status, filled, WHOLE) is state


@given(
    st.sampled_from(OrderState),
    st.sampled_from(BrokerOrderStatus),
    st.integers(0, 60).map(Decimal),
)
def test_what_is_concluded_is_a_move_of_the_table(
    state: OrderState, status: BrokerOrderStatus, filled: Decimal
) -> None:
    """So the ledger never refuses what a message proves."""
    after = conclude(state, status, filled, WHOLE)
    assert after is state or may_become(state, after)
