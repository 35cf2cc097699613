"""Comparing two books that both go on changing: a moment is found in which neither did."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ibelay.app.observer import Observer
from ibelay.app.sides import Book, Verdict, compare, from_ledger
from ibelay.errors import LinkError
from ibelay.journal.ledger import fold
from ibelay.store.sqlite import open_journal

_TRIES = 40
_PAUSE_S = 0.2


async def settle(store: Path, bot: str, observer: Observer, *, tries: int = _TRIES) -> Verdict:
    """Return the comparison of *bot*'s journal with the broker's book.

    The broker is asked before and after the journal is read; only if it answered the same
    both times is it the same moment. Differences that stand for *tries* looks are real.

    Raises:
        LinkError: The broker's book never stood still long enough.
    """
    verdict = None
    for attempt in range(tries):
        before = await observer.book()
        ours = bot_book(store, bot)
        after = await observer.book()
        if before == after:
            verdict = compare(ours, after)
            if verdict.agrees:
                return verdict
        if attempt < tries - 1:
            await asyncio.sleep(_PAUSE_S)
    if verdict is None:
        raise LinkError("the broker's book never stood still; slow the market down")
    return verdict


def bot_book(store: Path, bot: str) -> Book:
    """Return the bot's side, read from its journal while it may be running."""
    journal = open_journal(store, bot=bot, read_only=True)
    try:
        return from_ledger(fold(entry.record for entry in journal.replay()))
    finally:
        journal.close()
