"""A strategy that does what a scenario's plan says, and remembers what it was told.

Rules:
1. What is due is done with the first bar at or after its time; an entry that is refused is asked
   for again with the next bar, as a strategy does that wants to be in.
2. How far the plan has come and what was told of fills is its durable state: a turn that is lost
   in a crash was never told.
3. Bars are noted outside the process: seeing one twice is no fault, missing one is.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from ibelay.model.contract import Contract
from ibelay.model.ids import UnitRef
from ibelay.model.market import Bar
from ibelay.model.order import Action
from ibelay.runtime.strategy import Desk, Fill, OrderUpdate, Refused
from ibelay.testing.matrix.plan import CancelEntry, Close, Enter, MoveStop, Planned

VALID_S = 30.0


class ScriptedState(msgspec.Struct):
    """What must survive a crash: how much of the plan is done, and what was told."""

    session_date: str
    done: list[int] = msgspec.field(default_factory=list)
    fills: dict[str, str] = msgspec.field(default_factory=dict)


class Scripted:
    """See the module's docstring.

    Args:
        plan: The acts of a strategy, with their times.
        symbols: What it streams.
        began_market_ns: What the plan's times count from, ns since the epoch, UTC.
        saw: Notes a bar, by its symbol and by when it began (ns since the epoch, UTC).
    """

    name = "scripted"
    state_type = ScriptedState

    def __init__(
        self,
        plan: tuple[Planned, ...],
        symbols: tuple[str, ...],
        *,
        began_market_ns: int,
        saw: Callable[[str, int], None],
    ) -> None:
        self._plan = plan
        self._symbols = symbols
        self._began_ns = began_market_ns
        self._saw = saw

    def initial_state(self, session_date: str) -> ScriptedState:
        """Begin with nothing done."""
        return ScriptedState(session_date=session_date)

    def carry_over(self, state: ScriptedState, session_date: str) -> ScriptedState:
        """Keep everything: a plan outlives a night."""
        return ScriptedState(session_date=session_date, done=state.done, fills=state.fills)

    def contracts(self, state: ScriptedState) -> tuple[Contract, ...]:
        """Stream the symbols."""
        del state
        return tuple(Contract(symbol=symbol) for symbol in self._symbols)

    def on_bar(self, state: ScriptedState, desk: Desk, contract: Contract, bar: Bar) -> None:
        """Note the bar, and do what is due in its symbol."""
        self._saw(contract.symbol, bar.at_ns)
        for number, planned in enumerate(self._plan):
            act = planned.act
            due = self._began_ns + planned.at_ns <= desk.now_ns
            mine = getattr(act, "symbol", "") == contract.symbol
            if due and mine and number not in state.done and self._does(desk, act, contract, bar):
                state.done.append(number)

    def on_fill(self, state: ScriptedState, desk: Desk, fill: Fill) -> None:
        """Remember what was bought and sold."""
        del desk
        symbol = fill.contract.symbol
        told = Decimal(state.fills.get(symbol, "0")) + fill.quantity * fill.action.sign
        state.fills[symbol] = str(told)

    def on_order(self, state: ScriptedState, desk: Desk, update: OrderUpdate) -> None:
        """Leave orders to the runtime."""

    def why_not_trading(self, state: ScriptedState) -> str:
        """Say how far the plan has come."""
        return f"{len(state.done)} of {len(self._plan)} acts done"

    def _does(self, desk: Desk, act: object, contract: Contract, bar: Bar) -> bool:
        """Return whether *act* was taken, or is somebody else's."""
        match act:
            case Enter():
                return not isinstance(self._enter(desk, act, contract, bar), Refused)
            case CancelEntry():
                for view in desk.units(contract):
                    desk.cancel(view.unit, reason="the plan says so")
            case MoveStop(stop=stop):
                for view in desk.units(contract):
                    desk.move_stop(view.unit, bar.close - stop, reason="the plan says so")
            case Close():
                for view in desk.units(contract):
                    desk.close(view.unit, reason="the plan says so")
            case _:
                pass
        return True

    def _enter(self, desk: Desk, act: Enter, contract: Contract, bar: Bar) -> UnitRef | Refused:
        return desk.bracket(
            contract,
            Action.BUY,
            act.quantity,
            stop_price=bar.close - act.stop,
            target_price=None if act.target is None else bar.close + act.target,
            entry_limit=None if act.below is None else bar.close - act.below,
            reason="the plan says so",
            valid_s=VALID_S,
        )
