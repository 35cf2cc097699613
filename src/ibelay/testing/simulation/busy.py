"""A strategy that is always in the middle of something, so that faults meet every state.

What it does depends on the bars alone, never on chance: market and limit entries, one slice
or two, stops that move, entries that are cancelled, positions that are closed early.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ibelay.model.contract import Contract
from ibelay.model.ids import UnitRef
from ibelay.model.market import Bar
from ibelay.model.order import Action, Role
from ibelay.runtime.strategy import Desk, Fill, OrderUpdate, Refused

TICK = Decimal("0.01")
NEAR, FAR, STOP = Decimal("0.0004"), Decimal("0.0012"), Decimal("0.0008")
QUANTITY = Decimal(50)
REST_BARS = 6
PATIENT_BARS = 180
PATIENCE_BARS = 24
HOLD_BARS = 120


class BusyState(msgspec.Struct):
    """What must survive a crash."""

    session_date: str
    bars: int = 0
    entries: int = 0
    fills: int = 0
    flat_since: dict[str, int] = msgspec.field(default_factory=dict)
    entered: dict[str, int] = msgspec.field(default_factory=dict)


class Busy:
    """See the module's docstring.

    Args:
        symbols: What it trades.
        rest_bars: How many bars it stays flat between two trades.
        patience_bars: After how many bars an entry that does not fill is cancelled.
        hold_bars: After how many bars what is held is closed.
    """

    name = "busy"
    state_type = BusyState

    def __init__(
        self,
        symbols: tuple[str, ...] = ("SPY",),
        *,
        rest_bars: int = REST_BARS,
        patience_bars: int = PATIENCE_BARS,
        hold_bars: int = HOLD_BARS,
    ) -> None:
        self._symbols = symbols
        self._rest_bars = rest_bars
        self._patience_bars = patience_bars
        self._hold_bars = hold_bars

    def initial_state(self, session_date: str) -> BusyState:
        """Begin with nothing."""
        return BusyState(session_date=session_date)

    def carry_over(self, state: BusyState, session_date: str) -> BusyState:
        """Keep the moments of entry, so that what is held is closed in time."""
        return BusyState(session_date=session_date, bars=state.bars, entered=state.entered)

    def contracts(self, state: BusyState) -> tuple[Contract, ...]:
        """Stream the symbols."""
        del state
        return tuple(Contract(symbol=symbol) for symbol in self._symbols)

    def on_bar(self, state: BusyState, desk: Desk, contract: Contract, bar: Bar) -> None:
        """Enter when flat for a while; otherwise look after what is open."""
        state.bars += 1
        units = desk.units(contract)
        if units:
            self._tend(state, desk, contract)
            return
        if desk.position(contract):
            return
        since = state.flat_since.setdefault(contract.symbol, state.bars)
        if state.bars - since >= self._rest_bars and not desk.cannot_enter:
            del state.flat_since[contract.symbol]
            self._enter(state, desk, contract, bar)

    def on_fill(self, state: BusyState, desk: Desk, fill: Fill) -> None:
        """When one slice has reached its target, the other's stop goes to break-even."""
        state.fills += 1
        if fill.role is not Role.TARGET:
            return
        for view in desk.units(fill.contract):
            if view.unit != fill.unit and view.open_quantity and view.average_entry_price:
                price = view.average_entry_price.quantize(TICK)
                desk.move_stop(UnitRef(view.unit), price, reason="break-even")

    def on_order(self, state: BusyState, desk: Desk, update: OrderUpdate) -> None:
        """Nothing depends on order states here."""

    def why_not_trading(self, state: BusyState) -> str:
        """Say what it waits for."""
        del state
        return "waiting to be flat"

    def _enter(self, state: BusyState, desk: Desk, contract: Contract, bar: Bar) -> None:
        """Go with the bar; the count of entries chooses how."""
        way = Action.BUY if bar.close >= bar.open else Action.SELL
        reaches = (NEAR, FAR) if state.entries % 2 else (NEAR,)
        limit = off(bar.close, -NEAR * way.sign) if state.entries % 3 == 2 else None
        for reach in reaches:
            unit = desk.bracket(
                contract,
                way,
                QUANTITY,
                stop_price=off(bar.close, -STOP * way.sign),
                target_price=None if state.entries % 5 == 4 else off(bar.close, reach * way.sign),
                entry_limit=limit,
                reason=f"entry {state.entries}",
                valid_s=30.0,
            )
            if isinstance(unit, Refused):
                return
            state.entered[unit] = state.bars
        state.entries += 1

    def _tend(self, state: BusyState, desk: Desk, contract: Contract) -> None:
        """Cancel entries that do not fill, close what is held for too long."""
        open_units = desk.units(contract)
        for view in open_units:
            age = state.bars - state.entered.get(view.unit, state.bars)
            if view.pending and not view.open_quantity and age == self._patience_bars:
                desk.cancel(view.unit, reason="the entry does not fill")
            elif view.open_quantity and age == self._hold_bars:
                desk.close(view.unit, reason="held for long enough")
        known = {view.unit for view in open_units}
        state.entered = {unit: at for unit, at in state.entered.items() if unit in known}


def patient(symbols: tuple[str, ...] = ("SPY",)) -> Busy:
    """Return one that trades a few times an hour, as for days that are simulated whole."""
    return Busy(symbols, rest_bars=PATIENT_BARS)


def off(price: Decimal, share: Decimal) -> Decimal:
    """Return *price* moved by *share* of itself, on the tick."""
    return (price * (1 + share)).quantize(TICK)
