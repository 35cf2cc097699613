"""The hours of an instrument, by its type.

Rules:
1. Stocks and funds have the stock market's hours; options, indices and bonds its regular
   session; futures CME's; pairs of currencies forex'; coins every hour of every day.
2. What expires has no session after the day it expires on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ibelay.gateway.market.api import Instrument
from ibelay.gateway.market.calendars.sessions import Hours, timetable

_HOURS = {
    "STK": Hours.US_STOCKS,
    "OPT": Hours.US_OPTIONS,
    "IND": Hours.US_OPTIONS,
    "BOND": Hours.US_OPTIONS,
    "FUT": Hours.CME_FUTURES,
    "CASH": Hours.FOREX,
    "CRYPTO": Hours.CRYPTO,
}


def with_hours(instrument: Instrument, first: date, last: date) -> Instrument:
    """Return *instrument* with its sessions and hours from *first* to *last*, included.

    Raises:
        ConfigurationError: A year has no known holidays, see ``holidays``.
    """
    times = timetable(_HOURS.get(instrument.contract.sec_type, Hours.US_STOCKS), first, last)
    ends_ns = instrument.expires_ns
    return replace(
        instrument,
        sessions=tuple(s for s in times.sessions if ends_ns is None or s.begin_ns < ends_ns),
        trading_hours=times.trading_hours,
        liquid_hours=times.liquid_hours,
        time_zone=times.time_zone,
    )
