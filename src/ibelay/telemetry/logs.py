"""Structured logs: one JSON object a line, written by a thread of their own.

Rules:
1. Logging never waits for a disk: records go through a bounded queue, and what does not
   fit is counted and reported, not waited for.
2. ``NAME.log`` turns over at midnight UTC and is kept 30 days; ``NAME-errors.log`` holds
   warnings and errors and turns over by size.
3. Each process needs a *name* of its own: two processes cannot rotate one file.
4. Secrets are masked in the last step before a line is written, so that foreign libraries'
   lines are covered too.

Event names are stable and listed in ``docs/reference/log-events.md``.
"""

from __future__ import annotations

import logging
import queue
import sys
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from logging.handlers import (
    QueueHandler,
    QueueListener,
    RotatingFileHandler,
    TimedRotatingFileHandler,
)
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import structlog

from ibelay.errors import ConfigurationError
from ibelay.telemetry.masking import mask_value

DAYS_KEPT = 30
_ERROR_FILE_BYTES = 5 * 1024 * 1024
_ERROR_FILES = 5
_QUEUE_MAX = 10_000
_OWN_FIELDS = frozenset({"at", "level", "logger", "event"})

EventDict = MutableMapping[str, Any]


class OpenLogs:
    """The logs while they are being written; close it last of all.

    Closing writes what is queued, releases the files, and gives the root logger back the
    handlers it had. Idempotent, and a context manager.
    """

    def __init__(self, listener: QueueListener, entry: QueueHandler, level_before: int) -> None:
        self._listener = listener
        self._entry = entry
        self._level_before = level_before
        self._open = True

    def close(self) -> None:
        """Write everything logged so far and release the files."""
        if not self._open:
            return
        self._open = False
        root = logging.getLogger()
        root.removeHandler(self._entry)
        root.setLevel(self._level_before)
        self._listener.stop()
        for handler in self._listener.handlers:
            handler.close()
        structlog.reset_defaults()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def configure_logs(
    folder: Path, *, level: str = "INFO", console: bool = False, name: str = "ibelay"
) -> OpenLogs:
    """Send every log line of this process, ours and the libraries', to files in *folder*.

    Args:
        folder: Made if it does not exist.
        level: DEBUG, INFO, WARNING, ERROR or CRITICAL.
        console: Also write readable lines to standard error.
        name: Names the files; one per process.

    Returns:
        The open logs; close them at the end of the process.

    Raises:
        ConfigurationError: *level* is not a level, or *folder* cannot be written.
    """
    threshold = logging.getLevelNamesMapping().get(level.upper())
    if threshold is None:
        msg = f"log level {level!r} is not known; expected DEBUG, INFO, WARNING, ERROR or CRITICAL"
        raise ConfigurationError(msg)
    handlers: list[logging.Handler] = list(_files(folder, name))
    if console:
        handlers.append(_console())
    entry = _BoundedQueueHandler(queue.Queue(_QUEUE_MAX))
    listener = QueueListener(entry.queue, *handlers, respect_handler_level=True)
    root = logging.getLogger()
    level_before = root.level
    root.addHandler(entry)
    root.setLevel(threshold)
    _route_structlog()
    listener.start()
    return OpenLogs(listener, entry, level_before)


class _BoundedQueueHandler(QueueHandler):
    """Puts records in a queue, unformatted, and counts those that do not fit."""

    def __init__(self, records: queue.Queue[Any]) -> None:
        super().__init__(records)
        self._dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return *record* as it is: the same process formats it, in the writing thread."""
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Queue *record*, or count it as lost."""
        try:
            if self._dropped:
                self.queue.put_nowait(self._loss())
                self._dropped = 0
            self.queue.put_nowait(record)
        except queue.Full:
            self._dropped += 1

    def _loss(self) -> logging.LogRecord:
        event = {"event": "log_lines_dropped", "count": self._dropped, "level": "error"}
        fields = {"name": __name__, "levelno": logging.ERROR, "levelname": "ERROR", "msg": event}
        return logging.makeLogRecord({**fields, "_logger": None, "_name": "error"})


def _files(folder: Path, name: str) -> tuple[logging.Handler, logging.Handler]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        every = TimedRotatingFileHandler(
            folder / f"{name}.log",
            when="midnight",
            utc=True,
            backupCount=DAYS_KEPT,
            encoding="utf-8",
        )
        errors = RotatingFileHandler(
            folder / f"{name}-errors.log",
            maxBytes=_ERROR_FILE_BYTES,
            backupCount=_ERROR_FILES,
            encoding="utf-8",
        )
    except OSError as error:
        msg = (
            f"the log folder {folder} cannot be written ({error.strerror}); "
            "expected a folder this user may write to"
        )
        raise ConfigurationError(msg) from error
    errors.setLevel(logging.WARNING)
    lines = structlog.processors.JSONRenderer(serializer=_to_json)
    for handler in (every, errors):
        handler.setFormatter(_formatter(lines))
    return every, errors


def _console() -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())))
    return handler


def _formatter(render: Callable[..., str | bytes]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_log_level],
        processors=[
            _add_time_and_name,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            mask_secrets,
            render,
        ],
    )


def _route_structlog() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            # Here and not in the writing thread, which does not see the current exception.
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _add_time_and_name(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Put time (of the call, not of the writing), level and logger first in the line."""
    record: logging.LogRecord = event["_record"]
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    head = {
        "at": at,
        "level": event.get("level", record.levelname.lower()),
        "logger": record.name,
        "event": event.get("event", ""),
    }
    rest = {key: value for key, value in event.items() if key not in _OWN_FIELDS}
    return {**head, **rest}


def mask_secrets(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Structlog processor: mask what ``masking`` says must not be written."""
    return {key: mask_value(key, value) for key, value in event.items()}


def _to_json(event: EventDict, **_options: object) -> str:
    return msgspec.json.encode(event).decode()
