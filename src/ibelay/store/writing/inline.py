"""The writer without a thread: a commit is on disk when somebody calls back.

A simulation decides when its disk is done, and one thread does everything. It keeps the rules
of ``appender`` and adds:

5. A commit begins with the first append that waits, and ends when ``later`` calls back. What
   is appended in between waits for the next one.
6. Who blocks on a future gets it at once, out of turn: nobody else could call back meanwhile.
7. A crash loses what waits, and of the commit that had begun all or nothing. No future
   resolves any more, nor does any that a dying process is still given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from ibelay.errors import IbelayError, InvariantError, StoreUnreadableError
from ibelay.store.writing.appender import (
    BACKLOG,
    ROWS_PER_COMMIT,
    Append,
    Appends,
    Draft,
    answers,
    refusal_of_backlog,
    write,
)

Later = Callable[[Callable[[], None]], object]
"""Takes what is to be called when the disk is done; a loop's ``call_soon``, for instance."""


def at_once(act: Callable[[], None]) -> None:
    """Be done at once: the ``Later`` of a disk that takes no time."""
    act()


class InlineWriter:
    """Queue between the event loop and a journal, written in the loop's own thread.

    Args:
        path: For messages.
        open_appender: Called at once.
        later: Called once for every commit, as rule 5 says.

    Attributes:
        commits: How many commits of at least one row there were.

    Raises:
        IbelayError: What *open_appender* raised.
        OSError: The same.
    """

    def __init__(
        self, path: Path, open_appender: Callable[[], Appends], later: Later = at_once
    ) -> None:
        self.commits = 0
        self._path = path
        self._later = later
        self._waiting: deque[Append] = deque()
        self._taken: list[Append] = []
        self._written: deque[tuple[Future[int], int]] = deque()
        self._commit = 0  # the number of the commit that has begun, or begins next
        self._refusal: IbelayError | OSError | None = None
        self._dead = False
        self._journal: Appends | None = open_appender()

    def submit(self, drafts: tuple[Draft, ...]) -> Future[int]:
        """Queue *drafts*; a commit begins with them unless one is under way."""
        future = _Awaited(self._finish_all)
        future.set_running_or_notify_cancel()  # what was appended cannot be taken back
        if self._refusal is None and len(self._waiting) >= BACKLOG:
            self._refusal = refusal_of_backlog(self._path)
        if self._dead:
            return future
        if self._refusal is not None:
            future.set_exception(self._refusal)
            return future
        self._waiting.append(Append(drafts, future))
        self._begin()
        return future

    def close(self) -> None:
        """Write what is queued, then close the journal. Idempotent."""
        if self._refusal is None:
            self._refusal = StoreUnreadableError(f"the journal {self._path} is closed")
        self._finish_all()
        self._release()

    def crash(self, *, finishes: bool) -> None:
        """End as a killed process or a cut cable would (rule 7).

        Args:
            finishes: Whether the commit that had begun, if there is one, is on disk.
        """
        self._dead = True
        self._commit += 1
        if finishes and self._journal is not None:
            write(self._journal, self._taken)
        for forgotten in (self._taken, self._waiting, self._written):
            forgotten.clear()
        self._release()

    def _begin(self) -> None:
        """Take what waits, within the limit of one commit, and ask to be called back.

        Not before the last one's futures are resolved: what they set off may append (rule 3).
        """
        if self._taken or self._written:
            return
        count = 0
        while self._waiting and count < ROWS_PER_COMMIT:
            append = self._waiting.popleft()
            self._taken.append(append)
            count += len(append.drafts)
        if self._taken:
            number = self._commit
            self._later(lambda: self._finish(number))

    def _finish(self, number: int) -> None:
        """Put commit *number* on disk, unless that was done, or the process died meanwhile."""
        journal = self._journal
        if number != self._commit or journal is None:
            return
        self._commit += 1
        after = journal.head.seq
        try:
            self.commits += write(journal, self._taken)
        except (StoreUnreadableError, OSError) as error:
            self._fail(error)
            return
        except BaseException:  # a bug: nobody may wait for ever
            self._fail(InvariantError(f"the journal {self._path} could not be written"))
            raise
        self._written.extend(answers(self._taken, after))
        self._taken.clear()
        self._resolve()
        self._begin()

    def _resolve(self) -> None:
        while self._written:
            future, seq = self._written.popleft()
            future.set_result(seq)

    def _finish_all(self) -> None:
        """Put all that was taken or waits on disk now."""
        self._resolve()
        self._begin()
        while self._taken:
            self._finish(self._commit)

    def _fail(self, error: IbelayError | OSError) -> None:
        """Rule 4."""
        if self._refusal is None:
            self._refusal = error
        failed = [*self._taken, *self._waiting]
        self._taken.clear()
        self._waiting.clear()
        for append in failed:
            append.future.set_exception(error)

    def _release(self) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None


class _Awaited(Future[int]):
    """A future whose result can be waited for in the very thread that brings it (rule 6)."""

    def __init__(self, finish: Callable[[], None]) -> None:
        super().__init__()
        self._finish = finish

    def result(self, timeout: float | None = None) -> int:
        """Return the last row's number, written by now."""
        self._hurry()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return why it could not be written, or None."""
        self._hurry()
        return super().exception(timeout)

    def _hurry(self) -> None:
        if not self.done():
            self._finish()
        if not self.done():
            raise InvariantError("nobody will ever answer: the process that appended this is dead")
