"""The lists in a placeOrder: combination legs, their prices, tags with values, conditions.

Each begins with its count, which is believed up to 64: IB takes far fewer of each.

**Source**: the released clients' encoders; IB "Order Conditioning" page for the numbers of
the conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from ibelay.errors import WireError
from ibelay.model.conditions import (
    Condition,
    ExecutionCondition,
    MarginCondition,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from ibelay.model.contract import ComboLeg
from ibelay.model.ids import ConId
from ibelay.wire.fields import FieldReader
from ibelay.wire.order_fields import listed, normal

MAX_LIST = 64
_LEG_ACTIONS = frozenset({"BUY", "SELL", "SSHORT"})
_CONJUNCTIONS: Mapping[str, bool] = MappingProxyType({"a": True, "o": False})


def read_count(reader: FieldReader, what: str) -> int:
    """Return how many *what* follow."""
    count = reader.integer()
    if not 0 <= count <= MAX_LIST:
        raise WireError(f"{count} {what}, expected 0 to {MAX_LIST}")
    return count


def read_legs(reader: FieldReader) -> tuple[ComboLeg, ...]:
    """Read the legs of a combination."""
    return tuple(_leg(reader) for _ in range(read_count(reader, "legs")))


def _leg(reader: FieldReader) -> ComboLeg:
    con_id, ratio, action = reader.integer(), reader.integer(), reader.text()
    if action not in _LEG_ACTIONS:
        raise WireError(f"action {action[:20]!r} of a leg is neither BUY nor SELL")
    return ComboLeg(
        con_id=ConId(con_id),
        ratio=ratio,
        action=action,
        exchange=reader.text(),
        open_close=reader.integer(),
        short_sale_slot=reader.integer(),
        designated_location=reader.text(),
        exempt_code=reader.integer(),
    )


def read_leg_prices(reader: FieldReader) -> str:
    """Read the prices of the legs, to be kept as a list."""
    count = read_count(reader, "leg prices")
    return listed([normal("lmtPrice", reader.text()) for _ in range(count)], count)


def read_tags(reader: FieldReader, what: str) -> tuple[tuple[str, str], ...]:
    """Read pairs of tag and value."""
    return tuple((reader.text(), reader.text()) for _ in range(read_count(reader, what)))


def read_conditions(reader: FieldReader) -> tuple[Condition, ...]:
    """Read the conditions, without the two fields that follow them."""
    return tuple(_condition(reader) for _ in range(read_count(reader, "conditions")))


def _condition(reader: FieldReader) -> Condition:
    number, word = reader.integer(), reader.text()
    read = _READERS.get(number)
    if read is None:
        raise WireError(f"condition type {number}, expected one of {sorted(_READERS)}")
    if word not in _CONJUNCTIONS:
        raise WireError(f"conjunction {word[:20]!r} of a condition, expected a or o")
    return read(reader, _CONJUNCTIONS[word])


def _number(reader: FieldReader) -> Decimal:
    return reader.decimal() or Decimal(0)


def _whole(reader: FieldReader) -> int:
    value = _number(reader)
    if value != int(value):
        raise WireError(f"{value} of a condition is not a whole number")
    return int(value)


def _con_id(reader: FieldReader) -> ConId:
    return ConId(reader.integer())


def _price(reader: FieldReader, conjunction: bool) -> Condition:
    return PriceCondition(
        is_more=reader.flag(),
        price=_number(reader),
        con_id=_con_id(reader),
        exchange=reader.text(),
        trigger_method=reader.integer(),
        conjunction=conjunction,
    )


def _time(reader: FieldReader, conjunction: bool) -> Condition:
    return TimeCondition(is_more=reader.flag(), time=reader.text(), conjunction=conjunction)


def _margin(reader: FieldReader, conjunction: bool) -> Condition:
    return MarginCondition(is_more=reader.flag(), percent=_whole(reader), conjunction=conjunction)


def _execution(reader: FieldReader, conjunction: bool) -> Condition:
    return ExecutionCondition(
        sec_type=reader.text(),
        exchange=reader.text(),
        symbol=reader.text(),
        conjunction=conjunction,
    )


def _volume(reader: FieldReader, conjunction: bool) -> Condition:
    return VolumeCondition(
        is_more=reader.flag(),
        volume=Decimal(_whole(reader)),
        con_id=_con_id(reader),
        exchange=reader.text(),
        conjunction=conjunction,
    )


def _percent_change(reader: FieldReader, conjunction: bool) -> Condition:
    return PercentChangeCondition(
        is_more=reader.flag(),
        percent=_number(reader),
        con_id=_con_id(reader),
        exchange=reader.text(),
        conjunction=conjunction,
    )


_READERS: Mapping[int, Callable[[FieldReader, bool], Condition]] = MappingProxyType(
    {
        1: _price,
        3: _time,
        4: _margin,
        5: _execution,
        6: _volume,
        7: _percent_change,
    }
)
