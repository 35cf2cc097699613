"""What every way of writing shares: drafts, appends that wait, and what puts them on disk.

Rules for whoever writes:
1. Whatever waits when a commit begins goes into it (group commit): under load the disk is
   asked once for many appends, and alone an append waits for nobody.
2. One SQL statement a transaction where it fits. The statement's many-row form matters more
   than it looks: SQLite's module gives up Python's lock for each statement, and each time
   a busy event loop may take up to one switch interval (5 ms) to give it back.
3. Futures resolve in the order of the appends, after the commit and the head mark.
4. The first failure is final: it fails what was in that commit, everything waiting and
   everything to come. A journal that skipped a record would be worse than none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

from ibelay.journal import chain
from ibelay.journal.chain import Head
from ibelay.store.database import foreign
from ibelay.store.head import HeadMark

ROWS_PER_STATEMENT = 180  # five values a row; every SQLite allows 999 values a statement
ROWS_PER_COMMIT = 1_800  # bounds how long one commit holds the others up
BACKLOG = 50_000  # appends; a disk this far behind will not catch up


class Draft(NamedTuple):
    """A row before it has its number and hash."""

    at_ns: int
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Append:
    """What one caller appended, and the future it was given for it."""

    drafts: tuple[Draft, ...]
    future: Future[int]


class Appends(Protocol):
    """A verified journal, open for writing.

    Attributes:
        head: Its last row.
    """

    head: Head

    def write(self, drafts: Sequence[Draft]) -> None:
        """Put *drafts* behind the head in one durable transaction.

        Raises:
            StoreUnreadableError: The journal is damaged, or somebody else wrote to it.
            OSError: The disk failed or is full.
        """
        ...

    def close(self) -> None:
        """Release it."""
        ...


class Writer(Protocol):
    """Takes appends and makes commits of them, by rules 1 to 4.

    Attributes:
        commits: How many commits of at least one row there were.
    """

    commits: int

    def submit(self, drafts: tuple[Draft, ...]) -> Future[int]:
        """Queue *drafts* for the next commit; returns at once."""
        ...

    def close(self) -> None:
        """Write what is queued, then close the journal. Idempotent."""
        ...


WriterFactory = Callable[[Path, Callable[[], Appends]], Writer]
"""Makes a writer from the journal's path, for messages, and what opens it for writing."""


def refusal_of_backlog(path: Path) -> OSError:
    """Return why nothing more is accepted once ``BACKLOG`` appends wait."""
    return OSError(
        f"{BACKLOG} appends wait for the journal {path}: its disk does not "
        "keep up or hangs; nothing more is accepted"
    )


def write(journal: Appends, taken: Sequence[Append]) -> bool:
    """Write what was *taken* in one transaction; return whether there was a row to write.

    Raises:
        StoreUnreadableError: See ``Appends.write``.
        OSError: The same.
    """
    drafts = [draft for append in taken for draft in append.drafts]
    if drafts:
        journal.write(drafts)
    return bool(drafts)


def answers(taken: Sequence[Append], after: int) -> Iterator[tuple[Future[int], int]]:
    """Yield each future of *taken*, in order, with its last row: they begin behind *after*."""
    seq = after
    for append in taken:
        seq += len(append.drafts)
        yield append.future, seq


@lru_cache(maxsize=ROWS_PER_STATEMENT)
def _insert(count: int) -> str:
    places = ", ".join(["(?, ?, ?, ?, ?)"] * count)
    return f"INSERT INTO journal (seq, at_ns, kind, body, hash) VALUES {places}"  # noqa: S608 (places only)


class Appender:
    """``Appends`` on SQLite; used by the thread that opened it only."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, head: Head, mark: HeadMark
    ) -> None:
        self.path = path
        self.head = head
        self._connection = connection
        self._mark = mark

    def write(self, drafts: Sequence[Draft]) -> None:
        """Put *drafts* behind the head in one durable transaction.

        Raises:
            StoreUnreadableError: The store is damaged, or somebody else wrote to it.
            OSError: The disk failed or is full. Whether the rows are there is known only
                when the store is opened again.
        """
        head, values = self._chained(drafts)
        try:
            self._insert(values)
        except sqlite3.Error as error:
            raise foreign(self.path, error) from error
        self.head = head
        self._mark.write(head)

    def _chained(self, drafts: Sequence[Draft]) -> tuple[Head, list[object]]:
        head = self.head
        values: list[object] = []
        for at_ns, kind, body in drafts:
            head = chain.link(head, body)
            values += (head.seq, at_ns, kind, body, head.hash)
        return head, values

    def _insert(self, values: list[object]) -> None:
        size = ROWS_PER_STATEMENT * 5
        if len(values) <= size:
            self._connection.execute(_insert(len(values) // 5), values)
            return
        self._connection.execute("BEGIN IMMEDIATE")
        for start in range(0, len(values), size):
            part = values[start : start + size]
            self._connection.execute(_insert(len(part) // 5), part)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the store; SQLite moves its log into the database file.

        An open transaction is rolled back by that.
        """
        self._mark.close()
        self._connection.close()
