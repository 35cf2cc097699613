"""A session without a socket, spoken to in the bytes of the real ib_async."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.wire.foreign import sent

from ibelay.gateway.session.client import Session
from ibelay.gateway.session.floor import Floor
from ibelay.wire.framing import FrameDecoder, frame

Message = list[str]


class Talk:
    """One client of *floor* that has started its API."""

    def __init__(self, floor: Floor, client_id: int = 1, version: int = 178) -> None:
        self.floor = floor
        self.session = Session(floor)
        self._version = version
        hello = b"API\0" + frame(b"v157..%d" % version)
        self._receive(hello)
        self._receive(frame(b"71\0" + b"2\0%d\0\0" % client_id))
        self.greeting = self.heard()[1:]

    def _receive(self, data: bytes) -> None:
        self.session.receive(data, self.floor.now_ns)

    def raw(self, payload: bytes) -> list[Message]:
        """Send *payload* as one message; return everything heard since the last time."""
        self._receive(frame(payload))
        return self.heard()

    def ask(self, act: Callable[[Any], None]) -> list[Message]:
        """Let ib_async's client send a request; return everything heard since the last time."""
        return self.raw(sent(act, self._version))

    def heard(self) -> list[Message]:
        """Return the messages said since the last time, as fields."""
        decoder = FrameDecoder(1 << 24)
        decoder.feed(self.session.take())
        return [payload.decode().split("\0")[:-1] for payload in decoder.frames()]


def story(messages: list[Message]) -> list[str]:
    """Return order messages in short: ``open``, ``status Filled``, ``fill``, ``error 202``."""
    short = {"5": "open", "11": "fill", "59": "commission", "101": "completed"}
    told = []
    for fields in messages:
        if fields[0] == "3":
            told.append(f"status {fields[2]}")
        elif fields[0] == "4" and fields[2] != "-1":
            told.append(f"error {fields[3]}")
        elif fields[0] in short:
            told.append(short[fields[0]])
    return told
