"""Opening the store, and what to do when it cannot be believed (S2).

A store that is damaged is kept aside, the latest backup stands in if there is one, and the
bot comes up with its entries closed until a person has looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from ibelay.app.settings import load_settings
from ibelay.errors import StoreUnreadableError
from ibelay.journal.ledger import Ledger, fold
from ibelay.ports.journal import Journal
from ibelay.store.care import backup, set_aside
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


def set_store_aside(settings_path: Path) -> int:
    """Rename the store the settings name and say where it went.

    Raises:
        OperatorError: The settings are wrong, the store is in use, or there is none.
    """
    kept = set_aside(load_settings(settings_path).store.path)
    Console().print(f"the journal is kept as {kept}; the next start recovers from the broker")
    return 0


def back_store_up(settings_path: Path, to: Path) -> int:
    """Copy the store the settings name to *to* and say how much of it there is.

    Raises:
        OperatorError: The settings are wrong, or the store or *to* cannot be used.
    """
    rows = backup(load_settings(settings_path).store.path, to)
    Console().print(f"{rows} records are in {to}, and its chain is proved")
    return 0


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
