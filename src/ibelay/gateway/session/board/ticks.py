"""What changes on the board, and how each change is written.

**Source**: IB "Available Tick Types" page for the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.wire import encode
from ibelay.wire.encode import data
from ibelay.wire.times import SECOND_NS

BID, ASK, LAST, HIGH, LOW, CLOSE, OPEN = 1, 2, 4, 6, 7, 9, 14
BID_SIZE, ASK_SIZE, LAST_SIZE, VOLUME = 0, 3, 5, 8
LAST_TIMESTAMP, HALTED = 45, 49
_ZERO = Decimal(0)
_CAN_AUTO_EXECUTE = 1


@dataclass(frozen=True, slots=True)
class PriceTick:
    """A price with the size that belongs to it."""

    kind: int
    price: Decimal
    size: Decimal = _ZERO

    def encode(self, request_id: int) -> bytes:
        """Return the message for one subscription."""
        mask = _CAN_AUTO_EXECUTE if self.kind in {BID, ASK} else 0
        return encode.tick_price(request_id, self.kind, self.price, self.size, mask)


@dataclass(frozen=True, slots=True)
class SizeTick:
    """A size alone."""

    kind: int
    size: Decimal

    def encode(self, request_id: int) -> bytes:
        """Return the message for one subscription."""
        return encode.tick_size(request_id, self.kind, self.size)


@dataclass(frozen=True, slots=True)
class TimeTick:
    """When the last trade happened, ns since the epoch, UTC."""

    at_ns: int
    kind: int = LAST_TIMESTAMP

    def encode(self, request_id: int) -> bytes:
        """Return the message for one subscription."""
        return encode.tick_string(request_id, self.kind, str(self.at_ns // SECOND_NS))


@dataclass(frozen=True, slots=True)
class TextTick:
    """A value written as text."""

    kind: int
    text: str

    def encode(self, request_id: int) -> bytes:
        """Return the message for one subscription."""
        return encode.tick_string(request_id, self.kind, self.text)


@dataclass(frozen=True, slots=True)
class GenericTick:
    """A value that is neither price nor size."""

    kind: int
    value: Decimal

    def encode(self, request_id: int) -> bytes:
        """Return the message for one subscription."""
        return data.tick_generic(request_id, self.kind, self.value)


@dataclass(frozen=True, slots=True)
class OptionTick:
    """What is computed of an option: eight figures in the order of the wire."""

    kind: int
    figures: tuple[float, ...]

    def encode(self, request_id: int) -> bytes:
        """Return the message for one subscription."""
        return data.tick_option_computation(request_id, self.kind, self.figures)


Tick = PriceTick | SizeTick | TimeTick | TextTick | GenericTick | OptionTick
