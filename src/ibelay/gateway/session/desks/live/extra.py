"""Generic ticks: what a client asks for by number beside the quote.

Rules:
1. A number that the instrument's kind does not have is refused with the list of those it
   has (321); fundamentals (258) are refused as not subscribed (10358).
2. Numbers that are legal and have no data here give no ticks, as at IB.

**Source**: IB "Available Tick Types" page; the legal list as a real server told it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from ibelay.gateway.market.api import MarketEvent, Print, TradingSession
from ibelay.gateway.session import hours
from ibelay.gateway.session.board.ticks import GenericTick, PriceTick, SizeTick, TextTick, Tick
from ibelay.wire.times import SECOND_NS

FUNDAMENTALS = 258
NEWS = 292
_FOR_ALL = frozenset({100, 101, 104, 105, 106, 165, 221, 225, 232, 233, 236, 292, 293, 294, 295})
_MORE = frozenset({258, 318, 375, 411, 456, 460, 576, 577, 578, 586, 587, 588, 595, 614, 619, 623})
LEGAL: Mapping[str, frozenset[int]] = MappingProxyType(
    {
        "STK": _FOR_ALL | _MORE,
        "IND": frozenset({100, 101, 104, 106, 162, 165, 221, 225, 232, 233, 292, 293, 294, 295}),
    }
)
_MARK_PRICE, _SHORTABLE, _SHORTABLE_SHARES = 37, 46, 89
_RT_VOLUME, _RT_TRADE_VOLUME, _DIVIDENDS = 48, 77, 59
_TRADE_COUNT, _TRADE_RATE, _VOLUME_RATE, _LAST_RTH_TRADE = 54, 55, 56, 57
_EASY_TO_BORROW = Decimal(3)
_SHARES_TO_LEND = Decimal(1_000_000)
_MINUTE_NS = 60 * SECOND_NS
_CENT = Decimal("0.01")


def numbers(text: str) -> list[int] | None:
    """Return the numbers of a generic tick list, None if it is not one."""
    words = [word.strip().removeprefix("mdoff") for word in text.split(",")]
    found = [word.partition(":")[0] for word in words if word]
    if not all(word.isascii() and word.isdigit() and len(word) <= 5 for word in found):
        return None
    return [int(word) for word in found]


def illegal(asked: Sequence[int], sec_type: str) -> str:
    """Return IB's sentence about numbers that *sec_type* does not have, empty if none."""
    legal = LEGAL.get(sec_type, _FOR_ALL | _MORE)
    wrong = [str(number) for number in asked if number not in legal]
    if not wrong:
        return ""
    allowed = ",".join(map(str, sorted(legal)))
    return (
        f"Error validating request: Incorrect generic tick list of {','.join(wrong)}.  "
        f"Legal ones for ({sec_type}) are: {allowed}"
    )


@dataclass(slots=True)
class ExtraTicks:
    """The generic ticks of one subscription, counted from its beginning.

    ``sessions`` are the instrument's, for what is told of regular hours only.
    """

    asked: frozenset[int]
    sessions: Sequence[TradingSession]
    volume: Decimal = Decimal(0)
    worth: Decimal = Decimal(0)
    trades: int = 0
    _minute: int = 0
    _minute_trades: int = 0
    _minute_volume: Decimal = Decimal(0)

    def first(self, price: Decimal | None) -> list[Tick]:
        """Return what is said at once; *price* is what the board shows."""
        ticks: list[Tick] = []
        if self.asked & {221, 232} and price is not None:
            ticks.append(PriceTick(_MARK_PRICE, price))
        if 236 in self.asked:
            ticks.append(GenericTick(_SHORTABLE, _EASY_TO_BORROW))
            ticks.append(SizeTick(_SHORTABLE_SHARES, _SHARES_TO_LEND))
        if 456 in self.asked:
            ticks.append(TextTick(_DIVIDENDS, ",,,"))
        return ticks

    def happened(self, event: MarketEvent) -> list[Tick]:
        """Return what *event* adds."""
        if isinstance(event, Print):
            return self._printed(event)
        if self.asked & {221, 232}:
            bid, ask = event.quote.bid, event.quote.ask
            if bid is not None and ask is not None:
                return [PriceTick(_MARK_PRICE, (bid + ask) / 2)]
        return []

    def _printed(self, trade: Print) -> list[Tick]:
        self.volume += trade.size
        self.worth += trade.size * trade.price
        self.trades += 1
        ticks: list[Tick] = []
        average = (self.worth / self.volume).quantize(Decimal("0.00000001")).normalize()
        milliseconds = trade.at_ns // 1_000_000
        amounts = (trade.price, trade.size, milliseconds, self.volume, average)
        text = (
            ";".join(
                f"{amount:f}" if isinstance(amount, Decimal) else str(amount) for amount in amounts
            )
            + ";true"
        )
        if 233 in self.asked:
            ticks.append(TextTick(_RT_VOLUME, text))
        if 375 in self.asked:
            ticks.append(TextTick(_RT_TRADE_VOLUME, text))
        if 293 in self.asked:
            ticks.append(GenericTick(_TRADE_COUNT, Decimal(self.trades)))
        if 318 in self.asked and hours.regular(self.sessions, trade.at_ns):
            ticks.append(PriceTick(_LAST_RTH_TRADE, trade.price))
        return ticks + self._rates(trade)

    def _rates(self, trade: Print) -> list[Tick]:
        """Return trades and volume of the last whole minute, when a new one begins."""
        ticks: list[Tick] = []
        minute = trade.at_ns // _MINUTE_NS
        if minute != self._minute:
            if self._minute and 294 in self.asked:
                ticks.append(GenericTick(_TRADE_RATE, Decimal(self._minute_trades)))
            if self._minute and 295 in self.asked:
                ticks.append(GenericTick(_VOLUME_RATE, self._minute_volume))
            self._minute, self._minute_trades, self._minute_volume = minute, 0, Decimal(0)
        self._minute_trades += 1
        self._minute_volume += trade.size
        return ticks
