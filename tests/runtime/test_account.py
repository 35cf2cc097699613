"""One login, several accounts: the bot trades one of them and keeps the book of that one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.runtime.staging import Diary, staged

from ibelay.errors import ConfigurationError
from ibelay.ib.logon import Logon
from ibelay.model.events import ExecutionSeen
from ibelay.model.ids import ExecId, OrderId, PermId
from ibelay.model.order import Action

TEN = Decimal(10)


@pytest.fixture
def second_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the gateway's login manage one more account."""
    seen = Logon.accounts_seen
    monkeypatch.setattr(
        Logon, "accounts_seen", lambda logon, names: seen(logon, f"{names},DU7654321")
    )


@pytest.mark.usefixtures("second_account")
async def test_a_login_with_several_accounts_needs_the_setting() -> None:
    """An order without an account would go wherever IB likes."""
    async with staged(Diary()) as stage:
        async with asyncio.timeout(10):
            await stage.ended.wait()
        assert stage.failure is not None
        assert stage.failure.subgroup(ConfigurationError) is not None
        assert any("below [bot]" in line.text for line in stage.bot.chronicle.lines)
        assert not stage.bot.books.ledger.orders


async def test_what_another_account_trades_does_not_move_the_book() -> None:
    async with staged(Diary()) as stage:
        await stage.until(lambda: stage.held == TEN and stage.stops == [TEN], "holding")
        ours = next(iter(stage.bot.books.ledger.executions.values()))
        sold = replace(
            ours,
            exec_id=ExecId("0000ffff.1.01.01"),
            account="DU7654321",
            action=Action.SELL,
            order_ref="",
            order_id=OrderId(0),
            perm_id=PermId(900),
        )
        stage.bot.broker_event(ExecutionSeen(execution=sold))
        assert stage.held == TEN
        assert stage.bot.books.ledger.live_units()[0].open_quantity == TEN
        stage.bot.broker_event(ExecutionSeen(execution=replace(sold, account=ours.account)))
        assert stage.held == 0, "by hand in our account: that does"
