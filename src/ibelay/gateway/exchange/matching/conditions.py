"""Whether the conditions of an order hold.

Rules:
1. Conditions are read from left to right, each joined to the result so far by its own
   conjunction; all are judged at one moment, only an execution is remembered.
2. A comparison holds at the value itself as well: "more" is at or above, "less" at or below;
   a time has come once it is reached.
3. A price is the last one unless the condition names another trigger method; the "double"
   methods look at one price here, as a condition has no order to count for.
4. What is not known yet (no price, no reference, no margin) holds nothing.

**Source**: IB "Order Conditioning" page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

from ibelay.errors import WireError
from ibelay.gateway.exchange.matching import triggers
from ibelay.gateway.exchange.matching.top import Top
from ibelay.model.conditions import (
    Condition,
    ExecutionCondition,
    MarginCondition,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from ibelay.model.ids import ConId
from ibelay.wire.times import parse_moment


class Shown(Protocol):
    """Where prices are found."""

    def top(self, con_id: ConId) -> Top:
        """Return what the market shows of *con_id*."""
        ...


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions are judged by.

    Attributes:
        now_ns: The moment, ns since the epoch, UTC.
        shown: The prices.
        cushion: Tells the excess liquidity as a share of net liquidation, None if there is none;
            asked only where a condition needs it.
        executed: Symbols and types executed since the order was placed.
    """

    now_ns: int
    shown: Shown
    cushion: Callable[[], Decimal | None]
    executed: AbstractSet[tuple[str, str]]


def met(conditions: Sequence[Condition], facts: Facts) -> bool:
    """Return whether *conditions* hold together (rule 1); no conditions always do."""
    result = True
    for index, condition in enumerate(conditions):
        holds = _holds(condition, facts)
        if index == 0:
            result = holds
        else:
            result = (result and holds) if condition.conjunction else (result or holds)
    return result


def moments(conditions: Sequence[Condition]) -> list[int]:
    """Return the times that *conditions* speak of, ns since the epoch, UTC."""
    return [_moment(one.time) for one in conditions if isinstance(one, TimeCondition)]


def readable(conditions: Sequence[Condition]) -> bool:
    """Return whether every time in *conditions* can be read."""
    try:
        moments(conditions)
    except WireError:
        return False
    return True


@lru_cache(maxsize=1024)
def _moment(text: str) -> int:
    """Return the instant of *text*, which is looked at on every price."""
    return parse_moment(text)


def _holds(condition: Condition, facts: Facts) -> bool:
    match condition:
        case PriceCondition():
            values = _prices(condition, facts.shown.top(condition.con_id))
            return any(_past(value, condition.price, more=condition.is_more) for value in values)
        case TimeCondition():
            return (facts.now_ns >= _moment(condition.time)) is condition.is_more
        case MarginCondition():
            limit = Decimal(condition.percent) / 100
            return _past(facts.cushion(), limit, more=condition.is_more)
        case ExecutionCondition():
            return (condition.symbol, condition.sec_type) in facts.executed
        case VolumeCondition():
            volume = facts.shown.top(condition.con_id).volume
            return _past(volume, condition.volume, more=condition.is_more)
        case PercentChangeCondition():
            change = _change(facts.shown.top(condition.con_id))
            return _past(change, condition.percent, more=condition.is_more)


def _past(value: Decimal | None, limit: Decimal, *, more: bool) -> bool:
    if value is None:
        return False
    return value >= limit if more else value <= limit


def _prices(condition: PriceCondition, top: Top) -> list[Decimal | None]:
    touch = top.bid if condition.is_more else top.ask
    match condition.trigger_method:
        case triggers.DOUBLE_TOUCH | triggers.TOUCH:
            return [touch]
        case triggers.LAST_OR_TOUCH:
            return [top.last, touch]
        case triggers.MIDDLE:
            return [top.middle()]
        case triggers.LAST | triggers.DOUBLE_LAST:
            return [top.last]
        case _:
            return [top.middle() if top.last is None else top.last]


def _change(top: Top) -> Decimal | None:
    price = top.middle() if top.last is None else top.last
    if price is None or not top.reference:
        return None
    return (price - top.reference) / top.reference * 100
