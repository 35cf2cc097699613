"""How the gateway talks to one client: in the version negotiated with it."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from ibelay.wire import encode
from ibelay.wire.encode.older import DECIMAL_SIZES_SINCE, whole_sizes

SYSTEM = -1
SAID_MAX = 15_000


class Said:
    """Texts that were said before, to whichever client.

    At most ``SAID_MAX`` are remembered; one more and all are forgotten.
    """

    def __init__(self) -> None:
        self._texts: dict[Hashable, tuple[object, bytes]] = {}

    def text(self, name: Hashable, about: object, write: Callable[[], bytes]) -> bytes:
        """Return the text about what has *name*: the one before, if *about* is the same."""
        said = self._texts.get(name)
        if said is None or (said[0] is not about and said[0] != about):
            if len(self._texts) >= SAID_MAX:
                self._texts.clear()
            said = self._texts[name] = (about, write())
        return said[1]


class Voice:
    """Says messages to one client.

    Args:
        version: Server version negotiated with this client.
        send: Takes messages for the client.
    """

    def __init__(self, version: int, send: Callable[[bytes], object]) -> None:
        self.version = version
        self.say: Callable[[bytes], object] = send
        if version < DECIMAL_SIZES_SINCE:
            self.say = lambda message: send(whole_sizes(message))

    def say_all(self, messages: list[bytes]) -> None:
        """Say *messages* in their order."""
        for message in messages:
            self.say(message)

    def refuse(self, request_id: int, code: int, text: str) -> None:
        """Say errMsg about a request, an order or, with -1, the connection."""
        self.say(encode.error(request_id, code, text, self.version))

    def notify(self, code: int, text: str) -> None:
        """Say errMsg about the connection."""
        self.refuse(SYSTEM, code, text)
