"""One trading day of one instrument: its open, high, low and close.

Rules:
1. Stocks, options, indices and bonds make them in regular hours, what trades around the
   clock in its whole session.
2. Pairs of currencies have no trades at IB: their high and low are those of the middle
   between bid and ask, and they have no open.
3. The close is the last trade by the end of regular hours, else the middle of the last quote
   by then.

**Source**: IB "Available Tick Types" page (high, low and open "for the day").
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ibelay.gateway.market.api import TradingSession

_WHOLE_SESSION = frozenset({"FUT", "FOP", "CASH", "CRYPTO", "CMDTY"})
_NEVER_NS = 1 << 63


@dataclass(slots=True)
class Day:
    """A day in the making.

    Attributes:
        begin_ns: From when on prices count, ns since the epoch, UTC.
        close_ns: Until when, included.
        end_ns: What happens later belongs to another day.
        by_quotes: Whether quotes make high and low (rule 2).
    """

    begin_ns: int
    close_ns: int
    end_ns: int
    by_quotes: bool
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    _traded: Decimal | None = None
    _middle: Decimal | None = None

    @property
    def close(self) -> Decimal | None:
        """Where the day ended, as far as it is known (rule 3)."""
        return self._traded if self._traded is not None else self._middle

    def printed(self, at_ns: int, price: Decimal) -> None:
        """Count a trade."""
        if at_ns <= self.close_ns:
            self._traded = price
        if self.begin_ns <= at_ns <= self.close_ns:
            self.open = price if self.open is None else self.open
            self._stretch(price)

    def quoted(self, at_ns: int, middle: Decimal) -> None:
        """Count the middle of a quote."""
        if at_ns <= self.close_ns:
            self._middle = middle
            if self.by_quotes and at_ns >= self.begin_ns:
                self._stretch(middle)

    def _stretch(self, price: Decimal) -> None:
        self.high = price if self.high is None else max(self.high, price)
        self.low = price if self.low is None else min(self.low, price)


class Days:
    """The days of an instrument.

    Args:
        sessions: In order of time; what comes after the last belongs to it.
        sec_type: IB's word for what the instrument is.
    """

    def __init__(self, sessions: Sequence[TradingSession], sec_type: str) -> None:
        self._sessions = sessions
        self._ends = [one.end_ns for one in sessions]
        self._whole = sec_type in _WHOLE_SESSION
        self._by_quotes = sec_type == "CASH"

    def at(self, at_ns: int) -> Day:
        """Return the day that *at_ns* lies in or, between two, the next."""
        number = min(bisect_left(self._ends, at_ns), len(self._sessions) - 1)
        one, last = self._sessions[number], number == len(self._sessions) - 1
        return Day(
            begin_ns=one.begin_ns if self._whole else one.open_ns,
            close_ns=one.end_ns if self._whole else one.close_ns,
            end_ns=_NEVER_NS if last else one.end_ns,
            by_quotes=self._by_quotes,
        )
