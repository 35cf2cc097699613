"""Instruments that are no derivatives: indices, currency pairs, coins and bonds.

Stocks and funds are in ``symbols``.

**Source**: IB "Contracts" page; contract details of such contracts in users' logs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from ibelay.gateway.market.api import Instrument, PriceStep
from ibelay.gateway.market.calendars.sessions import Hours, timetable
from ibelay.gateway.market.hours import TradingDay
from ibelay.gateway.market.universe.known import BONDS, COINS, CURRENCIES, INDICES, PAIRS
from ibelay.gateway.market.universe.numbers import named_number
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId

_ZERO = Decimal(0)
_SATOSHI = Decimal("0.00000001")
_PAIR_RULE, _YEN_RULE, _BOND_RULE = 239, 59, 3040


def on_hours(instrument: Instrument, hours: Hours, day: date) -> Instrument:
    """Return *instrument* with the sessions and texts of *hours* on *day*."""
    times = timetable(hours, day, day)
    return replace(
        instrument,
        sessions=times.sessions,
        trading_hours=times.trading_hours,
        liquid_hours=times.liquid_hours,
        time_zone=times.time_zone,
    )


def index(symbol: str, day: TradingDay) -> Instrument:
    """Return the index *symbol*, which has prices and takes no orders."""
    known = INDICES[symbol]
    instrument = Instrument(
        contract=Contract(
            symbol=symbol,
            sec_type="IND",
            exchange=known.exchange,
            con_id=ConId(known.con_id),
            local_symbol=symbol,
            trading_class=symbol,
        ),
        long_name=known.name,
        tradable=False,
        market_name=symbol,
        industry="Indices",
        category="Broad Range Equity Index",
        stock_type="",
        valid_exchanges=(known.exchange,),
    )
    return on_hours(instrument, Hours.US_OPTIONS, day.date)


def forex(pair: str, day: TradingDay) -> Instrument:
    """Return the currency pair, written as ``EUR.USD``."""
    base, _dot, quote = pair.partition(".")
    yen = quote == "JPY"
    tick = Decimal("0.005") if yen else Decimal("0.00005")
    instrument = Instrument(
        contract=Contract(
            symbol=base,
            sec_type="CASH",
            exchange="IDEALPRO",
            currency=quote,
            con_id=ConId(PAIRS.get(pair) or named_number(f"{pair}:CASH")),
            local_symbol=pair,
            trading_class=pair,
        ),
        long_name=CURRENCIES[base][1],
        min_tick=tick,
        market_name=pair,
        stock_type="",
        valid_exchanges=("IDEALPRO",),
        market_rule_id=_YEN_RULE if yen else _PAIR_RULE,
        price_steps=(PriceStep(low_edge=_ZERO, increment=tick),),
    )
    return on_hours(instrument, Hours.FOREX, day.date)


def crypto(coin: str, day: TradingDay) -> Instrument:
    """Return *coin* against the dollar, traded in fractions at PAXOS."""
    known = COINS[coin]
    instrument = Instrument(
        contract=Contract(
            symbol=coin,
            sec_type="CRYPTO",
            exchange="PAXOS",
            con_id=ConId(known.con_id),
            local_symbol=f"{coin}.USD",
            trading_class=coin,
        ),
        long_name=known.name,
        min_tick=known.min_tick,
        market_name=coin,
        stock_type="",
        valid_exchanges=("PAXOS",),
        market_rule_id=known.rule_id,
        price_steps=(PriceStep(low_edge=_ZERO, increment=known.min_tick),),
        min_size=_SATOSHI,
        size_increment=_SATOSHI,
    )
    return on_hours(instrument, Hours.CRYPTO, day.date)


def bond(cusip: str, day: TradingDay) -> Instrument:
    """Return the bond with *cusip*; prices are per cent of the face, sizes thousands of it."""
    known = BONDS[cusip]
    tick = Decimal("0.001")
    instrument = Instrument(
        contract=Contract(
            symbol=known.symbol,
            sec_type="BOND",
            con_id=named_number(f"{cusip}:BOND"),
            last_trade_date=known.maturity,
            multiplier=Decimal(10),
            local_symbol=cusip,
            trading_class=known.symbol,
        ),
        long_name=known.issuer,
        min_tick=tick,
        market_name=known.symbol,
        stock_type="",
        market_rule_id=_BOND_RULE,
        price_steps=(PriceStep(low_edge=_ZERO, increment=tick),),
        min_size=Decimal(1),
        sec_ids=(("CUSIP", cusip), ("ISIN", _isin(cusip))),
        facts=(
            ("cusip", cusip),
            ("coupon", str(known.coupon)),
            ("couponType", "FIXED"),
            ("maturity", known.maturity),
            ("issueDate", known.issued),
            ("ratings", known.ratings),
            ("bondType", known.kind),
            ("descAppend", _described(known.symbol, known.coupon, known.maturity)),
        ),
    )
    return on_hours(instrument, Hours.US_OPTIONS, day.date)


def _described(symbol: str, coupon: Decimal, maturity: str) -> str:
    return f"{symbol} {coupon} {maturity[4:6]}/{maturity[6:]}/{maturity[2:4]}"


def _isin(cusip: str) -> str:
    """Return the US ISIN of *cusip*: the country, the CUSIP and Luhn's check digit."""
    digits = "".join(str(int(letter, 36)) for letter in f"US{cusip}")
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value // 10 + value % 10
    return f"US{cusip}{-total % 10}"
