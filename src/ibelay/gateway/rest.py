"""How a gateway rests between two moves of market time.

Rules:
1. It moves at most once a period, and rests at least that long: what is due is told no later
   than a period after its time, at any speed.
2. Where nothing is due for longer, it rests until then, but never longer than ``REST_MAX_S``.
3. Whatever may bring something forward nudges it: a message, a command, another speed.
"""

from __future__ import annotations

import asyncio

REST_MAX_S = 60.0


class Rest:
    """The pauses of one gateway.

    Args:
        period_s: Seconds between two moves where there is something to do.
    """

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._nudged: asyncio.Future[None] | None = None

    def nudge(self) -> None:
        """Let the next move come within a period."""
        if self._nudged is not None and not self._nudged.done():
            self._nudged.set_result(None)

    async def until_due(self, wait_s: float) -> None:
        """Rest while nothing is due for *wait_s* seconds (rules 1 and 2)."""
        longest = min(wait_s, REST_MAX_S)
        if longest > self._period_s:
            loop = asyncio.get_running_loop()
            due = loop.time() + longest
            self._nudged = loop.create_future()
            timer = loop.call_at(due, self.nudge)
            try:
                await self._nudged
            finally:
                timer.cancel()
            if loop.time() >= due - self._period_s:
                return
        await asyncio.sleep(self._period_s)
