"""The book behind the top: a ladder of prices that any quote of any market gets.

Rules:
1. The best level is the quote's own, with its size; the next ones lie on the instrument's
   price steps, one to a few apart, and grow with the distance.
2. Whether there is a level at a price, who makes it, and how large it is, follow from the
   instrument, the price and the ten seconds it is asked in: a book that is asked again
   moves with its quote, and is else the same.
3. A side that is not quoted has no levels; no level is at or below zero.

**Source**: IB "Market Depth" page (market makers are named in the deep book only).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from zlib import crc32

from ibelay.gateway.market.api import Instrument
from ibelay.model.market import Quote

LEVELS_MAX = 60
_STAYS_NS = 10_000_000_000
_MAKERS = ("NSDQ", "ARCA", "BATS", "EDGX", "NYSE", "IEX", "MEMX", "BYX")
_PRESENT_PER_CENT = 70
_GROWTH = 3


@dataclass(frozen=True, slots=True)
class Level:
    """One price of a side of the book, and who makes it."""

    price: Decimal
    size: Decimal
    maker: str


@dataclass(frozen=True, slots=True)
class Depth:
    """Both sides, the best price first."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


def depth(instrument: Instrument, quote: Quote, levels: int) -> Depth:
    """Return the book of *instrument* around *quote*, with *levels* a side.

    Raises:
        ValueError: *levels* is not 1 to 60.
    """
    if not 1 <= levels <= LEVELS_MAX:
        raise ValueError(f"{levels} levels of depth: expected 1 to {LEVELS_MAX}")
    return Depth(
        tuple(_side(instrument, quote, quote.bid, quote.bid_size, -1, levels)),
        tuple(_side(instrument, quote, quote.ask, quote.ask_size, 1, levels)),
    )


def _side(
    instrument: Instrument,
    quote: Quote,
    best: Decimal | None,
    size: Decimal | None,
    way: int,
    levels: int,
) -> Iterator[Level]:
    if best is None or size is None:
        return
    price = best
    for number in range(levels):
        if number:
            price = _next_price(instrument, price, way)
            if price <= 0:
                return
        drawn = _drawn(instrument, price, quote.at_ns // _STAYS_NS)
        amount = size if not number else _amount(instrument, size, drawn, number)
        yield Level(price, amount, _maker(instrument, drawn))


def _next_price(instrument: Instrument, price: Decimal, way: int) -> Decimal:
    """Return the next price on which there is a level (rule 2)."""
    while True:
        price += way * _step(instrument, price, way)
        if price <= 0 or _drawn(instrument, price, 0) % 100 < _PRESENT_PER_CENT:
            return price


def _step(instrument: Instrument, price: Decimal, way: int) -> Decimal:
    """Return the price step at *price*; at an edge, of the side that *way* leads to."""
    found = instrument.min_tick
    for step in instrument.price_steps:
        if price > step.low_edge or (price == step.low_edge and way > 0):
            found = step.increment
    return found


def _amount(instrument: Instrument, best: Decimal, drawn: int, number: int) -> Decimal:
    """Return a size that grows with the distance, on the instrument's size steps."""
    grown = best * (1 + drawn % (_GROWTH * number + 1))
    return max(grown - grown % instrument.size_increment, instrument.min_size)


def _maker(instrument: Instrument, drawn: int) -> str:
    contract = instrument.contract
    if contract.sec_type == "STK":
        return _MAKERS[drawn // 100 % len(_MAKERS)]
    return contract.exchange


def _drawn(instrument: Instrument, price: Decimal, epoch: int) -> int:
    return crc32(f"{instrument.contract.con_id}:{price.normalize()}:{epoch}".encode())
