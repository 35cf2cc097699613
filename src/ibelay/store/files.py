"""The files a store is made of, and the lock that keeps it to one writer.

``bot.db`` the rows · ``bot.db-wal``, ``bot.db-shm`` SQLite's log and its index ·
``bot.db.head`` how far it was acknowledged (see ``head``) · ``bot.lock`` who writes it ·
``bot.db.new`` a store being created, nothing before its rename.

The lock is the operating system's, on an open file: it vanishes with the process, however
that ends. The lock *file* stays, because removing it would let two writers each lock "it".
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ibelay.errors import ConfigurationError, StoreUnreadableError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_RESERVED = (".lock", ".head", ".new")
_LOCKED_BYTE = 1 << 30  # beyond the text, so that Windows lets others read the process id


@dataclass(frozen=True, slots=True)
class StoreFiles:
    """Where one store lies; *path* is the database file."""

    path: Path

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self.path.with_suffix(".lock")

    @property
    def head(self) -> Path:
        """The head mark."""
        return self._beside(".head")

    @property
    def unborn(self) -> Path:
        """The store while it is being created."""
        return self._beside(".new")

    @property
    def companions(self) -> tuple[Path, ...]:
        """What belongs to the database file and must move with it; the head mark last."""
        return (self._beside("-wal"), self._beside("-shm"), self.head)

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)


def store_files(path: Path) -> StoreFiles:
    """Return the files of the store at *path*, if a store may be there.

    Raises:
        ConfigurationError: *path* is a folder, or a name that ibelay uses for itself.
    """
    if path.is_dir():
        raise ConfigurationError(f"the journal {path} is a folder; name a file in it instead")
    if path.suffix in _RESERVED:
        raise ConfigurationError(
            f"the journal cannot be called {path.name}: names ending in {', '.join(_RESERVED)} "
            "are used beside it; choose another, such as bot.db"
        )
    return StoreFiles(path.absolute())


def prepare_folder(files: StoreFiles) -> None:
    """Create the store's folder if only that one is missing.

    A deeper path that does not exist is more likely a slip of the pen than a wish.

    Raises:
        ConfigurationError: The folder cannot be created.
    """
    folder = files.path.parent
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the folder {folder} for the journal cannot be created ({error.strerror}); create "
            "it first, or name another"
        ) from error


def require_present(files: StoreFiles) -> None:
    """Raise unless there is a database file that may hold a journal.

    Raises:
        StoreUnreadableError: It is missing or empty.
    """
    try:
        size = files.path.stat().st_size
    except FileNotFoundError as error:
        raise StoreUnreadableError(f"there is no journal at {files.path}") from error
    if size == 0:
        raise StoreUnreadableError(
            f"the journal {files.path} is empty (0 bytes), which ibelay never leaves behind: it "
            "was truncated; restore a backup, or run `ibelay store set-aside`"
        )


@contextlib.contextmanager
def exclusive(files: StoreFiles) -> Iterator[None]:
    """Hold the store against every other writer, of this process or another.

    Raises:
        ConfigurationError: Somebody else holds it (names the process), or the lock file
            cannot be written.
    """
    try:
        file = files.lock.open("a+b", buffering=0)
    except OSError as error:
        raise ConfigurationError(
            f"the journal {files.path} cannot be written, its lock file could not be opened "
            f"({error.strerror}); give this user the right to write there, or name another place"
        ) from error
    with file:
        if not _try_lock(file):
            file.seek(0)
            holder = file.read(20).decode("ascii", "replace").strip() or "unknown"
            raise ConfigurationError(
                f"the journal {files.path} is being written by another process (pid {holder}); "
                "stop that one first, or give this bot a journal of its own"
            )
        file.truncate(0)
        file.write(f"{os.getpid()}\n".encode())
        yield


if sys.platform == "win32":

    def _try_lock(file: BinaryIO) -> bool:
        file.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:

    def _try_lock(file: BinaryIO) -> bool:
        # flock and not lockf: a POSIX lock would be lost when this process opens and closes
        # the lock file a second time, and would not keep out a second writer in-process.
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def sync_folder(folder: Path) -> None:
    """Make a rename inside *folder* durable (Windows does that by itself)."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
