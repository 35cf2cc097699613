"""The life of an order of ours: what each state may become, and what IB's words prove.

    INTENDED ──sent──▶ SENT ──acknowledged──▶ WORKING ──▶ FILLED | CANCELLED | REJECTED
        │               │                        │
        └──link lost / no answer / vanished──▶ UNKNOWN ──found──▶ WORKING, or an end
                                                 └──in no complete snapshot──▶ ABSENT

Rules:
1. Terminal is terminal (I10), whatever a late message says. It is left only by an execution,
   which outweighs every word, or by reconciliation, with an alarm: complete snapshots show
   that the order lives although we held it to be over (resurrected).
2. ``Inactive`` proves nothing by itself: it may be rejected, held or waiting for the open.
3. ``PendingCancel`` is still working: it may still fill.
4. ``Filled`` is believed only when executions say so: until then the order works on (a book
   is kept from executions, and IB may send the status first).

Source: shared facts section 3 (IB "Order Status" page, measured live sequences).
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.model.order import BrokerOrderStatus, OrderState

_S = OrderState

MOVES: dict[OrderState, frozenset[OrderState]] = {
    _S.INTENDED: frozenset(
        {_S.SENT, _S.WORKING, _S.UNKNOWN, _S.FILLED, _S.CANCELLED, _S.REJECTED, _S.ABSENT}
    ),
    _S.SENT: frozenset({_S.WORKING, _S.UNKNOWN, _S.FILLED, _S.CANCELLED, _S.REJECTED, _S.ABSENT}),
    _S.WORKING: frozenset({_S.UNKNOWN, _S.FILLED, _S.CANCELLED, _S.REJECTED}),
    _S.UNKNOWN: frozenset({_S.WORKING, _S.FILLED, _S.CANCELLED, _S.REJECTED, _S.ABSENT}),
    _S.FILLED: frozenset(),
    # A cancel can lose its race against a fill (F22): the execution decides.
    _S.CANCELLED: frozenset({_S.FILLED, _S.WORKING}),
    _S.REJECTED: frozenset({_S.FILLED, _S.WORKING}),
    _S.ABSENT: frozenset({_S.WORKING, _S.FILLED, _S.CANCELLED}),
}
"""From each state to those it may become. A terminal state becomes WORKING, or ABSENT becomes
anything, only by a resurrection."""

_ALIVE = frozenset(
    {
        BrokerOrderStatus.PENDING_SUBMIT,
        BrokerOrderStatus.PRE_SUBMITTED,
        BrokerOrderStatus.SUBMITTED,
        BrokerOrderStatus.PENDING_CANCEL,
        BrokerOrderStatus.API_PENDING,
        BrokerOrderStatus.INACTIVE,
        BrokerOrderStatus.FILLED,
    }
)


def may_become(before: OrderState, after: OrderState) -> bool:
    """Return whether the table has the move."""
    return after in MOVES[before]


def conclude(
    state: OrderState, status: BrokerOrderStatus, filled: Decimal, quantity: Decimal
) -> OrderState:
    """Return what an orderStatus or openOrder message proves of an order of ours.

    Args:
        state: What we held to be true.
        status: IB's word.
        filled: What our executions say is filled.
        quantity: What is filled when the order is; more than nothing.
    """
    if state.terminal and state is not OrderState.ABSENT:
        return state
    if filled >= quantity:
        return OrderState.FILLED
    if status in {BrokerOrderStatus.CANCELLED, BrokerOrderStatus.API_CANCELLED}:
        return OrderState.CANCELLED
    if status in _ALIVE:
        return OrderState.WORKING
    return state
