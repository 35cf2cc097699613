"""The ledger and the journal, kept in step: the only door through which truth changes.

What enters a transaction is applied to the ledger at once and is durable when the future of
its commit says so. A store that cannot be written ends the bot: trading without a journal is
trading without a memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import AnyRecord
from ibelay.ports.clock import Clock
from ibelay.ports.journal import Journal


class Transaction:
    """Records that become durable together or not at all."""

    def __init__(
        self, ledger: Ledger, journal: Journal, ended: Callable[[Future[int]], None]
    ) -> None:
        self._ledger = ledger
        self._journal = journal
        self._ended = ended
        self.records: list[AnyRecord] = []

    def add(self, records: Sequence[AnyRecord]) -> None:
        """Apply *records* to the ledger and keep them for the commit."""
        for record in records:
            self._ledger.apply(record)
        self.records.extend(records)

    def commit(self) -> Future[int]:
        """Append everything added, in order, in one journal transaction."""
        durable = self._journal.append(self.records)
        durable.add_done_callback(self._ended)
        return durable


class Books:
    """One bot's ledger over its journal.

    Args:
        ledger: The fold of everything durable so far.
        journal: Where new records go.
        clock: For wall-clock records about our own process.
    """

    def __init__(self, ledger: Ledger, journal: Journal, clock: Clock) -> None:
        self.ledger = ledger
        self._journal = journal
        self._clock = clock
        self._failed: Callable[[BaseException], object] = lambda _error: None

    def on_failure(self, failed: Callable[[BaseException], object]) -> None:
        """Call *failed*, from any thread, with the error of a commit that did not succeed."""
        self._failed = failed

    def begin(self) -> Transaction:
        """Return an empty transaction; one turn of the loop must begin and commit it."""
        return Transaction(self.ledger, self._journal, self._ended)

    def commit(self, records: Sequence[AnyRecord]) -> Future[int]:
        """Apply and append *records* in a transaction of their own."""
        transaction = self.begin()
        transaction.add(records)
        return transaction.commit()

    def _ended(self, durable: Future[int]) -> None:
        error = durable.exception()
        if error is not None:
            self._failed(error)

    def wall_ns(self) -> int:
        """Return wall time for records about our own process."""
        return self._clock.wall_ns()

    def monotonic_ns(self) -> int:
        """Return monotonic time for ages and deadlines."""
        return self._clock.monotonic_ns()
