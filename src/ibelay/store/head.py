"""The head mark: how far the journal was acknowledged, kept outside the database.

A hash chain cannot show that its last rows are gone, and SQLite drops the end of a log with
one flipped bit without a word. So after every commit, and before its futures resolve, the
last row's number and hash are put into a small file of one line:

    ibelay-head 00000000000000000057 3f… 9c0d1a2b

Rules:
1. The mark never runs ahead of the journal: it is written after the commit is on disk, and
   needs no fsync of its own (about 1 us). It may lag after a power cut.
2. A journal that ends before its mark, or holds another row there, lost something that was
   acknowledged: ``StoreUnreadableError``.
3. A mark that is missing or fails its own checksum says nothing, and is written anew.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from ibelay.errors import StoreUnreadableError
from ibelay.journal.chain import HASH_SIZE, Head

_NAME = b"ibelay-head"


def to_line(head: Head) -> bytes:
    """Return the mark's one line; always of the same length, so it is replaced in place."""
    text = b"%s %020d %s" % (_NAME, head.seq, head.hash.hex().encode())
    return b"%s %08x\n" % (text, zlib.crc32(text))


def from_line(line: bytes) -> Head | None:
    """Return the head that *line* marks, or None if it says nothing (rule 3)."""
    name, _, rest = line.partition(b" ")
    number, _, rest = rest.partition(b" ")
    digits, _, _ = rest.partition(b" ")
    if name != _NAME or not number.isdigit() or len(digits) != 2 * HASH_SIZE:
        return None
    try:
        head = Head(int(number), bytes.fromhex(digits.decode("ascii")))
    except ValueError:
        return None
    return head if to_line(head) == line else None


def read_mark(path: Path) -> Head | None:
    """Return the head marked at *path*, or None if there is none to be trusted."""
    try:
        return from_line(path.read_bytes())
    except FileNotFoundError:
        return None


def check_reached(head: Head, mark: Head | None) -> None:
    """Raise if the journal ends at *head*, before its *mark*.

    Raises:
        StoreUnreadableError: Acknowledged rows are missing at the end.
    """
    if mark is not None and head.seq < mark.seq:
        raise StoreUnreadableError(
            f"the journal ends at row {head.seq}, but rows up to {mark.seq} were written and "
            "acknowledged: its end is lost"
        )


def check_same(head: Head, mark: Head | None) -> None:
    """Raise if *head* is the marked row's number but not its hash.

    Raises:
        StoreUnreadableError: Another journal stands in this one's place.
    """
    if mark is not None and head.seq == mark.seq and head.hash != mark.hash:
        raise StoreUnreadableError(
            f"journal row {mark.seq} is not the row that was acknowledged: another journal was "
            "put in this one's place"
        )


@dataclass(frozen=True, slots=True)
class HeadMark:
    """The mark, open for writing; used by the one who writes the rows only."""

    file: FileIO

    def write(self, head: Head) -> None:
        """Mark that everything up to *head* is durable."""
        self.file.seek(0)
        self.file.write(to_line(head))

    def close(self) -> None:
        """Release the file."""
        self.file.close()


def open_mark(path: Path, head: Head) -> HeadMark:
    """Return the mark at *path*, set to *head*."""
    mark = HeadMark(FileIO(path, "r+" if path.exists() else "x+"))
    mark.file.truncate(len(to_line(head)))
    mark.write(head)
    return mark
