"""Commits that a simulation finishes, and what its crashes leave, in memory and in SQLite."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from ibelay.errors import ConfigurationError, InvariantError, StoreUnreadableError
from ibelay.journal.records import AnyRecord
from ibelay.ports.journal import Journal
from ibelay.store.memory import MemoryDisk, MemoryJournal
from ibelay.store.sqlite import SqliteJournal, open_journal
from ibelay.store.writing.appender import Appends
from ibelay.store.writing.inline import InlineWriter, Later

Numbered = Callable[[int], AnyRecord]


class SlowDisk(Protocol):
    """See ``conftest``."""

    acts: list[Callable[[], None]]

    def __call__(self, act: Callable[[], None]) -> None: ...
    def done(self) -> None: ...


class Crashable:
    """Opens a journal, kills its process, and says what is on the disk."""

    def __init__(self, path: Path | None, later: Later) -> None:
        self.path = path
        self.later = later
        self.disk = MemoryDisk(later)
        self.opened: MemoryJournal | SqliteJournal | None = None
        self.writer: InlineWriter | None = None

    def open(self) -> Journal:
        """Open the journal, of the first or a later process."""
        if self.path is None:
            self.opened = self.disk.open()
        else:
            self.opened = open_journal(self.path, bot="ps60", writer=self._writer)
        return self.opened

    def crash(self, *, finishes: bool) -> None:
        """Kill the process."""
        assert self.opened is not None
        if self.writer is None:
            self.disk.crash(finishes=finishes)
        else:
            self.writer.crash(finishes=finishes)
            self.opened.close()

    def rows(self) -> list[int]:
        """Return what the next process finds, each record by its number."""
        with closing(self.open()) as journal:
            return [entry.record.at_ns for entry in journal.replay()]

    def _writer(self, path: Path, open_appender: Callable[[], Appends]) -> InlineWriter:
        self.writer = InlineWriter(path, open_appender, self.later)
        return self.writer


@pytest.fixture(params=["memory", "sqlite"])
def kept(request: pytest.FixtureRequest, path: Path, slow: SlowDisk) -> Crashable:
    """A slow disk of either kind."""
    return Crashable(None if request.param == "memory" else path, slow)


def test_a_commit_is_on_disk_when_the_disk_says_so(
    kept: Crashable, slow: SlowDisk, numbered: Numbered
) -> None:
    with closing(kept.open()) as journal:
        future = journal.append([numbered(1)])
        assert not future.done()
        assert list(journal.replay()) == []
        slow.done()
        assert future.done()
        assert [entry.seq for entry in journal.replay()] == [1]


def test_what_is_appended_while_a_commit_is_under_way_goes_into_the_next(
    kept: Crashable, slow: SlowDisk, numbered: Numbered
) -> None:
    with closing(kept.open()) as journal:
        futures = [journal.append([numbered(n)]) for n in range(1, 5)]
        assert len(slow.acts) == 1
        slow.done()
        assert [future.done() for future in futures] == [True, False, False, False]
        slow.done()
        assert [future.result() for future in futures] == [1, 2, 3, 4]
        assert slow.acts == []


def test_a_commit_takes_no_more_rows_than_its_limit(
    kept: Crashable, slow: SlowDisk, numbered: Numbered
) -> None:
    with closing(kept.open()) as journal:
        many = [numbered(n) for n in range(1, 1001)]
        futures = [journal.append(many) for _ in range(4)]
        slow.done()
        slow.done()
        assert [future.done() for future in futures] == [True, True, True, False]


def test_the_loop_that_calls_back_is_the_one_that_waits(numbered: Numbered) -> None:
    """The whole store runs in one thread."""

    async def run() -> set[int]:
        loop = asyncio.get_running_loop()
        threads: set[int] = set()
        with closing(MemoryDisk(partial(loop.call_later, 0.001)).open()) as journal:
            future = journal.append([numbered(1)])
            future.add_done_callback(lambda _done: threads.add(threading.get_ident()))
            assert await asyncio.wrap_future(future) == 1
        return threads

    assert asyncio.run(run()) == {threading.get_ident()}


@pytest.mark.parametrize(("finishes", "left"), [(False, [1]), (True, [1, 2, 3])])
def test_a_crash_leaves_the_commit_under_way_whole_or_not_at_all(
    kept: Crashable, slow: SlowDisk, numbered: Numbered, *, finishes: bool, left: list[int]
) -> None:
    journal = kept.open()
    acknowledged = journal.append([numbered(1)])
    slow.done()
    under_way = journal.append([numbered(2), numbered(3)])
    waiting = journal.append([numbered(4)])
    kept.crash(finishes=finishes)
    slow.done()  # the disk of the dead process answers nobody
    assert acknowledged.result() == 1
    assert (under_way.done(), waiting.done()) == (False, False)
    assert kept.rows() == left


def test_a_dying_process_is_answered_nothing(
    kept: Crashable, slow: SlowDisk, numbered: Numbered
) -> None:
    """Its last words neither reach the disk nor fail: there is nobody to hear of it."""
    journal = kept.open()
    kept.crash(finishes=False)
    future = journal.append([numbered(1)])
    slow.done()
    assert not future.done()
    with pytest.raises(InvariantError, match="dead"):
        future.result()
    assert kept.rows() == []


def test_whatever_was_acknowledged_survives_any_number_of_crashes(
    kept: Crashable, slow: SlowDisk, numbered: Numbered
) -> None:
    """Only whole appends, without a gap, and never fewer than were acknowledged."""
    chance = random.Random(4)  # noqa: S311  # a test
    number = 0
    for _ in range(20):
        rows = kept.rows()
        assert rows == list(range(1, len(rows) + 1))
        number = len(rows)
        journal = kept.open()
        futures: list[Future[int]] = []
        for _ in range(chance.randrange(12)):
            size = chance.randrange(1, 4)
            records = [numbered(number + n) for n in range(1, size + 1)]
            futures.append(journal.append(records))
            number += size
            if chance.random() < 0.4:
                slow.done()
        kept.crash(finishes=chance.random() < 0.5)
        acknowledged = [future.result() for future in futures if future.done()]
        assert len(kept.rows()) >= max([len(rows), *acknowledged])


def test_what_a_resolved_future_sets_off_is_appended_behind_the_others(
    kept: Crashable, slow: SlowDisk, numbered: Numbered
) -> None:
    """Also if it blocks: the futures before it resolve first."""
    resolved: list[int] = []

    def note(done: Future[int]) -> None:
        resolved.append(done.result())

    def append_more(done: Future[int]) -> None:
        note(done)
        later = journal.append([numbered(4)])
        later.add_done_callback(note)
        assert later.result() == 4

    with closing(kept.open()) as journal:
        journal.append([])
        first, second, third = (journal.append([numbered(n)]) for n in (1, 2, 3))
        first.add_done_callback(append_more)
        second.add_done_callback(note)
        third.add_done_callback(note)
        slow.done()
        slow.done()
        assert resolved == [1, 2, 3, 4]


def test_a_disk_that_falls_behind_is_refused(
    monkeypatch: pytest.MonkeyPatch, slow: SlowDisk, numbered: Numbered
) -> None:
    monkeypatch.setattr("ibelay.store.writing.inline.BACKLOG", 3)
    journal = MemoryDisk(slow).open()
    futures = [journal.append([numbered(n)]) for n in range(1, 6)]
    assert isinstance(futures[4].exception(), OSError)
    assert futures[3].result() == 4


def test_after_a_failed_commit_nothing_is_accepted(
    path: Path, slow: SlowDisk, numbered: Numbered
) -> None:
    """Somebody else's row stands where ours belongs: the first error is final."""
    with closing(
        open_journal(path, bot="ps60", writer=partial(InlineWriter, later=slow))
    ) as journal:
        failed, waiting = journal.append([numbered(1)]), journal.append([numbered(2)])
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("INSERT INTO journal VALUES (1, 0, 'x', x'00', x'00')")
        slow.done()
        with pytest.raises(StoreUnreadableError, match="UNIQUE"):
            failed.result()
        assert waiting.exception() is failed.exception()
        assert journal.append([numbered(3)]).exception() is failed.exception()
        assert journal.commits == 0


def test_a_bug_leaves_nobody_waiting(slow: SlowDisk, numbered: Numbered) -> None:
    journal = MemoryDisk(slow).open()
    bad = journal._writer.submit(((numbered(1),),))  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        slow.done()
    assert isinstance(bad.exception(), InvariantError)
    assert isinstance(journal.append([numbered(2)]).exception(), InvariantError)


def test_a_disk_in_memory_has_one_writer() -> None:
    disk = MemoryDisk()
    first = disk.open()
    with pytest.raises(ConfigurationError, match="is being written"):
        disk.open()
    first.close()
    disk.open().close()


def test_a_crash_with_nothing_open_changes_nothing() -> None:
    disk = MemoryDisk()
    disk.crash()
    assert list(disk.replay()) == []
