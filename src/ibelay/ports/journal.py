"""The journal as the runtime sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from ibelay.journal.records import AnyRecord


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: its gapless number, from 1, and its record."""

    seq: int
    record: AnyRecord


class Journal(Protocol):
    """Append-only, one writer, durable when it says so.

    Implementations are safe to call from one event loop thread, which never waits for the
    disk: the writing happens behind its back, with group commit.
    """

    def append(self, records: Sequence[AnyRecord]) -> Future[int]:
        """Append *records* in one transaction, in order, all or none.

        Returns at once. The future resolves with the last sequence number when the records
        are on disk (SQLite: committed with ``synchronous=FULL``), or fails with
        ``StoreUnreadableError`` or ``OSError``. Futures resolve in the order of the calls.
        """
        ...

    def replay(self, after: int = 0) -> Iterator[Entry]:
        """Yield every durable entry with ``seq > after``, in order, chain-checked.

        Raises:
            StoreUnreadableError: The chain breaks; names the sequence number.
        """
        ...

    def close(self) -> None:
        """Write what was appended, then release the store. Idempotent."""
        ...
