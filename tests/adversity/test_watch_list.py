"""The watch list over HTTP: kept across a kill, streamed again after it and after a cut."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from tests.adversity.churning import SETTINGS, ask, until

from ibelay.app.arena import Arena
from ibelay.proxy.line import Cut

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(120)]


def streamed(stage: Arena) -> dict[str, int]:
    """Return the symbols with a live price, and how many bars each has had."""
    lines = stage.feed.bot.get("watch_list", [])
    return {line["symbol"]: line["bars"] for line in lines if line["last"] and line["bars"]}


def back(stage: Arena, pid: int) -> bool:
    """Return whether a process other than *pid* is READY and says so itself."""
    return stage.feed.ready and stage.feed.bot["pid"] not in {0, pid}


async def test_what_is_watched_survives_a_kill_and_a_cut(tmp_path: Path) -> None:
    """Added and removed by hand; then the process dies, then the line; the list is the same."""
    stage = Arena(
        tmp_path,
        gateway=["--symbols", "SPY,AAPL,QQQ,IBM", "--speed", "20", "--start", "09:30"],
        settings=lambda port: SETTINGS.format(port=port).replace(
            "[gateway]", 'watch_list = ["IBM"]\n[gateway]'
        ),
        environment={"PYTHONPATH": str(Path(__file__).parent)},
    )
    async with stage:
        await until(lambda: set(streamed(stage)) == {"SPY", "AAPL", "IBM"}, stage, "streaming")
        assert ask(stage, "POST", "/api/worklist", {"symbol": "QQQ"}) == 202
        assert ask(stage, "DELETE", "/api/worklist/IBM") == 202
        wanted = {"SPY", "AAPL", "QQQ"}
        await until(lambda: set(streamed(stage)) == wanted, stage, "streaming the new list")

        pid = stage.feed.pid
        os.kill(pid, signal.SIGKILL)
        await until(
            lambda: back(stage, pid) and set(streamed(stage)) == wanted,
            stage,
            "streaming the new list after the kill",
        )

        connections = stage.feed.bot["connection"]["total_connections"]
        await stage.line.cut(Cut.RST)
        await until(
            lambda: (
                stage.feed.ready and stage.feed.bot["connection"]["total_connections"] > connections
            ),
            stage,
            "READY after the cut",
        )
        before = streamed(stage)
        assert set(before) == wanted
        await until(
            lambda: all(streamed(stage).get(symbol, 0) > before[symbol] for symbol in wanted),
            stage,
            "streaming everything after the cut",
        )


async def test_a_wrong_token_changes_nothing(tmp_path: Path) -> None:
    """Who may read the page may not therefore command the bot."""
    stage = Arena(
        tmp_path,
        gateway=["--symbols", "SPY,AAPL", "--speed", "20", "--start", "09:30"],
        settings=lambda port: SETTINGS.format(port=port),
        environment={"PYTHONPATH": str(Path(__file__).parent)},
    )
    async with stage:
        await until(lambda: stage.feed.ready, stage, "READY")
        (tmp_path / "ibelay.token").write_text("guessed", encoding="ascii")
        assert ask(stage, "POST", "/api/worklist", {"symbol": "QQQ"}) == 401
        assert ask(stage, "DELETE", "/api/worklist/SPY") == 401
        await stage.feed.poll()
        assert {line["symbol"] for line in stage.feed.bot["watch_list"]} == {"SPY", "AAPL"}
