"""The journal without a disk, for simulation and tests: same rules, nothing survives.

Records are kept as the bytes a disk would hold, so that what would not read back fails here
as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future

from ibelay.errors import StoreUnreadableError
from ibelay.journal import chain, codec
from ibelay.journal.records import AnyRecord
from ibelay.ports.journal import Entry


class MemoryJournal:
    """``ports.Journal`` in memory; every append is "durable" when it returns.

    Attributes:
        commits: How many appends held a record.
    """

    def __init__(self) -> None:
        self.commits = 0
        self._rows: list[tuple[bytes, bytes]] = []
        self._head = chain.ORIGIN
        self._closed = False

    def append(self, records: Sequence[AnyRecord]) -> Future[int]:
        """Append *records* and return a future that is already resolved.

        Raises:
            InvariantError: A record would not read back; nothing was written.
        """
        bodies = [codec.encode(record) for record in records]
        future: Future[int] = Future()
        if self._closed:
            future.set_exception(StoreUnreadableError("the journal in memory is closed"))
            return future
        for body in bodies:
            self._head = chain.link(self._head, body)
            self._rows.append((body, self._head.hash))
        self.commits += bool(bodies)
        future.set_result(self._head.seq)
        return future

    def replay(self, after: int = 0) -> Iterator[Entry]:
        """Yield every entry above *after*, chain-checked.

        Raises:
            StoreUnreadableError: There is no row *after*.
        """
        if after > len(self._rows):
            raise StoreUnreadableError(
                f"journal row {after} is missing, reading was to go on after it"
            )
        head = chain.Head(after, self._rows[after - 1][1]) if after else chain.ORIGIN
        while head.seq < len(self._rows):
            body, row_hash = self._rows[head.seq]
            head = chain.advance(head, head.seq + 1, body, row_hash)
            yield Entry(head.seq, codec.decode(head.seq, body))

    def close(self) -> None:
        """Refuse further appends. Idempotent."""
        self._closed = True
