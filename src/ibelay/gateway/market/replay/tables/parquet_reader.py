"""The process that turns a Parquet file into CSV on its standard output (see ``parquet_file``).

It ends with 1 and a sentence on standard error where the file cannot be read; where the
library aborts the process, the system's own code says so.
"""

from __future__ import annotations

import csv
import importlib
import sys
from typing import Any

from ibelay.gateway.market.replay.rows import MAX_ROWS
from ibelay.gateway.market.replay.tables.columns import QUOTE, TRADE

MAX_MEMORY_BYTES = 16 << 30
MAX_OUTPUT_BYTES = 2 << 30
_BATCH = 50_000
_DECIMALS = 12


def main(path: str) -> int:
    """Write the rows of *path* as CSV; return the exit code."""
    _bound()
    polars = importlib.import_module("polars")
    try:
        table = polars.scan_parquet(path)
        schema = table.collect_schema()
        if table.select(polars.len()).collect().item() > MAX_ROWS:
            return _complain(f"more than {MAX_ROWS:,} rows")
        columns = [_as_text(polars, name, kind) for name, kind in schema.items()]
        frame = table.select(columns).collect()
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError) as error:
        return _complain(str(error).partition("\n")[0])
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow("time_ns" if kind.is_temporal() else name for name, kind in schema.items())
    for batch in frame.iter_slices(_BATCH):
        out.writerows(batch.iter_rows())
    return 0


def _as_text(polars: Any, name: str, kind: Any) -> Any:
    """Return the column as a CSV file would have it."""
    column = polars.col(name)
    if kind.is_temporal():
        if getattr(kind, "time_zone", None) is None:
            column = column.cast(polars.Datetime("ns")).dt.replace_time_zone("America/New_York")
        column = column.dt.timestamp("ns")
    elif kind.is_float() and name.strip().lower() in {*QUOTE, *TRADE}:
        column = column.cast(polars.Decimal(38, _DECIMALS)).cast(polars.String)
        return column.str.strip_chars_end("0").str.strip_chars_end(".").fill_null("")
    return column.cast(polars.String).fill_null("")


def _bound() -> None:
    """Let a hostile file take no more than this process, where the system knows limits."""
    try:
        resource = importlib.import_module("resource")
    except ImportError:
        return  # Windows has none
    limits = ((resource.RLIMIT_AS, MAX_MEMORY_BYTES), (resource.RLIMIT_FSIZE, MAX_OUTPUT_BYTES))
    for kind, most in limits:
        _soft, hard = resource.getrlimit(kind)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _complain(sentence: str) -> int:
    sys.stderr.write(sentence[:500] + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
