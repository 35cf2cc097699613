"""The strategy API: a strategy is a function of its durable state, one turn at a time.

Rules:
1. Handlers are synchronous and take ``(state, desk, …)``. Whatever a handler changes in
   *state* and asks of *desk* becomes **one journal transaction**, together with the event
   it reacted to; orders leave after that transaction is on disk. A crash before it means
   the event comes again; a crash after it means it does not.
2. A handler reads no clock, draws no chance and does no I/O: ``desk.now_ns`` is broker
   time, so the same code runs live, in replay and in simulation.
3. Every fill is handed to ``on_fill`` exactly once, also those of an outage or a crash
   (then ``fill.recovered`` is True).
4. A handler that raises loses its turn: state and decisions of that turn are dropped,
   and the failure is an incident. Stops at the broker are not touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, TypeVar

import msgspec

from ibelay.model.contract import Contract
from ibelay.model.ids import OrderRef, UnitRef
from ibelay.model.market import Bar, Quote
from ibelay.model.order import Action, OrderState, Role

StateT = TypeVar("StateT", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A fill of one of this bot's orders, or what a correction makes of one.

    A correction is two fills: the earlier one taken back, with a negative quantity at its price,
    then the right one. Sums of quantities, and of quantities times prices, stay true by adding.

    Attributes:
        recovered: It was missed live.
        correction: One of the two; or, with a negative quantity, a report that takes another
            one back (F34).
    """

    unit: UnitRef
    order_ref: OrderRef
    role: Role
    contract: Contract
    action: Action
    quantity: Decimal
    price: Decimal
    at_ns: int
    recovered: bool
    correction: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUpdate:
    """Our conclusion about one of this bot's orders changed."""

    unit: UnitRef
    order_ref: OrderRef
    role: Role
    contract: Contract
    state: OrderState
    filled: Decimal
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitView:
    """A bracket or single order, as the ledger sees it now.

    ``open_quantity`` is entry fills minus exit fills (always ≥ 0); ``pending`` is True
    while the entry may still fill; ``stop_price`` is the working stop's, or None.
    """

    unit: UnitRef
    contract: Contract
    action: Action
    open_quantity: Decimal
    pending: bool
    average_entry_price: Decimal | None
    stop_price: Decimal | None
    realized_pnl: Decimal


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry was not taken; *reason* is a sentence for the log and the status page."""

    reason: str


class Desk(Protocol):
    """What a strategy may see and ask for within one turn."""

    @property
    def now_ns(self) -> int:
        """Broker time, nanoseconds since the epoch, UTC."""
        ...

    @property
    def session_date(self) -> str:
        """US/Eastern date of ``now_ns`` as YYYY-MM-DD."""
        ...

    @property
    def cannot_enter(self) -> str:
        """Why entries are refused now, or an empty string when they are allowed."""
        ...

    def position(self, contract: Contract) -> Decimal:
        """Signed quantity held in our book."""
        ...

    def units(self, contract: Contract | None = None) -> list[UnitView]:
        """Units with something open or pending, oldest first."""
        ...

    def quote(self, contract: Contract) -> Quote | None:
        """Latest top of book, or None before the first."""
        ...

    def bracket(
        self,
        contract: Contract,
        action: Action,
        quantity: Decimal,
        *,
        stop_price: Decimal,
        target_price: Decimal | None,
        entry_limit: Decimal | None = None,
        reason: str,
        valid_s: float = 30.0,
    ) -> UnitRef | Refused:
        """Enter with a stop (and a target) at the broker; market entry if no limit is given.

        The intent is dropped unsent if *valid_s* seconds of broker time pass first.
        """
        ...

    def move_stop(self, unit: UnitRef, price: Decimal, *, reason: str) -> None:
        """Change the price of the unit's working stop."""
        ...

    def close(self, unit: UnitRef, *, reason: str) -> None:
        """Cancel the unit's exits and close what it holds at market."""
        ...

    def cancel(self, unit: UnitRef, *, reason: str) -> None:
        """Cancel the unit's entry if it is still working."""
        ...

    def note(self, text: str) -> None:
        """Write a line into the journal and the log."""
        ...


class Strategy(Protocol[StateT]):
    """A trading strategy. Keep everything that matters in *state*; objects may vanish."""

    name: str
    state_type: type[StateT]

    def initial_state(self, session_date: str) -> StateT:
        """Return the state to begin a session with (no state, or another day's)."""
        ...

    def carry_over(self, state: StateT, session_date: str) -> StateT:
        """Return today's state made from one of an earlier session (S4)."""
        ...

    def contracts(self, state: StateT) -> tuple[Contract, ...]:
        """Return what to stream quotes and 5-second bars of."""
        ...

    def on_bar(self, state: StateT, desk: Desk, contract: Contract, bar: Bar) -> None:
        """A 5-second bar closed. Bars missed in an outage come first, oldest first."""
        ...

    def on_fill(self, state: StateT, desk: Desk, fill: Fill) -> None:
        """One of our orders filled, wholly or in part."""
        ...

    def on_order(self, state: StateT, desk: Desk, update: OrderUpdate) -> None:
        """Our conclusion about one of our orders changed."""
        ...

    def why_not_trading(self, state: StateT) -> str:
        """Say what the strategy waits for, in one clause ("warming up: 12 of 20 bars")."""
        ...


AnyStrategy = Strategy[Any]
FUNCTIONS = (
    *("initial_state", "carry_over", "contracts"),
    *("on_bar", "on_fill", "on_order", "why_not_trading"),
)
MEMBERS = ("name", "state_type", *FUNCTIONS)
