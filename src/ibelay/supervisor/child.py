"""The bot's side of the control channel, and the first function of the bot's process.

Rules:
1. The trading loop never waits for the channel: a status is put in a slot and a thread
   sends it, and the latest one wins.
2. The beat comes from the trading loop, so a loop that hangs falls silent. It also re-arms
   ``faulthandler``'s timer, which ends a hung process from within, with the stacks of all
   threads in the error log, even when no supervisor is there to see it.
3. End of file on the channel means the supervisor is gone: the bot is told to end by
   itself, and if it has not after a grace, its process is ended.
"""

from __future__ import annotations

import asyncio
import faulthandler
import importlib
import io
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TextIO

from ibelay.errors import ConfigurationError, OperatorError
from ibelay.supervisor.frames import FRAME_MAX, FrameKind, pack, unpack
from ibelay.supervisor.policy import ExitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildStart:
    """What the supervisor tells the bot at its start.

    Attributes:
        settings: The bot's settings as JSON, opaque to the supervisor.
        safe_mode_reason: Not empty if the crash-loop latch fired: start in safe mode.
        restarts: How many times this supervisor has restarted the bot.
        last_exit: How the previous process ended, empty at the first start.
    """

    settings: bytes = b"{}"
    safe_mode_reason: str = ""
    restarts: int = 0
    last_exit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLimits:
    """The bot's own watch over itself; durations in seconds.

    Attributes:
        beat_s: Time between two beats.
        dead_man_s: Time without a beat after which the process ends itself; None switches
            the dead-man off.
        orphan_grace_s: Time the bot has to end by itself once the supervisor is gone.
    """

    beat_s: float = 1.0
    dead_man_s: float | None = 30.0
    orphan_grace_s: float = 40.0


class ChildChannel:
    """Carries status up and commands down; given to the bot's entry function.

    Args:
        connection: Our end of the pipe.
        limits: How often to beat, and how long silence and solitude may last.
    """

    def __init__(self, connection: Connection, limits: ChildLimits) -> None:
        self._connection = connection
        self._limits = limits
        self._pending = threading.Condition()
        self._status: bytes | None = None
        self._beat_due = False
        self._closed = False
        self._writing = threading.Lock()
        self._ended = threading.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(
        self,
        loop: asyncio.AbstractEventLoop,
        on_command: Callable[[bytes], None],
        on_orphaned: Callable[[], None],
    ) -> None:
        """Begin to beat and to listen. Call once, on *loop*.

        Args:
            loop: The trading loop; both callbacks run on it.
            on_command: Called with the bytes of each command, in order.
            on_orphaned: Called once, when the supervisor is gone.
        """
        self._loop = loop
        arguments = (loop, on_command, on_orphaned)
        threading.Thread(
            target=self._read, args=arguments, name="ibelay-control-in", daemon=True
        ).start()
        threading.Thread(target=self._write, name="ibelay-control-out", daemon=True).start()
        self._tick()

    def publish(self, status: bytes) -> None:
        """Hand over the latest status; returns at once, an unsent older one is replaced."""
        with self._pending:
            self._status = status
            self._pending.notify()

    def beat(self) -> None:
        """Say "alive" and re-arm the dead-man; called by itself every ``beat_s``."""
        if self._limits.dead_man_s is not None:
            faulthandler.dump_traceback_later(self._limits.dead_man_s, exit=True)
        with self._pending:
            self._beat_due = True
            self._pending.notify()

    def last_words(self, text: str) -> None:
        """Tell the supervisor at once, in one sentence, why this process is about to end."""
        self._send(pack(FrameKind.LAST_WORDS, text.encode()))

    def close(self) -> None:
        """Send what is pending, then stop beating and disarm the dead-man. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
        with self._pending:
            status, self._status = self._status, None
            self._closed = True
            self._pending.notify()
        self._ended.set()
        if status is not None:
            self._send(pack(FrameKind.STATUS, status))
        # Last, so that a supervisor that does not read cannot keep this process.
        if self._limits.dead_man_s is not None:
            faulthandler.cancel_dump_traceback_later()

    def _tick(self) -> None:
        if self._loop is None or self._closed:
            return
        self.beat()
        self._timer = self._loop.call_later(self._limits.beat_s, self._tick)

    def _write(self) -> None:
        """Send statuses and beats until the channel closes; runs in its own thread."""
        while True:
            with self._pending:
                self._pending.wait_for(lambda: self._beat_due or self._status or self._closed)
                if self._closed:
                    return
                status, self._status = self._status, None
                self._beat_due = False
            # A status proves life as well as a beat does.
            frame = pack(FrameKind.BEAT) if status is None else pack(FrameKind.STATUS, status)
            if not self._send(frame):
                return

    def _send(self, frame: bytes) -> bool:
        """Write one frame; False when the supervisor is gone, which the reader reports."""
        with self._writing:
            try:
                self._connection.send_bytes(frame)
            except OSError:
                return False
        return True

    def _read(
        self,
        loop: asyncio.AbstractEventLoop,
        on_command: Callable[[bytes], None],
        on_orphaned: Callable[[], None],
    ) -> None:
        """Deliver commands until the supervisor is gone; runs in its own thread."""
        try:
            while True:
                frame = unpack(self._connection.recv_bytes(FRAME_MAX))
                match frame:
                    case (FrameKind.COMMAND, body):
                        loop.call_soon_threadsafe(on_command, body)
                    case (FrameKind.TERMINATE, _):
                        loop.call_soon_threadsafe(signal.raise_signal, signal.SIGTERM)
                    case _:
                        continue  # a newer supervisor may say more than we understand
        except (EOFError, OSError):
            self._orphaned(loop, on_orphaned)
        except RuntimeError:
            return  # the loop is closed: the bot is ending and needs no more commands

    def _orphaned(self, loop: asyncio.AbstractEventLoop, on_orphaned: Callable[[], None]) -> None:
        """Tell the bot that it is alone, and end the process if it does not end itself."""
        try:
            loop.call_soon_threadsafe(on_orphaned)
        except RuntimeError:
            return
        if not self._ended.wait(self._limits.orphan_grace_s):
            sys.stderr.write(
                "the supervisor is gone and the bot did not end in "
                f"{self._limits.orphan_grace_s:g} s: its process is ended now\n"
            )
            sys.stderr.flush()
            os._exit(ExitCode.INTERNAL)


EntryFunction = Callable[[ChildChannel, ChildStart], int]


def load_target(target: str) -> EntryFunction:
    """Return the function named by *target*, "package.module:function".

    Raises:
        ConfigurationError: There is no such module or function.
    """
    module_name, _, function_name = target.partition(":")
    try:
        function: EntryFunction = getattr(importlib.import_module(module_name), function_name)
    except (ImportError, AttributeError, ValueError) as error:
        msg = (
            f"the bot's entry function {target!r} was not found ({error}); expected module:function"
        )
        raise ConfigurationError(msg) from error
    return function


def child_main(
    target: str,
    start: ChildStart,
    connection: Connection,
    logs: tuple[Path, Path],
    limits: ChildLimits,
) -> None:
    """Run the bot: the first function of its process.

    Args:
        target: The entry function as "module:function"; returns the exit code.
        start: Handed to the entry function.
        connection: The bot's end of the control channel.
        logs: Files that standard output and standard error are appended to.
        limits: See :class:`ChildLimits`.

    Raises:
        SystemExit: Always, with the exit code; an exception of the bot passes through and
            makes the exit code 1.
    """
    if hasattr(os, "setsid"):
        # Ctrl-C in the terminal reaches the supervisor only, which passes it on once.
        os.setsid()
    _redirect(sys.stdout, logs[0])
    _redirect(sys.stderr, logs[1])
    faulthandler.enable()
    channel = ChildChannel(connection, limits)
    try:
        code = load_target(target)(channel, start)
    except OperatorError as error:
        sys.stderr.write(f"{error}\n")
        channel.last_words(str(error))
        code = ExitCode.CONFIGURATION
    channel.close()
    sys.stdout.flush()
    sys.stderr.flush()
    raise SystemExit(code)


def _redirect(stream: TextIO, path: Path) -> None:
    """Append everything written to *stream*, by Python or by C code, to the file *path*."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, stream.fileno())
    os.close(descriptor)
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(line_buffering=True)
