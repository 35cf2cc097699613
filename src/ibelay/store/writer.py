"""The writer thread: the only place that writes rows, many appends to one commit.

Rules:
1. Whatever waits when a commit begins goes into it (group commit): under load the disk is
   asked once for many appends, and alone an append waits for nobody.
2. One SQL statement a transaction where it fits. The statement's many-row form matters more
   than it looks: SQLite's module gives up Python's lock for each statement, and each time
   a busy event loop may take up to one switch interval (5 ms) to give it back.
3. Futures resolve in the order of the appends, after the commit and the head mark.
4. The first failure is final: it fails what was in that commit, everything waiting and
   everything to come. A journal that skipped a record would be worse than none.
5. The thread is no daemon, so that nothing appended is dropped at exit; it ends by itself
   when the main thread has ended without closing the journal.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from ibelay.errors import IbelayError, InvariantError, StoreUnreadableError
from ibelay.journal import chain
from ibelay.journal.chain import Head
from ibelay.store.database import foreign
from ibelay.store.head import HeadMark

ROWS_PER_STATEMENT = 180  # five values a row; every SQLite allows 999 values a statement
ROWS_PER_COMMIT = 1_800  # bounds how long one commit holds the others up
BACKLOG = 50_000  # appends; a disk this far behind will not catch up
ORPHAN_CHECK_S = 1.0


class Draft(NamedTuple):
    """A row before it has its number and hash."""

    at_ns: int
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Append:
    drafts: tuple[Draft, ...]
    future: Future[int]


@lru_cache(maxsize=ROWS_PER_STATEMENT)
def _insert(count: int) -> str:
    places = ", ".join(["(?, ?, ?, ?, ?)"] * count)
    return f"INSERT INTO journal (seq, at_ns, kind, body, hash) VALUES {places}"  # noqa: S608 (places only)


class Appender:
    """A verified store, open for writing; used by the writer thread only."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, head: Head, mark: HeadMark
    ) -> None:
        self.path = path
        self.head = head
        self._connection = connection
        self._mark = mark

    def write(self, drafts: list[Draft]) -> None:
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

    def _chained(self, drafts: list[Draft]) -> tuple[Head, list[object]]:
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


class GroupWriter:
    """Queue and thread between the event loop and an :class:`Appender`.

    Args:
        path: For messages.
        open_appender: Called in the thread, which alone touches the connection.

    Raises:
        IbelayError: What *open_appender* raised; there is no thread then.
        OSError: The same.
    """

    def __init__(self, path: Path, open_appender: Callable[[], Appender]) -> None:
        self.commits = 0
        self._path = path
        self._queue: SimpleQueue[_Append | None] = SimpleQueue()
        self._taken: list[_Append] = []
        self._gate = threading.Lock()  # orders "refuse from now on" before or after each put
        self._refusal: IbelayError | OSError | None = None
        opened: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(open_appender, opened), name=f"journal {path.name}"
        )
        self._thread.start()
        opened.result()

    def submit(self, drafts: tuple[Draft, ...]) -> Future[int]:
        """Queue *drafts* for the next commit; returns at once."""
        future: Future[int] = Future()
        future.set_running_or_notify_cancel()  # what was appended cannot be taken back
        with self._gate:
            if self._refusal is None and self._queue.qsize() >= BACKLOG:
                self._refusal = OSError(
                    f"{BACKLOG} appends wait for the journal {self._path}: its disk does not "
                    "keep up or hangs; nothing more is accepted"
                )
            if self._refusal is None:
                self._queue.put(_Append(drafts, future))
                return future
        future.set_exception(self._refusal)
        return future

    def close(self) -> None:
        """Write what is queued, then end the thread and close the store. Idempotent."""
        with self._gate:
            if self._refusal is None:
                self._refusal = StoreUnreadableError(f"the journal {self._path} is closed")
            self._queue.put(None)
        self._thread.join()

    def _run(self, open_appender: Callable[[], Appender], opened: Future[None]) -> None:
        try:
            appender = open_appender()
        except (IbelayError, OSError) as error:
            opened.set_exception(error)
            return
        except BaseException:
            opened.set_exception(InvariantError(f"the journal {self._path} could not be opened"))
            raise
        opened.set_result(None)
        with closing(appender):
            try:
                self._serve(appender)
            except (StoreUnreadableError, OSError) as error:
                self._refuse(error)
            finally:  # after a bug, too, nobody may wait for ever
                self._refuse(InvariantError(f"the journal {self._path}'s writer thread ended"))

    def _serve(self, appender: Appender) -> None:
        while self._take():
            drafts = [draft for append in self._taken for draft in append.drafts]
            seq = appender.head.seq
            if drafts:
                appender.write(drafts)
                self.commits += 1
            for append in self._taken:
                seq += len(append.drafts)
                append.future.set_result(seq)
            self._taken.clear()

    def _take(self) -> bool:
        """Fill ``_taken`` with what waits; return whether there is anything left to do."""
        count = 0
        while count < ROWS_PER_COMMIT:
            try:
                append = self._next(wait=not self._taken)
            except Empty:
                break
            if append is None:
                self._queue.put(None)  # found again once what was taken is written
                break
            self._taken.append(append)
            count += len(append.drafts)
        return bool(self._taken)

    def _next(self, *, wait: bool) -> _Append | None:
        if not wait:
            return self._queue.get_nowait()
        while True:
            try:
                return self._queue.get(timeout=ORPHAN_CHECK_S)
            except Empty:
                if not threading.main_thread().is_alive():
                    return None

    def _refuse(self, error: IbelayError | OSError) -> None:
        with self._gate:
            if self._refusal is None:
                self._refusal = error
        while not self._queue.empty():
            append = self._queue.get()
            if append is not None:
                self._taken.append(append)
        for append in self._taken:
            append.future.set_exception(error)
        self._taken.clear()
