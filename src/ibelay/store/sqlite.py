"""The journal in one SQLite file: what a single bot on a single machine uses.

Writing goes over the driver and not over SQLAlchemy: one fixed INSERT, 120 us of which all
but a few are the disk's; SQLAlchemy's execution layer would add 40 (see ``schema``). A
record is encoded by the caller, so that a bad one raises where it was made, and hashed by
the writer, because only there the order of the rows is known. Which writer that is, a
thread or one that a simulation calls back, is an argument.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, closing
from pathlib import Path

from ibelay.errors import ConfigurationError, StoreUnreadableError
from ibelay.journal import chain, codec
from ibelay.journal.records import AnyRecord
from ibelay.model.ids import bot_name
from ibelay.ports.journal import Entry
from ibelay.store import database
from ibelay.store.files import StoreFiles, exclusive, prepare_folder, require_present, store_files
from ibelay.store.head import check_reached, open_mark, read_mark
from ibelay.store.writing.appender import Appender, Draft, Writer, WriterFactory
from ibelay.store.writing.thread import GroupWriter


def open_journal(
    path: Path, *, bot: str, read_only: bool = False, writer: WriterFactory = GroupWriter
) -> SqliteJournal:
    """Open the journal at *path*, creating it (and its folder) if it is to be written.

    For writing, the whole chain is verified first: nothing is ever put behind a row that is
    not what was written. For reading, :meth:`SqliteJournal.replay` verifies.

    Args:
        path: The database file; ``-wal``, ``-shm``, ``.head`` and ``.lock`` lie beside it.
        bot: Whose journal it is.
        read_only: Only replay, also while another process writes.
        writer: Makes what commits the appends: a thread, unless told otherwise.

    Raises:
        StoreUnreadableError: It is no ibelay journal, or damaged; says where.
        ConfigurationError: The path cannot be used, the journal is another bot's, or another
            process is writing it (names that process).
        OSError: The disk failed.
    """
    try:
        bot_name(bot)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    files = store_files(path)
    if read_only:
        require_present(files)
        with database.explained(files.path), closing(database.connect_reader(files.path)) as reader:
            database.check_meta(reader, files.path, bot)
        return SqliteJournal(files, None, ExitStack())
    prepare_folder(files)
    with ExitStack() as held:
        held.enter_context(exclusive(files))
        made = writer(files.path, lambda: _open_appender(files, bot))
        held.callback(made.close)
        return SqliteJournal(files, made, held.pop_all())


def _open_appender(files: StoreFiles, bot: str) -> Appender:
    if not files.path.exists():
        with database.explained(files.path):
            database.create(files, bot)
    require_present(files)
    with database.explained(files.path), ExitStack() as opened:
        connection = opened.enter_context(closing(database.connect_writer(files.path)))
        database.check_meta(connection, files.path, bot)
        database.make_durable(connection)
        head = database.verified_head(connection, read_mark(files.head))
        database.check_structure(connection)
        appender = Appender(files.path, connection, head, open_mark(files.head, head))
        opened.pop_all()
        return appender


class SqliteJournal:
    """``ports.Journal`` on SQLite; made by :func:`open_journal`.

    Attributes:
        path: The database file, absolute.
    """

    def __init__(self, files: StoreFiles, writer: Writer | None, held: ExitStack) -> None:
        self.path = files.path
        self._files = files
        self._writer = writer
        self._held = held

    @property
    def commits(self) -> int:
        """How many transactions were committed since the journal was opened."""
        return 0 if self._writer is None else self._writer.commits

    def append(self, records: Sequence[AnyRecord]) -> Future[int]:
        """Append *records*, as ``ports.Journal`` says; an empty sequence is a barrier.

        The future resolves in the writer's thread and cannot be cancelled. After a failure
        every later append fails at once with that first failure.

        Raises:
            InvariantError: A record would not read back; nothing was written.
        """
        drafts = tuple(
            Draft(record.at_ns, codec.kind(record), codec.encode(record)) for record in records
        )
        if self._writer is None:
            refused: Future[int] = Future()
            refused.set_exception(StoreUnreadableError(f"the journal {self.path} is read-only"))
            return refused
        return self._writer.submit(drafts)

    def replay(self, after: int = 0) -> Iterator[Entry]:
        """Yield what is durable above *after*, on a connection of its own.

        Rows committed while it runs are yielded too. A slow caller holds nothing back.

        Raises:
            StoreUnreadableError: The chain breaks, a row does not decode, or acknowledged
                rows are missing at the end.
        """
        require_present(self._files)
        with database.explained(self.path):
            mark = read_mark(self._files.head)  # before the rows: those must reach it
            with closing(database.connect_reader(self.path)) as reader:
                head = database.head_at(reader, after)
                for seq, at_ns, kind, body, row_hash in database.rows(reader, after):
                    head = chain.advance(head, seq, body, row_hash)
                    record = codec.decode(seq, body)
                    if record.at_ns != at_ns or codec.kind(record) != kind:
                        raise StoreUnreadableError(
                            f"journal row {seq} contradicts itself: its columns say {kind!r} at "
                            f"{at_ns}, its body says {codec.kind(record)!r} at {record.at_ns}"
                        )
                    yield Entry(seq, record)
                check_reached(head, mark)

    def close(self) -> None:
        """Write what was appended, end the writer, release the lock. Idempotent."""
        self._held.close()
