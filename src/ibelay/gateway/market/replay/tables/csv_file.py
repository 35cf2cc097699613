"""A recording in a CSV file: commas, UTF-8, the columns named in the first line.

time,symbol,bid,ask,bid_size,ask_size,last,last_size
2025-06-02T09:30:00.250,SPY,589.11,589.12,300,500,,
2025-06-02T09:30:00.400,SPY,,,,,589.12,100
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.replay.rows import Row
from ibelay.gateway.market.replay.tables.columns import Reader, columns

MAX_LINE = 1_000


def read_csv(path: Path) -> dict[str, list[Row]]:
    """Return the rows of each symbol in the CSV file *path*.

    Raises:
        ConfigurationError: It cannot be read; names the file and the row.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as opened:
            return read_lines(opened, path)
    except OSError as error:
        raise _unreadable(path, error) from error


def read_lines(opened: TextIO, path: Path) -> dict[str, list[Row]]:
    """Return the rows of each symbol in *opened*, called *path* in complaints.

    Raises:
        ConfigurationError: See ``read_csv``.
    """
    try:
        lines = csv.reader(_bounded(opened, path), strict=True)
        reader = Reader(columns(next(lines, []), str(path)), str(path))
        for fields in lines:
            reader.take(fields)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, error) from error
    return reader.rows


def _unreadable(path: Path, error: Exception) -> ConfigurationError:
    return ConfigurationError(f"{path} cannot be read ({error}): expected a CSV file in UTF-8")


def _bounded(opened: TextIO, path: Path) -> Iterator[str]:
    """Yield lines; a file without line ends is not read as a whole."""
    number = 0
    while line := opened.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise ConfigurationError(
                f"{path} line {number} is longer than {MAX_LINE} characters: "
                "expected a CSV file with one row a line"
            )
        yield line
