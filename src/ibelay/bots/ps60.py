"""ps60: trades break-outs of the day's pivots, in three slices, each with its own stop.

Rules:
1. A break-out is a 5-second bar that closes beyond the pivot when the bar before it did not,
   after a warm-up of 20 bars (100 s) of the symbol. Every bar of the session counts for the
   warm-up, backfilled ones too; a crash does not restart it.
2. No break-out is chased: a bar that ended more than ``patience_s`` of broker time ago (it was
   backfilled) or lies outside the entry hours counts as a bar and enters nothing.
3. At most 2 attempts per symbol, pivot and side. An attempt counts when it was placed, also if
   its entry then ends without a fill.
4. Never an entry in a symbol with a position or a pending unit, whoever opened it (S7).
5. An attempt is three brackets placed in one turn: half leaves at the partial, a quarter at
   target1, the rest at target2. So every share has a stop and a target at the broker even when
   this process is dead, and no order group needs our help to stay consistent.
6. When the half left at the partial (``PARTIAL_50``), the other stops move to break-even: the
   average entry price, rounded to a tick where it cannot lose. The same when that fill is only
   found after an outage; if the price is back by then, the moved stop closes the rest at once.
7. A trade the broker closed while we were away leaves the book with a note; its P&L is booked
   if the fills turn up.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

from ibelay.bots.ps60_state import Block, Ps60State
from ibelay.bots.scanner import Scanner, Setup
from ibelay.bots.trades import Slice, Trade
from ibelay.model.contract import Contract
from ibelay.model.market import Bar
from ibelay.model.order import OrderState, Role
from ibelay.runtime.strategy import Desk, Fill, OrderUpdate, Refused

WARM_UP_BARS = 20
MAX_ATTEMPTS = 2
BAR_NS = 5_000_000_000
_SECOND_NS = 1_000_000_000
_INSIST_BARS = 12  # ask again for a break-even stop once a minute
_NEW_YORK = ZoneInfo("America/New_York")


class Ps60:
    """The pivot break-out strategy.

    Args:
        scanner: Today's setups.
        tick: Smallest price step, for the break-even stop.
        patience_s: Broker seconds a break-out stays good, for the bar to reach us and for the
            order to leave. Under an accelerated clock these are seconds of the market's clock.
        entry_hours: New York times between which entries are allowed. Outside the regular
            session IB holds stops back, so entries there would be unprotected.
    """

    name: str = "ps60"
    state_type: type[Ps60State] = Ps60State

    def __init__(
        self,
        scanner: Scanner,
        *,
        tick: Decimal = Decimal("0.01"),
        patience_s: float = 30.0,
        entry_hours: tuple[dt.time, dt.time] = (dt.time(9, 30), dt.time(15, 55)),
    ) -> None:
        self.scanner = scanner
        self._tick = tick
        self._patience_s = patience_s
        self._opens, self._ends = entry_hours

    def initial_state(self, session_date: str) -> Ps60State:
        """Return an empty state: no attempts, no bars, no trades."""
        return Ps60State(session_date=session_date)

    def carry_over(self, state: Ps60State, session_date: str) -> Ps60State:
        """Return today's state: of an earlier session only the open trades are kept (S4)."""
        return Ps60State(session_date=session_date, open_trades=list(state.open_trades))

    def contracts(self, state: Ps60State) -> tuple[Contract, ...]:
        """Return the scanner's symbols, and those still held from an earlier day."""
        held = {trade.symbol: trade.contract for trade in state.open_trades}
        wanted = {symbol: Contract(symbol=symbol) for symbol in self.scanner.symbols}
        return tuple((wanted | held).values())

    def on_bar(self, state: Ps60State, desk: Desk, contract: Contract, bar: Bar) -> None:
        """Count the bar, look after the open trade, and enter on a break-out."""
        bars = state.bars_of(contract.symbol)
        if bar.at_ns <= bars.last_ns:
            return  # seen before: a backfill may overlap the live stream
        state.started_ns = state.started_ns or bar.at_ns
        previous = bars.closes[-1] if bars.closes else None
        warm = bars.count >= WARM_UP_BARS
        bars.add(bar)
        self._look_after(state, desk, contract)
        if previous is None or not warm:
            return
        for setup in self.scanner.of(contract.symbol):
            if setup.broken_by(previous, bar.close):
                self._break_out(state, desk, contract, bar, setup)

    def on_fill(self, state: Ps60State, desk: Desk, fill: Fill) -> None:
        """Book the fill, and move the stops to break-even when it was the partial."""
        found = state.find(fill.unit)
        if found is None:
            desk.note(f"{fill.contract.symbol}: a fill of {fill.unit}, which no trade here knows")
            return
        trade, part = found
        before, was_flat = trade.pnl, trade.entered == 0
        if fill.role is Role.ENTRY:
            trade.enter(part, fill.quantity, fill.price, fill.at_ns)
            state.trades_today += was_flat and not fill.correction
        else:
            reason = trade.leave(
                part, fill.role, fill.quantity, fill.price, fill.at_ns, recovered=fill.recovered
            )
            desk.note(
                f"{trade.symbol} {reason}: {fill.quantity} at {fill.price}"
                f"{' (found after an outage)' if fill.recovered else ''}"
            )
        state.daily_pnl += trade.pnl - before
        if trade.break_even is None:
            self._break_even(state, desk, trade)
        elif fill.role is Role.ENTRY:
            desk.move_stop(part.unit, trade.break_even, reason="entered after the partial")
        state.settle(trade, desk.now_ns)

    def on_order(self, state: Ps60State, desk: Desk, update: OrderUpdate) -> None:
        """Remember the stop's reference, and release entries that ended without a fill."""
        found = state.find(update.unit)
        if found is None:
            return
        trade, part = found
        if update.role is Role.STOP:
            part.stop_ref = update.order_ref
        if update.role is not Role.ENTRY:
            return
        # False again when an order given up for ABSENT shows up after all: it may still fill.
        part.entry_ended = update.state.terminal and update.state is not OrderState.FILLED
        part.entry_final = update.filled
        state.settle(trade, desk.now_ns)
        if part.entry_ended and not update.filled:
            desk.note(
                f"{trade.symbol}: the entry of slice {part.name} ended {update.state} without a "
                f"fill ({update.reason or 'no reason given'}); attempt {trade.attempt} counts"
            )

    def why_not_trading(self, state: Ps60State) -> str:
        """Return the one thing ps60 waits for, the weightiest first."""
        if state.session_date != self.scanner.date:
            return (
                f"the scanner file is of {self.scanner.date} and this session is "
                f"{state.session_date}"
            )
        if state.open_trades:
            return "in a position or entering: " + ", ".join(t.symbol for t in state.open_trades)
        counts = {
            symbol: state.bars[symbol].count if symbol in state.bars else 0
            for symbol in self.scanner.symbols
        }
        cold = {symbol: count for symbol, count in counts.items() if count < WARM_UP_BARS}
        if cold:
            return "warming up " + ", ".join(
                f"{symbol} {count} of {WARM_UP_BARS} bars" for symbol, count in cold.items()
            )
        if all(state.attempts_at(setup) >= MAX_ATTEMPTS for setup in self.scanner.setups):
            return f"all pivots have had {MAX_ATTEMPTS} attempts"
        return "waiting for a bar to close beyond a pivot"

    def _break_out(
        self, state: Ps60State, desk: Desk, contract: Contract, bar: Bar, setup: Setup
    ) -> None:
        blocked = self._blocked(state, desk, contract, bar, setup)
        if blocked is None:
            self._enter(state, desk, contract, bar, setup)
            return
        block, why = blocked
        blocks = state.analytics.blocks
        blocks[block] = blocks.get(block, 0) + 1
        said = f"{setup.key} {block.value}"
        if block is Block.REFUSED or said not in state.noted:
            desk.note(f"{setup.key}: break-out at {bar.close} not traded: {why}")
        if said not in state.noted:
            state.noted.append(said)

    def _blocked(
        self, state: Ps60State, desk: Desk, contract: Contract, bar: Bar, setup: Setup
    ) -> tuple[Block, str] | None:
        if self.scanner.date != desk.session_date:
            return Block.OTHER_DATE, (
                f"the scanner file is of {self.scanner.date}, the session of {desk.session_date}"
            )
        if not self._opens <= _new_york_time(bar.at_ns) < self._ends:
            return Block.OUTSIDE_HOURS, f"entries are allowed {self._opens} to {self._ends}"
        age_ns = desk.now_ns - bar.at_ns - BAR_NS
        if age_ns > self._patience_s * _SECOND_NS:
            return Block.OLD_BAR, f"the bar ended {age_ns // _SECOND_NS} s ago"
        if state.open_trade(setup.symbol) or desk.position(contract) or desk.units(contract):
            return Block.DUPLICATE, "the symbol already has a position or a pending entry"
        if state.attempts_at(setup) >= MAX_ATTEMPTS:
            return Block.MAX_ATTEMPTS, f"the pivot has had {MAX_ATTEMPTS} attempts"
        if desk.cannot_enter:
            return Block.REFUSED, desk.cannot_enter
        return None

    def _enter(
        self, state: Ps60State, desk: Desk, contract: Contract, bar: Bar, setup: Setup
    ) -> None:
        slices: list[Slice] = []
        for name, quantity, target in setup.slices():
            answer = desk.bracket(
                contract,
                setup.side.entry,
                quantity,
                stop_price=setup.stop,
                target_price=target,
                reason=f"{setup.key}: closed at {bar.close}; slice {name.value}",
                valid_s=self._patience_s,
            )
            if isinstance(answer, Refused):
                blocks = state.analytics.blocks
                blocks[Block.REFUSED] = blocks.get(Block.REFUSED, 0) + 1
                desk.note(f"{setup.key}: slice {name.value} refused: {answer.reason}")
                break
            slices.append(Slice(name=name, unit=answer, quantity=quantity, target=target))
        if slices:
            self._open(state, desk, contract, setup, slices)

    def _open(
        self, state: Ps60State, desk: Desk, contract: Contract, setup: Setup, slices: list[Slice]
    ) -> None:
        entries = state.analytics.entries
        entries[setup.side] = entries.get(setup.side, 0) + 1
        state.noted = [said for said in state.noted if not said.startswith(f"{setup.symbol} ")]
        state.open_trades.append(
            Trade(
                symbol=setup.symbol,
                contract=contract,
                side=setup.side,
                pivot=setup.pivot,
                attempt=state.count_attempt(setup),
                session_date=state.session_date,
                placed_ns=desk.now_ns,
                initial_stop=setup.stop,
                stop_price=setup.stop,
                slices=slices,
            )
        )

    def _break_even(self, state: Ps60State, desk: Desk, trade: Trade) -> None:
        """Move the other stops to break-even if the partial has left (rule 6)."""
        price = trade.break_even_price(self._tick) if trade.partial_taken else None
        if price is None:
            return
        trade.break_even = trade.stop_price = price
        trade.stop_asked_bar = state.bars_of(trade.symbol).count
        for part in trade.slices:
            if part.remaining > 0:
                desk.move_stop(part.unit, price, reason="PARTIAL_50 filled: break-even")

    def _look_after(self, state: Ps60State, desk: Desk, contract: Contract) -> None:
        trade = state.open_trade(contract.symbol)
        if trade is None or trade.pending:
            return
        views = {view.unit: view for view in desk.units(contract)}
        mine = [views[part.unit] for part in trade.slices if part.unit in views]
        if not mine and not desk.position(contract):
            gone = trade.close_outside(desk.now_ns)
            desk.note(f"{trade.symbol}: {gone} shares were closed at the broker without a fill")
            state.settle(trade, desk.now_ns)
            return
        bars, sign, wanted = state.bars_of(contract.symbol).count, trade.side.sign, trade.break_even
        if wanted is None or 0 <= bars - trade.stop_asked_bar < _INSIST_BARS:
            return
        for view in mine:
            held = view.open_quantity > 0 and view.stop_price is not None
            if held and sign * (view.stop_price or wanted) < sign * wanted:
                trade.stop_asked_bar = bars
                desk.move_stop(view.unit, wanted, reason="break-even was not reached yet")


def _new_york_time(at_ns: int) -> dt.time:
    return dt.datetime.fromtimestamp(at_ns // _SECOND_NS, tz=_NEW_YORK).time()
