"""From the words of an operator to a market, and to the moment it begins.

Rules:
1. ``synthetic`` makes days up; ``lean:PATH`` replays a folder, ``csv:PATH`` and
   ``parquet:PATH`` a table. A table knows its own days: date and number of days are the
   synthetic market's and the folder's.
2. Several days are trading days of US stocks from the date on; what trades at weekends does.
3. The market begins at the time of day asked for on its first day, else two minutes before
   its first regular session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from itertools import islice
from pathlib import Path

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.api import Market
from ibelay.gateway.market.calendars.holidays import Exchange, trading_days
from ibelay.gateway.market.calendars.sessions import NEW_YORK, at
from ibelay.gateway.market.days import DaysMarket
from ibelay.gateway.market.hours import SECOND_NS, market_days, trading_day
from ibelay.gateway.market.replay.lean.market import lean
from ibelay.gateway.market.replay.tables.market import csv, parquet
from ibelay.gateway.market.synthetic import synthetic

FORMS = ("synthetic", "lean:PATH", "csv:PATH", "parquet:PATH")
USUAL_SYMBOLS = ("SPY", "AIG", "BAC", "IBM")
LEAD_NS = 120 * SECOND_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketChoice:
    """Which market is wanted.

    Attributes:
        form: One of ``FORMS``.
        date: First day, YYYY-MM-DD.
        days: How many trading days.
        symbols: What is traded; None for the usual four, of a table everything in it.
        seed: Chooses the synthetic prices.
        resolution: ``tick``, ``second`` or ``minute`` of a LEAN folder; None for the finest.
    """

    form: str = "synthetic"
    date: str = "2025-06-02"
    days: int = 1
    symbols: tuple[str, ...] | None = None
    seed: int = 1
    resolution: str | None = None


def check_form(form: str, resolution: str | None = None) -> None:
    """Refuse a market that has no such form, or no resolutions to choose from.

    Raises:
        ConfigurationError: It is none of ``FORMS``, or *resolution* is not of a LEAN folder.
    """
    kind, _colon, path = form.partition(":")
    if form != "synthetic" and (kind not in {"lean", "csv", "parquet"} or not path):
        raise ConfigurationError(f"market {form!r} is unknown: expected {' or '.join(FORMS)}")
    if resolution is not None and kind != "lean":
        raise ConfigurationError(
            f"resolution {resolution!r} is of LEAN folders only: leave it out, or add "
            "--market lean:PATH"
        )


def open_market(choice: MarketChoice) -> Market:
    """Return the market of *choice*.

    Raises:
        ConfigurationError: Its form, date, symbols or files cannot be used.
    """
    check_form(choice.form)
    kind, _colon, path = choice.form.partition(":")
    symbols = choice.symbols or USUAL_SYMBOLS
    match kind:
        case "csv":
            return csv(Path(path), choice.symbols)
        case "parquet":
            return parquet(Path(path), choice.symbols)
        case "lean":
            return lean(
                Path(path),
                choice.date,
                symbols,
                days=choice.days,
                resolution=choice.resolution,
            )
        case _:
            return _synthetic(choice, symbols)


def begin_ns(market: Market, start_of_day_s: int | None) -> int:
    """Return when *market* begins (rule 3), ns since the epoch, UTC.

    Args:
        market: See there.
        start_of_day_s: Seconds since midnight in New York; None for before the open.

    Raises:
        ConfigurationError: The market has no data then.
    """
    if start_of_day_s is None:
        return max(market.start_ns, market.open_ns - LEAD_NS)
    day = datetime.fromtimestamp(market.open_ns // SECOND_NS, NEW_YORK).date()
    start_ns = at(day, time(0), NEW_YORK) + start_of_day_s * SECOND_NS
    if not market.start_ns <= start_ns < market.end_ns:
        raise ConfigurationError(
            f"start {_clock(start_ns)} is outside the data of {day}: expected "
            f"{_clock(market.start_ns)} to {_clock(market.end_ns)}, New York"
        )
    return start_ns


def _synthetic(choice: MarketChoice, symbols: Sequence[str]) -> Market:
    if choice.days == 1:
        return synthetic(choice.seed, symbols, choice.date)
    first = trading_day(choice.date).date
    last = market_days(choice.date, choice.days)[-1]
    dates = islice(trading_days(Exchange.NYSE, first), choice.days)
    days = [synthetic(choice.seed, symbols, day.isoformat()) for day in dates]
    return DaysMarket(days, (first, last))


def _clock(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns // SECOND_NS, NEW_YORK):%H:%M}"
