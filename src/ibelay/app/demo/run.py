"""Runs the demo from curtain to verdict."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.live import Live

from ibelay.app.clock import SystemClock
from ibelay.app.demo.acts import Acts
from ibelay.app.demo.options import DemoOptions
from ibelay.app.demo.screen import frame, settle, story_line
from ibelay.app.demo.stage import stage
from ibelay.app.sides import Verdict
from ibelay.gateway.market.api import Market

_FRAMES_PER_S = 5
DISAGREE, TERMINATED = 1, 143


def run(options: DemoOptions, console: Console) -> int:
    """Play the demo; return 0 only if the books agree in the end.

    Raises:
        ConfigurationError: The options or the market data are wrong.
        LinkError: A part of the demo did not get ready in time.
    """
    resolved = options.resolved()
    market = resolved.load_market()
    with tempfile.TemporaryDirectory(prefix="ibelay-demo-") as scratch:
        folder = resolved.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            verdict = asyncio.run(_play(resolved, market, folder, console))
        except asyncio.CancelledError:
            return TERMINATED
    return 0 if verdict.agrees else DISAGREE


async def _play(options: DemoOptions, market: Market, folder: Path, console: Console) -> Verdict:
    _end_in_good_order()
    kind = "REPLAY of real prices" if options.replay else "SYNTHETIC market"
    title = f"ibelay demo · {kind} · {options.date} · {options.speed:g}×"
    console.print(title, style="bold")
    console.print(f"starting a paper gateway and a bot ({', '.join(options.symbols)}) …")
    async with stage(options, market, folder) as arena:
        acts = Acts(arena, SystemClock())
        async with asyncio.TaskGroup() as tasks:
            watching = [
                tasks.create_task(acts.look()),
                tasks.create_task(_show(title, acts, console)),
            ]
            verdict = await acts.play()
            for task in watching:
                task.cancel()
        settle(console, acts.story, verdict, acts.naked_s, acts.looks)
        code = await arena.bot.stop()
        console.print(
            f"the bot was stopped (SIGTERM) and ended with exit code {code}; its "
            "brackets stay at the broker"
        )
    return verdict


def _end_in_good_order() -> None:
    """Let SIGTERM and a closed terminal stop the demo's processes too."""
    task = asyncio.current_task()
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if task is not None and number is not None and sys.platform != "win32":
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


async def _show(title: str, acts: Acts, console: Console) -> None:
    """Draw the live display, or tell the story line by line where there is no terminal."""
    if not console.is_terminal:
        await _tell(acts, console)
        return
    with Live(console=console, auto_refresh=False, transient=False) as live:
        while True:
            live.update(frame(title, acts.story, acts.feed, acts.elapsed_s()), refresh=True)
            await asyncio.sleep(1 / _FRAMES_PER_S)


async def _tell(acts: Acts, console: Console) -> None:
    told = 0
    try:
        while True:
            for line in acts.story.lines[told:]:
                console.print(story_line(line))
            told = len(acts.story.lines)
            await asyncio.sleep(1 / _FRAMES_PER_S)
    finally:
        for line in acts.story.lines[told:]:
            console.print(story_line(line))
