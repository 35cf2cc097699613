"""ib_async's own encoder and decoder, without a socket between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from types import SimpleNamespace
from typing import Any, cast

from ib_async.client import Client
from ib_async.decoder import Decoder


class Recorder(Client):
    """ib_async's encoder, with the socket replaced by a list."""

    def __init__(self, version: int) -> None:
        super().__init__(object())  # type: ignore[no-untyped-call]
        self.connState = Client.CONNECTED
        self._serverVersion = version
        self.sent: list[bytes] = []

    def sendMsg(self, msg: str) -> None:  # noqa: N802 -- ib_async's name
        self.sent.append(msg.encode())


def sent(act: Callable[[Any], None], version: int = 178) -> bytes:
    """Return the payload that ib_async sends when it is told to *act*."""
    client = Recorder(version)
    act(client)
    return client.sent[-1]


def heard(message: bytes, version: int = 178) -> tuple[str, list[Any]]:
    """Return what ib_async's decoder called its wrapper with; its complaints are failures."""
    calls: list[tuple[str, list[Any]]] = []

    class Wrapper:
        ib = SimpleNamespace(TimezoneTWS="")
        defaultTimezone = UTC  # noqa: N815 -- ib_async's name

        def __getattr__(self, name: str) -> Any:
            return lambda *args: calls.append((name, list(args)))

    decoder = Decoder(cast("Any", Wrapper()), version)
    assert int.from_bytes(message[:4], "big") == len(message) - 4
    fields = message[4:].decode().split("\0")
    fields.pop()
    decoder.handlers[int(fields[0])](fields)
    assert len(calls) == 1, "ib_async logged an error and dropped the message"
    return calls[0]
