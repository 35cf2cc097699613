"""Setting a store aside, and backups that are proven."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ibelay.errors import ConfigurationError, StoreUnreadableError
from ibelay.journal.records import AnyRecord
from ibelay.store.care import backup, set_aside
from ibelay.store.sqlite import SqliteJournal, open_journal

Numbered = Callable[[int], AnyRecord]


def test_a_store_set_aside_makes_room_and_stays_readable(path: Path, numbered: Numbered) -> None:
    for number in (1, 2):
        with closing(open_journal(path, bot="ps60")) as journal:
            journal.append([numbered(number)]).result()
        aside = set_aside(path)
        assert aside == path.with_name(f"bot.db.damaged-{number}")
        with closing(open_journal(aside, bot="ps60", read_only=True)) as kept:
            assert [entry.record for entry in kept.replay()] == [numbered(number)]
    with closing(open_journal(path, bot="ps60")) as journal:
        assert list(journal.replay()) == []


def test_the_log_of_a_killed_writer_goes_along(
    path: Path, tmp_path: Path, numbered: Numbered
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    with closing(open_journal(path, bot="ps60")) as journal:
        journal.append([numbered(1)]).result()
        for part in tmp_path.glob("bot.db*"):
            shutil.copy(part, copy)
    aside = set_aside(copy / "bot.db")
    with closing(open_journal(aside, bot="ps60", read_only=True)) as kept:
        assert [entry.seq for entry in kept.replay()] == [1]
    assert not list(copy.glob("bot.db-*"))


def test_a_store_in_use_is_not_set_aside(store: SqliteJournal) -> None:
    with pytest.raises(ConfigurationError, match="is being written by another process"):
        set_aside(store.path)
    assert store.path.exists()


def test_half_a_setting_aside_can_be_finished(path: Path) -> None:
    """The machine stopped when only the database file had been renamed."""
    open_journal(path, bot="ps60").close()
    path.rename(path.with_name("bot.db.damaged-1"))
    with pytest.raises(StoreUnreadableError, match="file is missing"):
        open_journal(path, bot="ps60")
    set_aside(path)
    open_journal(path, bot="ps60").close()


def test_nothing_to_set_aside_says_so(path: Path) -> None:
    with pytest.raises(StoreUnreadableError, match="no journal at"):
        set_aside(path)


def test_a_backup_is_taken_while_the_journal_is_written(
    store: SqliteJournal, tmp_path: Path, numbered: Numbered
) -> None:
    to = tmp_path / "backup.db"
    for n in (1, 2, 3):
        store.append([numbered(n)]).result()
        assert backup(store.path, to) == n
    assert [part.name for part in tmp_path.glob("backup*")] == ["backup.db"]
    with closing(open_journal(to, bot="ps60", read_only=True)) as copy:
        assert list(copy.replay()) == list(store.replay())


def test_a_backup_can_take_the_place_of_a_damaged_store(
    path: Path, tmp_path: Path, numbered: Numbered
) -> None:
    """Also when it is older than the store, whose head mark was set aside with it."""
    with closing(open_journal(path, bot="ps60")) as journal:
        journal.append([numbered(1)]).result()
        backup(path, tmp_path / "backup.db")
        journal.append([numbered(2)]).result()
    set_aside(path)
    shutil.copy(tmp_path / "backup.db", path)
    with closing(open_journal(path, bot="ps60")) as journal:
        assert [entry.record for entry in journal.replay()] == [numbered(1)]
        assert journal.append([numbered(3)]).result() == 2


def test_a_damaged_store_does_not_replace_a_good_backup(
    path: Path, tmp_path: Path, numbered: Numbered
) -> None:
    to = tmp_path / "backup.db"
    with closing(open_journal(path, bot="ps60")) as journal:
        journal.append([numbered(1), numbered(2)]).result()
    backup(path, to)
    good = to.read_bytes()
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE journal SET hash = zeroblob(16) WHERE seq = 1")
        other.commit()
    with pytest.raises(StoreUnreadableError, match="row 1 fails the hash chain"):
        backup(path, to)
    assert to.read_bytes() == good


def test_a_backup_to_a_place_that_cannot_be_is_refused(
    store: SqliteJournal, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="is a folder"):
        backup(store.path, tmp_path)
    with pytest.raises(ConfigurationError, match="a journal in use"):
        backup(store.path, store.path)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        backup(store.path, tmp_path / "no" / "such" / "folder.db")


def test_a_backup_of_nothing_says_so(path: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreUnreadableError, match="no journal at"):
        backup(path, tmp_path / "backup.db")
