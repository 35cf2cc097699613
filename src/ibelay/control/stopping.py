"""How a program that serves is run, and told to stop: Ctrl-C, SIGTERM, or Ctrl-Break.

Rules:
1. It runs in a selector's loop on every system, which is what Linux and macOS have anyway.
   Windows' own sends a FIN before each RST, stops listening for good when a client resets while
   it is being accepted, and stumbles over connections that were reset by their other end.
2. Where loops cannot watch signals (Windows) they come by ``signal.signal``. There nothing
   wakes a ``select`` for them, so that the loop wakes by itself every ``WAKE_S``.
3. Handlers are given back in the end: the next Ctrl-C is not for a loop that is closed.

**Source**: docs/evidence/other-systems.md.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

WAKE_S = 0.25
STOP_SIGNALS = tuple(  # Ctrl-Break is all that reaches a process group of its own on Windows
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)


def run_server(serve: Coroutine[object, object, None]) -> None:
    """Run *serve* to its end, in the same kind of loop on every system."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(serve)


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call *stop* in the running loop at each signal that asks for it."""
    loop = asyncio.get_running_loop()

    def hear(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)

    with ExitStack() as after:
        unwatched = [number for number in STOP_SIGNALS if not _watched(loop, number, stop)]
        if unwatched:
            after.enter_context(_awake(loop))
        for number in unwatched:
            after.callback(signal.signal, number, signal.signal(number, hear))
        yield


def _watched(loop: asyncio.AbstractEventLoop, number: int, stop: Callable[[], None]) -> bool:
    try:
        loop.add_signal_handler(number, stop)
    except NotImplementedError:
        return False
    return True


@contextmanager
def _awake(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let the loop wake now and then, and the handlers of signals with it (rule 2)."""
    timers: list[asyncio.TimerHandle] = []

    def wake() -> None:
        timers[:] = [loop.call_later(WAKE_S, wake)]

    wake()
    try:
        yield
    finally:
        timers[0].cancel()
