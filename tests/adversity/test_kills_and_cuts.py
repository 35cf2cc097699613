"""Fifty kills and fifty cuts at random moments of a trading session, all of it real.

A gateway process, a supervised bot process that trades without a pause (``churn``), SIGKILL
and RST. After every blow the books must agree: same positions, same working orders, same
fills, no order sent twice, nothing held without its stop. While they are compared the market
goes at the pace of life: two looks at a book forty times as fast are seldom of one moment.

``make blows`` runs a thousand of each (a nightly figure, N3 of the targets).
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.adversity.churning import BOT, arena, market, until

from ibelay.app.arena import Arena
from ibelay.app.settle import BotBook, settle
from ibelay.journal.ledger import Ledger
from ibelay.proxy.line import Cut

BLOWS = int(os.environ.get("IBELAY_BLOWS", "50"))

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(max(900, 18 * BLOWS))]


async def blows(stage: Arena, strike: Callable[[], Awaitable[Callable[[], bool]]]) -> Ledger:
    """Strike again and again; after each blow the bot must be back and the books equal."""
    book = BotBook(stage.folder / "ibelay.db", BOT)
    chance = random.Random(2026)  # noqa: S311  # the moments of the blows, reproducible
    await until(lambda: stage.feed.ready, stage, "READY for the first time")
    for number in range(1, BLOWS + 1):
        # A random moment of the session: this is the point of the test, not a wait for it.
        await asyncio.sleep(chance.uniform(0.05, 0.8))
        back = await strike()
        await until(back, stage, f"back after blow {number}")
        await market(stage, "speed 1")
        verdict = await settle(book, stage.observer)
        await market(stage, "speed 40")
        assert verdict.agrees, (
            f"after blow {number}: {verdict.differences} duplicates={verdict.duplicates} "
            f"lost={verdict.lost_fills} naked={verdict.unprotected}"
        )
    return book.ledger


async def test_fifty_kills_leave_equal_books(tmp_path: Path) -> None:
    """SIGKILL at random moments: between intent, send, acknowledgement and fill."""
    async with arena(tmp_path) as stage:

        async def kill() -> Callable[[], bool]:
            pid = stage.feed.pid
            os.kill(pid, signal.SIGKILL)
            return lambda: stage.feed.ready and stage.feed.pid not in {0, pid}

        ledger = await blows(stage, kill)
        assert stage.feed.supervisor["restarts"] == BLOWS, "one restart for every kill"
        assert len(ledger.executions) > BLOWS, "the session really traded"


async def test_fifty_cuts_leave_equal_books(tmp_path: Path) -> None:
    """RST at random moments; orders on their way are resolved, never sent again."""
    async with arena(tmp_path) as stage:

        async def cut() -> Callable[[], bool]:
            before = stage.feed.bot["connection"]["total_connections"]
            assert await stage.line.cut(Cut.RST) > 0, "there was a line to cut"
            return lambda: (
                stage.feed.ready and stage.feed.bot["connection"]["total_connections"] > before
            )

        ledger = await blows(stage, cut)
        assert stage.feed.supervisor["restarts"] == 0, "a cut line never costs the process"
        assert len(ledger.outages_ns) > BLOWS, "every cut was an outage in the journal"
