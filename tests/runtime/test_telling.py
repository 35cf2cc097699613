"""What a strategy is told of fills, beside what the books say."""

from __future__ import annotations

from decimal import Decimal

from tests.reconcile.scenes import ENTRY, booked, bracket, execution
from tests.runtime.staging import Diary
from tests.runtime.test_turn import desk

from ibelay.model.order import Action
from ibelay.runtime.strategy import Desk, Fill
from ibelay.runtime.trading.memory import StrategyMemory
from ibelay.runtime.trading.telling import Telling


class Listening(Diary):
    """A strategy that keeps the fills it is told of."""

    def __init__(self) -> None:
        super().__init__()
        self.fills: list[Fill] = []

    def on_fill(self, state: object, desk: Desk, fill: Fill) -> None:
        self.fills.append(fill)


def told_of(*revisions: tuple[int, str, int]) -> list[Fill]:
    """Return the fills told of one execution's *revisions*: (quantity, price, revision)."""
    ledger = bracket(filled=0)
    strategy = Listening()
    memory = StrategyMemory(strategy)
    memory.load(ledger, "2025-06-02")
    telling = Telling(strategy, memory, ledger, lambda _line, _severity: None)
    for quantity, price, revision in revisions:
        record = booked(execution(7, ENTRY, Action.BUY, quantity, price=price, revision=revision))
        handlers = telling.of([record])
        ledger.apply(record)
        for handler in handlers:
            handler(desk(ledger))
    return strategy.fills


def test_a_correction_is_the_wrong_fill_taken_back_and_the_right_one() -> None:
    fills = told_of((50, "100", 1), (45, "100.5", 2))
    assert [(str(fill.quantity), fill.price, fill.correction) for fill in fills] == [
        ("50", Decimal(100), False),
        ("-50", Decimal(100), True),
        ("45", Decimal("100.5"), True),
    ]
    assert {fill.order_ref for fill in fills} == {ENTRY}


def test_a_report_that_takes_a_fill_back_is_a_negative_one() -> None:
    """So that a strategy that adds up what it is told holds what is held (F34)."""
    ledger = bracket()
    strategy = Listening()
    memory = StrategyMemory(strategy)
    memory.load(ledger, "2025-06-02")
    telling = Telling(strategy, memory, ledger, lambda _line, _severity: None)
    for handler in telling.of([booked(execution(8, ENTRY, Action.SELL, 50))]):
        handler(desk(ledger))
    (fill,) = strategy.fills
    assert (fill.action, fill.quantity, fill.correction) == (Action.BUY, Decimal(-50), True)


def test_a_fill_that_is_told_again_or_corrected_already_is_no_news() -> None:
    assert len(told_of((50, "100", 1), (50, "100", 1))) == 1
    assert len(told_of((45, "100", 2), (50, "100", 1))) == 1
