"""The acts: trade, cut the line in mid-trade, kill the bot while it holds, settle."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

from ibelay.app.arena import Arena
from ibelay.app.demo.stage import BOT_NAME, store_of
from ibelay.app.demo.story import Mood, Outage, Story
from ibelay.app.settle import BotBook, settle
from ibelay.app.sides import Verdict
from ibelay.errors import LinkError
from ibelay.ports.clock import Clock
from ibelay.proxy.line import Cut

_LOOK_S = 0.1
_READY_LIMIT_S = 30.0
_HOLD_LIMIT_S = 25.0
_CUT_S = 2.0
_BETWEEN_S = 8.0
_CALM_S = 2.0


class Acts:
    """Plays the demo on its stage and keeps the story.

    Args:
        arena: Gateway, line and bot.
        clock: Monotonic time.
    """

    def __init__(self, arena: Arena, clock: Clock) -> None:
        self.story = Story()
        self.naked_s = 0.0
        self.looks = 0
        self.feed = arena.feed
        self._arena = arena
        self._observer = arena.observer
        self._clock = clock
        self._began_ns = clock.monotonic_ns()
        self._told: set[str] = set()
        self._looked = asyncio.Condition()

    def elapsed_s(self) -> float:
        """Seconds since the curtain rose."""
        return (self._clock.monotonic_ns() - self._began_ns) / 1e9

    async def play(self) -> Verdict:
        """Play all acts and return the comparison of the books.

        Raises:
            LinkError: The bot did not come back in time.
        """
        self._act("connecting and warming up")
        await self._until(lambda: self.feed.ready, _READY_LIMIT_S, "the bot is not READY")
        self._tell("bot READY: books reconciled, prices streaming", Mood.HEALED)
        await self._break(
            "the line was cut (RST), and stays down", self._cut_line, "trading; next: cut the line"
        )
        await self._pass(_BETWEEN_S)
        await self._break("the bot was killed (SIGKILL)", self._kill_bot, "trading; next: a kill")
        self._act("trading on; next: compare the books in mid-trade")
        await self._pass(_CALM_S)
        await self._holding()
        self._act("comparing the books")
        bot = BotBook(store_of(self._arena.folder), BOT_NAME)
        return await settle(bot, self._observer)

    async def look(self) -> None:
        """Poll status and watch protection, for ever."""
        last = self._clock.monotonic_ns()
        while True:
            await self.feed.poll()
            self._relay_events()
            now = self._clock.monotonic_ns()
            if await self._observer.unprotected():
                self.naked_s += (now - last) / 1e9
            self.looks += 1
            last = now
            async with self._looked:
                self._looked.notify_all()
            await asyncio.sleep(_LOOK_S)

    async def _break(self, what: str, blow: Callable[[], object], act: str) -> None:
        """Wait until something is held, strike, and measure until READY."""
        self._act(act)
        await self._holding()
        held = ", ".join(self.feed.holding)
        fills_before = int(self.feed.bot.get("fills", 0))
        self._tell(f"{what}; held: {held or 'nothing'}", Mood.BROKEN)
        struck = self._clock.monotonic_ns()
        outcome = blow()
        if asyncio.iscoroutine(outcome):
            await outcome
        await self._until(lambda: not self.feed.ready, _READY_LIMIT_S, "nothing broke")
        await self._until(lambda: self.feed.ready, _READY_LIMIT_S, "the bot did not come back")
        took = (self._clock.monotonic_ns() - struck) / 1e9
        recovered = self._recovered(fills_before)
        self.story.outages.append(
            Outage(what=what, held=held, duration_s=took, recovered=recovered)
        )
        self._tell(f"READY again after {took:.2f} s: {recovered}", Mood.HEALED)

    async def _holding(self) -> None:
        """Wait until something is held, but not for ever: markets can be dull."""
        try:
            await self._until(lambda: bool(self.feed.holding), _HOLD_LIMIT_S, "nothing is held")
        except LinkError as error:
            self._tell(f"{error}; going on all the same")

    async def _cut_line(self) -> None:
        await self._arena.line.refuse()
        await self._arena.line.cut(Cut.RST)
        await asyncio.sleep(_CUT_S)
        self._tell("the line is whole again; waiting for the bot to find it")
        await self._arena.line.accept()

    def _kill_bot(self) -> None:
        os.kill(self.feed.pid, signal.SIGKILL)

    def _recovered(self, fills_before: int) -> str:
        bot = self.feed.bot
        missed = int(bot.get("fills", 0)) - fills_before
        working = sum(line["state"] == "working" for line in bot.get("orders", ()))
        return f"{missed} fills caught up on, {working} working orders known again"

    async def _pass(self, seconds: float) -> None:
        """Let the market go on for a while."""
        await asyncio.sleep(seconds)

    async def _until(self, met: Callable[[], bool], limit_s: float, otherwise: str) -> None:
        try:
            async with asyncio.timeout(limit_s), self._looked:
                await self._looked.wait_for(met)
        except TimeoutError:
            raise LinkError(f"{otherwise} after {limit_s:g} s") from None

    def _relay_events(self) -> None:
        """Tell what the bot itself noted since the last look."""
        events = self.feed.bot.get("events", ())
        texts = [f"{event['at']} {event['text']}" for event in events]
        fresh = [text for text in texts if text not in self._told]
        for text in fresh:
            self._told.add(text)
            self._tell(f"bot: {text.split(' ', 1)[1]}")

    def _act(self, act: str) -> None:
        self.story.act = act

    def _tell(self, text: str, mood: Mood = Mood.PLAIN) -> None:
        self.story.tell(self.elapsed_s(), text, mood)
