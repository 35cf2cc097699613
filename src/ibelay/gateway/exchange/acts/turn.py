"""The pit: everything the exchange knows; and a turn: one call of it, at one moment.

The acts of this room are functions of a turn. They change the pit and say what happened, in
the order in which a client may hear it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time

from ibelay.gateway.exchange.accounts import Account
from ibelay.gateway.exchange.catalogue import Catalogue
from ibelay.gateway.exchange.events import ExchangeEvent
from ibelay.gateway.exchange.matching.combo import ComboBook
from ibelay.gateway.exchange.matching.hours import Timetable
from ibelay.gateway.exchange.matching.top import Book, Top
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.gateway.exchange.orders.shelf import Shelf
from ibelay.gateway.exchange.tape import Tape
from ibelay.gateway.market.api import Instrument, TradingSession
from ibelay.gateway.market.hours import NEW_YORK, SECOND_NS
from ibelay.model.ids import ClientId, ConId, PermId

Events = list[ExchangeEvent]
DAY_NS = 86_400 * SECOND_NS


@dataclass(slots=True)
class Pit:
    """One account's orders and what they trade against.

    Attributes:
        hours: The sessions of instruments that name none.
        agenda: (moment, permId) of what the clock has to look at, a heap.
        now_ns: The latest moment heard of.
        midnight_ns: Of the day in New York that *now_ns* lies in.
        hard_to_borrow: Contracts whose short sales wait for shares.
        uncancellable: Orders that refuse cancels (136), by hand of the operator.
        slow_cancels: Cancels stay pending until the operator confirms them.
        lowest_bound_id: The last negative id an order of TWS was bound to, 0 for none yet.
        doubled: Orders whose next modification becomes a second order.
        unsaid: What has happened and was not told yet; an act that raises leaves here what
            was due before it.
    """

    account: Account
    catalogue: Catalogue
    tape: Tape
    hours: tuple[TradingSession, ...]
    next_perm_id: int
    shelf: Shelf = field(default_factory=Shelf)
    tops: dict[ConId, Top] = field(default_factory=dict)
    highest_id: dict[ClientId, int] = field(default_factory=dict)
    agenda: list[tuple[int, PermId]] = field(default_factory=list)
    now_ns: int = 0
    midnight_ns: int = 0
    tomorrow_ns: int = 0
    hard_to_borrow: set[ConId] = field(default_factory=set)
    uncancellable: set[PermId] = field(default_factory=set)
    slow_cancels: bool = False
    lowest_bound_id: int = 0
    doubled: set[PermId] = field(default_factory=set)
    unsaid: Events = field(default_factory=list)
    _timetables: dict[ConId, Timetable] = field(default_factory=dict)

    def top(self, con_id: ConId) -> Top:
        """Return what the market shows of *con_id*."""
        top = self.tops.get(con_id)
        if top is None:
            top = self.tops[con_id] = Top()
        return top

    def book_of(self, instrument: Instrument) -> Book:
        """Return what an order for *instrument* sees of the market."""
        legs = instrument.contract.legs
        if legs:
            return ComboBook([(leg, self.top(leg.con_id)) for leg in legs])
        return self.top(instrument.contract.con_id)

    def timetable(self, instrument: Instrument) -> Timetable:
        """Return when *instrument* trades; a combination when its first leg does."""
        contract = instrument.contract
        con_id = contract.legs[0].con_id if contract.legs else contract.con_id
        if con_id not in self._timetables:
            named = self.catalogue.get(con_id)
            sessions = named.sessions if named else ()
            self._timetables[con_id] = Timetable(sessions or self.hours)
        return self._timetables[con_id]

    def take_perm_id(self) -> PermId:
        """Return the permId of a new order."""
        perm_id = PermId(self.next_perm_id)
        self.next_perm_id += 1
        return perm_id

    def heard_of(self, now_ns: int) -> None:
        """Note that it is *now_ns*; at midnight in New York yesterday's record goes."""
        if now_ns <= self.now_ns and self.tomorrow_ns:
            return
        self.now_ns = now_ns
        if now_ns < self.tomorrow_ns:
            return
        began = bool(self.tomorrow_ns)
        self.midnight_ns, self.tomorrow_ns = _day_of(now_ns)
        self.tape.forget_before(self.midnight_ns)
        self.shelf.bury_before(self.midnight_ns)
        if began:
            self.account.start_day()
            for top in self.tops.values():
                top.new_day()


@dataclass(slots=True)
class Turn:
    """One moment of the pit, and what is said of it.

    Attributes:
        stirring: Orders that wait for others' executions are being looked at.
        stirred: There are executions they have not been looked at for.
    """

    pit: Pit
    now_ns: int
    out: Events
    stirring: bool = False
    stirred: bool = False

    def said(self) -> Events:
        """Return what happened, once."""
        self.pit.unsaid = []
        return self.out

    def trading_since(self, entry: Entry) -> int | None:
        """Return when the hours *entry* may trade in began; None if they have not, or are over."""
        return entry.timetable.since(self.now_ns, outside=entry.outside_hours)


def _day_of(now_ns: int) -> tuple[int, int]:
    """Return midnight in New York before *now_ns* and a moment up to which it stays so."""
    today = datetime.fromtimestamp(now_ns // SECOND_NS, NEW_YORK).date()
    midnight = datetime.combine(today, time(0), NEW_YORK)
    begin_ns = int(midnight.timestamp()) * SECOND_NS
    tomorrow = datetime.fromtimestamp((begin_ns + DAY_NS * 3 // 2) // SECOND_NS, NEW_YORK).date()
    following = datetime.combine(tomorrow, time(0), NEW_YORK)
    return begin_ns, int(following.timestamp()) * SECOND_NS
