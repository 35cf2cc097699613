"""What people are told of streams: once when one stops, once when it flows again.

Rules:
1. What befalls many streams at once is one line.
2. What is tried again and again is told once, until it has flowed; a silence is not told again
   for ``_ENOUGH_NS``, so that a contract that is seldom traded does not fill the list.
3. What passes by itself is information; what somebody has to act on is a warning.
"""

from __future__ import annotations

from collections.abc import Callable

from ibelay.journal.records import Severity
from ibelay.machines.backoff import SECOND_NS
from ibelay.machines.stream_life import Phase, StreamLife
from ibelay.runtime.streaming.stream import Feed, Stream

_NAMED = 5
_ENOUGH_NS = 1_800 * SECOND_NS


class StreamNews:
    """Gathers what befalls streams and tells it.

    Args:
        note: Takes a line for the event list.
    """

    def __init__(self, note: Callable[[str, Severity], None]) -> None:
        self.note = note
        self._gathered: dict[tuple[Severity, str], list[str]] = {}

    def refused(self, stream: Stream, feed: Feed, before: StreamLife, now_ns: int) -> None:
        """Take note that *feed* was refused; *before* is its life until then."""
        life = feed.life
        wait = f"{(life.due_ns - now_ns) / SECOND_NS:.0f} s"
        if life.lasting and not feed.warned:
            feed.warned = feed.troubled = True
            self._add(
                Severity.WARNING,
                f"refused until somebody acts ({life.reason}); asked for again every {wait}",
                stream,
                feed,
            )
        elif not life.lasting and before.phase is not Phase.REFUSED and not feed.troubled:
            feed.troubled = True
            text = f"refused ({life.reason}); asked for again in {wait}"
            self._add(Severity.INFO, text, stream, feed)

    def quiet(self, stream: Stream, feed: Feed, now_ns: int) -> None:
        """Take note that *feed* is silent and asked for again."""
        enough = feed.told_ns is not None and now_ns - feed.told_ns < _ENOUGH_NS
        if not feed.troubled and not enough:
            feed.troubled, feed.told_ns = True, now_ns
            self._add(Severity.INFO, f"{feed.life.reason}; asked for again", stream, feed)

    def heard(self, stream: Stream, feed: Feed) -> None:
        """Take note that *feed* flows; what comes at once is its answer and is not told."""
        if feed.troubled and feed.life.tries == 0:
            feed.troubled = feed.warned = False
            self._add(Severity.INFO, "flowing again", stream, feed)

    def tell(self) -> None:
        """Tell what was gathered."""
        gathered, self._gathered = self._gathered, {}
        for (severity, text), names in gathered.items():
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            self.note(f"{', '.join(names[:_NAMED])}{more}: {text}", severity)

    def _add(self, severity: Severity, text: str, stream: Stream, feed: Feed) -> None:
        name = f"{stream.contract.symbol} {feed.life.kind}"
        self._gathered.setdefault((severity, text), []).append(name)
