"""A strategy in a hurry: it decides on fills and on the ends of orders, not only on bars.

Such strategies find windows that one of bars alone never sees: a fill that is recovered while the
books are still being compared, a stop that is moved before the broker has shown it, an entry
that is tried again as soon as the first is said to be gone.
"""

from __future__ import annotations

from ibelay.model.contract import Contract
from ibelay.model.ids import UnitRef
from ibelay.model.market import Bar
from ibelay.model.order import OrderState, Role
from ibelay.runtime.strategy import Desk, Fill, OrderUpdate, Refused
from ibelay.testing.simulation.busy import QUANTITY, STOP, TICK, Busy, BusyState, off

_GONE = frozenset({OrderState.ABSENT, OrderState.CANCELLED, OrderState.REJECTED})
_NUDGE_TICKS = 3
_PATIENCE_BARS, _HOLD_BARS = 5, 60


class Eager:
    """Trades on bars as ``Busy`` does, and on what befalls its orders besides.

    Args:
        symbols: What it trades.
    """

    name = "eager"
    state_type = BusyState

    def __init__(self, symbols: tuple[str, ...] = ("SPY",)) -> None:
        self._busy = Busy(symbols, patience_bars=_PATIENCE_BARS, hold_bars=_HOLD_BARS)

    def initial_state(self, session_date: str) -> BusyState:
        """Begin with nothing."""
        return self._busy.initial_state(session_date)

    def carry_over(self, state: BusyState, session_date: str) -> BusyState:
        """Carry over what ``Busy`` does."""
        return self._busy.carry_over(state, session_date)

    def contracts(self, state: BusyState) -> tuple[Contract, ...]:
        """Stream the symbols."""
        return self._busy.contracts(state)

    def on_bar(self, state: BusyState, desk: Desk, contract: Contract, bar: Bar) -> None:
        """Do as ``Busy`` does."""
        self._busy.on_bar(state, desk, contract, bar)

    def on_fill(self, state: BusyState, desk: Desk, fill: Fill) -> None:
        """Nudge the stop of what has just been entered; reverse when a stop has closed it all."""
        self._busy.on_fill(state, desk, fill)
        views = {view.unit: view for view in desk.units(fill.contract)}
        view = views.get(fill.unit)
        if fill.role is Role.ENTRY and view is not None and view.stop_price:
            price = view.stop_price - view.action.sign * _NUDGE_TICKS * TICK
            desk.move_stop(UnitRef(fill.unit), price, reason="more room")
        flat = not views and not desk.position(fill.contract)
        if fill.role is Role.STOP and flat and not desk.cannot_enter:
            way = fill.action
            unit = desk.bracket(
                fill.contract,
                way,
                QUANTITY,
                stop_price=off(fill.price, -STOP * way.sign),
                target_price=off(fill.price, STOP * way.sign),
                reason="the other way",
            )
            if not isinstance(unit, Refused):
                state.entered[unit] = state.bars

    def on_order(self, state: BusyState, desk: Desk, update: OrderUpdate) -> None:
        """Enter again with the next bar if an entry has come to nothing."""
        del desk
        if update.role is Role.ENTRY and update.state in _GONE and not update.filled:
            state.flat_since[update.contract.symbol] = 0

    def why_not_trading(self, state: BusyState) -> str:
        """Say what it waits for."""
        return self._busy.why_not_trading(state)
