"""The contracts of a LEAN zip, by the names of the files in it.

Rules:
1. ``20140605_twx_minute_quote_american_call_650000_20140719.csv`` is the option TWX, call,
   strike 65 dollars (1/10,000), expiring on 2014-07-19. One that expires on a Saturday, as
   all did until 2015, was last traded on the Friday before.
2. ``20131007_es_minute_quote_201312.csv`` is the future ES of December 2013. Only index
   futures are known, whose contracts end on the third Friday of their month; a name may
   also carry the day itself.
3. Contract ids are made of the contract's terms: the same in every run and on every day.
   Two contracts that would get the same id get neighbouring ones, in the order of names.

**Source**: LEAN's Data/option and Data/future readmes; CME's contract specifications.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.api import Instrument, PriceStep
from ibelay.gateway.market.calendars.sessions import CHICAGO, NEW_YORK, at
from ibelay.gateway.market.symbols import con_id_of
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId

_OPTION = re.compile(
    r"\d{8}_(?P<symbol>[a-z0-9.]+)_(?:minute|second|tick)_(?:quote|trade)_(?:american|european)_"
    r"(?P<right>call|put)_(?P<strike>\d{1,10})_(?P<expiry>\d{8})\.csv",
    re.IGNORECASE,
)
_FUTURE = re.compile(
    r"\d{8}_(?P<symbol>[a-z0-9.]+)_(?:minute|second|tick)_(?:quote|trade)_"
    r"(?P<month>\d{6})(?P<day>\d{2})?\.csv",
    re.IGNORECASE,
)
_SATURDAY, _FRIDAY = 5, 4
_MONTH_LETTERS = "FGHJKMNQUVXZ"
_STEP_LIMIT = Decimal(3)
OPTION_STEPS = (
    PriceStep(low_edge=Decimal(0), increment=Decimal("0.01")),
    PriceStep(low_edge=_STEP_LIMIT, increment=Decimal("0.05")),
)


@dataclass(frozen=True, slots=True)
class IndexFuture:
    """What is the same for every month of a future on an index."""

    name: str
    exchange: str
    multiplier: int
    min_tick: str
    underlying: str


INDEX_FUTURES = {
    "ES": IndexFuture("E-mini S&P 500", "CME", 50, "0.25", "SPX"),
    "MES": IndexFuture("Micro E-mini S&P 500", "CME", 5, "0.25", "SPX"),
    "NQ": IndexFuture("E-mini NASDAQ 100", "CME", 20, "0.25", "NDX"),
    "MNQ": IndexFuture("Micro E-mini NASDAQ 100", "CME", 2, "0.25", "NDX"),
    "RTY": IndexFuture("E-mini Russell 2000", "CME", 50, "0.1", "RUT"),
    "M2K": IndexFuture("Micro E-mini Russell 2000", "CME", 5, "0.1", "RUT"),
    "YM": IndexFuture("E-mini Dow", "CBOT", 5, "1", "DJI"),
    "MYM": IndexFuture("Micro E-mini Dow", "CBOT", 1, "1", "DJI"),
}


def option(name: str) -> Instrument:
    """Return the option whose rows stand in the CSV file *name*; hours are not filled in.

    Raises:
        ConfigurationError: The name does not tell it.
    """
    match = _OPTION.fullmatch(name)
    expiry = _date(match["expiry"]) if match else None
    if match is None or expiry is None:
        raise _unnamed(name, "20140605_twx_minute_quote_american_call_650000_20140719.csv")
    symbol, right = match["symbol"].upper(), match["right"][0].upper()
    strike = Decimal(match["strike"]) / 10_000
    local = f"{symbol:<6}{expiry:%y%m%d}{right}{int(strike * 1000):08d}"
    last = expiry - timedelta(days=1) if expiry.weekday() == _SATURDAY else expiry
    return Instrument(
        contract=Contract(
            symbol=symbol,
            sec_type="OPT",
            con_id=con_id_of(local),
            last_trade_date=f"{last:%Y%m%d}",
            strike=strike,
            right=right,
            multiplier=Decimal(100),
            local_symbol=local,
            trading_class=symbol,
        ),
        long_name=f"{symbol} options",
        price_steps=OPTION_STEPS,
        market_name=symbol,
        under_con_id=con_id_of(symbol),
        under_symbol=symbol,
        under_sec_type="STK",
        contract_month=f"{last:%Y%m}",
        expires_ns=at(last, time(16), NEW_YORK),
        stock_type="",
    )


def future(name: str) -> Instrument:
    """Return the future whose rows stand in the CSV file *name*; hours are not filled in.

    Raises:
        ConfigurationError: The name does not tell it, or its terms are not known.
    """
    match = _FUTURE.fullmatch(name)
    expiry = _future_expiry(match["month"], match["day"]) if match else None
    if match is None or expiry is None:
        raise _unnamed(name, "20131007_es_minute_quote_201312.csv")
    symbol = match["symbol"].upper()
    terms = INDEX_FUTURES.get(symbol)
    if terms is None:
        raise ConfigurationError(
            f"the terms of the future {symbol} are not known here: "
            f"expected one of {', '.join(INDEX_FUTURES)}"
        )
    zone: ZoneInfo = CHICAGO
    letter = _MONTH_LETTERS[expiry.month - 1]
    return Instrument(
        contract=Contract(
            symbol=symbol,
            sec_type="FUT",
            exchange=terms.exchange,
            con_id=con_id_of(f"{symbol} {match['month']} FUT"),
            last_trade_date=f"{expiry:%Y%m%d}",
            multiplier=Decimal(terms.multiplier),
            local_symbol=f"{symbol}{letter}{expiry.year % 10}",
            trading_class=symbol,
        ),
        long_name=terms.name,
        min_tick=Decimal(terms.min_tick),
        market_name=symbol,
        valid_exchanges=(terms.exchange,),
        under_con_id=con_id_of(f"{terms.underlying} IND"),
        under_symbol=terms.underlying,
        under_sec_type="IND",
        contract_month=match["month"],
        expires_ns=at(expiry, time(8, 30), zone),
        stock_type="",
    )


def with_ids_of_their_own(instruments: Iterable[Instrument]) -> list[Instrument]:
    """Return *instruments* in their order, no two with the same ``con_id`` (rule 3)."""
    taken: set[ConId] = set()
    found = []
    for one in instruments:
        con_id = one.contract.con_id
        while con_id in taken:
            con_id = ConId(con_id + 1)
        taken.add(con_id)
        found.append(replace(one, contract=replace(one.contract, con_id=con_id)))
    return found


def _future_expiry(month: str, day: str | None) -> date | None:
    first = _date(f"{month}01")
    if first is None or day is not None:
        return first and _date(f"{month}{day}")
    return first + timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14)


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None


def _unnamed(name: str, example: str) -> ConfigurationError:
    return ConfigurationError(
        f"the file {name[:80]!r} does not name its contract: expected such as {example}"
    )
