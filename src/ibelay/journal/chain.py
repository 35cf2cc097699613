"""The hash chain: every row vouches for all rows before it.

SQLite has no page checksums, and its ``integrity_check`` passes most bit flips inside a
value. A row's hash is BLAKE2b-128 over (hash of the row before, its number, its body), so
that a change, a swap, a gap or an insertion anywhere shows at the first row it touches.
The chain cannot show that rows are missing at its end; ``store.head`` guards that.

It detects accidents, not forgers: whoever can write the store can also rebuild the chain.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

from ibelay.errors import StoreUnreadableError

HASH_SIZE = 16
_PERSON = b"ibelay-journal"


class Head(NamedTuple):
    """The last row of a chain: its number (0 for an empty journal) and its hash."""

    seq: int
    hash: bytes


GENESIS = blake2b(digest_size=HASH_SIZE, person=_PERSON).digest()
"""What the first row is linked to."""

ORIGIN = Head(0, GENESIS)
"""The head of a journal without rows."""


def link(head: Head, body: bytes) -> Head:
    """Return the head after a row with *body* is put behind *head*."""
    seq = head.seq + 1
    content = head.hash + seq.to_bytes(8, "big") + body
    return Head(seq, blake2b(content, digest_size=HASH_SIZE, person=_PERSON).digest())


def advance(head: Head, seq: int, body: bytes, row_hash: bytes) -> Head:
    """Return the head after the stored row, if it is the one that must follow *head*.

    Raises:
        StoreUnreadableError: A row is missing or one is there twice, or the row's content
            is not what was written; names the sequence number.
    """
    expected = head.seq + 1
    if seq != expected:
        raise StoreUnreadableError(
            f"journal row {expected} is missing: after row {head.seq} comes row {seq}"
        )
    following = link(head, body)
    if row_hash != following.hash:
        raise StoreUnreadableError(
            f"journal row {seq} fails the hash chain: its content, or that of the row before "
            "it, is not what was written"
        )
    return following


def verify(rows: Iterable[tuple[int, bytes, bytes]], head: Head = ORIGIN) -> Head:
    """Return the head after all *rows* (number, body, hash), in order, behind *head*.

    Raises:
        StoreUnreadableError: As :func:`advance`.
    """
    for seq, body, row_hash in rows:
        head = advance(head, seq, body, row_hash)
    return head
