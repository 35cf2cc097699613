"""A combination's book, made of its legs': what buying or selling all of them costs.

Rules:
1. A leg is traded on its own side when the combination is bought, on the other when it is
   sold, each at its own touch; the combination's price is what is paid less what is got, per
   unit and ratio, and may be negative.
2. There is as much of it as the scarcest leg allows.
3. It has a touch once every leg has one; it has no prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ibelay.gateway.exchange.matching.top import Top
from ibelay.model.contract import ComboLeg
from ibelay.model.order import Action


def side_of(leg: ComboLeg, action: Action) -> Action:
    """Return on which side *leg* is traded when the combination is traded on *action*."""
    side = Action(leg.action)
    return side if action is Action.BUY else side.opposite


class ComboBook:
    """The legs of a combination with what the market shows of each."""

    def __init__(self, legs: Sequence[tuple[ComboLeg, Top]]) -> None:
        self._legs = legs

    @property
    def at_ns(self) -> int:
        """See ``Book``: of the leg that was told longest ago."""
        return min(top.at_ns for _leg, top in self._legs)

    @property
    def quotes(self) -> int:
        """See ``Book``."""
        return sum(top.quotes for _leg, top in self._legs)

    @property
    def prints(self) -> int:
        """See ``Book`` (rule 3)."""
        return 0

    @property
    def last(self) -> Decimal | None:
        """See ``Book`` (rule 3)."""
        return None

    @property
    def last_at_ns(self) -> int:
        """See ``Book``."""
        return -1

    def price(self, action: Action) -> Decimal | None:
        """See ``Book`` (rule 1)."""
        total = Decimal(0)
        for leg, top in self._legs:
            side = side_of(leg, action)
            price = top.price(side)
            if price is None:
                return None
            total += side.sign * leg.ratio * price
        return total * action.sign

    def available(self, action: Action, wanted: Decimal) -> Decimal:
        """See ``Book`` (rule 2)."""
        for leg, top in self._legs:
            units = top.available(side_of(leg, action), wanted * leg.ratio)
            wanted = min(wanted, units // leg.ratio)
        return wanted

    def take(self, action: Action, quantity: Decimal) -> None:
        """See ``Book``."""
        for leg, top in self._legs:
            top.take(side_of(leg, action), quantity * leg.ratio)

    def middle(self) -> Decimal | None:
        """See ``Book``."""
        buy, sell = self.price(Action.BUY), self.price(Action.SELL)
        return None if buy is None or sell is None else (buy + sell) / 2
