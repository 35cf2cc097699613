"""Profit and loss as reqPnL and reqPnLSingle tell it, in the account's base currency.

Rules:
1. Daily is counted from the day's beginning: what is held was worth its last mark then, what
   was traded since counts at the prices of its fills, commissions included.
2. Unrealized counts from average cost, realized is what closing fills brought today.
3. An account's profit is the sum of its positions'; it leaves out what balances in other
   currencies gain by themselves.

**Source**: IB "Profit and Loss" page. That a position's figures are in the base currency too
is our choice: the page does not say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ibelay.gateway.exchange.money.holding import Holding

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionProfit:
    """One position: its signed quantity, its value and its profit in the base currency."""

    quantity: Decimal
    daily: Decimal
    unrealized: Decimal
    realized: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Profit:
    """An account's profit in its base currency."""

    daily: Decimal
    unrealized: Decimal
    realized: Decimal


def position_profit(holding: Holding, worth: Decimal, rate: Decimal) -> PositionProfit:
    """Return the profit of *holding*.

    Args:
        holding: What is held, or was today.
        worth: Its value now in its contract's currency; notional for futures.
        rate: What that currency is worth in the base.
    """
    return PositionProfit(
        quantity=holding.quantity,
        daily=holding.earned(worth) * rate,
        unrealized=(worth - holding.cost) * rate,
        realized=holding.realized * rate,
        value=worth * rate,
    )


def total(positions: Iterable[PositionProfit]) -> Profit:
    """Return the profit of the account that has *positions*."""
    daily = unrealized = realized = ZERO
    for one in positions:
        daily += one.daily
        unrealized += one.unrealized
        realized += one.realized
    return Profit(daily=daily, unrealized=unrealized, realized=realized)
