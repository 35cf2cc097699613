"""One contract's streams as the runtime keeps them: what was asked for, and how it goes."""

from __future__ import annotations

from dataclasses import dataclass, field

from ibelay.machines import stream_life
from ibelay.machines.bar_line import BarLine
from ibelay.machines.stream_life import Kind, Phase, StreamLife
from ibelay.model.contract import Contract
from ibelay.ports.broker import BrokerLink
from ibelay.ports.clock import Clock

_AS_IT_IS = {Phase.REFUSED: "refused: ", Phase.ASKED: "asked for again: "}


class ReadyTime:
    """Counts the time during which the link is READY, from 0 (``stream_life``, rule 1).

    Args:
        clock: Monotonic time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._before_ns = 0
        self._since_ns: int | None = None

    def now_ns(self) -> int:
        """Return how long the link has been READY in all."""
        if self._since_ns is None:
            return self._before_ns
        return self._before_ns + self._clock.monotonic_ns() - self._since_ns

    def run(self) -> None:
        """Let time run."""
        if self._since_ns is None:
            self._since_ns = self._clock.monotonic_ns()

    def stand(self) -> None:
        """Let time stand still."""
        self._before_ns, self._since_ns = self.now_ns(), None

    def excuse(self, lag_ns: int) -> None:
        """Take back time in which our own event loop did not run, and so heard nothing."""
        self._before_ns -= lag_ns


@dataclass(slots=True)
class Feed:
    """What of one contract comes under one request.

    Attributes:
        life: How it goes; the shell tells it lately what was heard.
        request: Its id, or None if nothing is asked.
        heard_ns: When something came last, in the time of ``ReadyTime``.
        troubled: Whether people were told that it does not flow.
        told_ns: When they were told of its silence last, in the same time, or None.
        warned: Whether they were told that somebody has to act.
    """

    life: StreamLife
    request: int | None = None
    heard_ns: int = -1
    troubled: bool = False
    told_ns: int | None = None
    warned: bool = False

    def up_to_date(self) -> StreamLife:
        """Return the life, with what was heard told to it."""
        if self.heard_ns > self.life.heard_ns:
            self.life = stream_life.heard(self.life, self.heard_ns)
        return self.life


def _feed(kind: Kind) -> Feed:
    return Feed(stream_life.begin(kind, 0))


@dataclass(slots=True)
class Stream:
    """One contract's quotes and 5-second bars.

    Attributes:
        contract: Whose; IB has not completed it while its con id is 0.
        naming: IB's description of it, which comes first.
        quotes: Its quotes.
        live: Its bars as they close.
        line: Its bars in order.
        bars: How many were handed over.
        given_mono_ns: When the last was (monotonic), or None.
        fetching: The link over which history is being asked for, or None.
    """

    contract: Contract
    naming: Feed = field(default_factory=lambda: _feed(Kind.CONTRACT))
    quotes: Feed = field(default_factory=lambda: _feed(Kind.QUOTES))
    live: Feed = field(default_factory=lambda: _feed(Kind.BARS))
    line: BarLine = field(default_factory=BarLine)
    bars: int = 0
    given_mono_ns: int | None = None
    fetching: BrokerLink | None = None

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """What is to be asked for: its description first, and then what streams."""
        return (self.quotes, self.live) if self.contract.con_id else (self.naming,)

    @property
    def problem(self) -> str:
        """Why something of it does not come; empty while all does."""
        dry = [feed.life for feed in self.feeds if feed.life.reason]
        said = [f"{life.kind} {_AS_IT_IS.get(life.phase, '')}{life.reason}" for life in dry]
        if self.line.missing:
            said.append("missed bars are being fetched")
        return "; ".join(said)

    def begin(self, now_ns: int) -> None:
        """Begin on a link to which nothing of it is known."""
        for feed in (self.naming, self.quotes, self.live):
            feed.life = stream_life.begin(feed.life.kind, now_ns)
            feed.heard_ns = -1
