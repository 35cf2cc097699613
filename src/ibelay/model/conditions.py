"""Conditions of an order: what must hold before IB sends it, or for it to be cancelled.

A list of conditions is read from left to right, each joined to the one before by its own
``conjunction``: "and" binds no tighter than "or".

**Source**: IB "Order Conditioning" page; numbers of the types as clients send them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.model.ids import ConId


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceCondition:
    """The price of a contract is past *price*.

    ``trigger_method``: 0 the default of the contract, 1 double bid/ask, 2 last, 3 double
    last, 4 bid/ask, 7 last or bid/ask, 8 mid-point.
    """

    con_id: ConId
    exchange: str
    price: Decimal
    is_more: bool
    trigger_method: int = 0
    conjunction: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeCondition:
    """It is after (or before) *time*, as the client wrote it."""

    time: str
    is_more: bool
    conjunction: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginCondition:
    """The margin cushion of the account, in percent, is past *percent*."""

    percent: int
    is_more: bool
    conjunction: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionCondition:
    """Something of *symbol* has been executed in the account since the order was placed."""

    symbol: str
    sec_type: str
    exchange: str
    conjunction: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeCondition:
    """The day's volume of a contract is past *volume*."""

    con_id: ConId
    exchange: str
    volume: Decimal
    is_more: bool
    conjunction: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentChangeCondition:
    """The change of a contract since the previous close, in percent, is past *percent*."""

    con_id: ConId
    exchange: str
    percent: Decimal
    is_more: bool
    conjunction: bool = True


Condition = (
    PriceCondition
    | TimeCondition
    | MarginCondition
    | ExecutionCondition
    | VolumeCondition
    | PercentChangeCondition
)
