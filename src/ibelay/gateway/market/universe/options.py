"""Option chains of stocks, funds and indices.

Rules:
1. Strikes stand around the usual price: within 45 days of expiry 61 of them a step apart,
   further out 25 of them five steps apart. The step is the smallest of 0.5, 1, 2.5 and
   their tens with which 30 of them reach at least 6.5 % away.
2. Local symbols are OSI: the class in six letters, YYMMDD, C or P, and the strike in
   thousandths in eight digits.
3. Prices move by 0.01 up to 3 dollars and by 0.05 above; those of the liquid classes
   always by 0.01, those of indices by 0.05 and 0.10.
4. Index options of the monthly class are settled on the morning of the third Friday and
   trade until the day before; IB calls that day their last.

**Source**: the Options Symbology Initiative; IB "Contracts" page; class specifications.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from decimal import Decimal

from ibelay.gateway.market.api import Instrument, PriceStep
from ibelay.gateway.market.calendars.sessions import NEW_YORK, Hours, at
from ibelay.gateway.market.hours import TradingDay
from ibelay.gateway.market.universe.expiries import option_expiries, trading_day_before
from ibelay.gateway.market.universe.numbers import option_number
from ibelay.gateway.market.universe.spot import on_hours
from ibelay.model.contract import Contract

_STEPS = tuple(
    Decimal(digits).scaleb(power) for power in range(4) for digits in ("0.5", "1", "2.5")
)
_NEAR, _NEAR_SIDE, _FAR_SIDE, _FAR_STEPS = timedelta(days=45), 30, 12, 5
_REACH = Decimal("0.065")
_PENNY = frozenset({"SPY", "QQQ", "IWM"})
_RULE_PENNY, _RULE_STOCK, _RULE_INDEX = 109, 32, 110
_THREE, _ZERO = Decimal(3), Decimal(0)
_STOCK_VENUES = ("SMART", "AMEX", "CBOE", "ISE", "PHLX")
_RIGHTS = ("C", "P")
_THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class OptionClass:
    """A trading class of options; *morning* is how its monthly ones are settled (rule 4)."""

    name: str
    morning: bool = False
    monthly_only: bool = False


def strike_step(price: int) -> Decimal:
    """Return the finest distance between strikes around *price* (rule 1)."""
    return next(step for step in _STEPS if _NEAR_SIDE * step >= price * _REACH)


def chain(
    under: Instrument, option_class: OptionClass, price: int, day: TradingDay
) -> list[Instrument]:
    """Return the options of one class on *under*, whose usual price is *price*."""
    common = on_hours(_common(under, option_class), Hours.US_OPTIONS, day.date)
    step = strike_step(price)
    found: list[Instrument] = []
    for expiry, monthly in option_expiries(day.date).items():
        if option_class.monthly_only and not monthly:
            continue
        last = trading_day_before(expiry - timedelta(days=1)) if option_class.morning else expiry
        if last < day.date:
            continue
        of_day = replace(
            common, contract_month=f"{expiry:%Y%m}", expires_ns=at(last, time(16), NEW_YORK)
        )
        for strike in _strikes(price, step, near=expiry - day.date <= _NEAR):
            for right in _RIGHTS:
                number = option_number(option_class.name, expiry, strike, step, right)
                contract = replace(
                    common.contract,
                    con_id=number,
                    last_trade_date=f"{last:%Y%m%d}",
                    strike=strike,
                    right=right,
                    local_symbol=local_symbol(option_class.name, expiry, right, strike),
                )
                found.append(replace(of_day, contract=contract))
    return found


def local_symbol(name: str, expiry: date, right: str, strike: Decimal) -> str:
    """Return the OSI symbol (rule 2)."""
    return f"{name:<6}{expiry:%y%m%d}{right}{int(strike * _THOUSAND):08}"


def _strikes(price: int, step: Decimal, *, near: bool) -> Iterator[Decimal]:
    side, distance = (_NEAR_SIDE, step) if near else (_FAR_SIDE, step * _FAR_STEPS)
    middle = round(price / distance)
    for number in range(middle - side, middle + side + 1):
        if number > 0:
            yield (number * distance).normalize() + 0


def _common(under: Instrument, option_class: OptionClass) -> Instrument:
    contract = under.contract
    on_index = contract.sec_type == "IND"
    rule, low, high = _RULE_STOCK, "0.01", "0.05"
    if option_class.name in _PENNY:
        rule, high = _RULE_PENNY, "0.01"
    elif on_index:
        rule, low, high = _RULE_INDEX, "0.05", "0.10"
    return Instrument(
        contract=Contract(
            symbol=contract.symbol,
            sec_type="OPT",
            multiplier=Decimal(100),
            trading_class=option_class.name,
        ),
        long_name=under.long_name,
        min_tick=Decimal(low),
        market_name=option_class.name,
        industry=under.industry,
        category=under.category,
        subcategory=under.subcategory,
        stock_type="",
        valid_exchanges=("SMART", "CBOE") if on_index else _STOCK_VENUES,
        market_rule_id=rule,
        price_steps=(
            PriceStep(low_edge=_ZERO, increment=Decimal(low)),
            PriceStep(low_edge=_THREE, increment=Decimal(high)),
        ),
        under_con_id=contract.con_id,
        under_symbol=contract.symbol,
        under_sec_type=contract.sec_type,
    )
