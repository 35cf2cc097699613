"""A strategy's code outside its turns fails as it does within: loudly, and it ends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import msgspec
import pytest
from tests.runtime.staging import Diary, DiaryState, Stage, staged

from ibelay.journal.records import StrategyStateSaved
from ibelay.model.contract import Contract
from ibelay.model.events import ExecutionSeen
from ibelay.model.execution import Execution
from ibelay.model.ids import ClientId, ConId, ExecId, OrderId, PermId
from ibelay.model.order import Action
from ibelay.store.memory import MemoryJournal


@dataclass(slots=True)
class Faulty(Diary):
    """A diary that fails where no turn guards it."""

    def initial_state(self, session_date: str) -> DiaryState:
        self.check("initial_state")
        return Diary.initial_state(self, session_date)

    def carry_over(self, state: DiaryState, session_date: str) -> DiaryState:
        self.check("carry_over")
        return Diary.carry_over(self, state, session_date)

    def contracts(self, state: DiaryState) -> tuple[Contract, ...]:
        self.check("contracts")
        return Diary.contracts(self, state)

    def check(self, name: str) -> None:
        if name in self.failing:
            raise ZeroDivisionError(f"a bug in {name}")


def saved(body: bytes, session_date: str) -> MemoryJournal:
    """Return the journal of an earlier life that saved *body*."""
    journal = MemoryJournal()
    record = StrategyStateSaved(
        at_ns=1, strategy="diary", session_date=session_date, body=msgspec.Raw(body)
    )
    journal.append([record])
    return journal


@pytest.mark.parametrize(
    ("strategy", "journal", "what"),
    [
        (Faulty(failing={"initial_state"}), MemoryJournal(), "a bug in initial_state"),
        (
            Faulty(failing={"carry_over"}),
            saved(b'{"session_date":"d"}', "d"),
            "a bug in carry_over",
        ),
        (Faulty(), saved(b'{"bars":[]}', "2025-06-02"), "ValidationError"),
    ],
    ids=["it cannot begin", "it cannot carry over", "it cannot read what it saved"],
)
async def test_a_state_that_cannot_be_taken_up_stops_entries_and_not_the_book(
    strategy: Faulty, journal: MemoryJournal, what: str
) -> None:
    """A crash at every start would leave what is held to the broker's stops alone."""
    async with staged(strategy, journal=journal) as stage:
        await stage.until(lambda: stage.ready and bool(safe_mode(stage)), "READY in safe mode")
        assert what in safe_mode(stage)
        assert "failed to take up its state" in safe_mode(stage)
        stage.bot.broker_event(ExecutionSeen(execution=fill()))
        assert stage.held == 5
        assert not stage.bot.books.ledger.orders


async def test_contracts_that_cannot_be_named_stop_entries() -> None:
    async with staged(Faulty(failing={"contracts"})) as stage:
        await stage.until(lambda: stage.ready and bool(safe_mode(stage)), "READY in safe mode")
        assert "failed to name its contracts" in safe_mode(stage)


async def test_a_midnight_that_is_not_survived_stops_entries() -> None:
    strategy = Faulty(tries=0)
    async with staged(strategy) as stage:
        await stage.until(lambda: stage.ready and stage.state.bars > 0, "READY with bars")
        strategy.failing.add("carry_over")
        stage.bot.trader.memory.session = "2001-01-01"
        await stage.until(lambda: bool(safe_mode(stage)), "in safe mode")
        assert "failed to carry its state over midnight" in safe_mode(stage)
        bars = stage.state.bars
        await stage.until(lambda: stage.state.bars > bars, "seeing further bars")


def safe_mode(stage: Stage) -> str:
    """Return why entries are stopped, or an empty string."""
    entered = stage.bot.books.ledger.safe_mode
    return "" if entered is None else entered.reason


def fill() -> Execution:
    """Return a fill of an order whose intent a lost store held."""
    return Execution(
        exec_id=ExecId("0000aaaa.1.01.01"),
        contract=Contract(symbol="SPY", con_id=ConId(756733)),
        account="",
        action=Action.BUY,
        quantity=Decimal(5),
        price=Decimal(100),
        at_ns=1,
        order_id=OrderId(0),
        perm_id=PermId(900),
        client_id=ClientId(1),
        order_ref="diary:1:1.0",
    )
