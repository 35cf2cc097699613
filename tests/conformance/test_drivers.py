"""The drivers notice what is wrong: a gateway whose bytes are off would not pass.

A line between client and gateway takes a field from a message, or adds one; the library, or
the driver that counts what the library leaves unread, must complain.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.conformance.environments import CLIENTS
from tests.conformance.families import SPY
from tests.conformance.remote import PATIENCE_S, Remote

from ibelay.wire.framing import FrameDecoder, frame

Tamper = Callable[[bytes], bytes]
DETAILS = b"10\0"
SAMPLES = b"79\0"
STRICT = [client for client in CLIENTS if client.driver != "loop_clients.py"]


def shorter(message: bytes) -> bytes:
    """Return *message* without its last two fields."""
    return b"\0".join(message.split(b"\0")[:-3]) + b"\0"


def longer(message: bytes) -> bytes:
    """Return *message* with one field more."""
    return message + b"7\0"


@contextmanager
def tampering(port: int, beginning: bytes, tamper: Tamper) -> Iterator[int]:
    """Listen beside the gateway; change its messages that begin so. Yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE_S)
        serve = threading.Thread(target=_serve, args=(listener, port, beginning, tamper))
        serve.start()
        yield int(listener.getsockname()[1])
    serve.join(PATIENCE_S)


def _serve(listener: socket.socket, port: int, beginning: bytes, tamper: Tamper) -> None:
    client, _address = listener.accept()
    with client, socket.create_connection(("127.0.0.1", port)) as gateway:
        up = threading.Thread(target=_pump, args=(client, gateway))
        up.start()
        frames = FrameDecoder(1 << 24)
        while data := _received(gateway):
            frames.feed(data)
            for message in frames.frames():
                changed = tamper(message) if message.startswith(beginning) else message
                client.sendall(frame(changed))
        up.join(PATIENCE_S)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    while data := _received(source):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


def _received(line: socket.socket) -> bytes:
    try:
        return line.recv(65536)
    except OSError:
        return b""


def complaints(remote: Remote, call: str, given: dict[str, object]) -> list[str]:
    """Ask, and return what the library said of the answer."""
    _told, mark = remote.call(call, given)
    remote.until(lambda _heard: remote.complaints(), mark=mark)
    return remote.complaints()


def test_a_message_too_short_is_noticed(remote: Remote, port: int) -> None:
    """Every library stumbles over a symbol list that ends too early."""
    with tampering(port, SAMPLES, shorter) as between:
        remote.connect(between, 1)
        assert complaints(remote, "reqMatchingSymbols", {"pattern": "SPY"})
        remote.stop()


@pytest.mark.parametrize("client", STRICT, indirect=True, ids=lambda client: client.key)
def test_a_message_too_long_is_noticed(remote: Remote, port: int) -> None:
    """ib_async and ib_insync pass over what is left; the other four must not."""
    with tampering(port, DETAILS, longer) as between:
        remote.connect(between, 1)
        assert complaints(remote, "reqContractDetails", {"contract": SPY})
        remote.stop()
