"""A small strategy of one's own: it buys after three rising bars, with a stop and a target.

Let it live through bad days, in virtual time, from this folder::

    ibelay simulate --strategy my_strategy:make

Its ``bot.toml`` says ``strategy = "my_strategy:make"``; then ``ibelay up bot.toml`` trades it.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ibelay.model.contract import Contract
from ibelay.model.market import Bar
from ibelay.model.order import Action
from ibelay.runtime.strategy import Desk, Fill, OrderUpdate

SPY = Contract(symbol="SPY")
CENT = Decimal("0.01")
RISING = 3


class State(msgspec.Struct):
    """What must survive a crash; everything else may vanish at any moment."""

    session_date: str
    last_close: Decimal = Decimal(0)
    rising: int = 0


class Rising:
    """See the module's docstring."""

    name = "rising"
    state_type = State

    def initial_state(self, session_date: str) -> State:
        """Begin the day with nothing."""
        return State(session_date)

    def carry_over(self, state: State, session_date: str) -> State:
        """Take nothing over from another day."""
        del state
        return State(session_date)

    def contracts(self, state: State) -> tuple[Contract, ...]:
        """Stream one stock."""
        del state
        return (SPY,)

    def on_bar(self, state: State, desk: Desk, contract: Contract, bar: Bar) -> None:
        """Count what rises; enter when flat."""
        state.rising = state.rising + 1 if bar.close > state.last_close else 0
        state.last_close = bar.close
        if state.rising < RISING or desk.units(contract) or desk.cannot_enter:
            return
        desk.bracket(
            contract,
            Action.BUY,
            Decimal(10),
            stop_price=(bar.close * Decimal("0.999")).quantize(CENT),
            target_price=(bar.close * Decimal("1.002")).quantize(CENT),
            reason=f"{state.rising} bars rose",
        )

    def on_fill(self, state: State, desk: Desk, fill: Fill) -> None:
        """Nothing to do: stop and target are at the broker."""

    def on_order(self, state: State, desk: Desk, update: OrderUpdate) -> None:
        """Nothing to do."""

    def why_not_trading(self, state: State) -> str:
        """Say what it waits for."""
        return f"{state.rising} of {RISING} bars rose"


def make() -> Rising:
    """Return the strategy."""
    return Rising()
