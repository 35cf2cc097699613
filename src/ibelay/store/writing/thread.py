"""The writer thread: the only place that writes rows in a process of its own.

It keeps the rules of ``appender``. The thread is no daemon, so that nothing appended is
dropped at exit; it ends by itself when the main thread has ended without closing the journal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from queue import Empty, SimpleQueue

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

ORPHAN_CHECK_S = 1.0


class GroupWriter:
    """Queue and thread between the event loop and the journal on disk.

    Args:
        path: For messages.
        open_appender: Called in the thread, which alone touches the connection.

    Raises:
        IbelayError: What *open_appender* raised; there is no thread then.
        OSError: The same.
    """

    def __init__(self, path: Path, open_appender: Callable[[], Appends]) -> None:
        self.commits = 0
        self._path = path
        self._queue: SimpleQueue[Append | None] = SimpleQueue()
        self._taken: list[Append] = []
        self._gate = threading.Lock()  # orders "refuse from now on" before or after each put
        self._refusal: IbelayError | OSError | None = None
        opened: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(open_appender, opened), name=f"journal {path.name}"
        )
        self._thread.start()
        opened.result()

    def submit(self, drafts: tuple[Draft, ...]) -> Future[int]:
        """Queue *drafts* for the next commit; returns at once."""
        future: Future[int] = Future()
        future.set_running_or_notify_cancel()  # what was appended cannot be taken back
        with self._gate:
            if self._refusal is None and self._queue.qsize() >= BACKLOG:
                self._refusal = refusal_of_backlog(self._path)
            if self._refusal is None:
                self._queue.put(Append(drafts, future))
                return future
        future.set_exception(self._refusal)
        return future

    def close(self) -> None:
        """Write what is queued, then end the thread and close the store. Idempotent."""
        with self._gate:
            if self._refusal is None:
                self._refusal = StoreUnreadableError(f"the journal {self._path} is closed")
            self._queue.put(None)
        self._thread.join()

    def _run(self, open_appender: Callable[[], Appends], opened: Future[None]) -> None:
        try:
            appender = open_appender()
        except (IbelayError, OSError) as error:
            opened.set_exception(error)
            return
        except BaseException:
            opened.set_exception(InvariantError(f"the journal {self._path} could not be opened"))
            raise
        opened.set_result(None)
        with closing(appender):
            try:
                self._serve(appender)
            except (StoreUnreadableError, OSError) as error:
                self._refuse(error)
            finally:  # after a bug, too, nobody may wait for ever
                self._refuse(InvariantError(f"the journal {self._path}'s writer thread ended"))

    def _serve(self, appender: Appends) -> None:
        while self._take():
            after = appender.head.seq
            self.commits += write(appender, self._taken)
            for future, seq in answers(self._taken, after):
                future.set_result(seq)
            self._taken.clear()

    def _take(self) -> bool:
        """Fill ``_taken`` with what waits; return whether there is anything left to do."""
        count = 0
        while count < ROWS_PER_COMMIT:
            try:
                append = self._next(wait=not self._taken)
            except Empty:
                break
            if append is None:
                self._queue.put(None)  # found again once what was taken is written
                break
            self._taken.append(append)
            count += len(append.drafts)
        return bool(self._taken)

    def _next(self, *, wait: bool) -> Append | None:
        if not wait:
            return self._queue.get_nowait()
        while True:
            try:
                return self._queue.get(timeout=ORPHAN_CHECK_S)
            except Empty:
                if not threading.main_thread().is_alive():
                    return None

    def _refuse(self, error: IbelayError | OSError) -> None:
        with self._gate:
            if self._refusal is None:
                self._refusal = error
        while not self._queue.empty():
            append = self._queue.get()
            if append is not None:
                self._taken.append(append)
        for append in self._taken:
            append.future.set_exception(error)
        self._taken.clear()
