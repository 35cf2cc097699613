"""The board: what is shown of each instrument, and the ticks by which it changes.

Rules:
1. A price that changes is sent with its size; a size alone as a size tick. What stays the
   same is not sent.
2. A side that is not there is price -1 with size 0.
3. A print gives last price or last size, volume and the time of the trade, and the day's
   high, low and open where it moves them. Volume counts shares of the day.
4. Yesterday's close is the market's own if quotes carry it, else the day's first price.
5. A halt, and its end, is said by tick 49.

**Source**: IB "Available Tick Types" page for the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.gateway.market.api import Halted, Print, QuoteChange
from ibelay.model.market import Quote
from ibelay.wire import encode
from ibelay.wire.encode import data
from ibelay.wire.times import SECOND_NS

BID, ASK, LAST, HIGH, LOW, CLOSE, OPEN = 1, 2, 4, 6, 7, 9, 14
BID_SIZE, ASK_SIZE, LAST_SIZE, VOLUME = 0, 3, 5, 8
LAST_TIMESTAMP, HALTED = 45, 49
_ZERO = Decimal(0)
_NO_PRICE = Decimal(-1)
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


class Face:
    """One instrument on the board.

    Args:
        open_ns: Beginning of the regular session: prints from then on make the open, the
            high and the low.
    """

    def __init__(self, open_ns: int) -> None:
        self._open_ns = open_ns
        self._prices: dict[int, Decimal] = {}
        self._sizes: dict[int, Decimal] = {}
        self._last_at_ns = 0
        self.halted = Halted.NO

    @property
    def price(self) -> Decimal | None:
        """The middle of bid and ask, else the last price, else nothing."""
        bid, ask = self._prices.get(BID, _NO_PRICE), self._prices.get(ASK, _NO_PRICE)
        if bid > 0 and ask > 0:
            return (bid + ask) / 2
        return self._prices.get(LAST)

    def quote(self, at_ns: int) -> Quote:
        """Return the top of book as it is shown, as of *at_ns*."""
        bid, ask = self._prices.get(BID, _NO_PRICE), self._prices.get(ASK, _NO_PRICE)
        return Quote(
            at_ns=at_ns,
            bid=bid if bid > 0 else None,
            ask=ask if ask > 0 else None,
            bid_size=self._sizes.get(BID_SIZE),
            ask_size=self._sizes.get(ASK_SIZE),
        )

    def quoted(self, change: QuoteChange) -> list[Tick]:
        """Show a new top of book; return what changed."""
        quote = change.quote
        ticks: list[Tick] = []
        self._side(ticks, BID, BID_SIZE, quote.bid, quote.bid_size)
        self._side(ticks, ASK, ASK_SIZE, quote.ask, quote.ask_size)
        close = quote.previous_close or (None if CLOSE in self._prices else _middle(quote))
        if close is not None:
            self._price(ticks, CLOSE, close)
        if change.halted is not self.halted:
            self.halted = change.halted
            ticks.append(GenericTick(HALTED, Decimal(self.halted)))
        return ticks

    def printed(self, trade: Print) -> list[Tick]:
        """Show a trade; return what changed."""
        ticks: list[Tick] = [TimeTick(trade.at_ns)]
        self._last_at_ns = trade.at_ns
        self._side(ticks, LAST, LAST_SIZE, trade.price, trade.size)
        volume = self._sizes.get(VOLUME, _ZERO) + trade.size
        self._sizes[VOLUME] = volume
        ticks.append(SizeTick(VOLUME, volume))
        if trade.at_ns >= self._open_ns:
            if OPEN not in self._prices:
                self._price(ticks, OPEN, trade.price)
            self._price(ticks, HIGH, max(trade.price, self._prices.get(HIGH, trade.price)))
            self._price(ticks, LOW, min(trade.price, self._prices.get(LOW, trade.price)))
        return ticks

    def shown(self) -> list[Tick]:
        """Return everything that stands on the board, for a new subscription."""
        ticks: list[Tick] = []
        for kind, size_kind in ((BID, BID_SIZE), (ASK, ASK_SIZE), (LAST, LAST_SIZE)):
            if kind in self._prices:
                ticks.append(PriceTick(kind, self._prices[kind], self._sizes[size_kind]))
                ticks.append(SizeTick(size_kind, self._sizes[size_kind]))
        if self._last_at_ns:
            ticks.append(TimeTick(self._last_at_ns))
        if VOLUME in self._sizes:
            ticks.append(SizeTick(VOLUME, self._sizes[VOLUME]))
        rest = (HIGH, LOW, CLOSE, OPEN)
        return ticks + [
            PriceTick(kind, self._prices[kind]) for kind in rest if kind in self._prices
        ]

    def _side(
        self,
        ticks: list[Tick],
        kind: int,
        size_kind: int,
        price: Decimal | None,
        size: Decimal | None,
    ) -> None:
        shown = _NO_PRICE if price is None else price
        amount = _ZERO if price is None or size is None else size
        if self._prices.get(kind) != shown:
            ticks.append(PriceTick(kind, shown, amount))
        elif self._sizes.get(size_kind) != amount:
            ticks.append(SizeTick(size_kind, amount))
        self._prices[kind] = shown
        self._sizes[size_kind] = amount

    def _price(self, ticks: list[Tick], kind: int, price: Decimal) -> None:
        if self._prices.get(kind) != price:
            self._prices[kind] = price
            ticks.append(PriceTick(kind, price))


def _middle(quote: Quote) -> Decimal | None:
    if quote.bid is None or quote.ask is None:
        return None
    return (quote.bid + quote.ask) / 2
