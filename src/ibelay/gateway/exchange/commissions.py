"""What a fill costs: IB's fixed plan, by class of instrument.

Formula, per order: ``max(per_unit * units + per_value * value, minimum)``, but never more than
``maximum`` as a share of the value. The minimum belongs to the order, not to the fill: a fill
is charged what the order as a whole costs now, less what its earlier fills were charged.

The amounts are dollars, charged in the contract's currency at the rate of the day; stocks
outside the dollar have a plan of their own in their currency. Bonds pay on face value, the
first ten thousand the dearer rate.

**Source**: IBKR's published "Fixed" schedules for US stocks and ETFs (0.005 a share, at least
1.00, at most 1 %), US options (0.65 a contract, at least 1.00), US futures (0.85 a contract),
forex (0.2 basis points, at least 2.00), crypto (0.18 %, at least 1.75, at most 1 %), US bonds
(0.1 % of face up to 10,000, 0.025 % above) and European stocks (0.05 %, at least 3.00).
Exchange and regulatory fees, volume tiers and other countries' plans are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from ibelay.gateway.exchange.money.cash import ONE, ZERO, rounded, unit_value
from ibelay.model.contract import Contract

_BOND_FIRST = Decimal(10_000)
_BOND_FIRST_RATE, _BOND_RATE = Decimal("0.001"), Decimal("0.00025")
_BOND_MINIMUM = ONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One row of the schedule; see the formula above."""

    per_unit: Decimal = ZERO
    per_value: Decimal = ZERO
    minimum: Decimal = ZERO
    maximum: Decimal | None = None


STOCKS = Plan(per_unit=Decimal("0.005"), minimum=ONE, maximum=Decimal("0.01"))
OPTIONS = Plan(per_unit=Decimal("0.65"), minimum=ONE)
FUTURES = Plan(per_unit=Decimal("0.85"))
OTHER = Plan(per_value=Decimal("0.0005"), minimum=Decimal(3))
PLANS: Mapping[str, Plan] = MappingProxyType(
    {
        "STK": STOCKS,
        "ETF": STOCKS,
        "OPT": OPTIONS,
        "WAR": OPTIONS,
        "FUT": FUTURES,
        "FOP": FUTURES,
        "CASH": Plan(per_value=Decimal("0.00002"), minimum=Decimal(2)),
        "CRYPTO": Plan(
            per_value=Decimal("0.0018"), minimum=Decimal("1.75"), maximum=Decimal("0.01")
        ),
    }
)


def _plan(contract: Contract) -> Plan:
    plan = PLANS.get(contract.sec_type, OTHER)
    return OTHER if plan is STOCKS and contract.currency != "USD" else plan


def _bond(face: Decimal) -> Decimal:
    dear = min(face, _BOND_FIRST)
    return max(_BOND_FIRST_RATE * dear + _BOND_RATE * (face - dear), _BOND_MINIMUM)


def order_commission(
    contract: Contract, quantity: Decimal, value: Decimal, per_dollar: Decimal = ONE
) -> Decimal:
    """Return what an order with *quantity* units filled for *value* costs in all.

    Args:
        contract: What is traded.
        quantity: Units filled; 0 costs nothing.
        value: Their worth at the prices of the fills, in the contract's currency.
        per_dollar: Units of the contract's currency for a dollar.
    """
    if not quantity:
        return ZERO
    if contract.sec_type == "BOND":
        return _bond(quantity * contract.multiplier)
    plan = _plan(contract)
    dollar = ONE if plan is OTHER else per_dollar
    fixed = plan.per_unit * quantity
    least = plan.minimum
    if dollar != ONE:
        fixed, least = rounded(fixed * dollar), rounded(least * dollar)
    cost = max(fixed + plan.per_value * value, least)
    return cost if plan.maximum is None else min(cost, plan.maximum * value)


def charge(
    contract: Contract,
    quantity: Decimal,
    price: Decimal,
    *,
    filled_before: Decimal,
    value_before: Decimal,
    per_dollar: Decimal = ONE,
) -> Decimal:
    """Return what one fill is charged in the contract's currency, never negative.

    Args:
        contract: What is traded.
        quantity: Units of this fill, positive.
        price: As quoted; the sign does not matter.
        filled_before: Units of the same order that filled earlier.
        value_before: Quantity times price over those, as quoted.
        per_dollar: Units of the contract's currency for a dollar.
    """
    earlier = abs(unit_value(contract, value_before))
    now = earlier + abs(unit_value(contract, quantity * price))
    before = order_commission(contract, filled_before, earlier, per_dollar)
    return order_commission(contract, filled_before + quantity, now, per_dollar) - before
