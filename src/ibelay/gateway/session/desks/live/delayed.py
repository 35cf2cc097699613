"""Delayed quotes: the market as it was 15 minutes ago, in ticks of their own.

**Source**: IB "Available Tick Types" page (66 to 76, 88).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

from ibelay.gateway.market.api import Halted, Instrument, Market, MarketEvent, QuoteChange
from ibelay.gateway.session import hours
from ibelay.gateway.session.board.face import Face
from ibelay.gateway.session.board.standing import standing
from ibelay.gateway.session.board.ticks import GenericTick, PriceTick, SizeTick, Tick, TimeTick
from ibelay.gateway.session.entitlement import DELAY_NS

DELAYED_KINDS: Mapping[int, int] = MappingProxyType(
    {
        1: 66,
        2: 67,
        4: 68,
        0: 69,
        3: 70,
        5: 71,
        6: 72,
        7: 73,
        8: 74,
        9: 75,
        14: 76,
        45: 88,
        49: 90,
    }
)


def as_delayed(ticks: list[Tick]) -> list[Tick]:
    """Return *ticks* under the numbers that delayed data has."""
    return [
        replace(tick, kind=DELAYED_KINDS[tick.kind])
        for tick in ticks
        if isinstance(tick, PriceTick | SizeTick | TimeTick | GenericTick)
    ]


class DelayedFace:
    """What was shown of one instrument 15 minutes ago."""

    def __init__(self, market: Market, one: Instrument, now_ns: int) -> None:
        self._market = market
        self._con_id = one.contract.con_id
        self._face = Face(hours.sessions(market, one), one.contract.sec_type)
        self._at_ns = now_ns - DELAY_NS
        for event in standing(market, one, self._at_ns):
            self._show(event)

    @property
    def price(self) -> Decimal | None:
        """The middle of bid and ask then, else the last price, else nothing."""
        return self._face.price

    @property
    def halted(self) -> Halted:
        """Whether trading was halted then."""
        return self._face.halted

    def shown(self) -> list[Tick]:
        """Return everything that stood on the board then."""
        return as_delayed(self._face.shown())

    def move(self, now_ns: int) -> list[Tick]:
        """Follow market time; return what changed."""
        until_ns = now_ns - DELAY_NS
        if until_ns <= self._at_ns:
            return []
        changed = [tick for ticks in self._changes(until_ns) for tick in ticks]
        self._at_ns = until_ns
        return as_delayed(changed)

    def _changes(self, until_ns: int) -> Iterator[list[Tick]]:
        for event in self._market.events_of(self._con_id, self._at_ns, until_ns):
            yield self._show(event)

    def _show(self, event: MarketEvent) -> list[Tick]:
        if isinstance(event, QuoteChange):
            return self._face.quoted(event)
        return self._face.printed(event)
