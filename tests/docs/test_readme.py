"""The README's own bot runs as it stands there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from ibelay.app.arena import Arena

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def block(language: str, containing: str) -> str:
    """Return the README's code block in *language* that contains a text."""
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return next(text for text in blocks if containing in text)


@pytest.mark.adversity
async def test_the_readmes_bot_buys_once_and_is_protected(tmp_path: Path) -> None:
    """Saved, started under a supervisor against a paper gateway, it holds ten shares."""
    (tmp_path / "mybot.py").write_text(block("python", "class BuyOnce"), encoding="utf-8")
    settings = block("toml", "mybot:make")

    def on_port(port: int) -> str:
        assert "port = 4002" in settings
        return settings.replace("port = 4002", f"port = {port}") + "\n[web]\nport = 0\n"

    arena = Arena(
        tmp_path,
        gateway=["--speed", "30", "--start", "09:31"],
        settings=on_port,
        environment={"PYTHONPATH": str(tmp_path)},
    )
    async with arena as stage, asyncio.timeout(30):
        while stage.feed.holding != ["10 SPY"]:
            await stage.feed.poll()
        position = stage.feed.bot["positions"][0]
        assert position["protected"] == "10"
        assert await stage.observer.unprotected() == []
