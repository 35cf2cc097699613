"""The days before the market's day, made as that day is.

Rules:
1. Every trading day of stocks before the market's day exists, five years back.
2. The few days asked for last are kept.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from ibelay.gateway.market.api import Instrument
from ibelay.gateway.market.hours import TradingDay, trading_day
from ibelay.gateway.market.making.days import MadeDay, session_on
from ibelay.gateway.market.universe.expiries import trading_day_before
from ibelay.model.ids import ConId

YEARS = 5
_KEPT_DAYS = 8


class Past:
    """What came before *today* in the world of *seed*."""

    def __init__(self, seed: int, today: TradingDay) -> None:
        self._seed = seed
        self._today = today
        self._days: dict[date, MadeDay] = {}
        self._closes: dict[ConId, Decimal | None] = {}

    def close_before(self, instrument: Instrument) -> Decimal | None:
        """Return the official close of the day before today, None if it did not trade then."""
        con_id = instrument.contract.con_id
        if con_id not in self._closes:
            day = self.day(trading_day_before(self._today.date - timedelta(days=1)))
            traded = session_on(instrument, day.day) is not None
            self._closes[con_id] = day.close(instrument) if traded else None
        return self._closes[con_id]

    def day(self, on: date) -> MadeDay:
        """Return the trading day *on*."""
        found = self._days.get(on)
        if found is None:
            if len(self._days) >= _KEPT_DAYS:
                self._days.pop(next(iter(self._days)))
            found = self._days[on] = MadeDay(self._seed, trading_day(on.isoformat()))
        return found
