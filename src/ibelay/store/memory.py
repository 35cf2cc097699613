"""The journal without a disk, for simulation and tests: same rules, nothing survives the process.

Records are kept as the bytes a disk would hold, so that what would not read back fails here
as well. A :class:`MemoryDisk` outlives the journals opened on it: what a crash of their
process leaves on it is what ``store.writing.inline`` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

from ibelay.errors import ConfigurationError, StoreUnreadableError
from ibelay.journal import chain, codec
from ibelay.journal.chain import Head
from ibelay.journal.records import AnyRecord
from ibelay.ports.journal import Entry
from ibelay.store.writing.appender import Draft
from ibelay.store.writing.inline import InlineWriter, Later, at_once

_NAME = Path("in memory")


class MemoryDisk:
    """Rows that are durable, whatever becomes of who wrote them.

    Args:
        later: Takes what is to be called when the disk has done one commit; see
            ``store.writing.inline``. Left out, every commit is done at once.
    """

    def __init__(self, later: Later = at_once) -> None:
        self.rows: list[tuple[bytes, bytes]] = []
        self._later = later
        self._open: MemoryJournal | None = None

    @property
    def head(self) -> Head:
        """The last row."""
        return Head(len(self.rows), self.rows[-1][1]) if self.rows else chain.ORIGIN

    def open(self) -> MemoryJournal:
        """Return a journal that goes on behind the last durable row.

        Raises:
            ConfigurationError: The last one neither was closed nor crashed.
        """
        if self._open is not None and not self._open.closed:
            raise ConfigurationError(
                "the journal in memory is being written; close the one that is open first"
            )
        self._open = MemoryJournal(self)
        return self._open

    def crash(self, *, finishes: bool = False) -> None:
        """End the journal that is open as a killed process or a power cut would.

        What it was given and did not commit is gone, and its futures never resolve.

        Args:
            finishes: Whether the commit that had begun, if there is one, is on the disk.
        """
        if self._open is not None:
            self._open.crash(finishes=finishes)

    def replay(self, after: int = 0) -> Iterator[Entry]:
        """Yield every durable entry above *after*, chain-checked.

        Raises:
            StoreUnreadableError: There is no row *after*.
        """
        if after > len(self.rows):
            raise StoreUnreadableError(
                f"journal row {after} is missing, reading was to go on after it"
            )
        head = Head(after, self.rows[after - 1][1]) if after else chain.ORIGIN
        while head.seq < len(self.rows):
            body, row_hash = self.rows[head.seq]
            head = chain.advance(head, head.seq + 1, body, row_hash)
            yield Entry(head.seq, codec.decode(head.seq, body))

    def close(self) -> None:
        """End the journal that is open; there is nothing to give back."""
        self.crash()

    def writer(self) -> InlineWriter:
        """Return what puts appends behind the last row."""
        return InlineWriter(_NAME, lambda: _MemoryAppender(self), self._later)


class _MemoryAppender:
    """``Appends`` on a disk in memory."""

    def __init__(self, disk: MemoryDisk) -> None:
        self.head = disk.head
        self._disk = disk

    def write(self, drafts: Sequence[Draft]) -> None:
        """Put *drafts* behind the head."""
        for draft in drafts:
            self.head = chain.link(self.head, draft.body)
            self._disk.rows.append((draft.body, self.head.hash))

    def close(self) -> None:
        """Do nothing: the rows stay."""


class MemoryJournal:
    """``ports.Journal`` in memory.

    Args:
        disk: Where its rows lie; a disk of its own that is done at once, if left out.

    Attributes:
        closed: Whether it takes no more, having been closed or crashed.
    """

    def __init__(self, disk: MemoryDisk | None = None) -> None:
        self.closed = False
        self._disk = MemoryDisk() if disk is None else disk
        self._writer = self._disk.writer()

    @property
    def commits(self) -> int:
        """How many commits of at least one row there were."""
        return self._writer.commits

    def append(self, records: Sequence[AnyRecord]) -> Future[int]:
        """Append *records*, as ``ports.Journal`` says; an empty sequence is a barrier.

        Raises:
            InvariantError: A record would not read back; nothing was written.
        """
        return self._writer.submit(
            tuple(
                Draft(record.at_ns, codec.kind(record), codec.encode(record)) for record in records
            )
        )

    def replay(self, after: int = 0) -> Iterator[Entry]:
        """Yield every durable entry above *after*, chain-checked.

        Raises:
            StoreUnreadableError: There is no row *after*.
        """
        return self._disk.replay(after)

    def close(self) -> None:
        """Write what was appended, then refuse more. Idempotent."""
        self.closed = True
        self._writer.close()

    def crash(self, *, finishes: bool) -> None:
        """See ``MemoryDisk.crash``."""
        self.closed = True
        self._writer.crash(finishes=finishes)
