"""An alarm: who has nothing to do sleeps until something is due, or until it is rung for.

A bot at rest then costs what it does, and nothing for looking whether there is something to do.
"""

from __future__ import annotations

import asyncio

_SHORTEST_S = 0.001  # a timer may fire a little early: what it was set for is then not yet due


class Alarm:
    """Wakes one sleeper."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake the sleeper, or let it not fall asleep the next time."""
        self._rung.set()

    async def wait(self, seconds: float | None) -> None:
        """Sleep until the alarm is rung, *seconds* at most; None is for ever."""
        timer = None
        if seconds is not None:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(max(seconds, _SHORTEST_S), self._rung.set)
        try:
            await self._rung.wait()
        finally:
            if timer is not None:
                timer.cancel()
        self._rung.clear()
