"""Replay of stocks, options and futures from a LEAN data folder.

Rules:
1. A symbol is a stock (``SPY``), the options on one (``TWX:OPT``) or all months of a future
   (``ES:FUT``); without an ending it is a stock where there is one, else a future.
2. Of tick, second and minute the finest there is on a day is played, unless one is asked
   for. Trades make the prints, and may be missing; so may an option's quotes.
3. Every day on which the symbol's exchange trades must have files; other days (a future's
   Sunday) may. What is missing is refused with the days there are.
4. Times of stocks and options are New York's; a future's day is the day of UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as calendar_date
from datetime import time
from operator import itemgetter
from pathlib import Path
from zoneinfo import ZoneInfo

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.api import Instrument, Market
from ibelay.gateway.market.calendars.holidays import Exchange, is_trading_day
from ibelay.gateway.market.calendars.instruments import with_hours
from ibelay.gateway.market.calendars.sessions import NEW_YORK, at
from ibelay.gateway.market.hours import SECOND_NS, market_days, trading_day
from ibelay.gateway.market.replay.lean import contracts, files
from ibelay.gateway.market.replay.lean.rows import Layout, read_quotes, read_trades
from ibelay.gateway.market.replay.recorded_market import RecordedMarket
from ibelay.gateway.market.replay.rows import Row, check_count
from ibelay.gateway.market.symbols import clean_symbols, stock

_KINDS = ("STK", "OPT", "FUT")
_UTC = ZoneInfo("UTC")
_ANY_DAY = "2025-06-02"  # a stock's hours are filled in later
_CONTRACTS = {"OPT": contracts.option, "FUT": contracts.future}


def lean(
    folder: Path,
    date: str,
    symbols: Sequence[str],
    *,
    days: int = 1,
    resolution: str | None = None,
) -> Market:
    """Return the market of *symbols* from *date* on, from the LEAN data in *folder*.

    Args:
        folder: A LEAN ``Data`` folder.
        date: The first day, YYYY-MM-DD.
        symbols: See rule 1.
        days: How many trading days of US stocks are played.
        resolution: ``tick``, ``second`` or ``minute``; None for the finest there is.

    Raises:
        ConfigurationError: The folder, a symbol or a day is missing, or a file is damaged;
            the sentence names what was expected and what is there.
    """
    if resolution is not None and resolution not in files.RESOLUTIONS:
        raise ConfigurationError(
            f"resolution {resolution!r} is unknown: expected {', '.join(files.RESOLUTIONS)}"
        )
    if not any((folder / kind).is_dir() for kind in ("equity", "option", "future")):
        raise ConfigurationError(
            f"{folder} is no LEAN data folder: expected equity, option or future below it"
        )
    files.say_what_is_not_played(folder)
    dates = market_days(date, days)
    sources = dict.fromkeys(_source(folder, text) for text in symbols)
    if not any(is_trading_day(source.exchange, dates[0]) for source in sources):
        trading_day(date)  # says which day would do
    instruments: list[Instrument] = []
    recordings: list[list[Row]] = []
    for source in sources:
        for contract, rows in _load(source, dates, resolution):
            instruments.append(contract)
            recordings.append(rows)
        check_count(sum(map(len, recordings)))
    numbered = contracts.with_ids_of_their_own(instruments)
    return _market(dict(zip(numbered, recordings, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Where one symbol's files are and how they are written."""

    symbol: str
    place: Path
    sec_type: str

    @property
    def folder_name(self) -> str:
        """The symbol as LEAN writes it."""
        return self.symbol.lower()

    @property
    def exchange(self) -> Exchange:
        """Whose trading days count."""
        return Exchange.CME if self.sec_type == "FUT" else Exchange.NYSE

    def contract(self, name: str) -> Instrument:
        """Return what the rows in the CSV file *name* are of."""
        if self.sec_type == "STK":
            return stock(self.symbol, trading_day(_ANY_DAY))
        return _CONTRACTS[self.sec_type](name)

    def layout(self, day: calendar_date, resolution: str) -> Layout:
        """Return how the files of *day* are written (rule 4)."""
        future = self.sec_type == "FUT"
        return Layout(
            midnight_ns=at(day, time(0), _UTC if future else NEW_YORK),
            row_ns=files.RESOLUTIONS[resolution],
            scaled=not future,
        )


def _source(folder: Path, text: str) -> _Source:
    """Return where to look for the symbol *text* (rule 1)."""
    name, colon, kind = text.strip().upper().partition(":")
    (symbol,) = clean_symbols([name])
    if colon and kind not in _KINDS:
        raise ConfigurationError(
            f"symbol {text!r} cannot be replayed: expected STK, OPT or FUT after the colon"
        )
    stocks = folder / "equity" / "usa"
    futures = _future_place(folder, symbol)
    if not colon:
        is_stock = futures is None or any(stocks.glob(f"*/{symbol.lower()}"))
        kind = "STK" if is_stock else "FUT"
    places = {
        "STK": stocks,
        "OPT": folder / "option" / "usa",
        "FUT": futures or folder / "future" / "cme",
    }
    return _Source(symbol=symbol, place=places[kind], sec_type=kind)


def _future_place(folder: Path, symbol: str) -> Path | None:
    found = sorted(folder.glob(f"future/*/*/{symbol.lower()}"))
    return found[0].parents[1] if found else None


def _load(
    source: _Source, days: Sequence[calendar_date], resolution: str | None
) -> Iterator[tuple[Instrument, list[Row]]]:
    """Yield each contract of *source* with its rows over *days*, in order of time."""
    found: dict[tuple[str, str], list[Row]] = {}
    named: dict[tuple[str, str], Instrument] = {}
    for day in days:
        for name, rows in _day(source, day, resolution):
            instrument = source.contract(name)
            key = (instrument.contract.last_trade_date, instrument.contract.local_symbol)
            named[key] = instrument
            found.setdefault(key, []).extend(rows)
    for key in sorted(found):
        found[key].sort(key=itemgetter(0))
        yield with_hours(named[key], days[0], days[-1]), found[key]


def _day(
    source: _Source, day: calendar_date, resolution: str | None
) -> list[tuple[str, list[Row]]]:
    """Return the CSV files of one day with their rows, quotes before trades."""
    chosen = files.resolution_of(source.place, source.folder_name, day, resolution)
    if chosen is None and not is_trading_day(source.exchange, day):
        return []
    if chosen is None:
        raise ConfigurationError(_what_is_there(source, day, resolution))
    folder = source.place / chosen / source.folder_name
    layout = source.layout(day, chosen)
    found: list[tuple[str, list[Row]]] = []
    for kind, read in (("quote", read_quotes), ("trade", read_trades)):
        for path in files.zips(folder, day, kind):
            members = files.read_zip(path)
            if source.sec_type == "STK" and len(members) != 1:
                raise ConfigurationError(f"{path} holds {len(members)} CSV files: expected one")
            found += [
                (name, [*read(lines, f"{path} {name}", layout)]) for name, lines in members.items()
            ]
    return found


def _market(recordings: Mapping[Instrument, list[Row]]) -> RecordedMarket:
    """Return the market over the sessions of its stocks and all rows there are."""
    starts, ends = [], []
    for one, rows in recordings.items():
        if rows:
            starts.append(rows[0].at_ns - SECOND_NS)
            ends.append(rows[-1].at_ns)
        if one.contract.sec_type != "FUT" and one.sessions:
            starts.append(one.sessions[0].begin_ns)
            ends.append(one.sessions[-1].end_ns)
    if not starts:
        raise ConfigurationError("the files hold no rows: expected quotes or trades in them")
    return RecordedMarket(recordings, start_ns=min(starts), end_ns=max(ends))


def _what_is_there(source: _Source, day: calendar_date, resolution: str | None) -> str:
    """Say why a symbol's day cannot be loaded, and which could be."""
    wanted = f"{day:%Y%m%d}_quote.zip in {resolution or 'tick, second or minute'}"
    days = files.days_of(source.place, source.folder_name)
    if days:
        return (
            f"no quotes of {source.symbol} on {day}: expected {wanted} under {source.place}; "
            f"days there: {', '.join(days)}"
        )
    names = files.symbols_of(source.place)
    return (
        f"no quotes of {source.symbol}: expected {source.folder_name}/{wanted} under "
        f"{source.place}; symbols there: {', '.join(names) or 'none'}"
    )
