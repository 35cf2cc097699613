"""The bot's disk in a simulation: what outlives its process, in memory or in the real store.

Most runs keep rows in memory, for speed. In the others SQLite itself writes and reads them,
into a folder that goes with the world: every boot then verifies the chain as in production.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from ibelay.ports.journal import Entry, Journal
from ibelay.store.sqlite import SqliteJournal, open_journal
from ibelay.store.writing.appender import Appends
from ibelay.store.writing.inline import InlineWriter, Later


class Disk(Protocol):
    """What outlives a process."""

    def open(self) -> Journal:
        """Return a journal that goes on behind the last durable row."""
        ...

    def crash(self, *, finishes: bool = False) -> None:
        """End the journal that is open, as a kill or a power cut would."""
        ...

    def replay(self, after: int = 0) -> Iterator[Entry]:
        """Yield every durable entry above *after*, chain-checked."""
        ...

    def close(self) -> None:
        """Throw the disk away."""
        ...


class SqliteDisk:
    """The store of production in a folder of its own, with commits done when *later* says.

    Args:
        bot: Whose journal it is.
        later: Takes what is to be called when the disk has done one commit.
    """

    def __init__(self, bot: str, later: Later) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ibelay-simulation-")
        self._path = Path(self._folder.name) / "journal.db"
        self._bot = bot
        self._later = later
        self._writer: InlineWriter | None = None
        self._journal: SqliteJournal | None = None

    def open(self) -> Journal:
        """Open the store, verified."""
        self._journal = open_journal(self._path, bot=self._bot, writer=self._make)
        return self._journal

    def crash(self, *, finishes: bool = False) -> None:
        """End the journal; its process gives back the lock by dying."""
        if self._writer is not None and self._journal is not None:
            self._writer.crash(finishes=finishes)
            self._journal.close()
        self._writer = self._journal = None

    def replay(self, after: int = 0) -> Iterator[Entry]:
        """Yield what is durable above *after*; nothing before the first boot."""
        if self._path.exists():
            reader = open_journal(self._path, bot=self._bot, read_only=True)
            yield from reader.replay(after)

    def close(self) -> None:
        """Remove the folder."""
        self.crash()
        self._folder.cleanup()

    def _make(self, path: Path, opens: Callable[[], Appends]) -> InlineWriter:
        self._writer = InlineWriter(path, opens, self._later)
        return self._writer
