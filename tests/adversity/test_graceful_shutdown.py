"""SIGTERM and SIGINT in mid-trade: six steps, protected positions, a store that recovers."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest
from tests.adversity.churning import BOT, arena, until

from ibelay.app.settle import BotBook, settle

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(120)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
async def test_a_stop_in_mid_trade_leaves_the_bracket_and_a_store_that_recovers(
    tmp_path: Path, number: signal.Signals
) -> None:
    """The position keeps its stop at the broker; the next start takes it over, once."""
    async with arena(tmp_path, speed=10, strategy="churn:patient") as stage:
        await until(lambda: stage.feed.ready and bool(stage.feed.holding), stage, "holding")
        stage.bot.process.send_signal(number)
        async with asyncio.timeout(20):
            code = await stage.bot.process.wait()
        assert code == 0
        held = await stage.observer.book()
        assert held.holdings, "the default leaves positions open"
        assert await stage.observer.unprotected() == []
        assert steps(tmp_path) == [1, 2, 3, 4, 5, 6]
        await stage.start_bot()
        await until(lambda: stage.feed.ready, stage, "READY after the restart")
        verdict = await settle(BotBook(tmp_path / "ibelay.db", BOT), stage.observer)
        assert verdict.agrees, verdict.differences
        report = " ".join(stage.feed.bot["recovery_report"])
        assert "restored" in report


async def test_positions_are_closed_first_where_the_settings_say_so(tmp_path: Path) -> None:
    more = '[shutdown]\npositions = "close"\n'
    async with arena(tmp_path, more=more, speed=10) as stage:
        await until(lambda: stage.feed.ready and bool(stage.feed.holding), stage, "holding")
        assert await stage.bot.stop() == 0
        book = await stage.observer.book()
        assert book.holdings == {}
        assert book.working == ()
        assert steps(tmp_path) == [1, 2, 3, 4, 5, 6]


def steps(folder: Path) -> list[int]:
    """Return the numbers of the shutdown steps the bot's log tells of, in order."""
    lines = (folder / "logs" / "ibelay.log").read_text(encoding="utf-8").splitlines()
    events = [str(json.loads(line)["event"]) for line in lines]
    return [int(event[9]) for event in events if event.startswith("shutdown ") and "/6" in event]
