"""Streams: what is asked for survives the link it was asked on.

The registry is by contract, not by request id: every link gets fresh request ids (F32). Bars
missed in an outage are asked for as history and handed on before the live ones, so that the
strategy sees one gapless sequence; what cannot be filled is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ibelay.errors import IbelayError, LinkError
from ibelay.machines import pacing
from ibelay.machines.backoff import SECOND_NS
from ibelay.model.contract import Contract
from ibelay.model.events import BarSeen
from ibelay.model.market import Bar
from ibelay.ports.broker import BrokerLink
from ibelay.ports.clock import Clock

BAR_NS = 5 * SECOND_NS
_HISTORY_LIMIT_S = 3600
_ANSWER_S = 10.0
_HELD_LIMIT = 4096


@dataclass(slots=True)
class Stream:
    """One contract's quotes and 5-second bars.

    ``held`` collects live bars while history is being asked for; None when nothing is held.
    """

    contract: Contract
    requests: list[int] = field(default_factory=list)
    last_bar_ns: int = 0
    bars: int = 0
    heard_mono_ns: int | None = None
    held: list[Bar] | None = None


class Streams:
    """The registry of what is streamed, and its restoration on a new link.

    Args:
        clock: Monotonic time for ages and pacing.
        deliver: Takes a contract and its bars, oldest first.
        note: Takes a line for the event list.
    """

    def __init__(
        self,
        clock: Clock,
        deliver: Callable[[Contract, Sequence[Bar]], None],
        note: Callable[[str], None],
    ) -> None:
        self.by_symbol: dict[str, Stream] = {}
        self._by_con_id: dict[int, Stream] = {}
        self._clock = clock
        self._deliver = deliver
        self._note = note
        self._bucket = pacing.Bucket(at_ns=clock.monotonic_ns())

    def contract(self, symbol: str) -> Contract | None:
        """Return the resolved contract of *symbol*, if it is streamed."""
        stream = self.by_symbol.get(symbol)
        return stream.contract if stream is not None and stream.contract.con_id else None

    def want(self, contracts: Sequence[Contract]) -> None:
        """Add *contracts* to what must be streamed."""
        for contract in contracts:
            self.by_symbol.setdefault(contract.symbol, Stream(contract))

    def drop(self, symbol: str, link: BrokerLink | None) -> None:
        """Stop streaming *symbol*."""
        stream = self.by_symbol.pop(symbol, None)
        if stream is None:
            return
        self._by_con_id.pop(stream.contract.con_id, None)
        if link is not None:
            for request in stream.requests:
                link.unsubscribe(request)

    def take(self, event: BarSeen) -> None:
        """Take a live bar; hold it back while older ones are being fetched."""
        stream = self._by_con_id.get(event.con_id)
        if stream is None:
            return
        stream.heard_mono_ns = self._clock.monotonic_ns()
        if stream.held is not None:
            if len(stream.held) < _HELD_LIMIT:
                stream.held.append(event.bar)
            return
        self._hand_over(stream, [event.bar])

    async def restore(self, link: BrokerLink, *, last_bars: dict[str, int]) -> None:
        """Ask for every stream on *link*, which has none of them yet.

        Raises:
            LinkError: The link died meanwhile.
        """
        for stream in list(self.by_symbol.values()):
            last = max(stream.last_bar_ns, last_bars.get(stream.contract.symbol, 0))
            stream.held = [] if last else None
            stream.last_bar_ns = last
            await self._start(link, stream)

    async def start_new(self, link: BrokerLink) -> None:
        """Ask for the streams that were added since :meth:`restore` on this *link*."""
        try:
            for stream in list(self.by_symbol.values()):
                if not stream.requests:
                    await self._start(link, stream)
        except LinkError:
            return  # the next link asks for everything

    async def backfill(self, link: BrokerLink, now_ns: int) -> None:
        """Fetch what each stream missed up to *now_ns* (broker time), then let live bars through.

        A stream whose history does not come goes on without it and says so.
        """
        for stream in list(self.by_symbol.values()):
            if stream.held is None:
                continue
            missed: list[Bar] = []
            try:
                async with asyncio.timeout(_ANSWER_S):
                    missed = await self._history(link, stream, now_ns)
            except LinkError:
                return  # the next link begins again
            except (TimeoutError, IbelayError) as error:
                self._note(
                    f"{stream.contract.symbol}: bars since the outage could not be fetched "
                    f"({str(error) or 'no answer'}); going on with live ones"
                )
            live, stream.held = stream.held or [], None
            known = {bar.at_ns for bar in missed}
            self._hand_over(stream, [*missed, *(bar for bar in live if bar.at_ns not in known)])

    async def _start(self, link: BrokerLink, stream: Stream) -> None:
        for request in stream.requests:
            link.unsubscribe(request)  # after 1101 on the same link; unknown on a fresh one
        stream.requests = []
        if not stream.contract.con_id and not await self._resolve(link, stream):
            return
        self._by_con_id[stream.contract.con_id] = stream
        await self._pace(2)
        stream.requests = [
            link.subscribe_quotes(stream.contract),
            link.subscribe_bars(stream.contract),
        ]

    async def _history(self, link: BrokerLink, stream: Stream, now_ns: int) -> list[Bar]:
        gap_s = (now_ns - stream.last_bar_ns) // SECOND_NS
        if gap_s < 2 * BAR_NS // SECOND_NS:
            return []
        if gap_s > _HISTORY_LIMIT_S:
            self._note(f"{stream.contract.symbol}: {gap_s} s were missed, more than is backfilled")
            gap_s = _HISTORY_LIMIT_S
        await self._pace(1)
        duration = f"{max(30, int(gap_s) + 10)} S"
        bars = await link.history(stream.contract, duration=duration, bar_size="5 secs")
        # The bar that is still growing comes live when it is complete.
        done = [bar for bar in bars if stream.last_bar_ns < bar.at_ns <= now_ns - BAR_NS]
        return sorted(done, key=lambda bar: bar.at_ns)

    async def _resolve(self, link: BrokerLink, stream: Stream) -> bool:
        await self._pace(1)
        try:
            async with asyncio.timeout(_ANSWER_S):
                stream.contract = await link.resolve(stream.contract)
        except LinkError:
            raise
        except (TimeoutError, IbelayError) as error:
            # One symbol without an answer must not keep the bot from READY.
            why = str(error) or f"no answer within {_ANSWER_S:g} s"
            self._note(f"{stream.contract.symbol} cannot be streamed: {why}")
            return False
        return True

    async def _pace(self, messages: int) -> None:
        now = self._clock.monotonic_ns()
        self._bucket, wait = pacing.take(self._bucket, messages, now)
        if wait:
            await asyncio.sleep(wait / 1e9)

    def _hand_over(self, stream: Stream, bars: Sequence[Bar]) -> None:
        fresh = [bar for bar in bars if bar.at_ns > stream.last_bar_ns]
        if fresh:
            stream.last_bar_ns = fresh[-1].at_ns
            stream.bars += len(fresh)
            self._deliver(stream.contract, fresh)
