"""The floor: the market, the exchange and everybody who listens, on one market time.

Rules:
1. Market time only moves forward, by ``advance``; everything that happens in between
   happens in order: events first, then the 5-second bars they belong to.
2. Bars close exactly once each, on multiples of 5 s, for every listener alike; only what
   somebody wants bars of is put together.
3. One call moves at most a minute of market time, so that catching up after a pause of the
   process never keeps the clients waiting. A night is one step: it has no bars.
4. What the exchange says is published to every listener, who knows what is theirs.
5. The floor outlives its clients: leaving takes nothing away but the listener.
6. What is planned for a moment is done at that moment, after what the market did.
7. What is not listed is followed from the moment the board is asked for it (``followed``).
8. Until what happens next, time goes by at once: nothing is asked that cannot have changed.
   What may bring something forward says so (``stir``).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from ibelay.control.agenda import Agenda
from ibelay.control.line.troubles import Troubles
from ibelay.gateway.exchange.book import Exchange
from ibelay.gateway.exchange.events import ExchangeEvent
from ibelay.gateway.market.api import (
    Instrument,
    Market,
    MarketEvent,
    QuoteChange,
    event_time_ns,
)
from ibelay.gateway.market.nights import nights_of
from ibelay.gateway.session import hours
from ibelay.gateway.session.board.face import Face
from ibelay.gateway.session.board.standing import standing
from ibelay.gateway.session.board.ticks import Tick
from ibelay.gateway.session.entitlement import Entitlement
from ibelay.gateway.session.followed import Followed, needed
from ibelay.gateway.session.habits import Habits
from ibelay.gateway.session.line.pacing import Pacing
from ibelay.gateway.session.quote_bars import QuoteBar, Shown, WantedBar
from ibelay.gateway.session.voice import Said
from ibelay.model.ids import ClientId, ConId
from ibelay.model.market import Bar
from ibelay.wire.times import SECOND_NS

BAR_S = 5
BAR_NS = BAR_S * SECOND_NS
MAX_STEP_NS = 60 * SECOND_NS
MAX_CLIENTS = 32
_QUOTE_SIDES = (Shown.BID, Shown.ASK, Shown.MIDPOINT)


class Listener(Protocol):
    """A client that has started its API."""

    def on_exchange(self, event: ExchangeEvent) -> None:
        """Hear what the exchange says."""
        ...

    def on_event(self, event: MarketEvent) -> None:
        """Hear a quote or a print as it happens, before what it changes on the board."""
        ...

    def on_ticks(self, con_id: ConId, ticks: Sequence[Tick]) -> None:
        """Hear what changed on the board."""
        ...

    def bars_wanted(self) -> Iterable[WantedBar]:
        """Return what ``on_bar`` is to hear of; it hears what others want too."""
        ...

    def on_bar(self, con_id: ConId, shown: Shown, bar: Bar) -> None:
        """Hear that a 5-second bar closed."""
        ...

    def on_time(self, now_ns: int) -> None:
        """Hear that market time has come to *now_ns*, after all that happened until then.

        It is told when it is due, and of most moments in between it is not.
        """
        ...

    def due_ns(self) -> int:
        """Return the market time of which it has to hear without delay."""
        ...


class Floor:
    """What all sessions share.

    Args:
        account: Account code.
        market: Where prices come from.
        exchange: The book; it must trade the market's instruments.
        start_ns: Market time to begin at; what happened before is on the board already.
        entitlement: Which market data the account may see.
        pacing: What is done with a client that sends too much.
        read_only: Clients may look and not touch: orders are refused.
    """

    def __init__(
        self,
        *,
        account: str,
        market: Market,
        exchange: Exchange,
        start_ns: int,
        entitlement: Entitlement = Entitlement.LIVE,
        read_only: bool = False,
        pacing: Pacing = Pacing.OFF,
    ) -> None:
        self.account = account
        self.market = market
        self.exchange = exchange
        self.pacing = pacing
        self.troubles = Troubles()
        self.agenda = Agenda()
        self.said = Said()
        self.entitlement = entitlement
        self.read_only = read_only
        self._habits = Habits()
        self._watchers: list[Callable[[Sequence[ExchangeEvent]], None]] = []
        self.now_ns = start_ns
        self._moving = False
        self._due_ns = 0
        self._end_ns = market.end_ns
        self.nights = nights_of(market.instruments)
        self._next_bar_ns = start_ns - start_ns % BAR_NS + BAR_NS
        self._clients: dict[ClientId, Listener] = {}
        con_ids = [one.contract.con_id for one in market.instruments]
        self._faces = {one.contract.con_id: self._blank(one) for one in market.instruments}
        self._quote_bars = {
            (con_id, shown): QuoteBar(shown) for con_id in con_ids for shown in _QUOTE_SIDES
        }
        self._quoted: dict[ConId, None] = {}
        self._followed = Followed()
        last: dict[ConId, QuoteChange] = {}
        for event in market.events(market.start_ns, start_ns):
            if not isinstance(event, QuoteChange):
                self._show(event)
                continue
            if event.con_id not in last:  # the first may have to stand for yesterday's close
                self._show(event)
            last[event.con_id] = event
        for quote in last.values():
            self._show(quote)
            exchange.on_market(quote)
        for bar in self._quote_bars.values():
            bar.close(start_ns)  # the first bar begins at the last price, not at the first

    # Coming and going --------------------------------------------------------------

    @property
    def full(self) -> bool:
        """Whether no more clients are served."""
        return len(self._clients) >= MAX_CLIENTS

    def join(self, client_id: ClientId, listener: Listener) -> bool:
        """Let *listener* hear from now on; False if the client id is in use."""
        if client_id in self._clients:
            return False
        self._clients[client_id] = listener
        self.stir()
        return True

    def leave(self, client_id: ClientId) -> None:
        """Forget a listener; its orders stay."""
        self._clients.pop(client_id, None)

    # Time --------------------------------------------------------------------------

    def advance(self, until_ns: int) -> int:
        """Move market time towards *until_ns*, by a minute at most; return where it is."""
        now_ns, acts_ns = self.now_ns, self.agenda.next_ns
        until_ns = min(until_ns, self._end_ns)
        if until_ns <= now_ns < acts_ns:
            return now_ns
        if self._moving:  # what happens on the way asks for a time that is being come to
            return now_ns
        if now_ns < until_ns < acts_ns and until_ns < self._due_ns:
            self._let_pass(until_ns)
            return until_ns
        self._moving = True
        try:
            return self._advance(until_ns)
        finally:
            self._moving = False
            self.stir()

    @property
    def settled(self) -> bool:
        """Whether it is known what happens next, and that is not now."""
        return self._due_ns > self.now_ns < self.agenda.next_ns

    def stir(self) -> None:
        """Note that something may happen earlier than was thought (rule 8)."""
        self._due_ns = 0

    def _let_pass(self, until_ns: int) -> None:
        """Let time go by in which nothing happens, and nobody waits for a bar."""
        self.now_ns = until_ns
        if until_ns >= self._next_bar_ns:
            self._next_bar_ns = until_ns - until_ns % BAR_NS + BAR_NS
            if self._quoted:
                self._forget_quotes(())

    def _advance(self, until_ns: int) -> int:
        until = min(until_ns, self.now_ns + MAX_STEP_NS)
        night_ends_ns = self.nights.end_of(self.now_ns)
        if night_ends_ns is not None:
            until = min(until_ns, night_ends_ns)
            self._next_bar_ns = until - until % BAR_NS + BAR_NS
        quiet_ns = min(until, self._due_ns - 1, self.agenda.next_ns - 1)
        if quiet_ns > self.now_ns:
            self._let_pass(quiet_ns)
        self.agenda.run(self.now_ns)
        while self.now_ns < until:
            step = min(until, self._next_bar_ns, self.agenda.next_ns)
            for event in self._events(self.now_ns, step):
                self.now_ns = event_time_ns(event)
                self.happen(event)
            self.now_ns = step
            if step == self._next_bar_ns:
                self._close_bars(step - BAR_NS)
                self._next_bar_ns += BAR_NS
            if self.exchange.due_ns() <= step:
                self.publish(self.exchange.on_clock(step))
            self.agenda.run(step)
            for listener in list(self._clients.values()):
                listener.on_time(step)
        return self.now_ns

    def due_ns(self) -> int:
        """Return the market time of what happens next, to which to ``advance`` next.

        It is a minute from now at most: ``advance`` comes no further at once.
        """
        if not self.settled:
            self._due_ns = self._look_ahead()
        return min(self._due_ns, self.agenda.next_ns)

    def _look_ahead(self) -> int:
        """Return when what is not planned happens next."""
        now_ns = self.now_ns
        due = min(
            now_ns + MAX_STEP_NS,
            self.exchange.due_ns(),
            *[listener.due_ns() for listener in self._clients.values()],
        )
        night_ends_ns = self.nights.end_of(now_ns)
        if night_ends_ns is not None:
            due = min(due, night_ends_ns)
        else:
            due = min(due, self.nights.begins_after(now_ns))
            if self._next_bar_ns < due and self._bars_wanted():
                due = self._next_bar_ns
        event = next(self._events(now_ns, due), None)
        return due if event is None else event_time_ns(event)

    def publish(self, events: Iterable[ExchangeEvent]) -> None:
        """Tell every client what the exchange says, as IB tells it (``habits``)."""
        facts = list(events)
        if not facts:
            return
        self.stir()
        for watch in self._watchers:
            watch(facts)
        for event in self._habits.told(facts):
            for listener in list(self._clients.values()):
                listener.on_exchange(event)

    def watch(self, hear: Callable[[Sequence[ExchangeEvent]], None]) -> None:
        """Let *hear* be told all that the exchange says, before any client is."""
        self._watchers.append(hear)

    def face(self, con_id: ConId) -> Face:
        """Return what the board shows of *con_id*, which must exist here (rule 7)."""
        self._followed.asked(con_id)
        if con_id not in self._faces:
            self._follow(con_id)
        return self._faces[con_id]

    def follow(self, con_ids: Iterable[ConId]) -> None:
        """Show from now on those of *con_ids* that exist (rule 7)."""
        for con_id in con_ids:
            if self.instrument(con_id) is not None:
                self.face(con_id)

    def instrument(self, con_id: ConId) -> Instrument | None:
        """Return the instrument with *con_id*, or None."""
        return self.exchange.instrument(con_id)

    def _follow(self, con_id: ConId) -> None:
        """Show from now on what has events only when it is named (rule 7)."""
        one = self.instrument(con_id)
        if one is None:
            raise KeyError(con_id)
        self.stir()
        stood = standing(self.market, one, self.now_ns)
        self._faces[con_id] = self._blank(one)
        for shown in _QUOTE_SIDES:
            self._quote_bars[(con_id, shown)] = QuoteBar(shown)
        for event in stood:
            self._show(event)
        last = next((one for one in reversed(stood) if isinstance(one, QuoteChange)), None)
        if last is not None:
            now = replace(last, quote=replace(last.quote, at_ns=self.now_ns))
            self.publish(self.exchange.on_market(now))
        for gone in self._followed.follow(con_id, lambda: needed(self.exchange)):
            self._forget(gone)

    def _blank(self, one: Instrument) -> Face:
        return Face(hours.sessions(self.market, one), one.contract.sec_type)

    def _forget(self, con_id: ConId) -> None:
        del self._faces[con_id]
        self._quoted.pop(con_id, None)
        for shown in _QUOTE_SIDES:
            del self._quote_bars[(con_id, shown)]

    def _events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield what happens to the listed and to the followed, in order of time."""
        listed = self.market.events(after_ns, until_ns)
        if not self._followed:
            return listed
        streams = [self.market.events_of(one, after_ns, until_ns) for one in self._followed]
        merged = heapq.merge(listed, *streams, key=event_time_ns)
        return (event for event in merged if event.con_id in self._faces)

    def _show(self, event: MarketEvent) -> list[Tick]:
        if not isinstance(event, QuoteChange):
            return self._faces[event.con_id].printed(event)
        self._quoted[event.con_id] = None
        for shown in _QUOTE_SIDES:
            self._quote_bars[(event.con_id, shown)].quoted(event.quote)
        return self._faces[event.con_id].quoted(event)

    def happen(self, event: MarketEvent) -> None:
        """Let *event* happen now: everybody hears of it, and orders are matched."""
        self.stir()
        ticks = self._show(event)
        for listener in list(self._clients.values()):
            listener.on_event(event)
            listener.on_ticks(event.con_id, ticks)
        self.publish(self.exchange.on_market(event))

    def _bars_wanted(self) -> set[WantedBar]:
        return {one for client in self._clients.values() for one in client.bars_wanted()}

    def _forget_quotes(self, wanted: Collection[WantedBar]) -> None:
        """Let bars begin anew at the last quote, but for those that are *wanted*."""
        for con_id in self._quoted:
            for shown in _QUOTE_SIDES:
                if (con_id, shown) not in wanted:
                    self._quote_bars[(con_id, shown)].forget()
        self._quoted.clear()

    def _close_bars(self, begin_ns: int) -> None:
        end_ns = begin_ns + BAR_NS
        wanted = self._bars_wanted()
        self._forget_quotes(wanted)
        named = {con_id for con_id, _shown in wanted}
        for con_id in self._faces if wanted else ():
            if con_id not in named:
                continue
            bars: list[tuple[Shown, Bar]] = []
            if (con_id, Shown.TRADES) in wanted:
                traded = self.market.bars(con_id, begin_ns, end_ns, BAR_S)
                bars += [(Shown.TRADES, bar) for bar in traded]
            for shown in _QUOTE_SIDES:
                if (con_id, shown) in wanted:
                    quoted = self._quote_bars[(con_id, shown)].close(begin_ns)
                    bars += [] if quoted is None else [(shown, quoted)]
            for listener in list(self._clients.values()) if bars else ():
                for shown, bar in bars:
                    listener.on_bar(con_id, shown, bar)
