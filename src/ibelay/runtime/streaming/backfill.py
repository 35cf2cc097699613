"""The bars that were missed, as history.

Rules:
1. What did not come in time, or was refused, is asked for again (``machines.bar_line``): the
   first answer may take ``_ANSWER_S``, each after it twice as long, up to a minute.
2. Of the last hour, no more: IB gives no more bars of 5 seconds in one answer.
3. The bar that still grows is left to the live stream.
4. IB's limit for such requests is kept (``pacing.Window``).
5. When the day of the last bar is over and nothing newer waits, what did not come is let go: its
   bars are of a session that does not count any more (S4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from ibelay.errors import IbelayError, LinkError
from ibelay.journal.records import Severity
from ibelay.machines import bar_line, pacing
from ibelay.machines.backoff import SECOND_NS
from ibelay.machines.bar_line import BAR_NS, HOLD_NS, HOUR_NS, Fetched
from ibelay.model.market import Bar
from ibelay.ports.broker import BrokerLink
from ibelay.ports.clock import Clock
from ibelay.runtime.streaming.stream import ReadyTime, Stream
from ibelay.runtime.when import iso, session_date

_ANSWER_S, _LONGEST_ANSWER_S = 10.0, 60.0
_MARGIN_NS = 20 * SECOND_NS

HandOver = Callable[[Stream, Sequence[Bar]], None]


class Backfill:
    """Fetches what is missing of a stream's line.

    Args:
        clock: Monotonic time, for IB's limit.
        time: The time of the lines.
        market_ns: The broker's time.
        pace: Waits until so many messages may be sent.
        hand_over: Takes a stream and bars that come next in its line.
        note: Takes a line for the event list.
    """

    def __init__(
        self,
        clock: Clock,
        time: ReadyTime,
        *,
        market_ns: Callable[[], int],
        pace: Callable[[int], Awaitable[None]],
        hand_over: HandOver,
        note: Callable[[str, Severity], None],
    ) -> None:
        self._clock = clock
        self._time = time
        self._market_ns = market_ns
        self._pace = pace
        self._hand_over = hand_over
        self._note = note
        self._window = pacing.Window()

    def due_ns(self, stream: Stream) -> int | None:
        """Return when something is to be done for *stream*, in the time of the lines."""
        line = stream.line
        if not line.missing:
            return None
        given_up_ns = bar_line.given_up_ns(line)
        if stream.fetching is not None:
            return given_up_ns
        return line.due_ns if given_up_ns is None else min(line.due_ns, given_up_ns)

    def give_up(self, stream: Stream) -> None:
        """Let live bars that were held for too long go on, and say what is missing."""
        line = stream.line
        given_up_ns = bar_line.given_up_ns(line)
        if given_up_ns is None or self._time.now_ns() < given_up_ns:
            return
        self._note(
            f"{stream.contract.symbol}: the bars from {iso(line.last_ns + BAR_NS)} to "
            f"{iso(line.held[0].at_ns)} could not be fetched within {HOLD_NS // SECOND_NS} s; "
            "going on with live ones",
            Severity.WARNING,
        )
        stream.line, bars = bar_line.let_go(line)
        self._hand_over(stream, bars)

    def is_due(self, stream: Stream) -> bool:
        """Return whether history is to be asked for now; put it off where IB's limit says so."""
        line, now_ns = stream.line, self._time.now_ns()
        if not line.missing or stream.fetching is not None or now_ns < line.due_ns:
            return False
        wait_ns = pacing.room_ns(self._window, self._clock.monotonic_ns())
        if wait_ns:
            stream.line = bar_line.put_off(line, now_ns + wait_ns)
        return not wait_ns

    async def fetch(self, link: BrokerLink, stream: Stream) -> None:
        """Ask over *link* for what is missing, and hand over what comes.

        ``stream.fetching`` is *link* until this is over, unless another link has taken over.
        """
        stream.line = bar_line.asked(stream.line)
        limit_s = min(_ANSWER_S * 2 ** (stream.line.tries - 1), _LONGEST_ANSWER_S)
        answer: Fetched | None = None
        try:
            async with asyncio.timeout(limit_s):
                answer = await self._ask(link, stream)
        except LinkError:
            pass  # the next link begins again
        except (TimeoutError, IbelayError) as error:
            if stream.line.tries == 1:
                why = str(error) or f"no answer within {limit_s:g} s"
                text = f"{stream.contract.symbol}: missed bars did not come ({why}); trying again"
                self._note(text, Severity.INFO)
        if stream.fetching is not link:
            return
        stream.fetching = None
        self._take(stream, answer)

    async def _ask(self, link: BrokerLink, stream: Stream) -> Fetched:
        line, market_ns = stream.line, self._market_ns()
        gap_ns = market_ns - line.last_ns
        if gap_ns < 2 * BAR_NS and not line.held:
            return Fetched((), line.last_ns)
        if gap_ns > HOUR_NS and line.tries == 1:
            text = f"{gap_ns // SECOND_NS} s were missed, more than is backfilled"
            self._note(f"{stream.contract.symbol}: {text}", Severity.INFO)
        self._window = pacing.enter(self._window, self._clock.monotonic_ns())
        await self._pace(1)
        seconds = min(self._span_ns(stream, gap_ns), HOUR_NS) // SECOND_NS
        bars = await link.history(stream.contract, duration=f"{seconds} S", bar_size="5 secs")
        newest_ns = max((bar.at_ns for bar in bars), default=0)
        done = [bar for bar in bars if bar.at_ns < newest_ns or bar.at_ns <= market_ns - BAR_NS]
        return Fetched(done, newest_ns)

    def _span_ns(self, stream: Stream, gap_ns: int) -> int:
        """Return how much history reaches back to the last bar for certain.

        On a slow line the broker's time is known late; our own says how long ago the last bar
        came.
        """
        if stream.given_mono_ns is not None:
            gap_ns = max(gap_ns, self._clock.monotonic_ns() - stream.given_mono_ns + BAR_NS)
        return gap_ns + _MARGIN_NS * stream.line.tries

    def _take(self, stream: Stream, answer: Fetched | None) -> None:
        before, now_ns = stream.line, self._time.now_ns()
        if answer is None:
            stream.line = bar_line.failed(before, now_ns)
            if not before.held and session_date(before.last_ns) < session_date(self._market_ns()):
                text = (
                    f"the bars after {iso(before.last_ns)} did not come before their day was over"
                )
                self._note(f"{stream.contract.symbol}: {text}", Severity.WARNING)
                stream.line, _none = bar_line.let_go(stream.line)
            return
        stream.line, bars = bar_line.fetched(before, answer, now_ns)
        if before.held and not stream.line.missing and answer.reached_ns < before.held[0].at_ns:
            self._note(
                f"{stream.contract.symbol}: history ends before {iso(before.held[0].at_ns)}, "
                "where live bars begin; going on with them",
                Severity.INFO,
            )
        self._hand_over(stream, bars)
