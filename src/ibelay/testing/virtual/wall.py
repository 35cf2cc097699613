"""Wall time for libraries that ask the system: ib_async stamps what it hears with ``now()``.

Rules:
1. While it is entered, ``time.time`` and its kin give virtual time to everybody, and the
   ``datetime`` that ib_async's modules see gives virtual ``now``.
2. The loop is the policy's too, for eventkit asks the policy for it.
3. Afterwards all is as it was. Only one may be entered at a time.

Our own code takes its time from a clock and needs none of this.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from ibelay.ports.clock import Clock
from ibelay.testing.virtual.loop import VirtualLoop

_LIBRARY = "ib_async"


@contextmanager
def virtual_wall(loop: VirtualLoop, clock: Clock) -> Iterator[None]:
    """Let everybody who asks the system for the time hear *clock* instead.

    Args:
        loop: Made the policy's loop meanwhile (rule 2).
        clock: What they hear.
    """
    told = _told(clock)
    before: list[tuple[object, str, Any]] = []
    for where, name, value in (*_of_time(clock), *_of_library(told)):
        before.append((where, name, getattr(where, name)))
        setattr(where, name, value)
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        for where, name, value in reversed(before):
            setattr(where, name, value)


def _of_time(clock: Clock) -> Iterator[tuple[object, str, Any]]:
    yield time, "time", lambda: clock.wall_ns() / 1e9
    yield time, "time_ns", clock.wall_ns
    for name in ("monotonic", "perf_counter"):
        yield time, name, lambda: clock.monotonic_ns() / 1e9
        yield time, f"{name}_ns", clock.monotonic_ns


def _of_library(told: type[dt.datetime]) -> Iterator[tuple[object, str, Any]]:
    """Yield what stands for ``datetime``, the class or the module, in each of its modules."""
    module = ModuleType("datetime")
    module.__dict__.update(vars(dt), datetime=told)
    for name, loaded in sorted(sys.modules.items()):
        if name.partition(".")[0] != _LIBRARY:
            continue
        for attribute, value in sorted(vars(loaded).items()):
            if value is dt.datetime:
                yield loaded, attribute, told
            elif value is dt:
                yield loaded, attribute, module


def _told(clock: Clock) -> type[dt.datetime]:
    """Return a ``datetime`` whose ``now`` is *clock*'s; any datetime is an instance of it."""

    class _Kind(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, dt.datetime)

    class Told(dt.datetime, metaclass=_Kind):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]  # the plain class, not this one
            """Return what the clock says."""
            return dt.datetime.fromtimestamp(clock.wall_ns() / 1e9, tz)

        @classmethod
        def today(cls) -> dt.datetime:  # type: ignore[override]  # the plain class, not this one
            """Return what the clock says, in the machine's zone."""
            return cls.now()

    return Told
