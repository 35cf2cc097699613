"""A day that is made: the series of any instrument, each made once and kept.

Rules:
1. An instrument trades on a day if its hours have a session then and it has not expired
   before; without a session it has no events.
2. The official close is the price at the end of the regular session of stocks, to the
   tick, for everything alike; options close at their fair price.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from random import Random

from ibelay.gateway.market.api import Instrument, TradingSession
from ibelay.gateway.market.calendars.sessions import Hours, session_of
from ibelay.gateway.market.hours import TradingDay
from ibelay.gateway.market.making.halts import Halt
from ibelay.gateway.market.making.legs import minute_of, seeded
from ibelay.gateway.market.making.optioned import OptionSeries, to_step
from ibelay.gateway.market.making.quoted import Making, QuotedSeries
from ibelay.gateway.market.making.tempo import Ticks
from ibelay.gateway.market.making.worth import Worth
from ibelay.gateway.market.universe.known import FUTURES
from ibelay.model.ids import ConId

Made = QuotedSeries | OptionSeries
# More are made again when they are asked for again: a client may ask for every option there is.
SERIES_MAX = 1_200
_HOURS = {
    "STK": Hours.US_STOCKS,
    "OPT": Hours.US_OPTIONS,
    "FUT": Hours.CME_FUTURES,
    "CASH": Hours.FOREX,
    "CRYPTO": Hours.CRYPTO,
    "BOND": Hours.US_OPTIONS,
}


def hours_of(instrument: Instrument) -> Hours:
    """Return by which hours *instrument* trades."""
    contract = instrument.contract
    if contract.sec_type == "IND":
        return Hours.CME_FUTURES if contract.symbol in FUTURES else Hours.US_OPTIONS
    return _HOURS[contract.sec_type]


def session_on(instrument: Instrument, day: TradingDay) -> TradingSession | None:
    """Return when *instrument* trades on *day*, None if it does not (rule 1)."""
    found = session_of(hours_of(instrument), day.date)
    expires_ns = instrument.expires_ns
    if found is None or (expires_ns is not None and expires_ns <= found.begin_ns):
        return None
    return found


class MadeDay:
    """The prices of *day* that *seed* makes, with the *halts* of any symbol."""

    def __init__(self, seed: int, day: TradingDay, halts: tuple[Halt, ...] = ()) -> None:
        self.day = day
        self.worth = Worth(seed, day)
        self._seed = seed
        self._halts = halts
        self._series: dict[ConId, Made] = {}

    def series(self, instrument: Instrument, previous_close: Decimal | None) -> Made:
        """Return the events of *instrument*, whose close before was *previous_close*."""
        con_id = instrument.contract.con_id
        found = self._series.pop(con_id, None)
        if found is None:
            if len(self._series) >= SERIES_MAX:
                self._series.pop(next(iter(self._series)))
            kind = OptionSeries if instrument.contract.sec_type == "OPT" else QuotedSeries
            found = kind(self._making(instrument), previous_close)
        self._series[con_id] = found  # the latest asked for last
        return found

    def close(self, instrument: Instrument) -> Decimal:
        """Return the official close of *instrument* (rule 2)."""
        close = self.worth.of(instrument).begin(minute_of(self.day, self.day.close_ns))
        return self.stepped(instrument, close)

    def span(self, instrument: Instrument) -> range:
        """Return the minutes of the day in which *instrument* can trade."""
        return self._making(instrument).span

    def chance(self, instrument: Instrument, about: str) -> Random:
        """Return chance of *instrument* on the day that decides *about* something."""
        return seeded(*self._key(instrument), about)

    @staticmethod
    def stepped(instrument: Instrument, price: float) -> Decimal:
        """Return *price* on the nearest step of *instrument*."""
        if instrument.contract.sec_type == "OPT":
            return to_step(Decimal(price), instrument.price_steps, ROUND_HALF_EVEN)
        ticks = Ticks(instrument.min_tick)
        return ticks.price(ticks.nearest(price))

    def _key(self, instrument: Instrument) -> tuple[object, ...]:
        return self._seed, instrument.contract.local_symbol, self.day.date.isoformat()

    def _making(self, instrument: Instrument) -> Making:
        contract = instrument.contract
        halting = instrument.under_symbol if contract.sec_type == "OPT" else contract.local_symbol
        return Making(
            key=self._key(instrument),
            instrument=instrument,
            source=self.worth.of(instrument),
            day=self.day,
            session=session_on(instrument, self.day),
            halts=tuple(halt for halt in self._halts if halt.symbol == halting),
        )
