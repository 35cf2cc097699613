"""Takes from a process what Windows has not, before anything else is imported.

Python imports it by itself when its folder is on the path. What is left is Linux without some of
its gifts, and no Windows: its loops, its sockets and its console are not here.

1. Names that are missing there are missing: forks, users, masks of signals, ``epoll``, ``AF_UNIX``.
2. Loops cannot watch signals, and ``select`` and the waiting for a lock are not interrupted by one.
3. The monotonic clock moves every 1/64 s.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

_mask = signal.pthread_sigmask
_BLOCK, _SET = signal.SIG_BLOCK, signal.SIG_SETMASK
_ONES = {signal.SIGINT, signal.SIGTERM}
_monotonic_ns = time.monotonic_ns  # noqa: TID251  # the clock itself is made poorer
_TICK_NS = 15_625_000


def _take(module: ModuleType, *names: str) -> None:
    for name in names:
        if hasattr(module, name):
            delattr(module, name)


_take(os, "fork", "forkpty", "register_at_fork", "getuid", "geteuid", "getgid", "chown", "fchmod")
_take(signal, "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "pthread_sigmask", "pthread_kill")
_take(select, "epoll", "poll")

import socket  # noqa: E402  # it looks for what is missing when it is imported

_take(socket, "AF_UNIX", "TCP_USER_TIMEOUT", "SO_REUSEPORT", "TCP_KEEPIDLE")


def _socketpair(*_arguments: object) -> tuple[socket.socket, socket.socket]:
    """Return two connected sockets, as Python makes them on Windows: over loopback."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        one = socket.create_connection(listening.getsockname())
        return one, listening.accept()[0]


def _deaf(wait: Callable[..., Any]) -> Callable[..., Any]:
    """Let a wait end before any signal is heard."""

    def waiting(*arguments: Any, **options: Any) -> Any:
        before = _mask(_BLOCK, _ONES)
        try:
            return wait(*arguments, **options)
        finally:
            _mask(_SET, before)

    return waiting


def _monotonic() -> float:
    return _monotonic_ns() // _TICK_NS * _TICK_NS / 1e9


def _clock_info(name: Any) -> Any:
    said = _get_clock_info(name)
    if name == "monotonic":
        said.resolution = _TICK_NS / 1e9
    return said


def _not_here(*_arguments: object) -> None:
    raise NotImplementedError


_get_clock_info = time.get_clock_info
vars(time).update(monotonic=_monotonic, get_clock_info=_clock_info)
vars(socket).update(socketpair=_socketpair)

import selectors  # noqa: E402  # the same
import threading  # noqa: E402  # the same

vars(selectors)["SelectSelector"]._select = staticmethod(_deaf(select.select))
vars(threading)["Condition"].wait = _deaf(threading.Condition.wait)

import asyncio  # noqa: E402  # the same

vars(asyncio)["SelectorEventLoop"].add_signal_handler = _not_here
