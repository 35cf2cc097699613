"""Bars of 5 seconds made of quotes, for clients that ask for BID, ASK or MIDPOINT."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from ibelay.model.ids import ConId
from ibelay.model.market import Bar, Quote


class Shown(StrEnum):
    """What a real-time bar is made of."""

    TRADES = "TRADES"
    BID = "BID"
    ASK = "ASK"
    MIDPOINT = "MIDPOINT"


WantedBar = tuple[ConId, Shown]
"""What bars are wanted of, and what they are to be made of."""


class QuoteBar:
    """The bar in the making of one instrument and one side.

    Without a quote a bar stands flat at the last price; before any price there is no bar.
    Volume and count are -1, as IB has them for what is not traded.
    """

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._path: list[Decimal] = []

    def quoted(self, quote: Quote) -> None:
        """Take the next quote."""
        price = self._of(quote)
        if price is not None:
            self._path.append(price)

    def forget(self) -> None:
        """Begin anew at the last price, where nobody wants the bar."""
        del self._path[:-1]

    def close(self, at_ns: int) -> Bar | None:
        """End the bar that began at *at_ns*, and begin the next at its last price."""
        if not self._path:
            return None
        path, self._path = self._path, [self._path[-1]]
        return Bar(
            at_ns=at_ns,
            open=path[0],
            high=max(path),
            low=min(path),
            close=path[-1],
            volume=Decimal(-1),
            wap=Decimal(-1),
            count=-1,
        )

    def _of(self, quote: Quote) -> Decimal | None:
        if self._shown is Shown.BID:
            return quote.bid
        if self._shown is Shown.ASK:
            return quote.ask
        if quote.bid is None or quote.ask is None:
            return None
        return (quote.bid + quote.ask) / 2
