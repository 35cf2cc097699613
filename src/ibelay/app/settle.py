"""Comparing two books that both go on changing.

Agreement needs no stillness: if every figure of the journal equals every figure the broker
shows, the two are of the same moment. A difference may only mean that something happened
between the two looks, so it counts only if it stands look after look.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from ibelay.app.observer import Observer
from ibelay.app.sides import Book, Verdict, compare, from_ledger
from ibelay.journal.ledger import Ledger
from ibelay.store.sqlite import open_journal

_TRIES = 60
_PAUSE_S = 0.15


class BotBook:
    """The bot's side, read from its journal while it may be running.

    Args:
        store: The journal's file.
        bot: Its name.
    """

    def __init__(self, store: Path, bot: str) -> None:
        self.ledger = Ledger()
        self._store = store
        self._bot = bot
        self._read = 0

    def look(self) -> Book:
        """Return the bot's book as of now; reads only what was written since the last look."""
        journal = open_journal(self._store, bot=self._bot, read_only=True)
        try:
            for entry in journal.replay(after=self._read):
                self.ledger.apply(entry.record)
                self._read = entry.seq
        finally:
            journal.close()
        return from_ledger(self.ledger)


async def settle(bot: BotBook, observer: Observer, *, tries: int = _TRIES) -> Verdict:
    """Return the comparison of *bot*'s journal with the broker's book.

    Looks until they agree, at most *tries* times, and returns the last verdict: a difference
    that outlives all looks is a real one.
    """
    for _ in range(tries - 1):
        verdict = compare(bot.look(), await observer.book())
        if verdict.agrees:
            return verdict
        # The journal may be behind or ahead of the broker by what is on its way.
        await asyncio.sleep(_PAUSE_S)
    return compare(bot.look(), await observer.book())
