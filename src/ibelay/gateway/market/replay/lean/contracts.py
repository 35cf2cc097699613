"""The contracts of a LEAN zip, by the names of the files in it.

Rules:
1. ``20140605_twx_minute_quote_american_call_650000_20140719.csv`` is the option TWX, call,
   strike 65 dollars (1/10,000), expiring on 2014-07-19. One that expires on a Saturday, as
   all did until 2015, was last traded on the Friday before.
2. ``20131007_es_minute_quote_201312.csv`` is the future ES of December 2013, with the terms
   and the last trading day that ``universe`` knows; a name may also carry a day.
3. Contract ids are made of the contract's terms: the same in every run and on every day.
   Two contracts that would get the same id get neighbouring ones, in the order of names.

**Source**: LEAN's Data/option and Data/future readmes; CME's contract specifications.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.api import Instrument, PriceStep
from ibelay.gateway.market.calendars.holidays import Exchange, trading_days
from ibelay.gateway.market.calendars.sessions import NEW_YORK, at
from ibelay.gateway.market.hours import trading_day
from ibelay.gateway.market.symbols import con_id_of
from ibelay.gateway.market.universe.futures import futures
from ibelay.gateway.market.universe.known import FUTURES
from ibelay.gateway.market.universe.options import local_symbol
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId

_OPTION = re.compile(
    r"\d{8}_(?P<symbol>[a-z0-9.]+)_(?:minute|second|tick)_(?:quote|trade)_(?:american|european)_"
    r"(?P<right>call|put)_(?P<strike>\d{1,10})_(?P<expiry>\d{8})\.csv",
    re.IGNORECASE,
)
_FUTURE = re.compile(
    r"\d{8}_(?P<symbol>[a-z0-9.]+)_(?:minute|second|tick)_(?:quote|trade)_"
    r"(?P<month>\d{6})(?:\d{2})?\.csv",
    re.IGNORECASE,
)
_SATURDAY = 5
_STEP_LIMIT = Decimal(3)
OPTION_STEPS = (
    PriceStep(low_edge=Decimal(0), increment=Decimal("0.01")),
    PriceStep(low_edge=_STEP_LIMIT, increment=Decimal("0.05")),
)


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
    local = local_symbol(symbol, expiry, right, strike)
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
    first = _date(f"{match['month']}01") if match else None
    if match is None or first is None:
        raise _unnamed(name, "20131007_es_minute_quote_201312.csv")
    root = match["symbol"].upper()
    if root not in FUTURES:
        raise ConfigurationError(
            f"the terms of the future {root} are not known here: "
            f"expected one of {', '.join(FUTURES)}"
        )
    listed = futures(root, trading_day(f"{next(trading_days(Exchange.NYSE, first))}"))
    found = [one for one in listed if one.contract_month == match["month"] and one.tradable]
    if not found:
        raise ConfigurationError(f"the future {root} has no month {match['month']}: {name[:80]}")
    return found[0]


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


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None


def _unnamed(name: str, example: str) -> ConfigurationError:
    return ConfigurationError(
        f"the file {name[:80]!r} does not name its contract: expected such as {example}"
    )
