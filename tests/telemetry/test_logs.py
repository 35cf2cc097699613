"""Logs as a reader of the files finds them."""

from __future__ import annotations

import json
import logging
import queue
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from typing import Any

import pytest
import structlog

from ibelay.errors import ConfigurationError
from ibelay.telemetry import logs
from ibelay.telemetry.logs import configure_logs


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_an_event_is_one_json_line_with_time_level_logger_and_fields(tmp_path: Path) -> None:
    with configure_logs(tmp_path):
        structlog.get_logger("ibelay.x").info("bot_started", pid=7)
    (line,) = _lines(tmp_path / "ibelay.log")
    assert list(line) == ["at", "level", "logger", "event", "pid"]
    assert line["at"].endswith("+00:00")
    assert line["level"] == "info"
    assert line["logger"] == "ibelay.x"
    assert line["event"] == "bot_started"
    assert line["pid"] == 7


def test_only_warnings_and_errors_reach_the_error_log(tmp_path: Path) -> None:
    log = structlog.get_logger("ibelay.x")
    with configure_logs(tmp_path, name="bot"):
        log.info("calm")
        log.warning("worried")
        log.error("broken")
    assert [line["event"] for line in _lines(tmp_path / "bot.log")] == [
        "calm", "worried", "broken",
    ]  # fmt: skip
    errors = _lines(tmp_path / "bot-errors.log")
    assert [line["event"] for line in errors] == ["worried", "broken"]


def test_lines_of_libraries_are_structured_and_masked_too(tmp_path: Path) -> None:
    with configure_logs(tmp_path):
        logging.getLogger("ib_async.client").warning("logged on as %s", "DU1234567")
    (line,) = _lines(tmp_path / "ibelay.log")
    assert line["event"] == "logged on as DU…567"
    assert line["logger"] == "ib_async.client"


def test_no_secret_is_written_even_inside_a_traceback(tmp_path: Path) -> None:
    with configure_logs(tmp_path):
        try:
            message = "account U7654321 refused"
            raise ValueError(message)  # noqa: TRY301 - the traceback is what is tested
        except ValueError:
            structlog.get_logger("ibelay.x").exception("failed", token="hunter2")  # noqa: S106
    text = (tmp_path / "ibelay.log").read_text()
    assert "hunter2" not in text
    assert "U7654321" not in text
    assert "Traceback" in text


def test_lines_below_the_level_are_not_written(tmp_path: Path) -> None:
    with configure_logs(tmp_path, level="warning"):
        structlog.get_logger("ibelay.x").info("too quiet")
    assert _lines(tmp_path / "ibelay.log") == []


def test_the_console_gets_the_events_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with configure_logs(tmp_path, console=True):
        structlog.get_logger("ibelay.x").info("bot_started", pid=7)
    assert "bot_started" in capsys.readouterr().err


def test_closing_gives_the_root_logger_back(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    opened = configure_logs(tmp_path)
    opened.close()
    opened.close()
    assert (list(root.handlers), root.level) == before


def test_what_does_not_fit_the_queue_is_counted_and_reported() -> None:
    records: queue.Queue[logging.LogRecord] = queue.Queue(2)
    handler = logs._BoundedQueueHandler(records)
    for number in range(5):
        handler.enqueue(logging.makeLogRecord({"msg": number}))
    assert [records.get().msg for _ in range(2)] == [0, 1]
    handler.enqueue(logging.makeLogRecord({"msg": 5}))
    loss = records.get()
    assert loss.msg == {"event": "log_lines_dropped", "count": 3, "level": "error"}
    assert records.get().msg == 5


def test_the_reported_loss_can_be_written(tmp_path: Path) -> None:
    handler = logs._BoundedQueueHandler(queue.Queue(1))
    handler._dropped = 3
    file, errors = logs._files(tmp_path, "ibelay")
    file.emit(handler._loss())
    file.close()
    errors.close()
    (line,) = _lines(tmp_path / "ibelay.log")
    assert (line["event"], line["count"]) == ("log_lines_dropped", 3)


def test_the_log_turns_over_daily_and_is_kept_thirty_days(tmp_path: Path) -> None:
    every, errors = logs._files(tmp_path, "ibelay")
    assert isinstance(every, TimedRotatingFileHandler)
    assert (every.when, every.backupCount) == ("MIDNIGHT", 30)
    every.close()
    errors.close()


def test_an_unknown_level_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="log level 'loud' is not known"):
        configure_logs(tmp_path, level="loud")


def test_an_unwritable_folder_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be written"):
        configure_logs(tmp_path / "file")
