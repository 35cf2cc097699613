"""The supervisor's side of one bot process: start, listen, talk, end, and be sure it ended.

The child is forked from a warm server process where the OS has one (its imports are done,
so a bot is back in tens of milliseconds), spawned elsewhere.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess, SpawnContext, SpawnProcess
from pathlib import Path
from types import ModuleType

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own

from ibelay.errors import ConfigurationError
from ibelay.supervisor.child import ChildLimits, ChildStart, child_main
from ibelay.supervisor.frames import FRAME_MAX, FrameKind, pack, unpack

_SENDS_AT_ONCE_MAX = 32
_OUTPUT_MAX_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """Which bot to run and how; durations in seconds.

    Attributes:
        target: Entry function as "module:function", called with (channel, start).
        settings: JSON handed to the bot unread.
        log_folder: Where standard output and error of the bot are appended.
        preload: Modules the warm server imports before the first fork, by dotted name.
        start_method: "auto", "forkserver" or "spawn".
        hang_s: Silence after which the bot counts as hung and is ended.
        stop_grace_s: Time the bot has to end after SIGTERM; more than its own shutdown limit.
        abort_grace_s: Time a hung bot has to write its stacks after SIGABRT.
        limits: The bot's own watch over itself.
    """

    target: str
    settings: bytes = b"{}"
    log_folder: Path
    preload: tuple[str, ...] = ()
    start_method: str = "auto"
    hang_s: float = 60.0
    stop_grace_s: float = 35.0
    abort_grace_s: float = 3.0
    limits: ChildLimits = field(default_factory=ChildLimits)
    output_name: str = "bot_output.log"
    error_name: str = "bot_error.log"


class ChildProcess:
    """One life of the bot. Made by :meth:`start`; never reused.

    Args:
        process: The started process.
        connection: Our end of the control channel.
        on_frame: Called on the event loop with each frame the bot sends.
    """

    def __init__(
        self,
        process: ForkServerProcess | SpawnProcess,
        connection: Connection,
        on_frame: Callable[[FrameKind, bytes], None],
    ) -> None:
        self._process = process
        self._connection = connection
        self._on_frame = on_frame
        self._loop = asyncio.get_running_loop()
        self._writing = threading.Lock()
        self._sending = 0
        # Remembers the start time too, so a signal can never reach another process that
        # got the same number.
        self._handle = _handle_of(process.pid)
        self._reader = threading.Thread(target=self._read, name="ibelay-bot-in", daemon=True)
        self._reader.start()

    @classmethod
    async def start(
        cls, spec: ChildSpec, start: ChildStart, on_frame: Callable[[FrameKind, bytes], None]
    ) -> ChildProcess:
        """Start the bot and return as soon as its process exists.

        Raises:
            ConfigurationError: The log folder cannot be written.
        """
        # The first start also starts the warm server and takes as long as its imports.
        process, connection = await asyncio.to_thread(_launch, spec, start)
        return cls(process, connection, on_frame)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid or 0

    async def exited(self) -> int:
        """Return the exit code (minus the signal number) once the process is really gone."""
        await asyncio.to_thread(self._join)
        code = self._process.exitcode
        return 255 if code is None else code

    async def send(self, command: bytes) -> bool:
        """Pass *command* to the bot; False if it is gone or does not read its commands."""
        if self._sending >= _SENDS_AT_ONCE_MAX:
            return False
        self._sending += 1
        try:
            return await asyncio.to_thread(self._send, pack(FrameKind.COMMAND, command))
        finally:
            self._sending -= 1

    async def terminate(self) -> None:
        """Ask the bot to shut down in good order."""
        if os.name == "nt":  # Windows can only kill from outside; the bot raises it itself
            await asyncio.to_thread(self._send, pack(FrameKind.TERMINATE))
        else:
            self._signal(signal.SIGTERM)

    def abort(self) -> None:
        """End a hung bot in a way that leaves the stacks of its threads in the error log."""
        self._signal(signal.SIGABRT if os.name != "nt" else signal.SIGTERM)

    def kill(self) -> None:
        """End the bot at once, whatever it is doing. Idempotent."""
        if self._handle is not None:
            with suppress(psutil.NoSuchProcess):
                self._handle.kill()

    def close(self) -> None:
        """Release the channel; the process must have ended."""
        self._connection.close()
        if self._process.exitcode is not None:
            self._process.close()

    def _signal(self, number: signal.Signals) -> None:
        if self._handle is not None:
            with suppress(psutil.NoSuchProcess):
                self._handle.send_signal(number)

    def _send(self, frame: bytes) -> bool:
        with self._writing:
            try:
                self._connection.send_bytes(frame)
            except OSError:
                return False
        return True

    def _read(self) -> None:
        """Pass frames to the loop until the bot closes its end; runs in its own thread."""
        with suppress(EOFError, OSError, RuntimeError):
            while True:
                frame = unpack(self._connection.recv_bytes(FRAME_MAX))
                if frame is not None:
                    self._loop.call_soon_threadsafe(self._on_frame, *frame)

    def _join(self) -> None:
        """Wait for the end; runs in a thread, the only one that asks for the exit code."""
        self._process.join()
        # If the warm server itself was killed, an end is reported while the bot lives on.
        # A second bot beside it must never be.
        if self._handle is not None and _still_runs(self._handle):
            self.kill()
            _wait_until_gone(self._handle)
        self._reader.join(1.0)  # its last words are read before its end is reported


def _handle_of(pid: int | None) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None  # ended already


def _still_runs(handle: psutil.Process) -> bool:
    try:
        return bool(handle.is_running() and handle.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _wait_until_gone(handle: psutil.Process) -> None:
    """Wait for the end of a process that is not ours to wait for, without a limit."""
    while _still_runs(handle):
        threading.Event().wait(0.01)


def _launch(
    spec: ChildSpec, start: ChildStart
) -> tuple[ForkServerProcess | SpawnProcess, Connection]:
    """Start the process; blocks until it exists."""
    logs = (spec.log_folder / spec.output_name, spec.log_folder / spec.error_name)
    try:
        spec.log_folder.mkdir(parents=True, exist_ok=True)
        for path in logs:
            _keep_small(path)
    except OSError as error:
        msg = (
            f"the log folder {spec.log_folder} cannot be written ({error.strerror}); "
            "expected a folder this user may write to"
        )
        raise ConfigurationError(msg) from error
    context = _context(spec)
    ours, theirs = context.Pipe()
    process = context.Process(
        target=child_main,
        args=(spec.target, start, theirs, logs, spec.limits),
        name="ibelay-bot",
    )
    with _no_main_module():
        process.start()
    theirs.close()  # so that the end of the bot is the end of the channel
    return process, ours


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Keep ``multiprocessing`` from running the program's main module again in the child.

    The bot is named by a dotted name and needs nothing of it; running it again would cost
    each restart the imports of the command line, and would start a second supervisor from
    a script without an ``if __name__ == "__main__"`` guard.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _context(spec: ChildSpec) -> ForkServerContext | SpawnContext:
    """Return the way to start processes that *spec* asks for and the OS has."""
    known = multiprocessing.get_all_start_methods()
    method = spec.start_method
    if method == "auto":
        method = "forkserver" if "forkserver" in known else "spawn"
    if method == "forkserver" and method in known:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(spec.preload))
        return context
    if method == "spawn":
        return multiprocessing.get_context("spawn")
    msg = f"start method {spec.start_method!r} is not available here; expected auto or one of "
    raise ConfigurationError(msg + ", ".join(name for name in known if name != "fork"))


def _keep_small(path: Path) -> None:
    """Put a grown output file aside, so that one older file at most is kept."""
    path.touch(mode=0o600)
    if path.stat().st_size > _OUTPUT_MAX_BYTES:
        path.replace(path.with_name(path.name + ".1"))
