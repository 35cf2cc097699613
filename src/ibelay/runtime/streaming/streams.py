"""Streams: what is asked for survives the link it was asked on, and is looked after on it.

The registry is by contract, not by request id: whatever is asked for again gets a fresh one
(F32). When that is due says ``machines.stream_life``; one sleeper wakes for all of them. Bars that
were missed are asked for as history and handed on before the live ones (``machines.bar_line``),
so that the strategy sees one gapless sequence; what cannot be filled is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from ibelay.errors import IbelayError, LinkError
from ibelay.journal.records import Severity
from ibelay.machines import bar_line, pacing, stream_life
from ibelay.machines.backoff import SECOND_NS
from ibelay.machines.stream_life import Kind, Phase
from ibelay.model.contract import Contract
from ibelay.model.events import BarSeen, NoticeSeen
from ibelay.model.market import Bar
from ibelay.model.notices import ends_stream, refuses_for_good
from ibelay.ports.broker import BrokerLink
from ibelay.ports.clock import Clock
from ibelay.runtime.alarm import Alarm
from ibelay.runtime.streaming.backfill import Backfill
from ibelay.runtime.streaming.stream import Feed, ReadyTime, Stream
from ibelay.runtime.streaming.stream_news import StreamNews

_ANSWER_S = 10.0
_LAG_NS = SECOND_NS
_BROKEN = {2103: 2104, 2105: 2106, 2157: 2158}
_BACK = frozenset(_BROKEN.values())
_LIVE_BACK, _HISTORY_BACK = 2104, 2106
_SOME_STREAM_DIED = 10182


class Streams:
    """The registry of what is streamed, and who looks after it.

    Args:
        clock: Monotonic time for ages and pacing.
        market_ns: The broker's time.
        deliver: Takes a contract and its bars, oldest first.
        note: Takes a line for the event list.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        market_ns: Callable[[], int],
        deliver: Callable[[Contract, Sequence[Bar]], None],
        note: Callable[[str, Severity], None],
    ) -> None:
        self.by_symbol: dict[str, Stream] = {}
        self._by_con_id: dict[int, Stream] = {}
        self._by_request: dict[int, tuple[Stream, Feed]] = {}
        self._clock = clock
        self._deliver = deliver
        self._news = StreamNews(note)
        self._time = ReadyTime(clock)
        self._bucket = pacing.Bucket(at_ns=clock.monotonic_ns())
        self._alarm = Alarm()  # rung when something has become due, or is to be told
        self._link: BrokerLink | None = None  # the link that is READY
        self._asked_on: BrokerLink | None = None
        self._broken: set[tuple[int, str]] = set()
        self._backfill = Backfill(
            clock,
            self._time,
            market_ns=market_ns,
            pace=self._pace,
            hand_over=self._hand_over,
            note=note,
        )

    # -- what is wanted --------------------------------------------------------------------

    def want(self, contracts: Sequence[Contract]) -> None:
        """Add *contracts* to what must be streamed."""
        for contract in contracts:
            if contract.symbol not in self.by_symbol:
                self.by_symbol[contract.symbol] = stream = Stream(contract)
                stream.begin(self._time.now_ns())
                self._alarm.ring()

    def drop(self, symbol: str, link: BrokerLink | None) -> None:
        """Stop streaming *symbol*."""
        stream = self.by_symbol.pop(symbol, None)
        if stream is None:
            return
        self._by_con_id.pop(stream.contract.con_id, None)
        with suppress(LinkError):  # it is on its way out, and takes the streams with it
            for feed in (stream.quotes, stream.live):
                self._forget(feed, link)

    async def restore(self, link: BrokerLink, *, last_bars: dict[str, int]) -> None:
        """Ask for every stream on *link*, which has none of them or has lost them all.

        Raises:
            LinkError: The link died meanwhile.
        """
        if link is not self._asked_on:  # ids of before mean nothing to it
            self._asked_on = link
            self._by_request.clear()
            for stream in self.by_symbol.values():
                stream.quotes.request = stream.live.request = None
        self._broken.clear()
        for stream in list(self.by_symbol.values()):
            now_ns = self._time.now_ns()
            stream.begin(now_ns)
            last_ns = last_bars.get(stream.contract.symbol, 0)
            stream.line = bar_line.reopened(stream.line, last_ns, now_ns)
            if stream.fetching is not link:
                stream.fetching = None
            if not stream.contract.con_id:
                await self._describe(link, stream)
            if stream.contract.con_id:
                for feed in stream.feeds:
                    await self._ask(link, stream, feed)

    # -- what happens ------------------------------------------------------------------------

    def attend(self, link: BrokerLink | None) -> None:
        """Look after the streams of *link*, which is READY; of none while there is none."""
        if link is None and self._link is not None:
            for stream in self.by_symbol.values():
                stream.line = bar_line.doubt(stream.line)
        self._link = link
        if link is None:
            self._time.stand()
        else:
            self._time.run()
            self._alarm.ring()

    def take(self, event: BarSeen) -> None:
        """Take a live bar; hold it back while older ones are being fetched."""
        stream = self._by_con_id.get(event.con_id)
        if stream is None:
            return
        self._heard(stream, stream.live)
        before = stream.line
        stream.line, bars = bar_line.live(before, event.bar, stream.live.heard_ns)
        if bars:
            self._hand_over(stream, bars)
        elif stream.line.missing and not before.missing:
            self._alarm.ring()

    def quoted(self, con_id: int) -> None:
        """Note that a quote came."""
        stream = self._by_con_id.get(con_id)
        if stream is not None:
            self._heard(stream, stream.quotes)

    def notice(self, seen: NoticeSeen) -> None:
        """Take a message that may be about a stream, or about the farms that feed them."""
        known = self._by_request.get(seen.request_id)
        if known is not None:
            if ends_stream(seen.code, seen.text):
                self._refused(*known, seen)
        elif seen.code in _BROKEN:
            self._broken.add((_BROKEN[seen.code], _farm(seen.text)))
            for stream in self.by_symbol.values():
                stream.line = bar_line.doubt(stream.line)
        elif seen.code in _BACK and (seen.code, _farm(seen.text)) in self._broken:
            self._broken.discard((seen.code, _farm(seen.text)))
            self._farm_back(seen.code)
        elif seen.code == _SOME_STREAM_DIED:
            self._farm_back(_LIVE_BACK)

    def _heard(self, stream: Stream, feed: Feed) -> None:
        feed.heard_ns = self._time.now_ns()
        if feed.life.phase is not Phase.FLOWING or feed.life.tries:
            feed.up_to_date()
            self._news.heard(stream, feed)

    def _refused(self, stream: Stream, feed: Feed, seen: NoticeSeen) -> None:
        before, now_ns = feed.up_to_date(), self._time.now_ns()
        lasting = refuses_for_good(seen.code, seen.text)
        reason = f"{seen.code} {seen.text}"
        feed.life = stream_life.refused(before, reason, now_ns, lasting=lasting)
        stream.line = bar_line.doubt(stream.line)
        self._news.refused(stream, feed, before, now_ns)
        self._alarm.ring()

    def _farm_back(self, code: int) -> None:
        """Look soon whether what a farm feeds flows again; only that is asked for."""
        now_ns = self._time.now_ns()
        for stream in self.by_symbol.values():
            if code == _HISTORY_BACK:
                stream.line = bar_line.put_off(stream.line, min(stream.line.due_ns, now_ns))
                continue
            for feed in stream.feeds:
                if (feed.life.kind is Kind.CONTRACT) is (code != _LIVE_BACK):
                    feed.life = stream_life.farm_back(feed.up_to_date(), now_ns)
        self._alarm.ring()

    # -- what is due -------------------------------------------------------------------------

    async def run(self) -> None:
        """Ask again for what does not flow, and for bars that are missing, for ever."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._sleep()
                link = self._link
                if link is not None:
                    try:
                        await self._look_after(link, tasks)
                    except LinkError:
                        self._gone(link)
                self._news.tell()

    async def _sleep(self) -> None:
        """Sleep until something is due; the silence of a loop that stood still is our own."""
        began_ns, wait_s = self._clock.monotonic_ns(), self._until_due_s()
        await self._alarm.wait(wait_s)
        slept_ns = self._clock.monotonic_ns() - began_ns
        if wait_s is not None and slept_ns - max(0, wait_s * 1e9) > _LAG_NS:
            self._time.excuse(int(slept_ns - max(0, wait_s * 1e9)))

    def _until_due_s(self) -> float | None:
        if self._link is None:
            return None
        due = [
            feed.up_to_date().due_ns for stream in self.by_symbol.values() for feed in stream.feeds
        ]
        fills = (self._backfill.due_ns(stream) for stream in self.by_symbol.values())
        due += [one for one in fills if one is not None]
        return (min(due) - self._time.now_ns()) / 1e9 if due else None

    async def _look_after(self, link: BrokerLink, tasks: asyncio.TaskGroup) -> None:
        for stream in list(self.by_symbol.values()):
            for feed in reversed(stream.feeds):  # silent bars put the quotes under suspicion
                now_ns = self._time.now_ns()
                if self._link is not link or now_ns < feed.up_to_date().due_ns:
                    continue
                feed.life = stream_life.look(feed.life, now_ns)
                if feed.life.phase is Phase.QUIET:
                    self._fell_silent(stream, feed, now_ns)
                if feed is stream.naming:
                    feed.life = stream_life.asked(feed.life, now_ns)
                    tasks.create_task(self._name(link, stream))
                else:
                    await self._ask(link, stream, feed)
            self._backfill.give_up(stream)
            if self._link is link and self._backfill.is_due(stream):
                stream.fetching = link
                tasks.create_task(self._fetch(link, stream))

    def _fell_silent(self, stream: Stream, feed: Feed, now_ns: int) -> None:
        self._news.quiet(stream, feed, now_ns)
        if feed is stream.live:
            stream.line = bar_line.doubt(stream.line)
            stream.quotes.life = stream_life.suspect(stream.quotes.up_to_date(), now_ns)

    def _gone(self, link: BrokerLink) -> None:
        """Leave a link alone that cannot be written to: the word of its end is on the way."""
        if self._link is link:
            self.attend(None)

    # -- asking ------------------------------------------------------------------------------

    async def _ask(self, link: BrokerLink, stream: Stream, feed: Feed) -> None:
        await self._pace(1 if feed.request is None else 2)
        if self.by_symbol.get(stream.contract.symbol) is not stream:
            return  # dropped meanwhile
        self._forget(feed, link)
        subscribe = link.subscribe_bars if feed is stream.live else link.subscribe_quotes
        feed.request = subscribe(stream.contract)
        self._by_con_id[stream.contract.con_id] = stream
        self._by_request[feed.request] = (stream, feed)
        feed.life = stream_life.asked(feed.life, self._time.now_ns())

    def _forget(self, feed: Feed, link: BrokerLink | None) -> None:
        if feed.request is not None:
            self._by_request.pop(feed.request, None)
            if link is not None:
                link.unsubscribe(feed.request)
        feed.request = None

    async def _name(self, link: BrokerLink, stream: Stream) -> None:
        """Let IB describe a contract, so that its streams can be asked for."""
        try:
            await self._describe(link, stream)
        except LinkError:
            return  # the next link begins again
        self._alarm.ring()

    async def _describe(self, link: BrokerLink, stream: Stream) -> None:
        """Let IB complete a contract; one without an answer must not keep the bot from READY."""
        await self._pace(1)
        try:
            async with asyncio.timeout(_ANSWER_S):
                stream.contract = await link.resolve(stream.contract)
        except LinkError:
            raise
        except (TimeoutError, IbelayError) as error:
            why = str(error) or f"no answer within {_ANSWER_S:g} s"
            before, now_ns = stream.naming.life, self._time.now_ns()
            stream.naming.life = stream_life.refused(before, why, now_ns, lasting=False)
            self._news.refused(stream, stream.naming, before, now_ns)

    async def _fetch(self, link: BrokerLink, stream: Stream) -> None:
        await self._backfill.fetch(link, stream)
        self._alarm.ring()

    async def _pace(self, messages: int) -> None:
        now = self._clock.monotonic_ns()
        self._bucket, wait = pacing.take(self._bucket, messages, now)
        if wait:
            await asyncio.sleep(wait / 1e9)

    def _hand_over(self, stream: Stream, bars: Sequence[Bar]) -> None:
        if bars and self.by_symbol.get(stream.contract.symbol) is stream:
            stream.bars += len(bars)
            stream.given_mono_ns = self._clock.monotonic_ns()
            self._deliver(stream.contract, bars)


def _farm(text: str) -> str:
    """Return the name of the farm that a message is about: "... is OK:usfarm"."""
    return text.partition(":")[2].strip()
