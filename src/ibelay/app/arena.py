"""The arena: a gateway, a supervised bot, and a line between them that can be cut.

All three are real: the gateway and the bot are processes of their own, the line is a TCP
forwarder on loopback. The demo plays on it, and so do the tests that cut and kill.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from ibelay.app.feed import StatusFeed
from ibelay.app.observer import Observer
from ibelay.errors import ConfigurationError, LinkError
from ibelay.proxy.line_proxy import LineProxy

LOOPBACK = "127.0.0.1"
_READY_S = 30.0
_STOP_S = 40.0


class Child:
    """A child process of the demo whose standard output is read line by line."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self.process = process
        self.name = name
        self.lines: list[str] = []

    @classmethod
    async def start(
        cls,
        name: str,
        *arguments: str,
        log: Path,
        environment: Mapping[str, str] | None = None,
        module: str = "ibelay",
        within: Sequence[str] = (),
    ) -> Child:
        """Start ``python -m ibelay`` with *arguments*; errors go to the file *log*.

        Args:
            name: For messages.
            arguments: Of the command.
            log: Takes its standard error.
            environment: Added to ours.
            module: What to run in place of ``ibelay``.
            within: Put before the command, such as one that enters a network namespace.
        """
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *within,
                *(sys.executable, "-m", module),
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **(environment or {}), "PYTHONUNBUFFERED": "1"},
                start_new_session=True,  # Ctrl-C is for the demo, which stops its children
            )
        return cls(process, name)

    async def announced(self, words: str, log: Path) -> str:
        """Return the first output line that contains *words*.

        Raises:
            LinkError: The process ended, or said nothing in time; with its last words.
        """
        stdout = self.process.stdout
        if stdout is None:
            raise LinkError(f"the {self.name} has no output to read")
        try:
            async with asyncio.timeout(_READY_S):
                async for line in stdout:
                    self.lines.append(line.decode(errors="replace").rstrip())
                    if words in self.lines[-1]:
                        return self.lines[-1]
        except TimeoutError:
            raise LinkError(f"the {self.name} did not get ready in {_READY_S:g} s") from None
        raise ConfigurationError(f"the {self.name} ended at its start: {_last_words(log)}")

    async def drain(self) -> None:
        """Read and drop further output, so that the process never blocks on its pipe."""
        if self.process.stdout is not None:
            async for _line in self.process.stdout:
                pass

    async def stop(self) -> int:
        """Ask the process to end, wait, and make it end if it does not."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(_STOP_S):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()
        return await self.process.wait()


class Arena:
    """Everything one bot needs, started in order and ended in reverse.

    Args:
        folder: For the settings, the logs and the errors of the processes.
        gateway: Arguments of ``ibelay gateway`` beside the port.
        settings: Returns the bot's TOML for the port its gateway is to be reached at.
        environment: Added to the environment of the bot's process.
    """

    def __init__(
        self,
        folder: Path,
        *,
        gateway: Sequence[str],
        settings: Callable[[int], str],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.gateway_port = 0
        self.gateway: Child
        self.line: LineProxy
        self.bot: Child
        self.feed: StatusFeed
        self.observer: Observer
        self._gateway_arguments = gateway
        self._settings = settings
        self._environment = dict(environment or {})
        self._stack = AsyncExitStack()
        self._tasks: asyncio.TaskGroup

    async def __aenter__(self) -> Self:
        try:
            await self._build()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def start_bot(self) -> None:
        """Start the bot's supervisor and wait until its status page answers.

        Raises:
            ConfigurationError: It ended at its start; with its last words.
        """
        path = self.folder / "bot.toml"
        path.write_text(self._settings(self.line.port), encoding="utf-8")
        log = self.folder / "up.log"
        self.bot = await Child.start("bot", "up", str(path), log=log, environment=self._environment)
        self._stack.push_async_callback(self.bot.stop)
        said = await self.bot.announced("status page", log)
        self.feed = StatusFeed(int(said.split(":")[-1].split("/")[0]))
        self._tasks.create_task(self.bot.drain())

    async def _build(self) -> None:
        log = self.folder / "gateway.log"
        self.gateway = await Child.start(
            "gateway", "gateway", "--port", "0", *self._gateway_arguments, log=log
        )
        self._stack.push_async_callback(self.gateway.stop)
        said = await self.gateway.announced("listening on", log)
        self.gateway_port = int(said.rsplit(":", 1)[1])
        self._tasks = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._tasks.create_task(self.gateway.drain())
        self._stack.push_async_callback(self.gateway.stop)
        self.line = await self._stack.enter_async_context(LineProxy(LOOPBACK, self.gateway_port))
        self.observer = Observer(LOOPBACK, self.gateway_port)
        await self.observer.connect()
        self._stack.callback(self.observer.close)
        await self.start_bot()


def _last_words(log: Path) -> str:
    said = log.read_text(errors="replace").strip().splitlines()
    return said[-1] if said else "it said nothing"
