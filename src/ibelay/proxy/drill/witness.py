"""The witness: turns what a proxy sees pass into the judge's facts.

Rules:
1. A message is read by the version that its connection agreed on; whatever it is, it is a fact.
2. A fault that has a span is told as ended when that has gone by, or when it is taken back.
"""

from __future__ import annotations

from ibelay.model.faults import Clear, Command, Span
from ibelay.proxy.conversation.conversation import TO_GATEWAY
from ibelay.proxy.drill.facts import Asked, Began, Closed, Ended, Opened, Told, Who
from ibelay.proxy.drill.judge import Judge
from ibelay.wire import answers
from ibelay.wire.decode import decode
from ibelay.wire.handshake import MAX_SERVER_VERSION, MIN_SERVER_VERSION

MAX_LASTING = 200
_LASTING_FIELDS = ("lasting", "span", "reap")


class Witness:
    """Tells a judge.

    Args:
        judge: Told of everything.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._lasting: list[tuple[int, Command]] = []

    def opened(self, at_ns: int, line: int) -> None:
        """A client was accepted."""
        self._end(at_ns)
        self._judge.see(Opened(at_ns, line))

    def closed(self, at_ns: int, line: int, by: str) -> None:
        """A connection ended; *by* is one of ``Who``."""
        self._end(at_ns)
        self._judge.see(Closed(at_ns, line, Who(by)))

    def message(  # what a message is
        self, at_ns: int, line: int, way: str, payload: bytes, version: int, *, passed: bool
    ) -> None:
        """A message came and passed, or was lost."""
        self._end(at_ns)
        known = min(max(version, MIN_SERVER_VERSION), MAX_SERVER_VERSION)
        if way == TO_GATEWAY:
            self._judge.see(Asked(at_ns, line, decode(payload, known), passed))
        else:
            self._judge.see(Told(at_ns, line, answers.read(payload, known), passed))

    def done(self, at_ns: int, command: Command) -> None:
        """A command was done."""
        self._end(at_ns)
        self._judge.see(Began(at_ns, command))
        if isinstance(command, Clear):
            self._lasting.clear()
            return
        span = _span(command)
        if span is not None and len(self._lasting) < MAX_LASTING:
            self._lasting.append((at_ns + span.ns, command))
            self._lasting.sort(key=lambda one: one[0])

    def finish(self, at_ns: int) -> None:
        """Say that time has gone by until now."""
        self._end(at_ns)

    def _end(self, now_ns: int) -> None:
        while self._lasting and self._lasting[0][0] <= now_ns:
            at_ns, command = self._lasting.pop(0)
            self._judge.see(Ended(at_ns, command))


def _span(command: Command) -> Span | None:
    """Return how long *command* lasts; None if it is done at once, or until it is taken back."""
    for name in _LASTING_FIELDS:
        if hasattr(command, name):
            span = getattr(command, name)
            return span if isinstance(span, Span) else None
    return None
