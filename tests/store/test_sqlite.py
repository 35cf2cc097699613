"""The store on disk: commits, failures, one writer and many readers, the end."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from ibelay.errors import InvariantError, StoreUnreadableError
from ibelay.journal.records import AnyRecord
from ibelay.store import database
from ibelay.store.sqlite import SqliteJournal, open_journal

Numbered = Callable[[int], AnyRecord]


@contextmanager
def write_lock(path: Path) -> Iterator[sqlite3.Connection]:
    """Hold SQLite's write lock, so that the next commit has to wait."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other
        other.execute("ROLLBACK")


def test_appends_that_wait_share_a_commit(store: SqliteJournal, numbered: Numbered) -> None:
    """The first may leave alone; the 199 behind it go together."""
    with write_lock(store.path):
        futures = [store.append([numbered(n)]) for n in range(1, 201)]
    assert [future.result() for future in futures] == list(range(1, 201))
    assert store.commits <= 2


def test_each_append_alone_is_a_commit(store: SqliteJournal, numbered: Numbered) -> None:
    for n in range(1, 4):
        store.append([numbered(n)]).result()
    assert store.commits == 3


def test_commits_are_durable_ones(store: SqliteJournal) -> None:
    """WAL, and FULL (2): with NORMAL (1) a power cut takes acknowledged rows."""
    store.close()
    with closing(database.connect_writer(store.path)) as connection:
        database.make_durable(connection)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_after_a_failed_write_nothing_is_accepted(store: SqliteJournal, numbered: Numbered) -> None:
    """Somebody else's row stands where ours belongs: the first error is final."""
    store.append([numbered(1)]).result()
    with write_lock(store.path) as other:
        other.execute("INSERT INTO journal VALUES (2, 0, 'x', x'00', x'00')")
        other.execute("COMMIT")
        other.execute("BEGIN")
    failed = store.append([numbered(2)])
    with pytest.raises(StoreUnreadableError, match="UNIQUE"):
        failed.result()
    late = store.append([numbered(3)])
    assert late.done()
    assert late.exception() is failed.exception()
    store.close()
    with pytest.raises(StoreUnreadableError, match="row 2 fails"):
        open_journal(store.path, bot="ps60")


def test_everything_that_waits_fails_with_the_first_error(
    store: SqliteJournal, numbered: Numbered
) -> None:
    failed: list[Future[int]] = []
    with write_lock(store.path) as other:
        futures = [store.append([numbered(n)]) for n in range(1, 21)]
        for future in futures:
            future.add_done_callback(failed.append)
        other.execute("DROP TABLE journal")
        other.execute("COMMIT")
        other.execute("BEGIN")
    errors = [future.exception() for future in futures]
    assert {type(error) for error in errors} == {StoreUnreadableError}
    assert failed == futures
    assert store.commits == 0


def test_a_reopened_journal_goes_on_where_it_ended(path: Path, numbered: Numbered) -> None:
    for n in range(1, 4):
        with closing(open_journal(path, bot="ps60")) as journal:
            assert journal.append([numbered(n)]).result() == n
    with closing(open_journal(path, bot="ps60", read_only=True)) as journal:
        assert [entry.record for entry in journal.replay()] == [numbered(n) for n in (1, 2, 3)]


def test_others_read_while_one_writes(store: SqliteJournal, numbered: Numbered) -> None:
    with closing(open_journal(store.path, bot="ps60", read_only=True)) as reader:
        for n in range(1, 4):
            store.append([numbered(n)]).result()
            assert [entry.seq for entry in reader.replay()] == list(range(1, n + 1))


def test_a_reader_cannot_append(store: SqliteJournal, numbered: Numbered) -> None:
    with closing(open_journal(store.path, bot="ps60", read_only=True)) as reader:
        with pytest.raises(StoreUnreadableError, match="read-only"):
            reader.append([numbered(1)]).result()
        assert reader.commits == 0


def test_a_journal_nobody_closed_lets_the_process_end(path: Path) -> None:
    """An error in the main thread must not leave a process that waits for ever."""
    program = (
        "import sys, pathlib; from ibelay.store.sqlite import open_journal\n"
        "from ibelay.journal.records import LinkDown\n"
        "journal = open_journal(pathlib.Path(sys.argv[1]), bot='ps60')\n"
        "journal.append([LinkDown(at_ns=1, cause='x')])\n"
        "raise SystemExit(3)"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(path)], check=False, timeout=60)
    assert ended.returncode == 3
    with closing(open_journal(path, bot="ps60")) as journal:
        assert [entry.seq for entry in journal.replay()] == [1]


def test_a_writer_thread_that_dies_of_a_bug_leaves_nobody_waiting(
    store: SqliteJournal, numbered: Numbered
) -> None:
    """The error goes to the thread's hook, the futures fail, close returns."""
    assert store._writer is not None
    seen: list[type[BaseException]] = []
    hook, threading.excepthook = threading.excepthook, lambda args: seen.append(args.exc_type)
    try:
        bad = store._writer.submit(((numbered(1),),))  # type: ignore[arg-type]
        with pytest.raises(InvariantError, match="writer thread ended"):
            bad.result()
        assert isinstance(store.append([numbered(2)]).exception(), InvariantError)
        store.close()
    finally:
        threading.excepthook = hook
    assert seen == [ValueError]
