"""Bots small enough to see through; the supervisor's tests start them by dotted name."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from pathlib import Path

from ibelay.errors import ConfigurationError
from ibelay.supervisor.child import ChildChannel, ChildStart


def ends_well(channel: ChildChannel, start: ChildStart) -> int:
    """Print to both streams and end with 0."""
    sys.stdout.write(f"settings {start.settings.decode()}\n")
    sys.stderr.write("nothing wrong\n")
    return 0


def asks_to_be_started_again(channel: ChildChannel, start: ChildStart) -> int:
    """End with 75 twice, then with 0."""
    return 0 if start.restarts == 2 else 75


def crashes(channel: ChildChannel, start: ChildStart) -> int:
    """End with an exception, after appending how it was started to the file in settings."""
    with Path(json.loads(start.settings)["starts"]).open("a") as starts:
        starts.write(f"{start.restarts}|{start.safe_mode_reason}|{start.last_exit}\n")
    message = "a bug of the bot"
    raise RuntimeError(message)


def is_misconfigured(channel: ChildChannel, start: ChildStart) -> int:
    """Refuse its settings."""
    message = "account is missing from bot.toml"
    raise ConfigurationError(message)


def works(channel: ChildChannel, start: ChildStart) -> int:
    """Report its pid and every command it gets, until SIGTERM or until it is alone."""
    return asyncio.run(_work(channel, start))


def hangs(channel: ChildChannel, start: ChildStart) -> int:
    """Report once, then block the loop; a second start ends well."""
    return asyncio.run(_hang(channel)) if start.restarts == 0 else 0


def ignores_sigterm(channel: ChildChannel, start: ChildStart) -> int:
    """Work on whatever it is asked."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return asyncio.run(_hang(channel))


def outlives_its_supervisor_if_it_can(channel: ChildChannel, start: ChildStart) -> int:
    """Hold the pipe named in settings open for as long as it lives."""
    with Path(json.loads(start.settings)["pipe"]).open("w") as pipe:
        pipe.write("alive\n")
        pipe.flush()
        return asyncio.run(_work(channel, start))


def ignores_being_alone(channel: ChildChannel, start: ChildStart) -> int:
    """Hold the pipe named in settings open, and do nothing when the supervisor is gone."""
    with Path(json.loads(start.settings)["pipe"]).open("w") as pipe:
        pipe.write("alive\n")
        pipe.flush()
        return asyncio.run(_stay(channel))


async def _stay(channel: ChildChannel) -> int:
    def ignore(command: bytes = b"") -> None:
        return

    channel.start(asyncio.get_running_loop(), ignore, ignore)
    await asyncio.Event().wait()
    return 0


async def _work(channel: ChildChannel, start: ChildStart) -> int:
    loop, done, commands = asyncio.get_running_loop(), asyncio.Event(), list[str]()

    def report(command: bytes = b"") -> None:
        if command:
            commands.append(command.decode())
        report = {"pid": os.getpid(), "commands": commands, "safe_mode": start.safe_mode_reason}
        channel.publish(json.dumps(report).encode())

    loop.add_signal_handler(signal.SIGTERM, done.set)
    channel.start(loop, report, done.set)
    report()
    await done.wait()
    return 0


async def _hang(channel: ChildChannel) -> int:
    def ignore(command: bytes = b"") -> None:
        return

    channel.start(asyncio.get_running_loop(), ignore, ignore)
    channel.publish(b"{}")
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    threading.Event().wait()
    return 1
