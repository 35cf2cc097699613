"""The stage: gateway and bot as separate processes, and a line between them that can be cut."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from ibelay.app.demo.options import DemoOptions
from ibelay.bots.levels import levels_from_bars
from ibelay.bots.scanner import format_scanner
from ibelay.errors import ConfigurationError, LinkError
from ibelay.gateway.market.api import Market
from ibelay.proxy.line_proxy import LineProxy

BOT_NAME = "demo"
_READY_S = 30.0
_STOP_S = 20.0
_LOOPBACK = "127.0.0.1"
_LEVELS_WINDOW_S = 1800.0
_BAR_S = 5


class Child:
    """A child process of the demo whose standard output is read line by line."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self.process = process
        self.name = name
        self.lines: list[str] = []

    @classmethod
    async def start(cls, name: str, *arguments: str, log: Path) -> Child:
        """Start ``python -m ibelay`` with *arguments*; errors go to the file *log*."""
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "ibelay",
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
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


class Stage:
    """Everything a demo needs, started in order and ended in reverse.

    Args:
        options: Resolved options.
        market: The market the gateway will serve, for levels known before the open.
        folder: For the store, the logs and the files.
    """

    def __init__(self, options: DemoOptions, market: Market, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.gateway_port = 0
        self.web_port = 0
        self.line: LineProxy
        self.bot: Child
        self._market = market
        self._stack = AsyncExitStack()
        self._bot_stopped = False

    @property
    def store(self) -> Path:
        """The bot's journal."""
        return self.folder / "bot.db"

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

    async def stop_bot(self) -> int:
        """Stop the bot gracefully; return the exit code of its supervisor."""
        return await self.bot.stop()

    async def _build(self) -> None:
        gateway_log = self.folder / "gateway.log"
        gateway = await Child.start("gateway", *self._gateway_arguments(), log=gateway_log)
        self._stack.push_async_callback(gateway.stop)
        said = await gateway.announced("listening on", gateway_log)
        self.gateway_port = int(said.rsplit(":", 1)[1])
        tasks = await self._stack.enter_async_context(asyncio.TaskGroup())
        tasks.create_task(gateway.drain())
        self._stack.push_async_callback(gateway.stop)
        self.line = await self._stack.enter_async_context(LineProxy(_LOOPBACK, self.gateway_port))
        settings = self._write_settings()
        bot_log = self.folder / "up.log"
        self.bot = await Child.start("bot", "up", str(settings), log=bot_log)
        self._stack.push_async_callback(self.bot.stop)
        said = await self.bot.announced("status page", bot_log)
        self.web_port = int(said.split(":")[-1].split("/")[0])
        tasks.create_task(self.bot.drain())

    def _gateway_arguments(self) -> list[str]:
        options = self.options
        return [
            "gateway",
            "--port",
            "0",
            "--market",
            options.market,
            "--date",
            options.date,
            "--symbols",
            ",".join(options.symbols),
            "--seed",
            str(options.seed),
            "--speed",
            str(options.speed),
        ]

    def _write_settings(self) -> Path:
        scanner = self.folder / "scanner.toml"
        scanner.write_text(self._levels(), encoding="utf-8")
        path = self.folder / "demo.toml"
        path.write_text(
            _SETTINGS.format(
                name=BOT_NAME,
                scanner=json.dumps(str(scanner)),
                mode="REPLAY" if self.options.replay else "PAPER",
                port=self.line.port,
                store=json.dumps(str(self.store)),
                logs=json.dumps(str(self.folder / "logs")),
                token=json.dumps(str(self.folder / "token")),
                patience=10 * self.options.speed,
            ),
            encoding="utf-8",
        )
        return path

    def _levels(self) -> str:
        """Return a scanner file from what traded before the open, and from nothing later."""
        market = self._market
        bars = {
            instrument.contract.symbol: market.bars(
                instrument.contract.con_id, market.start_ns, market.open_ns, _BAR_S
            )
            for instrument in market.instruments
        }
        scanner = levels_from_bars(
            bars,
            date=self.options.date,
            before_ns=market.open_ns,
            window_s=_LEVELS_WINDOW_S,
        )
        return format_scanner(scanner)


def _last_words(log: Path) -> str:
    said = log.read_text(errors="replace").strip().splitlines()
    return said[-1] if said else "it said nothing"


_SETTINGS = """\
[bot]
name = "{name}"
strategy = "ps60"
scanner = {scanner}
mode = "{mode}"
patience_s = {patience}

[gateway]
host = "127.0.0.1"
port = {port}

[connection]
base_delay_s = 0.25
cap_s = 2.0

[orders]
absent_after_s = 3.0
ack_timeout_s = 3.0

[reconcile]
interval_s = 5.0

[store]
path = {store}

[web]
port = 0
token_file = {token}

[logs]
folder = {logs}

[supervisor]
delay_s = 1.0
"""
