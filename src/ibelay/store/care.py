"""What a person or the recovery does to a store as a whole: set aside, back up."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from pathlib import Path

from ibelay.errors import ConfigurationError, StoreUnreadableError
from ibelay.store import database
from ibelay.store.files import StoreFiles, exclusive, require_present, store_files, sync_folder
from ibelay.store.head import read_mark


def set_aside(path: Path) -> Path:
    """Rename a damaged store to ``<name>.damaged-N``, with all that belongs to it.

    Nothing is deleted. Afterwards :func:`ibelay.store.sqlite.open_journal` makes an empty
    journal at *path*, or a backup can be copied there. If the machine stops half-way, the rest
    is refused when opened, and can be set aside again.

    Returns:
        The new path of the database file.

    Raises:
        ConfigurationError: The store is still being written (names the process).
        StoreUnreadableError: There is nothing to set aside.
    """
    files = store_files(path)
    with exclusive(files):
        target = _free(files)
        moves = [
            (old, new)
            for old, new in zip(_parts(files), _parts(target), strict=True)
            if old.exists()
        ]
        if not moves:
            raise StoreUnreadableError(f"there is no journal at {files.path} to set aside")
        for old, new in moves:
            old.rename(new)
        sync_folder(files.path.parent)
    return target.path


def _parts(files: StoreFiles) -> tuple[Path, ...]:
    return (files.path, *files.companions)


def _free(files: StoreFiles) -> StoreFiles:
    for number in itertools.count(1):
        target = StoreFiles(files.path.with_name(f"{files.path.name}.damaged-{number}"))
        if not any(part.exists() for part in _parts(target)):
            return target
    raise AssertionError  # counting does not end


def backup(path: Path, to: Path) -> int:
    """Copy the journal to *to* while it may be written, and prove the copy.

    The copy replaces an earlier one only after its whole chain is verified, so a damaged
    store never costs the last good backup. It is one file. To restore it: :func:`set_aside`
    the store (which moves the head mark away as well), then copy the backup to its place.

    Returns:
        The number of the last row in the copy.

    Raises:
        StoreUnreadableError: The journal is missing or damaged; *to* is as it was.
        ConfigurationError: *to* cannot be written, or is a journal in use.
        OSError: The disk failed.
    """
    files, target = store_files(path), store_files(to)
    # A log beside the target would be read into the copy when that is opened.
    in_use = any(part.exists() for part in target.companions)
    if in_use or files.path.resolve() == target.path.resolve():
        raise ConfigurationError(
            f"the backup would replace {to}, which is a journal in use; name another file"
        )
    require_present(files)
    try:
        target.unborn.unlink(missing_ok=True)
        with database.explained(files.path):
            last = _copy_verified(files, target)
        target.unborn.replace(target.path)
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise ConfigurationError(
            f"the backup {to} cannot be written ({error.strerror}); name a place in a folder that "
            "exists and may be written"
        ) from error
    sync_folder(target.path.parent)
    return last


def _copy_verified(files: StoreFiles, target: StoreFiles) -> int:
    mark = read_mark(files.head)  # before the copy: that must reach it
    with (
        closing(database.connect_reader(files.path)) as source,
        closing(sqlite3.connect(target.unborn, isolation_level=None)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, no log to forget
        return database.verified_head(copy, mark).seq
