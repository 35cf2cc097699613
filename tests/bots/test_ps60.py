"""ps60 against a tiny broker book; after every turn the state goes to JSON and back.

The round trip makes every turn boundary a crash: what is not in the state is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

import msgspec
import pytest

from ibelay.bots.ps60 import MAX_ATTEMPTS, WARM_UP_BARS, Ps60
from ibelay.bots.ps60_state import CLOSED_TRADES_KEPT, CLOSES_KEPT, Block, Ps60State
from ibelay.bots.scanner import Scanner, Setup, Side
from ibelay.bots.trades import ExitReason
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId, UnitRef, order_ref, unit_ref
from ibelay.model.market import Bar, Quote
from ibelay.model.order import Action, OrderState, Role
from ibelay.runtime.strategy import Fill, OrderUpdate, Refused, Strategy, UnitView

DATE = "2013-10-08"
OPEN_NS = 1_381_239_000_000_000_000  # 2013-10-08 09:30 New York
BAR_NS = 5_000_000_000
TSLA = Contract(symbol="TSLA", con_id=ConId(76792991))
LEG = {Role.ENTRY: 0, Role.STOP: 1, Role.TARGET: 2, Role.EXIT: 3}

LONG = Setup(
    symbol="TSLA",
    side=Side.LONG,
    pivot=Decimal(445),
    stop=Decimal("443.10"),
    partial=Decimal("447.13"),
    target1=Decimal("460.25"),
    target2=Decimal("470.50"),
    quantity=100,
)
SHORT = Setup(
    symbol="TSLA",
    side=Side.SHORT,
    pivot=Decimal(440),
    stop=Decimal(442),
    partial=Decimal(438),
    target1=Decimal(430),
    target2=Decimal(420),
    quantity=100,
)


@dataclass
class Unit:
    """A bracket as a broker's book keeps it."""

    ref: UnitRef
    action: Action
    quantity: Decimal
    stop: Decimal
    target: Decimal | None
    entered: Decimal = Decimal(0)
    exited: Decimal = Decimal(0)
    ended: bool = False

    @property
    def open(self) -> Decimal:
        return self.entered - self.exited

    @property
    def pending(self) -> bool:
        return not self.ended and self.entered < self.quantity


@dataclass
class Book:
    """A desk of one symbol that remembers what it was asked."""

    now_ns: int = OPEN_NS
    session_date: str = DATE
    cannot_enter: str = ""
    refuse_from: int | None = None
    lent: Decimal = Decimal(0)
    book: list[Unit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    moves: list[tuple[UnitRef, Decimal]] = field(default_factory=list)

    def position(self, contract: Contract) -> Decimal:
        assert contract == TSLA
        return sum((unit.open * unit.action.sign for unit in self.book), self.lent)

    def units(self, contract: Contract | None = None) -> list[UnitView]:
        assert contract in (None, TSLA)
        return [
            UnitView(
                unit=unit.ref,
                contract=TSLA,
                action=unit.action,
                open_quantity=unit.open,
                pending=unit.pending,
                average_entry_price=None,
                stop_price=unit.stop,
                realized_pnl=Decimal(0),
            )
            for unit in self.book
            if unit.open or unit.pending
        ]

    def quote(self, contract: Contract) -> Quote | None:
        raise AssertionError(f"ps60 decides by bars, not by the quote of {contract.symbol}")

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
        assert (contract, entry_limit, valid_s) == (TSLA, None, 30.0)
        assert reason
        if self.refuse_from is not None and len(self.book) >= self.refuse_from:
            return Refused("limit of open orders")
        ref = unit_ref("ps60", 1, len(self.book) + 1)
        self.book.append(Unit(ref, action, quantity, stop_price, target_price))
        return ref

    def move_stop(self, unit: UnitRef, price: Decimal, *, reason: str) -> None:
        assert reason
        self.moves.append((unit, price))

    def close(self, unit: UnitRef, *, reason: str) -> None:
        raise AssertionError(f"ps60 leaves by its brackets: {unit} {reason}")

    def cancel(self, unit: UnitRef, *, reason: str) -> None:
        raise AssertionError(f"ps60 cancels nothing: {unit} {reason}")

    def note(self, text: str) -> None:
        self.notes.append(text)


@dataclass
class Session:
    """Turns of ps60 on one symbol, with a crash between any two of them."""

    strategy: Ps60
    desk: Book = field(default_factory=Book)
    state: Ps60State = field(default_factory=lambda: Ps60State(session_date=DATE))

    def bar(self, close: str, *, late_s: int = 0) -> None:
        at_ns = self.desk.now_ns
        self.desk.now_ns += BAR_NS
        self.desk.now_ns += late_s * 1_000_000_000
        price = Decimal(close)
        bar = Bar(at_ns=at_ns, open=price, high=price, low=price, close=price, volume=Decimal(1))
        self.strategy.on_bar(self.state, self.desk, TSLA, bar)
        self._crash()

    def warm_up(self, close: str = "444.50") -> None:
        for _ in range(WARM_UP_BARS):
            self.bar(close)

    def fill(
        self,
        number: int,
        role: Role,
        price: str,
        quantity: int = 0,
        *,
        recovered: bool = False,
        correction: bool = False,
    ) -> None:
        """Fill leg *role* of the *number*-th unit, wholly unless a quantity is given."""
        unit = self.desk.book[number]
        entering = role is Role.ENTRY
        amount = Decimal(quantity) or (unit.quantity if entering else unit.open)
        if entering:
            unit.entered += amount
        else:
            unit.exited += amount
        fill = Fill(
            unit=unit.ref,
            order_ref=order_ref(unit.ref, LEG[role]),
            role=role,
            contract=TSLA,
            action=unit.action if entering else unit.action.opposite,
            quantity=amount,
            price=Decimal(price),
            at_ns=self.desk.now_ns,
            recovered=recovered,
            correction=correction,
        )
        self.strategy.on_fill(self.state, self.desk, fill)
        self._crash()

    def order(self, number: int, role: Role, state: OrderState, filled: int = 0) -> None:
        unit = self.desk.book[number]
        unit.ended = role is Role.ENTRY and state.terminal
        update = OrderUpdate(
            unit=unit.ref,
            order_ref=order_ref(unit.ref, LEG[role]),
            role=role,
            contract=TSLA,
            state=state,
            filled=Decimal(filled),
            reason="said the book",
        )
        self.strategy.on_order(self.state, self.desk, update)
        self._crash()

    def enter(self, price: str = "445.25", *, at: str = "445.10", under: str = "444.50") -> int:
        """Break out and fill the three entries; return the first unit's number."""
        first = len(self.desk.book)
        self.bar(under)
        self.bar(at)
        for number in range(first, first + 3):
            self.fill(number, Role.ENTRY, price)
        return first

    def stop_out(self, first: int, price: str = "443.10") -> None:
        for number in range(first, first + 3):
            self.fill(number, Role.STOP, price)

    def _crash(self) -> None:
        body = msgspec.json.encode(self.state)
        self.state = msgspec.json.decode(body, type=self.strategy.state_type)


@pytest.fixture
def session() -> Session:
    return Session(Ps60(Scanner(DATE, (LONG, SHORT))))


@pytest.fixture
def warm(session: Session) -> Session:
    session.warm_up()
    return session


def exits(session: Session) -> list[tuple[object, ...]]:
    (trade,) = session.state.closed_trades or session.state.open_trades
    return [(row.reason.value, row.quantity, row.price) for row in trade.exits]


def test_ps60_is_a_strategy(session: Session) -> None:
    strategy: Strategy[Ps60State] = session.strategy
    assert strategy.name == "ps60"
    assert strategy.contracts(strategy.initial_state(DATE)) == (Contract(symbol="TSLA"),)


def test_a_break_out_places_three_brackets_that_protect_every_share(warm: Session) -> None:
    warm.bar("445.10")
    placed = [(u.action, u.quantity, u.stop, u.target) for u in warm.desk.book]
    assert placed == [
        (Action.BUY, Decimal(50), Decimal("443.10"), Decimal("447.13")),
        (Action.BUY, Decimal(25), Decimal("443.10"), Decimal("460.25")),
        (Action.BUY, Decimal(25), Decimal("443.10"), Decimal("470.50")),
    ]
    (trade,) = warm.state.open_trades
    assert (trade.pivot, trade.attempt, trade.stop_price) == (LONG.pivot, 1, LONG.stop)
    assert warm.strategy.why_not_trading(warm.state) == "in a position or entering: TSLA"


def test_a_bar_that_only_touches_the_pivot_enters_nothing(warm: Session) -> None:
    warm.bar("445.00")
    assert warm.desk.book == []
    assert "waiting for a bar to close beyond a pivot" in warm.strategy.why_not_trading(warm.state)


def test_staying_beyond_the_pivot_is_no_new_break_out(session: Session) -> None:
    session.warm_up("446")
    session.bar("446.50")
    assert session.desk.book == []


def test_no_entry_before_twenty_bars_and_one_right_after(session: Session) -> None:
    for _ in range(WARM_UP_BARS - 2):
        session.bar("444.50")
    assert session.strategy.why_not_trading(session.state) == "warming up TSLA 18 of 20 bars"
    session.bar("444.50")
    session.bar("445.10")
    assert session.desk.book == []
    session.bar("444.50")
    session.bar("445.10")
    assert len(session.desk.book) == 3


def test_the_warm_up_survives_a_crash_and_counts_backfilled_bars_once(session: Session) -> None:
    """Every turn here ends in a crash; the backfill overlaps what was already counted."""
    session.warm_up()
    session.desk.now_ns = OPEN_NS + (WARM_UP_BARS - 5) * BAR_NS
    for _ in range(8):
        session.bar("444.50", late_s=0)
    assert session.state.bars["TSLA"].count == WARM_UP_BARS + 3


def test_a_break_out_in_a_backfilled_bar_is_not_chased(warm: Session) -> None:
    warm.bar("445.10", late_s=31)
    assert warm.desk.book == []
    assert "the bar ended 31 s ago" in warm.desk.notes[-1]
    assert warm.state.attempts == {}


def test_a_break_out_before_the_open_is_not_traded(session: Session) -> None:
    session.desk.now_ns = OPEN_NS - (WARM_UP_BARS + 1) * BAR_NS
    session.warm_up()
    session.bar("445.10")
    assert session.desk.book == []
    assert session.state.analytics.blocks == {Block.OUTSIDE_HOURS: 1}
    session.bar("444.50")
    session.bar("445.10")
    assert len(session.desk.book) == 3


def test_the_documents_trade_partial_break_even_and_both_targets(warm: Session) -> None:
    first = warm.enter("445.25")
    warm.fill(first, Role.TARGET, "447.13")
    assert warm.desk.moves == [
        (warm.desk.book[1].ref, Decimal("445.25")),
        (warm.desk.book[2].ref, Decimal("445.25")),
    ]
    (trade,) = warm.state.open_trades
    assert (trade.remaining, trade.stop_price) == (Decimal(50), Decimal("445.25"))
    assert trade.pnl == Decimal("94.00")
    warm.fill(first + 1, Role.TARGET, "460.25")
    warm.fill(first + 2, Role.TARGET, "470.50")
    assert exits(warm) == [
        ("PARTIAL_50", 50, Decimal("447.13")),
        ("TARGET1", 25, Decimal("460.25")),
        ("TARGET2", 25, Decimal("470.50")),
    ]
    assert warm.state.open_trades == []
    assert warm.state.daily_pnl == Decimal("1100.25")
    assert warm.state.trades_today == 1


def test_stopped_out_before_the_partial(warm: Session) -> None:
    warm.stop_out(warm.enter("445.25"))
    assert exits(warm) == [("STOP", 100, Decimal("443.10"))]
    assert warm.state.daily_pnl == Decimal("-215.00")
    assert warm.desk.moves == []


def test_stopped_at_break_even_after_the_partial(warm: Session) -> None:
    first = warm.enter("445.25")
    warm.fill(first, Role.TARGET, "447.13")
    warm.fill(first + 1, Role.STOP, "445.25")
    warm.fill(first + 2, Role.STOP, "445.24")
    assert exits(warm)[1:] == [("BREAKEVEN_STOP", 50, Decimal("445.245"))]
    assert warm.state.daily_pnl == Decimal("93.75")


def test_break_even_waits_for_the_whole_partial(warm: Session) -> None:
    first = warm.enter()
    warm.fill(first, Role.TARGET, "447.13", 20)
    assert warm.desk.moves == []
    warm.fill(first, Role.TARGET, "447.13", 30)
    assert len(warm.desk.moves) == 2


def test_after_break_even_only_a_late_entry_moves_a_stop_again(warm: Session) -> None:
    warm.bar("445.10")
    for number, quantity in enumerate((50, 25, 10)):
        warm.fill(number, Role.ENTRY, "445.25", quantity)
    warm.fill(0, Role.TARGET, "447.13")
    warm.fill(1, Role.TARGET, "460.25", 5)
    assert len(warm.desk.moves) == 2
    warm.fill(2, Role.ENTRY, "445.30", 15)
    assert warm.desk.moves[2:] == [(warm.desk.book[2].ref, Decimal("445.25"))]


def test_a_partial_slice_that_ends_at_its_stop_moves_nothing(warm: Session) -> None:
    first = warm.enter()
    warm.fill(first, Role.TARGET, "447.13", 20)
    warm.fill(first, Role.STOP, "443.10")
    assert warm.desk.moves == []


@pytest.mark.parametrize(
    ("prices", "expected"),
    [(("445.25", "445.26", "445.26"), "445.26"), (("445.25",) * 3, "445.25")],
)
def test_break_even_is_the_average_entry_rounded_so_that_it_cannot_lose(
    warm: Session, prices: tuple[str, str, str], expected: str
) -> None:
    warm.bar("445.10")
    for number, price in enumerate(prices):
        warm.fill(number, Role.ENTRY, price)
    warm.fill(0, Role.TARGET, "447.13")
    assert {price for _, price in warm.desk.moves} == {Decimal(expected)}


def test_a_partial_found_after_an_outage_moves_the_stops_all_the_same(warm: Session) -> None:
    first = warm.enter()
    warm.fill(first, Role.TARGET, "447.13", recovered=True)
    assert len(warm.desk.moves) == 2
    (trade,) = warm.state.open_trades
    assert trade.exits[0].recovered


def test_fills_recovered_in_the_wrong_order_end_in_the_same_book(warm: Session) -> None:
    """The target's fill may be found before the entry's."""
    warm.bar("445.10")
    warm.fill(0, Role.TARGET, "447.13", 50, recovered=True)
    for number in range(3):
        warm.fill(number, Role.ENTRY, "445.25", recovered=True)
    assert {ref for ref, _ in warm.desk.moves} == {u.ref for u in warm.desk.book[1:]}
    (trade,) = warm.state.open_trades
    assert (trade.remaining, trade.pnl) == (Decimal(50), Decimal("94.00"))


@pytest.mark.parametrize("role", [Role.ENTRY, Role.STOP])
def test_a_correction_leaves_the_figures_of_the_right_fill(warm: Session, role: Role) -> None:
    """It is told as the wrong fill taken back, then the right one."""
    first = warm.enter()
    if role is Role.STOP:
        warm.fill(first, Role.STOP, "444.00", 50)
    (trade,) = warm.state.open_trades
    before, attempts = trade.remaining, warm.state.trades_today
    told = {Role.ENTRY: "445.25", Role.STOP: "444.00"}[role]
    warm.fill(first, role, told, -50, correction=True)
    warm.fill(first, role, told, 45, correction=True)
    (trade,) = warm.state.open_trades
    assert trade.remaining == before + (-5 if role is Role.ENTRY else 5)
    assert warm.state.trades_today == attempts
    assert sum(row.quantity for row in trade.exits) == (45 if role is Role.STOP else 0)


def test_break_even_is_asked_again_once_a_minute_until_the_stop_is_there(warm: Session) -> None:
    first = warm.enter()
    warm.fill(first, Role.TARGET, "447.13")
    for _ in range(11):
        warm.bar("447")
    assert len(warm.desk.moves) == 2
    warm.bar("447")
    assert len(warm.desk.moves) == 4
    for unit in warm.desk.book:
        unit.stop = Decimal("445.25")
    for _ in range(30):
        warm.bar("447")
    assert len(warm.desk.moves) == 4


def test_the_third_attempt_at_a_pivot_is_blocked_and_said_once(warm: Session) -> None:
    for _ in range(MAX_ATTEMPTS):
        warm.stop_out(warm.enter())
    for _ in range(3):
        warm.bar("444.50")
        warm.bar("445.10")
    assert len(warm.desk.book) == 3 * MAX_ATTEMPTS
    assert sum("has had 2 attempts" in note for note in warm.desk.notes) == 1
    assert warm.state.analytics.blocks == {Block.MAX_ATTEMPTS: 3}


def test_the_other_side_has_attempts_of_its_own(warm: Session) -> None:
    for _ in range(MAX_ATTEMPTS):
        warm.stop_out(warm.enter())
    warm.bar("440.50")
    warm.bar("439.90")
    assert {unit.action for unit in warm.desk.book[6:]} == {Action.SELL}
    warm.state.open_trades.clear()
    warm.desk.book.clear()
    warm.bar("440.50")
    warm.bar("439.90")
    warm.state.open_trades.clear()
    assert warm.strategy.why_not_trading(warm.state) == "all pivots have had 2 attempts"


def test_a_short_break_out_is_the_mirror_image(warm: Session) -> None:
    first = warm.enter("439.80", at="439.90", under="440.50")
    assert [unit.target for unit in warm.desk.book] == [438, 430, 420]
    warm.fill(first, Role.TARGET, "438")
    assert [price for _, price in warm.desk.moves] == [Decimal("439.80")] * 2
    warm.fill(first + 1, Role.TARGET, "430")
    warm.fill(first + 2, Role.STOP, "439.80")
    assert exits(warm) == [
        ("PARTIAL_50", 50, 438),
        ("TARGET1", 25, 430),
        (
            "BREAKEVEN_STOP",
            25,
            Decimal("439.80"),
        ),
    ]
    assert warm.state.daily_pnl == Decimal("335.00")


def test_no_second_entry_in_a_symbol_that_is_held_and_it_is_said_once(warm: Session) -> None:
    warm.enter()
    for _ in range(3):
        warm.bar("444.50")
        warm.bar("445.10")
    assert len(warm.desk.book) == 3
    assert sum("already has a position" in note for note in warm.desk.notes) == 1
    assert warm.state.attempts[LONG.key].count == 1


def test_no_entry_beside_a_position_of_unknown_origin(warm: Session) -> None:
    warm.desk.lent = Decimal(-7)
    warm.bar("445.10")
    assert warm.desk.book == []


def test_a_desk_that_cannot_enter_is_not_asked(warm: Session) -> None:
    warm.desk.cannot_enter = "not ready: reconciling"
    warm.bar("445.10")
    assert warm.desk.book == []
    assert warm.state.attempts == {}
    assert "not ready: reconciling" in warm.desk.notes[-1]


def test_a_refused_first_bracket_leaves_no_attempt_and_no_trade(warm: Session) -> None:
    warm.desk.refuse_from = 0
    warm.bar("445.10")
    assert (warm.state.attempts, warm.state.open_trades) == ({}, [])


def test_a_later_refusal_leaves_a_smaller_trade_that_counts(warm: Session) -> None:
    warm.desk.refuse_from = 1
    warm.bar("445.10")
    (trade,) = warm.state.open_trades
    assert (len(trade.slices), warm.state.attempts[LONG.key].count) == (1, 1)


@pytest.mark.parametrize("end", [OrderState.CANCELLED, OrderState.REJECTED, OrderState.ABSENT])
def test_entries_that_end_unfilled_free_the_symbol_but_count_as_an_attempt(
    warm: Session, end: OrderState
) -> None:
    warm.bar("445.10")
    for number in range(3):
        assert warm.state.open_trades
        warm.order(number, Role.ENTRY, end)
    assert warm.state.open_trades == []
    assert (warm.state.attempts[LONG.key].count, warm.state.trades_today) == (1, 0)
    warm.bar("444.50")
    warm.bar("445.10")
    assert len(warm.desk.book) == 6


def test_an_entry_cut_short_trades_on_with_what_it_got(warm: Session) -> None:
    """The CANCELLED with 20 filled comes before the fill itself is delivered."""
    warm.bar("445.10")
    for number in (1, 2):
        warm.order(number, Role.ENTRY, OrderState.CANCELLED)
    warm.order(0, Role.ENTRY, OrderState.CANCELLED, filled=20)
    assert warm.state.open_trades
    warm.fill(0, Role.ENTRY, "445.25", 20)
    warm.fill(0, Role.TARGET, "447.13")
    assert exits(warm) == [("PARTIAL_50", 20, Decimal("447.13"))]
    assert warm.state.open_trades == []


def test_a_filled_report_before_its_fills_releases_nothing(warm: Session) -> None:
    warm.bar("445.10")
    for number in range(3):
        warm.order(number, Role.ENTRY, OrderState.FILLED, filled=50)
    assert warm.state.open_trades


def test_an_absent_entry_that_shows_up_again_blocks_the_symbol_again(warm: Session) -> None:
    warm.bar("445.10")
    for number in range(3):
        warm.order(number, Role.ENTRY, OrderState.ABSENT)
    warm.order(1, Role.ENTRY, OrderState.WORKING)
    assert warm.state.open_trade("TSLA") is not None
    warm.fill(1, Role.ENTRY, "445.25", recovered=True)
    assert warm.state.open_trades[0].remaining == 25
    assert warm.state.closed_trades == []


def test_a_stop_that_filled_while_down_leaves_the_book_right(warm: Session) -> None:
    first = warm.enter("445.25")
    for number in range(first, first + 3):
        warm.fill(number, Role.STOP, "443.10", recovered=True)
    assert warm.state.open_trades == []
    assert warm.state.daily_pnl == Decimal("-215.00")


def test_a_position_the_broker_closed_is_dropped_and_a_late_fill_still_booked(
    warm: Session,
) -> None:
    first = warm.enter("445.25")
    for unit in warm.desk.book:
        unit.exited = unit.entered
    warm.bar("446")
    assert warm.state.open_trades == []
    assert exits(warm) == [("CLOSED_AT_BROKER", 100, None)]
    assert "100 shares were closed at the broker" in warm.desk.notes[-1]
    for number in range(first, first + 3):
        warm.fill(number, Role.STOP, "443.10", int(warm.desk.book[number].quantity))
    assert exits(warm) == [("STOP", 100, Decimal("443.10"))]
    assert warm.state.daily_pnl == Decimal("-215.00")
    assert warm.state.open_trades == []


def test_an_entry_under_way_is_never_taken_for_closed(warm: Session) -> None:
    """The book may not show the units yet when the next bar comes."""
    warm.bar("445.10")
    warm.desk.book.clear()
    warm.bar("445.20")
    assert warm.state.open_trade("TSLA") is not None


def test_a_fill_of_a_unit_nobody_knows_is_noted_and_changes_nothing(warm: Session) -> None:
    first = warm.enter()
    warm.state.open_trades.clear()
    before = msgspec.json.encode(warm.state)
    warm.fill(first, Role.STOP, "443.10")
    assert msgspec.json.encode(warm.state) == before
    assert "no trade here knows" in warm.desk.notes[-1]


def test_an_operators_close_is_booked_as_closed(warm: Session) -> None:
    first = warm.enter("445.25")
    for number in range(first, first + 3):
        warm.fill(number, Role.EXIT, "446.25")
    assert exits(warm) == [("CLOSED", 100, Decimal("446.25"))]


def test_the_stops_reference_is_kept(warm: Session) -> None:
    warm.bar("445.10")
    warm.order(1, Role.STOP, OrderState.WORKING)
    assert warm.state.open_trades[0].slices[1].stop_ref == "ps60:1:2.1"


def test_a_new_day_keeps_open_trades_and_nothing_else(warm: Session) -> None:
    warm.stop_out(warm.enter())
    first = warm.enter("445.25")
    tomorrow = warm.strategy.carry_over(warm.state, "2013-10-09")
    assert tomorrow == Ps60State(session_date="2013-10-09", open_trades=warm.state.open_trades)
    warm.state = tomorrow
    warm.desk.session_date = "2013-10-09"
    warm.fill(first, Role.TARGET, "447.13", recovered=True)
    assert warm.state.daily_pnl == Decimal("94.00")
    assert warm.state.trades_today == 0


def test_yesterdays_scanner_file_manages_exits_and_enters_nothing(warm: Session) -> None:
    warm.desk.session_date = "2013-10-09"
    warm.bar("445.10")
    assert warm.desk.book == []
    assert warm.state.analytics.blocks == {Block.OTHER_DATE: 1}
    tomorrow = warm.strategy.carry_over(warm.state, "2013-10-09")
    assert warm.strategy.why_not_trading(tomorrow) == (
        "the scanner file is of 2013-10-08 and this session is 2013-10-09"
    )


def test_a_symbol_still_held_from_another_day_is_streamed_too(warm: Session) -> None:
    warm.enter()
    other = Ps60(Scanner(DATE, (replace(LONG, symbol="AMD"),)))
    assert other.contracts(warm.state) == (Contract(symbol="AMD"), TSLA)


def test_the_state_is_bounded_while_the_totals_count_on(session: Session) -> None:
    """More trades than are kept, by a scanner with as many pivots."""
    wanted = CLOSED_TRADES_KEPT + 4
    setups = tuple(
        replace(LONG, pivot=Decimal("444.80") + number * Decimal("0.0001"))
        for number in range(wanted // MAX_ATTEMPTS)
    )
    session.strategy = Ps60(Scanner(DATE, setups))
    session.warm_up()
    for _ in range(wanted):
        session.stop_out(session.enter("445.25"))
    state = session.state
    assert len(state.closed_trades) == CLOSED_TRADES_KEPT
    assert len(state.bars["TSLA"].closes) == CLOSES_KEPT
    assert state.trades_today == wanted
    assert state.daily_pnl == wanted * Decimal("-215.00")


def test_exit_reasons_are_the_documents_words() -> None:
    assert {"PARTIAL_50", "TARGET1", "TARGET2", "STOP", "BREAKEVEN_STOP"} <= set(ExitReason)
