"""What a fill costs: IB's fixed plan for US stocks.

Formula, per order: ``max(0.005 * shares, 1.00)``, but never more than 1 % of the trade's
value. The minimum belongs to the order, not to the fill: a fill is charged what the order
as a whole costs now, less what its earlier fills were charged.

**Source**: IBKR's published "Fixed" commission schedule for US stocks and ETFs; exchange
and regulatory fees are left out.
"""

from __future__ import annotations

from decimal import Decimal

PER_SHARE = Decimal("0.005")
MINIMUM = Decimal("1.00")
MAXIMUM_SHARE = Decimal("0.01")


def order_commission(quantity: Decimal, value: Decimal) -> Decimal:
    """Return what an order with *quantity* shares filled for *value* dollars costs in all."""
    return min(max(PER_SHARE * quantity, MINIMUM), MAXIMUM_SHARE * value)


def fill_commission(
    quantity: Decimal,
    price: Decimal,
    *,
    filled_before: Decimal,
    value_before: Decimal,
) -> Decimal:
    """Return the charge for one fill, in dollars, never negative.

    Args:
        quantity: Shares of this fill, positive.
        price: Dollars per share.
        filled_before: Shares of the same order that filled earlier.
        value_before: Dollars those shares were worth.
    """
    before = order_commission(filled_before, value_before) if filled_before else Decimal(0)
    return order_commission(filled_before + quantity, value_before + quantity * price) - before
