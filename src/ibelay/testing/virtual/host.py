"""A host: a simulated process, which can be stalled, and the code that belongs to it.

Code belongs to the host in whose context it was started: tasks, timers and callbacks inherit
it, as they inherit every context variable. What belongs to no host is the world's own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from typing import Any

Handler = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]
HOST: ContextVar[Host | None] = ContextVar("ibelay_host", default=None)


class Host:
    """One process on the virtual network.

    Args:
        name: Its address on the network.

    Attributes:
        dead: It was killed; what is left of it reaches nobody any more.
        on_failure: Takes what a callback of it let escape; the loop's context, as asyncio has it.
    """

    __slots__ = ("_parked", "_stalls", "dead", "name", "on_failure")

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.on_failure: Handler | None = None
        self._stalls = 0
        self._parked: deque[Callback | Timer] = deque()

    @property
    def stalled(self) -> bool:
        """Whether nothing of it runs at present."""
        return self._stalls > 0

    def context(self) -> Context:
        """Return a context whose code belongs to this host."""
        context = copy_context()
        context.run(HOST.set, self)
        return context

    def stall(self) -> None:
        """Let nothing of it run until :meth:`resume`; as often as it is stalled."""
        self._stalls += 1

    def resume(self) -> deque[Callback | Timer]:
        """Take back one stall; return what may run now, in the order in which it was due."""
        self._stalls -= 1
        if self._stalls:
            return deque()
        parked, self._parked = self._parked, deque()
        return parked

    def park(self, handle: Callback | Timer) -> None:
        """Keep what is due while stalled."""
        self._parked.append(handle)


class Callback(asyncio.Handle):
    """A callback of asyncio, made without a look at the debug mode: there are millions."""

    __slots__ = ()
    _args: tuple[Any, ...]
    _callback: Callable[..., object] | None
    _context: Context
    _repr = _source_traceback = None  # what the debug mode keeps

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        self._callback = callback
        self._args = args
        self._loop = loop
        self._context = copy_context() if context is None else context
        self._cancelled = False

    def cancel(self) -> None:
        """Never run: the loop will find that out."""
        self._cancelled = True
        self._callback, self._args = None, ()


class Timer(asyncio.TimerHandle):
    """A timer, made in the same way."""

    __slots__ = ()
    _args: tuple[Any, ...]
    _callback: Callable[..., object] | None
    _context: Context
    _repr = _source_traceback = None
    _scheduled = False

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        self._when = when
        self._callback = callback
        self._args = args
        self._loop = loop
        self._context = copy_context() if context is None else context
        self._cancelled = False

    def cancel(self) -> None:
        """Never run: the loop will find that out."""
        self._cancelled = True
        self._callback, self._args = None, ()


def parked(handle: Callback | Timer) -> bool:
    """Let its host keep *handle* if that is stalled; return whether it is."""
    host = handle._context.get(HOST)  # noqa: SLF001  # a handle of this module
    if host is None or not host.stalled:
        return False
    host.park(handle)
    return True
