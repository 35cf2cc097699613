"""How busy an instrument is: how often it is quoted, how wide, how much.

Rules:
1. Busy is the regular session of US stocks, for everything that trades then; quotes come
   every second then, and every five seconds otherwise (*every*).
2. Activity has the shape of a U: 1 at the open and at the close, 0.3 at midday, 0.2
   outside the session. Sizes and the number of prints follow it, spreads go against it.
3. Prices are whole ticks.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.gateway.market.api import Instrument
from ibelay.gateway.market.hours import TradingDay
from ibelay.gateway.market.making.legs import minute_of

_MIDDAY, _OUTSIDE = 0.3, 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """The manner of one kind of instrument.

    Attributes:
        spread: Least and most ticks between bid and ask.
        lot: Sizes are one to a few of these.
        prints: At most so many prints a second when busiest; 0 for none.
        every: Seconds between quotes when busy.
        auctions: Whether the session opens and closes with an auction print.
        quoted: Whether there are quotes at all; an index has prints of size 0 only.
    """

    spread: tuple[int, int]
    lot: Decimal
    prints: int = 3
    every: int = 1
    auctions: bool = False
    quoted: bool = True


_TEMPOS = {
    "STK": Tempo(spread=(1, 3), lot=Decimal(100), auctions=True),
    "IND": Tempo(spread=(0, 0), lot=Decimal(0), prints=1, quoted=False),
    "FUT": Tempo(spread=(1, 2), lot=Decimal(5)),
    "CASH": Tempo(spread=(1, 3), lot=Decimal(500_000), prints=0),
    "CRYPTO": Tempo(spread=(4, 40), lot=Decimal("0.05"), prints=1),
    "BOND": Tempo(spread=(40, 160), lot=Decimal(50), prints=1, every=10),
}


def tempo_of(instrument: Instrument) -> Tempo:
    """Return the tempo of *instrument*, which is no option.

    Raises:
        KeyError: Nothing is known of its type.
    """
    return _TEMPOS[instrument.contract.sec_type]


class Activity:
    """Rule 2 for the minutes of one day."""

    def __init__(self, day: TradingDay) -> None:
        self._open = minute_of(day, day.open_ns)
        self._close = minute_of(day, day.close_ns)

    def busy(self, minute: int) -> bool:
        """Return whether *minute* is of the regular session."""
        return self._open <= minute < self._close

    def at(self, minute: int) -> float:
        """Return how active the market is in *minute*, from 0 to 1."""
        if not self.busy(minute):
            return _OUTSIDE
        length = self._close - self._open
        from_middle = abs(2 * (minute - self._open) / length - 1)
        return _MIDDAY + (1 - _MIDDAY) * from_middle * from_middle


class Ticks:
    """Whole ticks as prices, without trailing zeros (rule 3)."""

    def __init__(self, tick: Decimal) -> None:
        self._over, self._under = tick.as_integer_ratio()
        self._size = float(tick)

    def nearest(self, price: float) -> int:
        """Return how many ticks *price* is, rounded, at least 1."""
        return max(1, round(price / self._size))

    def price(self, ticks: int) -> Decimal:
        """Return the price of so many *ticks*."""
        return Decimal(ticks * self._over) / self._under
