"""The lists of an order on the wire, each after its count.

**Source**: the released clients' decoders.
"""

from __future__ import annotations

from collections.abc import Sequence

from ibelay.model.conditions import (
    Condition,
    ExecutionCondition,
    MarginCondition,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from ibelay.model.contract import Contract


def leg_fields(contract: Contract) -> list[object]:
    """Return the description of a combination, then its legs."""
    fields: list[object] = [_description(contract), len(contract.legs)]
    for leg in contract.legs:
        fields += [leg.con_id, leg.ratio, leg.action, leg.exchange]
        fields += [leg.open_close, leg.short_sale_slot, leg.designated_location, leg.exempt_code]
    return fields


def _description(contract: Contract) -> str:
    """Return the legs as IB describes them: ``265598|1,756733|-1``."""
    signs = {"BUY": ""}
    return ",".join(
        f"{leg.con_id}|{signs.get(leg.action, '-')}{leg.ratio}" for leg in contract.legs
    )


def kept_fields(kept: str) -> list[object]:
    """Return a list that is kept as its fields (``wire.order_fields``, rule 2)."""
    return [*kept.split("\0")] if kept else [0]


def tag_fields(tags: Sequence[tuple[str, str]]) -> list[object]:
    """Return pairs of tag and value."""
    return [len(tags), *(part for tag in tags for part in tag)]


def condition_fields(condition: Condition) -> list[object]:
    """Return the type, the conjunction and the terms of a condition."""
    word = "a" if condition.conjunction else "o"
    match condition:
        case PriceCondition(is_more=more, price=price):
            where = (condition.con_id, condition.exchange)
            return [1, word, more, price, *where, condition.trigger_method]
        case TimeCondition(is_more=more, time=time):
            return [3, word, more, time]
        case MarginCondition(is_more=more, percent=percent):
            return [4, word, more, percent]
        case ExecutionCondition():
            return [5, word, condition.sec_type, condition.exchange, condition.symbol]
        case VolumeCondition(is_more=more, volume=volume):
            return [6, word, more, volume, condition.con_id, condition.exchange]
        case PercentChangeCondition(is_more=more, percent=change):
            return [7, word, more, change, condition.con_id, condition.exchange]
