"""An alarm: who has nothing to do sleeps until something is due, or until it is rung for.

A bot at rest then costs what it does, and nothing for looking whether there is something to do.
"""

from __future__ import annotations

import asyncio

_SHORTEST_S = 0.001  # a timer may fire a little early: what it was set for is then not yet due


class Alarm:
    """Wakes one sleeper."""

    def __init__(self) -> None:
        self._rung = False
        self._sleeper: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wake the sleeper, or let it not fall asleep the next time."""
        self._rung = True
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)

    async def wait(self, seconds: float | None) -> None:
        """Sleep until the alarm is rung, *seconds* at most; None is for ever."""
        if not self._rung:
            loop = asyncio.get_running_loop()
            self._sleeper = loop.create_future()
            timer = None
            if seconds is not None:
                timer = loop.call_later(max(seconds, _SHORTEST_S), self.ring)
            try:
                await self._sleeper
            finally:
                self._sleeper = None
                if timer is not None:
                    timer.cancel()
        self._rung = False
