"""Opening a store: what is accepted, what is refused, and in which words."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ibelay.errors import ConfigurationError, StoreUnreadableError
from ibelay.journal.records import AnyRecord
from ibelay.store.sqlite import SqliteJournal, open_journal

Numbered = Callable[[int], AnyRecord]


def test_a_second_writer_is_refused_by_the_pid_of_the_first(store: SqliteJournal) -> None:
    """In the same process as well as in another."""
    with pytest.raises(ConfigurationError, match=rf"pid {os.getpid()}\)"):
        open_journal(store.path, bot="ps60")
    program = (
        "import sys, pathlib; from ibelay.store.sqlite import open_journal\n"
        "open_journal(pathlib.Path(sys.argv[1]), bot='ps60')"
    )
    other = subprocess.run(
        [sys.executable, "-c", program, str(store.path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert other.returncode == 1
    assert f"ConfigurationError: the journal {store.path} is being written" in other.stderr
    assert f"(pid {os.getpid()})" in other.stderr


def test_the_lock_ends_with_the_writer(path: Path) -> None:
    open_journal(path, bot="ps60").close()
    open_journal(path, bot="ps60").close()


def test_a_failed_opening_leaves_no_lock(path: Path) -> None:
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 20)
    for _ in range(2):
        with pytest.raises(StoreUnreadableError, match="not an ibelay journal"):
            open_journal(path, bot="ps60")


@pytest.mark.parametrize("read_only", [False, True])
def test_the_journal_of_another_bot_is_refused(path: Path, *, read_only: bool) -> None:
    open_journal(path, bot="ps60").close()
    with pytest.raises(ConfigurationError, match="belongs to bot 'ps60', not to 'slob'"):
        open_journal(path, bot="slob", read_only=read_only)


def test_a_bot_needs_a_name(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="bot name '60 ps'"):
        open_journal(path, bot="60 ps")
    assert not path.exists()


def test_only_the_last_folder_is_created(tmp_path: Path) -> None:
    open_journal(tmp_path / "new" / "bot.db", bot="ps60").close()
    with pytest.raises(ConfigurationError, match=r"cannot be created .*; create it first"):
        open_journal(tmp_path / "wrong" / "typed" / "bot.db", bot="ps60")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["new"]


def test_a_path_that_cannot_be_a_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is a folder"):
        open_journal(tmp_path, bot="ps60")
    with pytest.raises(ConfigurationError, match=r"cannot be called bot\.lock"):
        open_journal(tmp_path / "bot.lock", bot="ps60")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be created"):
        open_journal(tmp_path / "file" / "bot.db", bot="ps60")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder nobody can write to")
def test_an_unwritable_place_is_refused() -> None:
    """The kernel's own folder refuses even the superuser."""
    with pytest.raises(ConfigurationError, match="lock file could not be opened"):
        open_journal(Path("/proc/self/bot.db"), bot="ps60")


def test_reading_what_is_not_there_says_so(path: Path) -> None:
    with pytest.raises(StoreUnreadableError, match="there is no journal at"):
        open_journal(path, bot="ps60", read_only=True)
    assert not path.exists()


def test_a_foreign_database_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
        other.commit()
    before = path.read_bytes()
    with pytest.raises(StoreUnreadableError, match="a database, but not an ibelay journal"):
        open_journal(path, bot="ps60")
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", ["0", "2"])
def test_another_schema_version_is_refused(path: Path, version: str) -> None:
    open_journal(path, bot="ps60").close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE meta SET value = ? WHERE name = 'schema_version'", (version,))
        other.commit()
    with pytest.raises(StoreUnreadableError, match=f"schema version is {version}, .* reads 1"):
        open_journal(path, bot="ps60")


def test_a_creation_that_was_cut_short_is_begun_again(path: Path) -> None:
    """What lies under the temporary name was never a store."""
    path.with_name("bot.db.new").write_bytes(b"half a database")
    open_journal(path, bot="ps60").close()
    assert not path.with_name("bot.db.new").exists()


def test_an_existing_store_is_opened_without_sqlalchemy(path: Path, numbered: Numbered) -> None:
    """Its import would cost a restarting bot 180 ms."""
    with closing(open_journal(path, bot="ps60")) as journal:
        journal.append([numbered(1)]).result()
    program = (
        "import sys, pathlib; from ibelay.store.sqlite import open_journal\n"
        "journal = open_journal(pathlib.Path(sys.argv[1]), bot='ps60')\n"
        "assert [entry.seq for entry in journal.replay()] == [1]\n"
        "journal.close()\n"
        "assert 'sqlalchemy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
