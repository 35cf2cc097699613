"""The days before the market's day, made as that day is.

Rules:
1. Every trading day of stocks exists from five years before the market's day on. A future
   has a past of two years before it expires, an option of nine months.
2. Events and bars below half an hour are made of a day's seconds. Longer bars are made of
   its minutes, so that years of them can be told, and so are bars of whole minutes of days
   more than five days back. A bar of a day goes from the official
   open to the official close of stocks, options and indices, over the whole day for the
   rest; it begins at midnight and ends with its day.
3. The few days asked for last are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from ibelay.gateway.market.api import Instrument, MarketEvent, TradingSession
from ibelay.gateway.market.bars import BarSeries
from ibelay.gateway.market.calendars.holidays import Exchange, trading_days
from ibelay.gateway.market.calendars.sessions import NEW_YORK
from ibelay.gateway.market.hours import SECOND_NS, TradingDay, trading_day
from ibelay.gateway.market.making.days import MadeDay, session_on
from ibelay.gateway.market.past.rough import daily_bar, minute_bars
from ibelay.gateway.market.pricing.figures import figure_bar
from ibelay.gateway.market.pricing.surface import surface
from ibelay.gateway.market.universe.expiries import trading_day_before
from ibelay.model.ids import ConId
from ibelay.model.market import Bar

DAY_S, HALF_HOUR_S, MINUTE_S = 86_400, 1_800, 60
YEARS = 5
_LIFE = {"FUT": timedelta(days=730), "OPT": timedelta(days=270)}
_KEPT_DAYS = 8
_RECENT_DAYS = 5
_KEPT_CLOSES = 20_000


class Past:
    """What came before *today* in the world of *seed*."""

    def __init__(self, seed: int, today: TradingDay) -> None:
        self._seed = seed
        self._today = today
        self._days: dict[date, MadeDay] = {}
        self._closes: dict[tuple[ConId, date], Decimal | None] = {}

    def begins_ns(self, instrument: Instrument) -> int:
        """Return the first moment of the first day *instrument* has (rule 1)."""
        first = _years_before(self._today.date)
        life, expires_ns = _LIFE.get(instrument.contract.sec_type), instrument.expires_ns
        if life is not None and expires_ns is not None:
            first = max(first, _date_of(expires_ns) - life)
        return trading_day(next(trading_days(Exchange.NYSE, first)).isoformat()).start_ns

    def close_before(self, instrument: Instrument, day: date) -> Decimal | None:
        """Return the official close of the day before *day*, None if it did not trade then."""
        key = (instrument.contract.con_id, day)
        if key not in self._closes:
            if len(self._closes) >= _KEPT_CLOSES:
                self._closes.clear()
            before = self.day(trading_day_before(day - timedelta(days=1)))
            traded = session_on(instrument, before.day) is not None
            self._closes[key] = before.close(instrument) if traded else None
        return self._closes[key]

    def events(self, instrument: Instrument, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield the events before today with ``after_ns < at_ns <= until_ns``."""
        for day in self._between(instrument, after_ns, until_ns):
            close = self.close_before(instrument, day)
            yield from self.day(day).series(instrument, close).events(after_ns, until_ns)

    def bars(self, instrument: Instrument, after_ns: int, until_ns: int, size_s: int) -> list[Bar]:
        """Return the bars before today that begin at or after *after_ns* and end by *until_ns*."""
        found: list[Bar] = []
        for day in self._between(instrument, after_ns - DAY_S * SECOND_NS, until_ns):
            made = self.day(day)
            if size_s == DAY_S:
                if after_ns <= made.day.midnight_ns and made.day.end_ns <= until_ns:
                    found.append(daily_bar(made, instrument))
                continue
            found += (
                part
                for part in self._parts(made, instrument, size_s)
                if after_ns <= part.at_ns and part.at_ns + size_s * SECOND_NS <= until_ns
            )
        return found

    def _parts(self, made: MadeDay, instrument: Instrument, size_s: int) -> list[Bar]:
        """Return the bars of a day, of its minutes or of its seconds (rule 2)."""
        old = self._today.midnight_ns - made.day.midnight_ns > _RECENT_DAYS * DAY_S * SECOND_NS
        if (size_s >= HALF_HOUR_S or old) and not size_s % MINUTE_S:
            return minute_bars(made, instrument, size_s // MINUTE_S)
        series = made.series(instrument, self.close_before(instrument, made.day.date))
        whole = BarSeries(
            series,
            midnight_ns=made.day.midnight_ns,
            start_ns=made.day.start_ns,
            end_ns=made.day.end_ns,
            size_s=size_s,
        )
        return whole.between(made.day.start_ns, made.day.end_ns)

    def sessions(
        self, instrument: Instrument, after_ns: int, until_ns: int
    ) -> list[TradingSession]:
        """Return the sessions before today that (after, until] touches."""
        days = (_day(one) for one in self._between(instrument, after_ns, until_ns))
        found = (session_on(instrument, day) for day in days)
        return [one for one in found if one is not None]

    def implied_bars(self, instrument: Instrument, after_ns: int, until_ns: int) -> list[Bar]:
        """Return daily bars of the volatility that options of 30 days imply, before today."""
        found: list[Bar] = []
        symbol, before = instrument.contract.symbol, None
        for on in self._between(instrument, after_ns - 5 * DAY_S * SECOND_NS, until_ns):
            day = _day(on)
            now = surface(self._seed, symbol, on.isoformat()).at_the_money()
            if before is not None and after_ns <= day.midnight_ns and day.end_ns <= until_ns:
                found.append(figure_bar(day.midnight_ns, before, now))
            before = now
        return found

    def day(self, on: date) -> MadeDay:
        """Return the trading day *on*."""
        found = self._days.get(on)
        if found is None:
            if len(self._days) >= _KEPT_DAYS:
                self._days.pop(next(iter(self._days)))
            found = self._days[on] = MadeDay(self._seed, _day(on))
        return found

    def _between(self, instrument: Instrument, after_ns: int, until_ns: int) -> Iterator[date]:
        """Yield the days before today that (after, until] touches and *instrument* trades on."""
        after_ns = max(after_ns, self.begins_ns(instrument) - 1)
        if after_ns >= self._today.start_ns:
            return
        for day in trading_days(Exchange.NYSE, _date_of(after_ns)):
            if day >= self._today.date or _day(day).start_ns > until_ns:
                return
            if session_on(instrument, _day(day)) is not None:
                yield day


@lru_cache(maxsize=2048)
def _day(on: date) -> TradingDay:
    return trading_day(on.isoformat())


def _date_of(at_ns: int) -> date:
    return datetime.fromtimestamp(at_ns // SECOND_NS, NEW_YORK).date()


def _years_before(day: date) -> date:
    return day - timedelta(days=366 * YEARS)
