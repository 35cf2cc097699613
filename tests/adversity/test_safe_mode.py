"""Safe mode: entered by the bot that is set to it, durable, left by a person only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.adversity.churning import BOT, SETTINGS, arena, until

from ibelay.app.arena import Arena
from ibelay.app.settle import BotBook
from ibelay.proxy.line import Cut

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(120)]

GIVE_UP = """\
max_attempts = 2
on_max_attempts = "safe_mode"
"""


def settings(port: int) -> str:
    """Return churn's settings with a bound on attempts."""
    text = SETTINGS.format(port=port)
    return text.replace("[connection]\n", f"[connection]\n{GIVE_UP}")


def clear(stage: Arena) -> subprocess.CompletedProcess[str]:
    """Clear safe mode as a person does."""
    path = stage.folder / "bot.toml"
    text = path.read_text(encoding="utf-8").replace("port = 0", f"port = {stage.feed.port}")
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "ibelay", "safe-mode", "clear"]
    command += ["--settings", str(path), "--cause", "the gateway is back"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


async def test_safe_mode_survives_a_kill_and_is_left_by_a_person(tmp_path: Path) -> None:
    """Two attempts, then safe mode with its reason and checks; a kill changes nothing."""
    stage = Arena(
        tmp_path,
        gateway=["--symbols", "SPY", "--speed", "10", "--start", "09:30"],
        settings=settings,
        environment={"PYTHONPATH": str(Path(__file__).parent)},
    )
    async with stage:
        await until(lambda: stage.feed.ready, stage, "READY")
        await stage.line.refuse()
        pid = stage.feed.pid
        os.kill(pid, signal.SIGKILL)

        def in_safe_mode() -> bool:
            return bool(stage.feed.bot.get("safe_mode"))

        await until(in_safe_mode, stage, "in safe mode")
        assert len(stage.feed.bot["safe_mode_checks"]) >= 4
        assert not stage.feed.bot["trading"]

        await stage.line.accept()
        accepted = stage.line.lines_accepted
        second = stage.feed.pid
        os.kill(second, signal.SIGKILL)
        await until(
            lambda: in_safe_mode() and stage.feed.pid not in {0, second}, stage, "back in it"
        )
        assert stage.line.lines_accepted == accepted, "no attempt out of safe mode"

        done = clear(stage)
        assert done.returncode == 0, done.stderr
        await until(lambda: stage.feed.ready, stage, "READY after a person cleared it")
        assert not stage.feed.bot["safe_mode"]
        book = BotBook(tmp_path / "ibelay.db", BOT)
        book.look()
        assert book.ledger.safe_mode is None


async def test_safe_mode_of_a_stopped_bot_is_cleared_in_its_store(tmp_path: Path) -> None:
    """A gateway that never answered; the bot is stopped, the person clears, the start trades."""
    stage = Arena(
        tmp_path,
        gateway=["--symbols", "SPY,AAPL", "--speed", "10", "--start", "09:30"],
        settings=settings,
        environment={"PYTHONPATH": str(Path(__file__).parent)},
    )
    async with stage:
        await until(lambda: stage.feed.ready, stage, "READY")
        await stage.line.refuse()
        await stage.line.cut(Cut.RST)
        await until(lambda: bool(stage.feed.bot.get("safe_mode")), stage, "in safe mode")
        assert stage.feed.bot["connection"]["inner_state"] == "safe mode"
        assert await stage.bot.stop() == 0
        done = clear(stage)
        assert done.returncode == 0, done.stderr
        assert "in the store" in done.stdout
        again = clear(stage)
        assert again.returncode != 0
        assert "not in safe mode" in again.stderr

        await stage.line.accept()
        await stage.start_bot()
        await until(lambda: stage.feed.ready, stage, "READY at the next start")
        assert not stage.feed.bot["safe_mode"]
        assert stage.feed.bot["trading"]


async def test_a_strategy_that_fails_in_every_turn_is_not_called_healthy(tmp_path: Path) -> None:
    """Entries stop, and a person is told which strategy and why."""
    async with arena(tmp_path, strategy="churn:failing") as stage:
        await until(lambda: bool(stage.feed.bot.get("safe_mode")), stage, "in safe mode")
        assert "churn fails in every turn" in stage.feed.bot["safe_mode"]
        assert not stage.feed.bot["trading"]


async def test_an_account_the_login_does_not_have_gets_no_order(tmp_path: Path) -> None:
    """A slip in the settings must not end in orders IB refuses one by one."""
    stage = Arena(
        tmp_path,
        gateway=["--symbols", "SPY,AAPL", "--speed", "40", "--start", "09:30"],
        settings=lambda port: SETTINGS.format(port=port).replace(
            "[gateway]", 'account = "U999"\n[gateway]'
        ),
        environment={"PYTHONPATH": str(Path(__file__).parent)},
    )
    async with stage:
        await until(lambda: bool(stage.feed.bot.get("safe_mode")), stage, "in safe mode")
        assert "U999 is not among" in stage.feed.bot["safe_mode"]
        assert (await stage.observer.book()).order_refs == {}
