"""A line on which nothing passes and nothing ends: thawed in time, or given up for dead."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.adversity.churning import BOT, HEARTBEAT, arena, until

from ibelay.app.settle import BotBook, settle

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(120)]


async def test_a_line_that_thaws_in_time_is_kept(tmp_path: Path) -> None:
    """Suspect, then proved alive: the same connection, and books that agree."""
    patient = HEARTBEAT.replace("dead_s = 2.0", "dead_s = 20.0")
    async with arena(tmp_path, more=patient) as stage:
        await until(lambda: stage.feed.ready and bool(stage.feed.holding), stage, "holding")
        accepted = stage.line.lines_accepted
        stage.line.freeze()
        await until(lambda: inner(stage.feed.bot) == "suspect", stage, "suspect")
        stage.line.thaw()
        await until(lambda: stage.feed.ready, stage, "READY again")
        assert stage.line.lines_accepted == accepted
        verdict = await settle(BotBook(tmp_path / "ibelay.db", BOT), stage.observer)
        assert verdict.agrees, verdict.differences


async def test_orders_that_a_dead_line_delivers_late_are_known_when_they_arrive(
    tmp_path: Path,
) -> None:
    """What was written before the silence reaches the gateway after it was given up.

    Three times: frozen in mid-trade until the link is dead, then thawed. The gateway still
    holds the old connection and its client id; the bot comes back under the same id.
    """
    async with arena(tmp_path, more=HEARTBEAT) as stage:
        book = BotBook(tmp_path / "ibelay.db", BOT)
        for _ in range(3):
            await until(lambda: stage.feed.ready and bool(stage.feed.holding), stage, "holding")
            stage.line.freeze()
            await until(
                lambda: inner(stage.feed.bot) not in {"ready", "suspect"}, stage, "given up"
            )
            stage.line.thaw()
            await until(lambda: stage.feed.ready, stage, "READY again")
            verdict = await settle(book, stage.observer)
            assert verdict.agrees, (verdict.differences, verdict.unprotected)
            assert verdict.duplicates == 0
        assert stage.feed.bot["connection"]["client_id"] == 1
        assert stage.feed.supervisor["restarts"] == 0


async def test_a_line_frozen_between_two_answers_never_costs_a_fill(tmp_path: Path) -> None:
    """Short freezes at every phase of a trade; none of them is an outage."""
    async with arena(tmp_path) as stage:
        await until(lambda: stage.feed.ready and bool(stage.feed.holding), stage, "holding")
        for tenths in range(1, 8):
            stage.line.freeze()
            await asyncio.sleep(tenths / 10)  # how long it is frozen is the case itself
            stage.line.thaw()
            await asyncio.sleep((8 - tenths) / 10)  # so that freezes meet other phases
        assert stage.feed.bot["connection"]["total_disconnections"] == 0
        verdict = await settle(BotBook(tmp_path / "ibelay.db", BOT), stage.observer)
        assert verdict.agrees, verdict.differences


def inner(bot: dict[str, dict[str, str]]) -> str:
    """Return the state of the bot's connection machine."""
    return bot["connection"]["inner_state"]
