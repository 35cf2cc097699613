"""How the gateway talks to one client: in the version negotiated with it."""

from __future__ import annotations

from collections.abc import Callable

from ibelay.wire import encode
from ibelay.wire.encode.older import DECIMAL_SIZES_SINCE, whole_sizes

SYSTEM = -1


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
