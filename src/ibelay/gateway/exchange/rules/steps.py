"""The steps of prices and sizes of an instrument."""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.market.api import Instrument

MAY_BE_NEGATIVE = frozenset({"BAG", "FUT", "FOP"})


def step_at(instrument: Instrument, price: Decimal) -> Decimal:
    """Return the step of the price at *price*: that of the highest edge at or below it."""
    step = instrument.min_tick
    for row in instrument.price_steps:
        if row.low_edge > abs(price):
            break
        step = row.increment
    return step


def on_step(instrument: Instrument, price: Decimal) -> bool:
    """Return whether *price* is one the instrument can trade at."""
    if price <= 0 and instrument.contract.sec_type not in MAY_BE_NEGATIVE:
        return False
    return price % step_at(instrument, price) == 0


def amount_on_step(instrument: Instrument, amount: Decimal) -> bool:
    """Return whether *amount* is a distance between two prices of the instrument."""
    return amount > 0 and amount % instrument.min_tick == 0


def whole(instrument: Instrument, quantity: Decimal) -> Decimal:
    """Return the largest quantity up to *quantity* that the instrument trades in."""
    return quantity - quantity % instrument.size_increment
