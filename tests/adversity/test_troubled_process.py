"""A process that cannot start, or cannot write: what the supervisor makes of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.adversity.churning import BOT, SETTINGS, ask, until
from tests.adversity.troubled import CRASH_CODE, CRASHES

from ibelay.app.arena import Arena
from ibelay.app.settle import BotBook, settle

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(120)]

ROOT = Path(__file__).parents[2]


def arena(folder: Path, factory: str, **limits: int) -> Arena:
    """Return an arena whose strategy is ``troubled``'s *factory*."""

    def settings(port: int) -> str:
        text = SETTINGS.format(port=port).replace(
            "churn:make", f"tests.adversity.troubled:{factory}"
        )
        for name, value in limits.items():
            text = text.replace(f"{name} = 100000", f"{name} = {value}")
        return text

    return Arena(
        folder,
        gateway=["--symbols", "SPY,AAPL", "--speed", "40", "--start", "09:30", "--seed", "11"],
        settings=settings,
        environment={"PYTHONPATH": str(ROOT), "TROUBLED_FOLDER": str(folder)},
    )


async def test_five_crashes_at_start_end_in_safe_mode_not_in_a_sixth(tmp_path: Path) -> None:
    """It comes up, looks after what there is, enters nothing, and says why; a person clears it."""
    async with arena(tmp_path, "crashing", crashes_to_safe_mode=CRASHES) as stage:
        await until(lambda: stage.feed.ready, stage, "READY at its sixth start")
        assert stage.feed.supervisor["restarts"] == CRASHES
        assert stage.feed.supervisor["last_exit"] == f"exit code {CRASH_CODE}"
        bot = stage.feed.bot
        assert "crashed 5 times" in bot["safe_mode"]
        assert "safe mode" in bot["not_trading_reason"]
        assert not bot["trading"]
        assert ask(stage, "POST", "/api/safe-mode/clear", {"cause": "replaced"}) == 202
        await until(lambda: bool(stage.feed.bot["trading"]), stage, "trading")
        await until(lambda: bool(stage.feed.holding), stage, "holding")


async def test_a_configuration_error_of_the_bot_is_not_restarted(tmp_path: Path) -> None:
    """No restart cures it: the supervisor ends with 78 and the bot's own sentence."""
    async with arena(tmp_path, "misconfigured") as stage:
        async with asyncio.timeout(20):
            assert await stage.bot.process.wait() == 78
        log = (tmp_path / "logs" / "supervisor.log").read_text(encoding="utf-8")
        assert "of another year" in log
        assert log.count("bot_started") == 1


async def test_a_full_disk_ends_the_bot_before_an_order_it_could_not_write_down(
    tmp_path: Path,
) -> None:
    """Every order at the broker has its intent in a journal that can still be read."""
    async with arena(tmp_path, "full_disk", crashes_to_give_up=2) as stage:
        async with asyncio.timeout(60):
            assert await stage.bot.process.wait() != 0
        said = (tmp_path / "logs" / "ibelay-errors.log").read_text(encoding="utf-8")
        assert said.count("the bot ends") == 2, "twice, for the disk stays full"
        assert "the journal could not be read or written" in said
        book = BotBook(tmp_path / "ibelay.db", BOT)
        verdict = await settle(book, stage.observer, tries=1)
        assert verdict.broker.order_refs, "it traded before the disk was full"
        assert set(verdict.broker.order_refs) <= set(book.ledger.orders)
        assert verdict.duplicates == 0
        assert await stage.observer.unprotected() == []
