"""N5 in small: a store that is not what was written is never read as if it were.

For every damage there are two good outcomes: an error of ours, or exactly the records that
were written (the damage hit a byte that means nothing).
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ibelay.errors import IbelayError, StoreUnreadableError
from ibelay.journal.chain import Head
from ibelay.journal.records import AnyRecord
from ibelay.ports.journal import Entry
from ibelay.store.head import to_line
from ibelay.store.sqlite import open_journal

Numbered = Callable[[int], AnyRecord]


@pytest.fixture
def written(path: Path, numbered: Numbered) -> list[Entry]:
    """What was written to the closed store at *path*."""
    with closing(open_journal(path, bot="ps60")) as journal:
        for n in range(1, 6):
            journal.append([numbered(n)]).result()
        return list(journal.replay())


@pytest.fixture
def crashed(path: Path, tmp_path: Path, numbered: Numbered) -> tuple[Path, list[Entry]]:
    """A store whose writer was killed: its rows are in the log, and what was acknowledged."""
    copy = tmp_path / "crashed"
    with closing(open_journal(path, bot="ps60")) as journal:
        for n in range(1, 6):
            journal.append([numbered(n)]).result()
        copy.mkdir()
        for name in ("bot.db", "bot.db-wal", "bot.db.head"):
            shutil.copy(path.with_name(name), copy)
        return copy / "bot.db", list(journal.replay())


def read(path: Path) -> list[Entry]:
    with closing(open_journal(path, bot="ps60", read_only=True)) as journal:
        return list(journal.replay())


def refused_or_same(path: Path, written: list[Entry]) -> bool:
    """Return whether the damage was noticed; fail if other records were read."""
    try:
        entries = read(path)
    except (IbelayError, OSError):
        return True
    assert entries == written
    return False


def flip(data: bytes, at: int) -> bytes:
    return bytes([*data[:at], data[at] ^ (1 << at % 8), *data[at + 1 :]])


@pytest.mark.parametrize("column", ["body", "hash", "kind"])
def test_a_flip_of_any_byte_of_a_row_is_found(
    path: Path, written: list[Entry], column: str
) -> None:
    as_type = "TEXT" if column == "kind" else "BLOB"
    update = f"UPDATE journal SET {column} = CAST(? AS {as_type}) WHERE seq = ?"  # noqa: S608
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        cells = f"SELECT seq, CAST({column} AS BLOB) FROM journal"  # noqa: S608
        for seq, cell in other.execute(cells).fetchall():
            for at in range(len(cell)):
                other.execute(update, (flip(cell, at), seq))
                with pytest.raises(StoreUnreadableError):
                    read(path)
            other.execute(update, (cell, seq))
    assert read(path) == written


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE journal SET at_ns = at_ns + 1 WHERE seq = 3", "row 3 contradicts itself"),
        ("UPDATE journal SET seq = 9 WHERE seq = 3", "row 3 is missing"),
        ("UPDATE journal SET body = 7 WHERE seq = 3", "row 3 has no bytes"),
        ("DELETE FROM journal WHERE seq = 3", "row 3 is missing: after row 2 comes row 4"),
        ("DELETE FROM journal WHERE seq = 1", "row 1 is missing"),
        ("DELETE FROM journal WHERE seq > 3", "ends at row 3, but rows up to 5"),
        ("DELETE FROM journal", "ends at row 0, but rows up to 5"),
        ("DROP TABLE journal", "not an ibelay journal"),
        ("DELETE FROM meta", "schema version is None"),
    ],
)
def test_a_changed_row_is_named(path: Path, written: list[Entry], change: str, what: str) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute(change)
        other.commit()
    with pytest.raises(StoreUnreadableError, match=what) as caught:
        read(path)
    assert caught.match("restore a backup, or run `ibelay store set-aside`")
    assert written


@pytest.mark.parametrize("row", [1, 3, 5])
def test_a_writer_does_not_open_a_broken_chain(path: Path, written: list[Entry], row: int) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE journal SET body = CAST(body || x'20' AS BLOB) WHERE seq = ?", (row,))
        other.commit()
    with pytest.raises(StoreUnreadableError, match=f"row {row} fails the hash chain"):
        open_journal(path, bot="ps60")
    assert written


def test_flips_all_over_the_database_file(path: Path, written: list[Entry]) -> None:
    whole = path.read_bytes()
    noticed = 0
    for at in range(0, len(whole), 13):
        path.write_bytes(flip(whole, at))
        noticed += refused_or_same(path, written)
    assert noticed > 50


def test_flips_all_over_the_log_of_a_killed_writer(crashed: tuple[Path, list[Entry]]) -> None:
    """SQLite itself drops a log from its first bad frame on, without a word."""
    path, written = crashed
    assert read(path) == written
    log = path.with_name("bot.db-wal")
    whole = log.read_bytes()
    noticed = 0
    for at in range(0, len(whole), 29):
        path.with_name("bot.db-shm").unlink(missing_ok=True)
        log.write_bytes(flip(whole, at))
        noticed += refused_or_same(path, written)
    assert noticed > 500


def test_a_log_cut_anywhere_is_refused_when_it_was_acknowledged(
    crashed: tuple[Path, list[Entry]],
) -> None:
    path, written = crashed
    log = path.with_name("bot.db-wal")
    for size in range(log.stat().st_size - 1, 0, -1777):
        path.with_name("bot.db-shm").unlink(missing_ok=True)
        with log.open("r+b") as file:
            file.truncate(size)
        with pytest.raises(StoreUnreadableError, match="rows up to 5 were written"):
            read(path)
    assert written


def test_a_torn_tail_that_was_never_acknowledged_is_cut(
    crashed: tuple[Path, list[Entry]], numbered: Numbered
) -> None:
    """The mark stands at row 4: row 5 may have been on its way when the power went."""
    path, written = crashed
    mark = path.with_name("bot.db.head")
    with closing(sqlite3.connect(path)) as other:
        (row_hash,) = other.execute("SELECT hash FROM journal WHERE seq = 4").fetchone()
        log = path.with_name("bot.db-wal")
        whole = log.read_bytes()
    mark.write_bytes(to_line(Head(4, row_hash)))
    log.write_bytes(whole[:-100])
    with closing(open_journal(path, bot="ps60")) as journal:
        assert list(journal.replay()) == written[:4]
        assert journal.append([numbered(50)]).result() == 5


def test_a_truncated_database_file_is_refused(path: Path, written: list[Entry]) -> None:
    whole = path.read_bytes()
    for size in range(0, len(whole) - 4096, 1024):
        path.write_bytes(whole[:size])
        with pytest.raises(StoreUnreadableError):
            open_journal(path, bot="ps60")
    assert written


def test_a_damaged_list_of_free_pages_is_refused_before_it_is_written_to(
    path: Path, written: list[Entry]
) -> None:
    """It would hand out a page that holds rows; reading alone does not show it.

    Source: SQLite "Database File Format" section 1.3: bytes 32 to 39 of the header.
    """
    whole = path.read_bytes()
    path.write_bytes(whole[:35] + b"\x02" + whole[36:39] + b"\x01" + whole[40:])
    assert read(path) == written
    with pytest.raises(StoreUnreadableError, match="pages are damaged"):
        open_journal(path, bot="ps60")


@pytest.mark.parametrize("left", ["bot.db.head", "bot.db-wal"])
def test_a_store_that_vanished_is_not_taken_for_a_new_one(path: Path, left: str) -> None:
    path.with_name(left).write_bytes(b"")
    with pytest.raises(StoreUnreadableError, match=r"file is missing, but bot\.db"):
        open_journal(path, bot="ps60")
    assert not path.exists()


def test_another_journal_in_its_place_is_refused(
    path: Path, written: list[Entry], numbered: Numbered
) -> None:
    """Long enough, whole in itself, but not the one that was acknowledged."""
    other = path.with_name("other.db")
    with closing(open_journal(other, bot="ps60")) as journal:
        journal.append([numbered(n) for n in range(11, 21)]).result()
    other.replace(path)
    with pytest.raises(StoreUnreadableError, match="row 5 is not the row that was acknowledged"):
        open_journal(path, bot="ps60")
    assert written
