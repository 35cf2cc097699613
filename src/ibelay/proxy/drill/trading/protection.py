"""Positions without a stop of the right size, and exits that add up to more than the position.

Rules:
1. A position is protected by live stop orders on the other side, whatever their price. Orders
   of a bracket count as far as their parent has filled.
2. It is naked while they add up to less than is held. What counts against the bot is the time
   in which its line worked; the rest is told as well.
3. Exits of one OCA group or one parent cancel each other, and the largest of them counts.
4. A bot that has never placed a stop trades without them on purpose, and is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from ibelay.proxy.drill.findings import Docket, Finding, Heading, span_text
from ibelay.proxy.drill.thresholds import Thresholds
from ibelay.proxy.drill.trading.book import OVER, Book, Watched
from ibelay.proxy.drill.trading.holdings import Holdings

STOPS = frozenset({"STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "STP PRT", "TRAILLMT", "STPLMT"})
_ZERO = Decimal(0)


@dataclass(slots=True)
class Stretch:
    """A time in which something was not as it should be.

    Attributes:
        since_ns: When it began.
        workable_ns: How much of it the bot's line worked.
        said: What it was, at its worst.
    """

    since_ns: int
    workable_ns: int
    said: str


class Protection:
    """Watches positions and what would close them."""

    def __init__(
        self, thresholds: Thresholds, book: Book, holdings: Holdings, docket: Docket
    ) -> None:
        self._limit = thresholds
        self._book = book
        self._holdings = holdings
        self._docket = docket
        self._naked: dict[str, Stretch] = {}
        self._doubled: dict[str, Stretch] = {}
        self._uses_stops = False
        self._now_ns: int | None = None
        self.naked_ns = 0
        self.naked_workable_ns = 0
        self.naked_worst_ns = 0
        self.doubled_ns = 0

    def pass_time(self, now_ns: int, *, works: bool) -> None:
        """Let time pass until *now_ns*; *works* says whether the bot's line worked meanwhile."""
        passed = 0 if self._now_ns is None else max(0, now_ns - self._now_ns)
        self._now_ns = now_ns
        if not works:
            return
        for stretch in (*self._naked.values(), *self._doubled.values()):
            stretch.workable_ns += passed

    def look(self, instruments: set[str], now_ns: int) -> None:
        """Look at *instruments* again, of which something changed."""
        for instrument in sorted(instruments):
            held = self._holdings.quantity(instrument)
            exits = list(self._exits(instrument, held))
            self._look_at_stops(instrument, held, exits, now_ns)
            self._look_at_exits(instrument, held, exits, now_ns)

    def finish(self, now_ns: int) -> None:
        """End every stretch at *now_ns*; nothing is looked at after that."""
        for instrument in list(self._naked):
            self._dressed(instrument, now_ns)
        for instrument in list(self._doubled):
            self._balanced(instrument, now_ns)

    def _exits(self, instrument: str, held: Decimal) -> Iterator[tuple[Watched, Decimal]]:
        """Yield the live orders that would close what is held, and how much each would."""
        if not held:
            return
        for one in self._book.standing.values():
            if one.instrument != instrument or one.action.sign * held > 0 or not one.live:
                continue
            size = one.remaining or one.quantity
            parent = self._book.orders.get((one.client_id, one.parent_id))
            if parent is not None and parent.ours and (not parent.over or parent.status in OVER):
                size = min(size, parent.filled)
            if size > 0:
                yield one, size

    def _look_at_stops(
        self,
        instrument: str,
        held: Decimal,
        exits: list[tuple[Watched, Decimal]],
        now_ns: int,
    ) -> None:
        stops = [(one, size) for one, size in exits if one.order_type in STOPS]
        self._uses_stops = self._uses_stops or bool(stops)
        covered = _together(stops)
        if covered >= abs(held):
            self._dressed(instrument, now_ns)
            if held:
                self._docket.try_out(Heading.NAKED)
            return
        said = f"{held:f} {instrument} had stops for {covered:f}"
        stretch = self._naked.setdefault(instrument, Stretch(now_ns, 0, said))
        stretch.said = said

    def _dressed(self, instrument: str, now_ns: int) -> None:
        stretch = self._naked.pop(instrument, None)
        if stretch is None or not self._places_stops():
            return
        self._docket.try_out(Heading.NAKED)
        self.naked_ns += now_ns - stretch.since_ns
        self.naked_workable_ns += stretch.workable_ns
        self.naked_worst_ns = max(self.naked_worst_ns, stretch.workable_ns)
        if stretch.workable_ns <= self._limit.naked_ns:
            return
        lasted, worked = span_text(now_ns - stretch.since_ns), span_text(stretch.workable_ns)
        what = f"{stretch.said} for {lasted}, {worked} of them with a line that worked"
        why = "nothing would have closed the position had the market turned"
        cure = "compare positions with live stops after every fill and loss, and place what lacks"
        self._docket.find(Finding(stretch.since_ns, Heading.NAKED, what, why, cure))

    def _places_stops(self) -> bool:
        self._uses_stops = self._uses_stops or any(
            one.order_type in STOPS for one in self._book.orders.values()
        )
        return self._uses_stops

    def _look_at_exits(
        self,
        instrument: str,
        held: Decimal,
        exits: list[tuple[Watched, Decimal]],
        now_ns: int,
    ) -> None:
        total = _together(exits)
        if not held or total <= abs(held):
            self._balanced(instrument, now_ns)
            if exits:
                self._docket.try_out(Heading.EXITS)
            return
        said = f"live orders would close {total:f} of {held:f} {instrument}"
        stretch = self._doubled.setdefault(instrument, Stretch(now_ns, 0, said))
        stretch.said = said

    def _balanced(self, instrument: str, now_ns: int) -> None:
        stretch = self._doubled.pop(instrument, None)
        if stretch is None:
            return
        self._docket.try_out(Heading.EXITS)
        self.doubled_ns += now_ns - stretch.since_ns
        if stretch.workable_ns <= self._limit.doubled_ns:
            return
        what = f"{stretch.said} for {span_text(now_ns - stretch.since_ns)}"
        why = "if all of them fill, the position turns over to the other side"
        cure = "ask for open orders after a loss before a second exit is placed, and use OCA groups"
        self._docket.find(Finding(stretch.since_ns, Heading.EXITS, what, why, cure))


def _together(orders: list[tuple[Watched, Decimal]]) -> Decimal:
    """Return how much *orders* would close, where those that cancel each other count once."""
    groups: dict[object, Decimal] = {}
    for one, size in orders:
        group: object = one.oca_group or one.parent_id or (one.client_id, one.order_id, "alone")
        groups[group] = max(groups.get(group, _ZERO), size)
    return sum(groups.values(), _ZERO)
