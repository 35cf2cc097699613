"""Which market data the account may see, and what a client therefore gets.

Rules:
1. With live data every client gets live data, whatever it asks for; while the instrument
   does not trade, who asked for a frozen type gets the last quote as frozen.
2. With delayed data a client must ask for a delayed type, and is told so (10167 when it
   gets it, 10168 when it did not ask). Delayed data is 15 minutes old.
3. Without any, every request is refused (354).

**Source**: IB "Market Data Types" page; shared IB facts, section 1c.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from ibelay.wire.times import SECOND_NS

DELAY_NS = 15 * 60 * SECOND_NS


class Entitlement(StrEnum):
    """What the account has subscribed to."""

    LIVE = "live"
    DELAYED = "delayed"
    NONE = "none"


class DataType(IntEnum):
    """IB's market data types."""

    LIVE = 1
    FROZEN = 2
    DELAYED = 3
    DELAYED_FROZEN = 4


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no data: IB's code and sentence."""

    code: int
    text: str


NOT_SUBSCRIBED = Refusal(354, "Requested market data is not subscribed.")
DELAYED_NOT_ENABLED = Refusal(
    10168, "Requested market data is not subscribed. Delayed market data is not enabled."
)
SHOWING_DELAYED = Refusal(
    10167, "Requested market data is not subscribed. Displaying delayed market data."
)


def granted(entitlement: Entitlement, asked: DataType, *, trading: bool) -> DataType | Refusal:
    """Return which type a client gets that asked for *asked*, or why none."""
    if entitlement is Entitlement.NONE:
        return NOT_SUBSCRIBED
    if entitlement is Entitlement.LIVE:
        frozen = asked in {DataType.FROZEN, DataType.DELAYED_FROZEN} and not trading
        return DataType.FROZEN if frozen else DataType.LIVE
    if asked in {DataType.LIVE, DataType.FROZEN}:
        return DELAYED_NOT_ENABLED
    frozen = asked is DataType.DELAYED_FROZEN and not trading
    return DataType.DELAYED_FROZEN if frozen else DataType.DELAYED
