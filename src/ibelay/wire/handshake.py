r"""The first exchange of a connection, before any message has a version.

1. The client sends ``API\0``, then one frame ``v<min>..<max>`` with options after a space.
2. The server answers one frame of exactly two fields: its version and its time. It must
   come alone and in one segment: the official client throws away what follows it.
3. The version is the highest both ends know: ours are 157 (the last of PyPI's ``ibapi``
   9.81) to 178 (the last of ib_async). Later ones change the framing bit by bit until they
   are another protocol (201).

**Source**: shared notes on ib_async, section 1; IB "Connectivity" page; the version ranges
of the released clients.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ibelay.errors import WireError
from ibelay.wire.framing import frame

API_PREFIX = b"API\0"
MIN_SERVER_VERSION = 157
MAX_SERVER_VERSION = 178
MAX_HELLO_BYTES = 1024
_RANGE = re.compile(rb"v(\d{1,4})(?:\.\.(\d{1,4}))?(?: (.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ClientHello:
    """The range of server versions a client understands, and its connect options."""

    min_version: int
    max_version: int
    options: str = ""


def parse_hello(payload: bytes) -> ClientHello:
    """Read the client's first frame.

    Raises:
        WireError: It is not a version range.
    """
    match = _RANGE.fullmatch(payload) if len(payload) <= MAX_HELLO_BYTES else None
    if match is None:
        raise WireError(
            f"the handshake says {payload[:40]!r}, expected a version range such as v157..178"
        )
    low, high, options = match.groups()
    return ClientHello(
        min_version=int(low),
        max_version=int(high or low),
        options=(options or b"").decode("ascii", "backslashreplace"),
    )


def negotiate(hello: ClientHello) -> int:
    """Return the server version to speak: ``min(client's maximum, 178)``.

    Raises:
        WireError: The client is older than 157 or newer than 178 at its oldest.
    """
    version = min(hello.max_version, MAX_SERVER_VERSION)
    if version < MIN_SERVER_VERSION or version < hello.min_version:
        raise WireError(
            f"the client speaks versions {hello.min_version} to {hello.max_version}, this gateway "
            f"{MIN_SERVER_VERSION} to {MAX_SERVER_VERSION}: use a client whose range overlaps"
        )
    return version


def encode_reply(server_version: int, connection_time: str) -> bytes:
    """Return the server's answer; *connection_time* is ``YYYYMMDD HH:MM:SS TZ``."""
    return frame(f"{server_version}\0{connection_time}\0".encode("ascii"))
