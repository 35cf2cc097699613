"""The bot's process: settings in, a running bot out.

This is the function the supervisor names; it is also what runs when there is no supervisor.
Exit codes: 0 done, 70 a bug of ours or a broken store, 78 settings (see ``supervisor.policy``).
"""

from __future__ import annotations

import asyncio
import gc
import random
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ibelay.app.clock import SystemClock
from ibelay.app.compose import bot_config, strategy_of
from ibelay.app.settings import BotSettings
from ibelay.app.stores import open_store
from ibelay.errors import ConfigurationError
from ibelay.ib.connector import IbConnector
from ibelay.runtime.bot import Bot
from ibelay.supervisor.child import ChildChannel, ChildStart
from ibelay.telemetry.logs import configure_logs

_STATUS_S = 0.25
# The journal's writer thread must not wait 5 ms for the interpreter lock behind a busy loop:
# append → durable p50 under load was 16 ms at Python's default and 1.8 ms at 0.5 ms.
_SWITCH_INTERVAL_S = 0.0005


def main(channel: ChildChannel, start: ChildStart) -> int:
    """Run the bot the supervisor describes in *start*; return its exit code."""
    settings = BotSettings.model_validate_json(start.settings)
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    with configure_logs(settings.logs.folder, level=settings.logs.level, console=False):
        try:
            asyncio.run(_run(settings, channel, start.safe_mode_reason))
        except BaseExceptionGroup as failed:
            # Said as one sentence, it ends the supervisor too: no restart can cure it.
            for wrong in _leaves(failed):
                if isinstance(wrong, ConfigurationError):
                    raise wrong from failed
            raise
    return 0


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the exceptions that *error* groups, or *error* itself."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error


async def _run(settings: BotSettings, channel: ChildChannel, safe_mode_reason: str) -> None:
    clock = SystemClock()
    store = open_store(Path(settings.store.path), bot=settings.bot.name)
    try:
        bot = Bot(
            bot_config(settings, safe_mode_reason=safe_mode_reason or store.safe_mode_reason),
            strategy=strategy_of(settings),
            ledger=store.ledger,
            journal=store.journal,
            connector=IbConnector(clock),
            clock=clock,
            chance=random.Random(clock.wall_ns()),  # noqa: S311  # jitter, not a secret
        )
        for line in store.report:
            bot.chronicle.note(line)
        channel.start(
            asyncio.get_running_loop(),
            bot.command,
            lambda: bot.stop("the supervisor is gone"),
        )
        # What was loaded so far lives as long as the process; the collector need not walk it
        # (a full pass over a day's trades takes 50 ms and is the tail of the order path).
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        async with asyncio.TaskGroup() as tasks:
            reporter = tasks.create_task(_report(bot, channel))
            with _stop_signals(bot):
                await bot.run()
            reporter.cancel()
        channel.publish(msgspec.json.encode(bot.status()))
    finally:
        store.journal.close()


async def _report(bot: Bot, channel: ChildChannel) -> None:
    """Publish the status a few times a second."""
    while True:
        channel.publish(msgspec.json.encode(bot.status()))
        await asyncio.sleep(_STATUS_S)


@contextmanager
def _stop_signals(bot: Bot) -> Iterator[None]:
    """Take SIGTERM and SIGINT as requests for the graceful shutdown (G1)."""
    loop = asyncio.get_running_loop()
    before = {
        number: signal.signal(
            number,
            lambda got, _frame: loop.call_soon_threadsafe(bot.stop, signal.Signals(got).name),
        )
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
