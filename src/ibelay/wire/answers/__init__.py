"""What a gateway says, read from the middle: values, and the readers that make them. Pure."""

from ibelay.wire.answers.read import read
from ibelay.wire.answers.values import (
    AccountsTold,
    Answer,
    CommissionTold,
    EndTold,
    ExecutionTold,
    Garbled,
    NextIdTold,
    NoticeTold,
    OrderTold,
    OtherTold,
    PositionTold,
    StatusTold,
    TickTold,
)

__all__ = [
    "AccountsTold",
    "Answer",
    "CommissionTold",
    "EndTold",
    "ExecutionTold",
    "Garbled",
    "NextIdTold",
    "NoticeTold",
    "OrderTold",
    "OtherTold",
    "PositionTold",
    "StatusTold",
    "TickTold",
    "read",
]
