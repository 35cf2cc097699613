"""SQLite itself: connections, creation, checks, reading rows, and what its errors mean."""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from ibelay.errors import ConfigurationError, StoreUnreadableError
from ibelay.journal import chain
from ibelay.journal.chain import Head
from ibelay.store.files import StoreFiles, sync_folder
from ibelay.store.head import check_reached, check_same

SCHEMA_VERSION = 1
PAGE = 1_000  # rows read at a time: no reader holds back a checkpoint while its caller thinks

Row = tuple[int, int, str, bytes, bytes]

_REMEDY = (
    "ibelay changed nothing and will not trade on it; restore a backup, or run "
    "`ibelay store set-aside` and recover from the broker alone"
)
_ENVIRONMENT = {
    sqlite3.SQLITE_BUSY: errno.EBUSY,
    sqlite3.SQLITE_LOCKED: errno.EBUSY,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_CANTOPEN: errno.ENOENT,
}
"""Primary result codes that blame the machine, not the store.

Source: SQLite "Result and Error Codes": the low byte is the primary code.
"""


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say in one sentence what is wrong with the store at *path*.

    Raises:
        StoreUnreadableError: The store is at fault.
        OSError: The disk, its rights or another program is.
    """
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # its messages may quote the damage
        raise foreign(path, error) from error
    except StoreUnreadableError as error:
        raise StoreUnreadableError(
            f"the journal {path} cannot be used: {error}; {_REMEDY}"
        ) from error


def foreign(
    path: Path, error: sqlite3.Error | UnicodeDecodeError
) -> StoreUnreadableError | OSError:
    """Return SQLite's *error* as one of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    number = None if code is None else _ENVIRONMENT.get(code & 0xFF)
    if number is not None:
        return OSError(number, f"the journal could not be read or written: {error}", str(path))
    if code is not None and code & 0xFF == sqlite3.SQLITE_NOTADB:
        return StoreUnreadableError(
            f"{path} is not an ibelay journal, it is no SQLite database; {_REMEDY}"
        )
    return StoreUnreadableError(f"the journal {path} is damaged: {error}; {_REMEDY}")


def connect_reader(path: Path) -> sqlite3.Connection:
    """Return a connection that cannot write.

    It may be used by one thread after another, as a web server's workers do.
    """
    return _connect(f"{path.as_uri()}?mode=ro", one_thread=False)


def connect_writer(path: Path) -> sqlite3.Connection:
    """Return a connection that writes to the existing store at *path*, not yet set up."""
    return _connect(f"{path.as_uri()}?mode=rw", one_thread=True)


def _connect(uri: str, *, one_thread: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=one_thread)
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def make_durable(connection: sqlite3.Connection) -> None:
    """Set the connection up so that a commit survives a power cut.

    Raises:
        ConfigurationError: The file system cannot hold SQLite's write-ahead log.
    """
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise ConfigurationError(
            f"the journal's file system does not support SQLite's write-ahead log (got {mode!r}); "
            "keep the journal on a local disk"
        )
    # NORMAL lost acknowledged rows in most simulated power cuts (DESIGN section 6).
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone stops at the drive's cache
    connection.execute("PRAGMA checkpoint_fullfsync = ON")
    connection.execute("PRAGMA foreign_keys = ON")


def create(files: StoreFiles, bot: str) -> None:
    """Create an empty journal for *bot*: whole or not at all, by a rename.

    Raises:
        StoreUnreadableError: Parts of an earlier store are there, but not the store itself.
    """
    left = [part.name for part in files.companions if part.exists()]
    if left:
        raise StoreUnreadableError(
            f"the database file is missing, but {', '.join(left)} is there; a stale log would be "
            "read into a new store"
        )
    # Here and not above: a start with an existing store must not pay for it (see schema).
    from ibelay.store.schema import sqlite_statements  # noqa: PLC0415  # as said above

    files.unborn.unlink(missing_ok=True)
    with closing(sqlite3.connect(files.unborn, isolation_level=None)) as connection:
        make_durable(connection)
        connection.execute("BEGIN")
        for statement in sqlite_statements():
            connection.execute(statement)
        connection.execute(
            "INSERT INTO meta VALUES ('schema_version', ?), ('bot', ?), "
            "('created', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
            (str(SCHEMA_VERSION), bot),
        )
        connection.execute("COMMIT")
    files.unborn.replace(files.path)
    sync_folder(files.path.parent)


def check_meta(connection: sqlite3.Connection, path: Path, bot: str) -> None:
    """Raise unless this is *bot*'s journal, in the schema of this version.

    Raises:
        StoreUnreadableError: A database of something else, or of another version.
        ConfigurationError: The journal of another bot.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not {"journal", "meta"} <= tables:
        raise StoreUnreadableError("it is a database, but not an ibelay journal")
    meta = dict(connection.execute("SELECT name, value FROM meta"))
    version = meta.get("schema_version")
    if version != str(SCHEMA_VERSION):
        raise StoreUnreadableError(
            f"its schema version is {version}, this version of ibelay reads {SCHEMA_VERSION}"
        )
    if meta.get("bot") != bot:
        raise ConfigurationError(
            f"the journal {path} belongs to bot {meta.get('bot')!r}, not to {bot!r}; give each "
            "bot a journal of its own"
        )


def check_structure(connection: sqlite3.Connection) -> None:
    """Raise if the pages do not hang together, so that writing could overwrite a row.

    The chain only sees what can be read; a damaged list of free pages it does not see.
    Takes 4 ms for 10,000 rows.

    Raises:
        StoreUnreadableError: SQLite found a fault.
    """
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise StoreUnreadableError(f"its pages are damaged: {found}")


def rows(connection: sqlite3.Connection, after: int = 0) -> Iterator[Row]:
    """Yield every row with a number above *after*, in order, as stored.

    Raises:
        StoreUnreadableError: A body is not the bytes that were written.
    """
    while True:
        page = connection.execute(
            "SELECT seq, at_ns, kind, body, hash FROM journal WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, PAGE),
        ).fetchall()
        for row in page:
            if not isinstance(row[3], bytes):
                raise StoreUnreadableError(f"journal row {row[0]} has no bytes for a body")
            yield row
        if len(page) < PAGE:
            return
        after = page[-1][0]


def head_at(connection: sqlite3.Connection, seq: int) -> Head:
    """Return the head of the chain at row *seq*, trusting what came before it.

    Raises:
        StoreUnreadableError: There is no such row.
    """
    if seq == 0:
        return chain.ORIGIN
    row = connection.execute("SELECT hash FROM journal WHERE seq = ?", (seq,)).fetchone()
    if row is None or not isinstance(row[0], bytes):
        raise StoreUnreadableError(f"journal row {seq} is missing, reading was to go on after it")
    return Head(seq, row[0])


def verified_head(connection: sqlite3.Connection, mark: Head | None) -> Head:
    """Return the last row after checking the whole chain and that it reaches *mark*.

    Raises:
        StoreUnreadableError: A row is not what was written, or acknowledged rows are missing.
    """
    head = chain.ORIGIN
    for seq, _at_ns, _kind, body, row_hash in rows(connection):
        head = chain.advance(head, seq, body, row_hash)
        check_same(head, mark)
    check_reached(head, mark)
    return head
