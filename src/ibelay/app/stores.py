"""Opening the store, and what to do when it cannot be believed (S2).

A store that is damaged is kept aside, the latest backup stands in if there is one, and the
bot comes up with its entries closed until a person has looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ibelay.errors import StoreUnreadableError
from ibelay.journal.ledger import Ledger, fold
from ibelay.ports.journal import Journal
from ibelay.store.care import set_aside
from ibelay.store.sqlite import open_journal


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedStore:
    """A journal, its fold, and what has to be said about how it was opened."""

    journal: Journal
    ledger: Ledger
    safe_mode_reason: str = ""
    report: tuple[str, ...] = ()


def open_store(path: Path, *, bot: str) -> OpenedStore:
    """Open the store of *bot* at *path*, creating it if there is none.

    Raises:
        ConfigurationError: The path cannot be a store, or another process writes it.
        StoreUnreadableError: The damaged store could not even be moved aside.
    """
    try:
        journal = open_journal(path, bot=bot)
        try:
            ledger = fold(entry.record for entry in journal.replay())
        except StoreUnreadableError:
            journal.close()
            raise
    except StoreUnreadableError as error:
        return _without_memory(path, bot, error)
    return OpenedStore(journal=journal, ledger=ledger)


def _without_memory(path: Path, bot: str, error: StoreUnreadableError) -> OpenedStore:
    kept = set_aside(path)
    journal = open_journal(path, bot=bot)
    reason = f"the store was damaged ({error}); it is kept as {kept.name}"
    return OpenedStore(
        journal=journal,
        ledger=fold(entry.record for entry in journal.replay()),
        safe_mode_reason=reason,
        report=(reason, "positions come from the broker; entries wait for a person's word"),
    )
