"""A subscription to account figures: says what it has not said yet, every three minutes.

**Source**: IB "Account & Portfolio Data" page: the interval is that of the TWS account window
and cannot be changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ibelay.wire.times import SECOND_NS

INTERVAL_NS = 180 * SECOND_NS
Row = tuple[str, str, str]


@dataclass(slots=True)
class Feed:
    """One subscription.

    Attributes:
        write: Makes a message of a row (key, value, currency).
        told_ns: Market time of the last news.
    """

    write: Callable[[Row], bytes]
    told_ns: int
    _said: dict[tuple[str, str], str] = field(default_factory=dict)

    def due(self, now_ns: int) -> bool:
        """Return whether it is time for news."""
        return now_ns - self.told_ns >= INTERVAL_NS

    def news(self, rows: Iterable[Row], now_ns: int) -> list[bytes]:
        """Return messages for the rows that differ from what was said."""
        self.told_ns = now_ns
        out = []
        for row in rows:
            key, value, currency = row
            if self._said.get((key, currency)) != value:
                self._said[key, currency] = value
                out.append(self.write(row))
        return out
