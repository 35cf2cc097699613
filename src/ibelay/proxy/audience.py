"""Who looks on while a proxy works: observers, and what they are told.

Rules:
1. Requests are told when they arrive, answers when they are handed on or lost, what the proxy
   says itself as answers (see ``conversation``, rule 6). The handshake is not told. Toxics
   come after: a client under latency hears an answer later than it is told here.
2. A line is a client's connection, by its number; it is told only if somebody looked on when it
   was accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from ibelay.model.faults import Command
from ibelay.model.ids import ClientId
from ibelay.proxy.conversation.conversation import Conversation

OnMessage = Callable[[int, str, ClientId | None, bytes, bool], None]


class Observer(Protocol):
    """Somebody who looks on, from the moment he is one of ``observers``.

    Times are the loop's, in ns.
    """

    def opened(self, at_ns: int, line: int) -> None:
        """A client was accepted."""
        ...

    def closed(self, at_ns: int, line: int, by: str) -> None:
        """A client's connection ends by a ``client``, a ``gateway`` or a ``fault``."""
        ...

    def message(  # what a message is
        self, at_ns: int, line: int, way: str, payload: bytes, version: int, *, passed: bool
    ) -> None:
        """A message passes or is lost; *way* is ``to-client`` or ``to-gateway``."""
        ...

    def done(self, at_ns: int, command: Command) -> None:
        """A command was done."""
        ...


class Audience:
    """Tells those who look on.

    Args:
        now_ns: The loop's time.

    Attributes:
        on_message: Told time, way, client, payload and whether it passes, of every message.
        observers: Told by line, and of more.
    """

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self.on_message: list[OnMessage] = []
        self.observers: list[Observer] = []
        self._now_ns = now_ns
        self._lines: dict[Conversation, int] = {}
        self._opened = 0

    def opened(self, conversation: Conversation) -> None:
        """Tell that a client was accepted."""
        if not self.observers:
            return
        self._opened += 1
        self._lines[conversation] = self._opened
        conversation.hear = partial(self._heard, conversation)
        for one in self.observers:
            one.opened(self._now_ns(), self._opened)

    def closed(self, conversation: Conversation, by: str) -> None:
        """Tell that a client's connection ends."""
        line = self._lines.pop(conversation, None)
        if line is not None:
            conversation.hear = None
            for one in self.observers:
                one.closed(self._now_ns(), line, by)

    def message(self, way: str, client_id: ClientId | None, payload: bytes, passed: bool) -> None:
        """Tell of a message."""
        now_ns = self._now_ns()
        for tell in self.on_message:
            tell(now_ns, way, client_id, payload, passed)

    def done(self, command: Command) -> None:
        """Tell that a command was done."""
        for one in self.observers:
            one.done(self._now_ns(), command)

    def _heard(self, conversation: Conversation, way: str, payload: bytes, passed: bool) -> None:
        line, version = self._lines[conversation], conversation.dialect.version
        for one in self.observers:
            one.message(self._now_ns(), line, way, payload, version, passed=passed)
