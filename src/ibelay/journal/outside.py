"""What others traded, laid upon our units: whose shares were closed. Pure.

Theory: an account holds one position in a contract, whoever traded it, and nobody says which
shares somebody sold. Our units are closed by what others trade only as far as the position no
longer holds what the units hold: others may have sold shares of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ibelay.journal.books import UnitBook
from ibelay.model.order import Action

_ZERO = Decimal(0)


def close(
    units: Iterable[UnitBook],
    position: Decimal,
    side: Action,
    quantity: Decimal,
    *,
    by_figure: bool,
) -> list[UnitBook]:
    """Let what was traded without us close units; return those on the other side.

    Args:
        units: Of one contract, in the order in which they are closed.
        position: What is held of it, with that trade booked.
        side: Of the trade.
        quantity: How much; negative takes back what a corrected fill closed too much, or a
            figure of the broker's that has turned out wrong.
        by_figure: Whether only the broker's figure says so, and no fill.
    """
    every = list(units)
    holding = [unit for unit in every if unit.action is side.opposite]
    too_many = _not_held(every, position, side.opposite)
    left = min(quantity, max(_ZERO, too_many))
    if quantity < 0:
        left = -min(-quantity, max(_ZERO, -too_many))
    for unit in holding:
        left -= unit.close_outside(left, by_figure=by_figure)
    return holding


def reopen(unit: UnitBook, quantity: Decimal, units: Iterable[UnitBook], position: Decimal) -> None:
    """Let the *quantity* that a correction opens again be open only as far as it is held.

    Others may have traded more than was left of the unit before, and have closed this too.

    Args:
        unit: With the correction booked.
        quantity: By how much that opened it; nothing happens if it did not.
        units: All of the contract that hold something.
        position: What is held of it.
    """
    too_many = _not_held(units, position, unit.action)
    unit.close_outside(max(_ZERO, min(quantity, too_many)), by_figure=False)


def _not_held(units: Iterable[UnitBook], position: Decimal, side: Action) -> Decimal:
    """Return how much more *units* hold on *side* than the position; negative if less."""
    held = sum((unit.open_quantity * unit.action.sign for unit in units), _ZERO)
    return (held - position) * side.sign
