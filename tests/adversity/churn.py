"""A strategy that is always in the middle of something, for tests that kill.

When a symbol has been flat for some bars it enters with two brackets at once, close stops and
targets, so that within seconds of market time something is being sent, filled, moved or
cancelled. When one slice reaches its target the other's stop moves to break-even.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ibelay.model.contract import Contract
from ibelay.model.ids import UnitRef
from ibelay.model.market import Bar
from ibelay.model.order import Action, Role
from ibelay.runtime.strategy import Desk, Fill, OrderUpdate, Refused

NEAR, FAR, STOP = Decimal("0.0002"), Decimal("0.0005"), Decimal("0.0004")
TICK = Decimal("0.01")
PAUSE_BARS = 4


class ChurnState(msgspec.Struct):
    """What must survive: counts, and the slices of the present trade by symbol."""

    session_date: str
    bars: int = 0
    entries: int = 0
    fills: int = 0
    moved: int = 0
    rest: dict[str, int] = msgspec.field(default_factory=dict)
    slices: dict[str, list[str]] = msgspec.field(default_factory=dict)


class Churn:
    """See the module's docstring."""

    name = "churn"
    state_type = ChurnState

    def __init__(
        self, symbols: tuple[str, ...] = ("SPY", "AAPL"), *, patience: Decimal = Decimal(1)
    ) -> None:
        self._symbols = symbols
        self._patience = patience

    def initial_state(self, session_date: str) -> ChurnState:
        """Begin with nothing."""
        return ChurnState(session_date=session_date)

    def carry_over(self, state: ChurnState, session_date: str) -> ChurnState:
        """Keep the slices, so that an open trade stays known."""
        return ChurnState(session_date=session_date, slices=state.slices)

    def contracts(self, state: ChurnState) -> tuple[Contract, ...]:
        """Stream the symbols."""
        return tuple(Contract(symbol=symbol) for symbol in self._symbols)

    def on_bar(self, state: ChurnState, desk: Desk, contract: Contract, bar: Bar) -> None:
        """Enter if flat; the side follows the bar's direction."""
        state.bars += 1
        if desk.cannot_enter or desk.units(contract) or desk.position(contract):
            return
        rest = state.rest.get(contract.symbol, 0)
        state.rest[contract.symbol] = (rest + 1) % PAUSE_BARS
        if rest:
            return
        side = Action.BUY if bar.close >= bar.open else Action.SELL
        slices: list[str] = []
        for reach in (NEAR, FAR):
            unit = desk.bracket(
                contract,
                side,
                Decimal(50),
                stop_price=_off(bar.close, -STOP * self._patience * side.sign),
                target_price=_off(bar.close, reach * self._patience * side.sign),
                reason="churn",
                valid_s=600.0,
            )
            if isinstance(unit, Refused):
                break
            slices.append(unit)
        if slices:
            state.entries += 1
            state.slices[contract.symbol] = slices

    def on_fill(self, state: ChurnState, desk: Desk, fill: Fill) -> None:
        """Count, and move the other slice's stop when a target is reached."""
        state.fills += 1
        if fill.role is not Role.TARGET:
            return
        for view in desk.units(fill.contract):
            entry = view.average_entry_price
            if view.unit != fill.unit and view.open_quantity and entry is not None:
                desk.move_stop(UnitRef(view.unit), _off(entry, Decimal(0)), reason="break-even")
                state.moved += 1

    def on_order(self, state: ChurnState, desk: Desk, update: OrderUpdate) -> None:
        """Nothing depends on order states here."""

    def why_not_trading(self, state: ChurnState) -> str:
        """Say what it waits for."""
        return "waiting to be flat"


def _off(price: Decimal, share: Decimal) -> Decimal:
    """Return *price* moved by *share* of itself, on the tick."""
    return (price * (1 + share)).quantize(TICK)


class Failing(Churn):
    """Fails in every bar, as a strategy with a bug does."""

    def on_bar(self, state: ChurnState, desk: Desk, contract: Contract, bar: Bar) -> None:
        """Fail."""
        message = "a bug in the strategy"
        raise ZeroDivisionError(message)


def failing() -> Churn:
    """Return one that fails in every bar."""
    return Failing()


def patient() -> Churn:
    """Return one that holds for minutes: stops and targets fifty times as far."""
    return Churn(patience=Decimal(50))


def make() -> Churn:
    """Return the strategy; named in the bot's settings as ``churn:make``."""
    return Churn()
