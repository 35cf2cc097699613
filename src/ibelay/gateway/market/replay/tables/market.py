"""A market of one table: its symbols as instruments, over the days its rows cover.

Rules:
1. Every symbol of the file is traded unless some are chosen; what is chosen must be there.
2. The market lasts from the first session of its first day to the end of the last of its
   last day, and as long as there are rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.api import Instrument, Market
from ibelay.gateway.market.calendars.holidays import Exchange, is_trading_day, next_trading_day
from ibelay.gateway.market.calendars.instruments import with_hours
from ibelay.gateway.market.calendars.sessions import NEW_YORK
from ibelay.gateway.market.hours import SECOND_NS, trading_day
from ibelay.gateway.market.replay.recorded_market import RecordedMarket
from ibelay.gateway.market.replay.rows import Row
from ibelay.gateway.market.replay.tables.csv_file import read_csv
from ibelay.gateway.market.replay.tables.parquet_file import read_parquet
from ibelay.gateway.market.universe.build import listed
from ibelay.gateway.market.universe.words import read_words


def csv(path: Path, symbols: Sequence[str] | None = None) -> Market:
    """Return the market recorded in the CSV file *path*.

    Args:
        path: See ``csv_file`` and ``columns``.
        symbols: What of it is traded; None for everything.

    Raises:
        ConfigurationError: The file cannot be read, or does not have a symbol.
    """
    return _market(path, read_csv(path), symbols)


def parquet(path: Path, symbols: Sequence[str] | None = None) -> Market:
    """Return the market recorded in the Parquet file *path*; as ``csv``."""
    return _market(path, read_parquet(path), symbols)


def _market(path: Path, rows: dict[str, list[Row]], symbols: Sequence[str] | None) -> Market:
    chosen = [text.strip().upper() for text in symbols] if symbols is not None else list(rows)
    missing = [text for text in chosen if text not in rows]
    if missing or not chosen:
        raise ConfigurationError(
            f"{path} has no rows of {', '.join(missing) or 'any symbol'}: "
            f"symbols there: {', '.join(rows) or 'none'}"
        )
    played = {text: rows[text] for text in chosen}
    first_ns = min(found[0].at_ns for found in played.values())
    last_ns = max(found[-1].at_ns for found in played.values())
    recordings = _instruments(played, _date(first_ns), _date(last_ns))
    sessions = [s for one in recordings for s in one.sessions]
    begins = [s.begin_ns for s in sessions if s.end_ns > first_ns]
    ends = [s.end_ns for s in sessions if s.begin_ns < last_ns]
    return RecordedMarket(
        recordings,
        start_ns=min([first_ns - SECOND_NS, *begins]),
        end_ns=max([last_ns, *ends]),
    )


def _instruments(
    rows: dict[str, list[Row]], first: date, last: date
) -> dict[Instrument, list[Row]]:
    """Return the instrument of each symbol with its hours, and its rows."""
    words = {text: read_words([text])[0] for text in rows}
    if len(set(words.values())) != len(words):
        raise ConfigurationError(
            f"one instrument is named in two ways among {', '.join(words)}: "
            "expected each by one symbol"
        )
    begin = (
        first if is_trading_day(Exchange.NYSE, first) else next_trading_day(Exchange.NYSE, first)
    )
    found = listed(list(words.values()), trading_day(begin.isoformat()))
    return {
        with_hours(one, first, last): rows[text] for text, one in zip(words, found, strict=True)
    }


def _date(at_ns: int) -> date:
    return datetime.fromtimestamp(at_ns // SECOND_NS, NEW_YORK).date()
