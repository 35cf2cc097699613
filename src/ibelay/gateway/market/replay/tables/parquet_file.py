"""A recording in a Parquet file, with the columns of ``columns``; needs ``ibelay[parquet]``.

Rules:
1. A ``time`` of a date and time type is taken as it is; without a time zone it is New
   York's. Missing values are what empty fields are in a CSV file.
2. The file is opened by another process, which turns it into CSV: a damaged file can make
   the library abort the process it is in (seen with polars 2.1), and that must not be the
   gateway. That process is bounded in time and memory where the system can do so.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.replay.rows import Row
from ibelay.gateway.market.replay.tables.csv_file import read_lines

PATIENCE_S = 600
_COMPLAINT_LENGTH = 1_000
_READER = "ibelay.gateway.market.replay.tables.parquet_reader"


def read_parquet(path: Path) -> dict[str, list[Row]]:
    """Return the rows of each symbol in the Parquet file *path*.

    Raises:
        ConfigurationError: It cannot be read (names the file and the row), or polars is not
            installed (says how to install it).
    """
    if importlib.util.find_spec("polars") is None:
        raise ConfigurationError(
            "Parquet files need polars: install it with pip install 'ibelay[parquet]', "
            "or write the recording as CSV"
        )
    command = [sys.executable, "-m", _READER, str(path)]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as rows,
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints,
    ):
        try:
            ended = subprocess.run(  # noqa: S603 - our own module; the path is an argument
                command,
                stdin=subprocess.DEVNULL,
                stdout=rows,
                stderr=complaints,
                timeout=PATIENCE_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ConfigurationError(
                f"{path} takes more than {PATIENCE_S} s to read: split it, or write it as CSV"
            ) from error
        if ended.returncode:
            raise _unreadable(path, complaints)
        rows.seek(0)
        return read_lines(rows, path)


def _unreadable(path: Path, complaints: IO[str]) -> ConfigurationError:
    complaints.seek(0)
    reason = complaints.read(_COMPLAINT_LENGTH).strip().splitlines()
    return ConfigurationError(
        f"{path} cannot be read ({reason[0][:120] if reason else 'its reader died of it'}): "
        "expected a Parquet file"
    )
