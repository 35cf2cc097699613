"""The acts: trade, cut the line in mid-trade, kill the bot while it holds, settle."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

from ibelay.app.demo.stage import BOT_NAME, Stage
from ibelay.app.demo.story import Mood, Outage, Story
from ibelay.app.demo.watch import StatusFeed
from ibelay.app.observer import Observer
from ibelay.app.sides import Book, Verdict, compare, from_ledger
from ibelay.errors import LinkError
from ibelay.journal.ledger import fold
from ibelay.ports.clock import Clock
from ibelay.proxy.line import Cut
from ibelay.store.sqlite import open_journal

_LOOK_S = 0.1
_READY_LIMIT_S = 30.0
_HOLD_LIMIT_S = 40.0
_CUT_S = 2.0
_BETWEEN_S = 8.0
_CUTS = 20


class Acts:
    """Plays the demo on its stage and keeps the story.

    Args:
        stage: Gateway, line and bot.
        feed: The bot's status.
        observer: The broker's book.
        clock: Monotonic time.
    """

    def __init__(self, stage: Stage, feed: StatusFeed, observer: Observer, clock: Clock) -> None:
        self.story = Story()
        self.naked_s = 0.0
        self.looks = 0
        self._stage = stage
        self.feed = feed
        self._observer = observer
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
        await self._pass(_BETWEEN_S)
        self._act("comparing the books")
        return await self._settle()

    async def look(self) -> None:
        """Poll status and watch protection, for ever."""
        last = self._clock.monotonic_ns()
        while True:
            await self.feed.poll()
            self._relay_events()
            now = self._clock.monotonic_ns()
            if self._observer.unprotected():
                self.naked_s += (now - last) / 1e9
            self.looks += 1
            last = now
            async with self._looked:
                self._looked.notify_all()
            await asyncio.sleep(_LOOK_S)

    async def _break(self, what: str, blow: Callable[[], object], act: str) -> None:
        """Wait until something is held, strike, and measure until READY."""
        self._act(act)
        try:
            await self._until(lambda: bool(self.feed.holding), _HOLD_LIMIT_S, "")
        except LinkError:
            self._tell("nothing is held just now; breaking it all the same")
        held = ", ".join(self.feed.holding)
        fills_before = int(self.feed.bot.get("fills", 0))
        self._tell(f"✂ {what}; held: {held or 'nothing'}", Mood.BROKEN)
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

    async def _cut_line(self) -> None:
        await self._stage.line.refuse()
        await self._stage.line.cut(Cut.RST)
        await asyncio.sleep(_CUT_S)
        self._tell("the line is whole again; waiting for the bot to find it")
        await self._stage.line.accept()

    def _kill_bot(self) -> None:
        os.kill(self.feed.pid, signal.SIGKILL)

    def _recovered(self, fills_before: int) -> str:
        bot = self.feed.bot
        missed = int(bot.get("fills", 0)) - fills_before
        working = sum(line["state"] == "working" for line in bot.get("orders", ()))
        return f"{missed} fills caught up, {working} working orders known again"

    async def _settle(self) -> Verdict:
        """Compare the books in a moment in which neither changes."""
        verdict = None
        for _ in range(_CUTS):
            before = await self._observer.book()
            ours = self._ledger_book()
            after = await self._observer.book()
            verdict = compare(ours, after)
            if before == after and verdict.agrees:
                break
            await asyncio.sleep(0.25)
        if verdict is None:
            raise LinkError("the books were never compared")
        return verdict

    def _ledger_book(self) -> Book:
        journal = open_journal(self._stage.store, bot=BOT_NAME, read_only=True)
        try:
            return from_ledger(fold(entry.record for entry in journal.replay()))
        finally:
            journal.close()

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
