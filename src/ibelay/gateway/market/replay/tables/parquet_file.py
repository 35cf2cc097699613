"""A recording in a Parquet file, with the columns of ``columns``; needs ``ibelay[parquet]``.

A ``time`` of a date and time type is taken as it is; without a time zone it is New York's.
Missing values are what empty fields are in a CSV file.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.replay.rows import MAX_ROWS, Row, check_count
from ibelay.gateway.market.replay.tables.columns import QUOTE, TRADE, Reader, columns

_BATCH = 50_000
_DECIMALS = 12


def read_parquet(path: Path) -> dict[str, list[Row]]:
    """Return the rows of each symbol in the Parquet file *path*.

    Raises:
        ConfigurationError: It cannot be read (names the file and the row), or polars is not
            installed (says how to install it).
    """
    polars = _library()
    unreadable = (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError)
    try:
        table = polars.scan_parquet(path)
        check_count(table.select(polars.len()).collect().item())
        names = table.collect_schema().names()
        header = columns(["time_ns" if _is_moment(table, n) else n for n in names], str(path))
        frame = table.head(MAX_ROWS).select(_as_text(polars, table, n) for n in names).collect()
    except unreadable as error:
        raise ConfigurationError(
            f"{path} cannot be read ({_first_line(error)}): expected a Parquet file"
        ) from error
    reader = Reader(header, str(path))
    for batch in frame.iter_slices(_BATCH):
        for fields in batch.iter_rows():
            reader.take(fields)
    return reader.rows


def _is_moment(table: Any, name: str) -> bool:
    return bool(table.collect_schema()[name].is_temporal())


def _as_text(polars: Any, table: Any, name: str) -> Any:
    """Return the column as a CSV file would have it."""
    kind = table.collect_schema()[name]
    column = polars.col(name)
    if kind.is_temporal():
        if getattr(kind, "time_zone", None) is None:
            column = column.cast(polars.Datetime("ns")).dt.replace_time_zone("America/New_York")
        column = column.dt.timestamp("ns")
    elif kind.is_float() and name.strip().lower() in {*QUOTE, *TRADE}:
        column = column.cast(polars.Decimal(38, _DECIMALS)).cast(polars.String)
        return column.str.strip_chars_end("0").str.strip_chars_end(".").fill_null("")
    return column.cast(polars.String).fill_null("")


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:120]


def _library() -> Any:
    try:
        return importlib.import_module("polars")
    except ImportError as error:
        raise ConfigurationError(
            "Parquet files need polars: install it with pip install 'ibelay[parquet]', "
            "or write the recording as CSV"
        ) from error
