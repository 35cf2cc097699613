"""Replay of stock prices from a LEAN data folder.

``equity/usa/second/<symbol>/<YYYYMMDD>_quote.zip`` is preferred to ``.../minute/...``; the
trades of the same resolution make the prints, and may be missing. How rows are read is in
``lean_rows``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from pathlib import Path

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.api import Market, MarketEvent, Print, QuoteChange
from ibelay.gateway.market.day_market import DayMarket
from ibelay.gateway.market.hours import SECOND_NS, TradingDay, trading_day
from ibelay.gateway.market.lean_rows import QuoteRow, TradeRow, read_quotes, read_trades
from ibelay.gateway.market.symbols import clean_symbols, con_id_of, stock
from ibelay.model.ids import ConId
from ibelay.model.market import Quote

_STEPS_NS = {"second": SECOND_NS, "minute": 60 * SECOND_NS}


def lean(folder: Path, date: str, symbols: Sequence[str]) -> Market:
    """Return the market of *symbols* on *date* (YYYY-MM-DD) from the LEAN data in *folder*.

    Raises:
        ConfigurationError: The folder, a symbol or the day is missing, or a file is damaged;
            the sentence names what was expected and what is there.
    """
    day = trading_day(date)
    if not (folder / "equity" / "usa").is_dir():
        raise ConfigurationError(
            f"{folder} is no LEAN data folder: expected equity/usa/second or minute below it"
        )
    series = {stock(name, day): _load(folder, name, day) for name in clean_symbols(symbols)}
    return DayMarket(day, series)


class ReplaySeries:
    """The recorded day of one symbol; values are made of its rows when asked for."""

    def __init__(self, con_id: ConId, rows: list[QuoteRow | TradeRow]) -> None:
        self._con_id = con_id
        self._rows = rows
        self._times = [row.at_ns for row in rows]

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield events with ``after_ns < at_ns <= until_ns``, in order of time."""
        first, beyond = bisect_right(self._times, after_ns), bisect_right(self._times, until_ns)
        for row in self._rows[first:beyond]:
            yield (
                _quote_change(self._con_id, row)
                if isinstance(row, QuoteRow)
                else Print(
                    con_id=self._con_id,
                    at_ns=row.at_ns,
                    price=_dollars(row.price),
                    size=_shares(row.size),
                )
            )


def _quote_change(con_id: ConId, row: QuoteRow) -> QuoteChange:
    quote = Quote(
        at_ns=row.at_ns,
        bid=_dollars(row.bid),
        ask=_dollars(row.ask),
        bid_size=_shares(row.bid_size),
        ask_size=_shares(row.ask_size),
    )
    return QuoteChange(con_id=con_id, quote=quote)


@lru_cache(maxsize=1 << 16)
def _dollars(ten_thousandths: int) -> Decimal:
    return Decimal(ten_thousandths) / 10_000


@lru_cache(maxsize=1 << 12)
def _shares(number: int) -> Decimal:
    return Decimal(number)


def _load(folder: Path, symbol: str, day: TradingDay) -> ReplaySeries:
    """Read the day's quotes and trades of *symbol* in the finest resolution there is."""
    for resolution, step_ns in _STEPS_NS.items():
        stem = folder / "equity" / "usa" / resolution / symbol.lower() / f"{day.date:%Y%m%d}"
        quotes = stem.with_name(f"{stem.name}_quote.zip")
        trades = stem.with_name(f"{stem.name}_trade.zip")
        if not quotes.is_file():
            continue
        origin_ns = day.midnight_ns + step_ns
        rows: list[QuoteRow | TradeRow] = [*read_quotes(quotes, origin_ns)]
        if trades.is_file():
            rows += read_trades(trades, origin_ns)
        rows.sort(key=itemgetter(0))
        return ReplaySeries(con_id_of(symbol), rows)
    raise ConfigurationError(_what_is_there(folder / "equity" / "usa", symbol, day))


def _what_is_there(stocks: Path, symbol: str, day: TradingDay) -> str:
    """Say why a symbol's day cannot be loaded, and which could be."""
    wanted = f"{day.date:%Y%m%d}_quote.zip"
    days = sorted({p.name[:8] for p in stocks.glob(f"*/{symbol.lower()}/*_quote.zip")})
    if days:
        dates = ", ".join(f"{text[:4]}-{text[4:6]}-{text[6:]}" for text in days)
        return (
            f"no quotes of {symbol} on {day.date}: expected {wanted} in second or minute under "
            f"{stocks}; days there: {dates}"
        )
    names = sorted({p.parent.name.upper() for p in stocks.glob("*/*/*_quote.zip")})
    return (
        f"no quotes of {symbol}: expected {symbol.lower()}/{wanted} in second or minute under "
        f"{stocks}; symbols there: {', '.join(names) or 'none'}"
    )
