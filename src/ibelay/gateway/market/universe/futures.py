"""Futures of a root: the living expiries, some expired ones, and the continuous contract.

Rules:
1. Local symbols are root, letter of the month and last digit of the year: ESZ5.
2. The front month is the first that has not expired by the market's date. The continuous
   contract (CONTFUT) is the front month under another type, with its con_id.
3. Four expired contracts stand before the living ones; they take no orders, and only
   contract details with ``includeExpired`` and historical data know them.

**Source**: IB "Contracts" page (futures, continuous futures).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

from ibelay.gateway.market.api import Instrument, PriceStep
from ibelay.gateway.market.calendars.sessions import CHICAGO, NEW_YORK, Hours, at
from ibelay.gateway.market.hours import TradingDay
from ibelay.gateway.market.universe.expiries import THIRD_FRIDAY, future_expiries
from ibelay.gateway.market.universe.known import FUTURES, FutureFacts
from ibelay.gateway.market.universe.numbers import future_number, named_number
from ibelay.gateway.market.universe.spot import on_hours
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId

_LETTERS = "FGHJKMNQUVXZ"
_EXPIRED_KEPT = 4
_MAINTENANCE = (10, 11)


def futures(root: str, day: TradingDay) -> list[Instrument]:
    """Return the contracts of *root*, expired ones first, in order of expiry."""
    known = FUTURES[root]
    expiries = future_expiries(
        known.expiry, known.months, day.date, past=_EXPIRED_KEPT, ahead=known.listed
    )
    common = on_hours(_common(root, known), Hours.CME_FUTURES, day.date)
    return [_future(common, known, one, day) for one in expiries]


def underlying(root: str, day: TradingDay) -> Instrument:
    """Return what the futures of *root* are on, an index at the futures' exchange."""
    known = FUTURES[root]
    instrument = Instrument(
        contract=Contract(
            symbol=root,
            sec_type="IND",
            exchange=known.exchange,
            con_id=under_number(root),
            local_symbol=root,
            trading_class=root,
        ),
        long_name=known.name,
        min_tick=known.min_tick,
        tradable=False,
        market_name=root,
        stock_type="",
        valid_exchanges=(known.exchange,),
        market_rule_id=known.rule_id,
    )
    return on_hours(instrument, Hours.CME_FUTURES, day.date)


def under_number(root: str) -> ConId:
    """Return the con_id of what the futures of *root* are on."""
    return ConId(FUTURES[root].under_con_id or named_number(f"{root}:FUT"))


def continuous(front: Instrument) -> Instrument:
    """Return *front* as the continuous contract of its root, which takes no orders."""
    contract = replace(front.contract, sec_type="CONTFUT")
    return replace(front, contract=contract, tradable=False)


def _common(root: str, known: FutureFacts) -> Instrument:
    initial = Decimal(known.initial_margin)
    return Instrument(
        contract=Contract(
            symbol=root,
            sec_type="FUT",
            exchange=known.exchange,
            multiplier=Decimal(known.multiplier),
            trading_class=root,
        ),
        long_name=known.name,
        min_tick=known.min_tick,
        market_name=root,
        stock_type="",
        valid_exchanges=(known.exchange,),
        market_rule_id=known.rule_id,
        price_steps=(PriceStep(low_edge=Decimal(0), increment=known.min_tick),),
        initial_margin=initial,
        maintenance_margin=initial * _MAINTENANCE[0] / _MAINTENANCE[1],
        under_con_id=under_number(root),
        under_symbol=root,
        under_sec_type="IND",
    )


def _future(
    common: Instrument, known: FutureFacts, expiry: tuple[int, int, date], day: TradingDay
) -> Instrument:
    year, month, last = expiry
    root, contract_month = common.contract.symbol, f"{year}{month:02}"
    number = dict(known.con_ids).get(contract_month)
    place = list(FUTURES).index(root)
    return replace(
        common,
        contract=replace(
            common.contract,
            con_id=ConId(number) if number else future_number(place, year, month),
            last_trade_date=f"{last:%Y%m%d}",
            local_symbol=f"{root}{_LETTERS[month - 1]}{year % 10}",
        ),
        contract_month=contract_month,
        expires_ns=_expires_ns(known.expiry, last),
        tradable=last >= day.date,
    )


def _expires_ns(rule: str, last: date) -> int:
    """Return when trading ends: stock indices before the open, the others after midday."""
    if rule == THIRD_FRIDAY:
        return at(last, time(8, 30), CHICAGO)
    return at(last, time(14, 30) if rule.startswith("before") else time(13, 30), NEW_YORK)
