"""What protection can ask for: a closed union. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.model.ids import OrderRef, UnitRef


@dataclass(frozen=True, slots=True)
class PlaceStop:
    """Something is held without enough stop; *not_before_ns* is broker time (``retry``)."""

    unit: UnitRef
    quantity: Decimal
    stop_price: Decimal
    not_before_ns: int = 0


@dataclass(frozen=True, slots=True)
class ResizeExit:
    """An exit is larger than what it closes; *not_before_ns* is broker time (``retry``)."""

    unit: UnitRef
    order_ref: OrderRef
    quantity: Decimal
    not_before_ns: int = 0


@dataclass(frozen=True, slots=True)
class CancelExit:
    """An order has nothing left to close, or stands in the way of closing.

    *not_before_ns* is broker time (``retry``).
    """

    unit: UnitRef
    order_ref: OrderRef
    not_before_ns: int = 0


@dataclass(frozen=True, slots=True)
class CloseUnprotectable:
    """IB refuses every stop for it: nothing may be left naked, so it is to be closed."""

    unit: UnitRef
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class CloseAtMarket:
    """It is being closed, nothing of it works any more, and something is still held.

    *not_before_ns* is broker time (``retry``).
    """

    unit: UnitRef
    quantity: Decimal
    not_before_ns: int = 0


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Somebody takes every stop away; only a person can protect what is held."""

    unit: UnitRef
    quantity: Decimal


Gap = PlaceStop | ResizeExit | CancelExit | CloseUnprotectable | CloseAtMarket | GivenUp

REFUSALS = 3
"""Stops IB may refuse in a unit before it is closed at market instead; exits it may refuse
before its stop comes back."""
