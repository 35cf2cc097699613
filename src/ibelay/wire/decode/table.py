"""What the tables of readers are made of.

A reader takes the fields after the message number, and the server version that was
negotiated; it raises ``WireError`` for what it cannot read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest

Read = Callable[[FieldReader, int], ClientRequest]


class Served(NamedTuple):
    """One message number: its reader, and where its id stands.

    ``id_at`` counts fields after the number; None where a message has no request id. It is
    needed for the answer to a message that cannot be read.
    """

    read: Read
    id_at: int | None = None


Table = Mapping[int, Served]


def plain(request: ClientRequest) -> Served:
    """Return the row of a message that says nothing but its number."""
    return Served(lambda _reader, _version: request)


def by_id(make: Callable[[int], ClientRequest]) -> Served:
    """Return the row of a message with a version and a request id."""

    def read(reader: FieldReader, _version: int) -> ClientRequest:
        reader.skip()
        return make(reader.integer())

    return Served(read, id_at=1)


def by_bare_id(make: Callable[[int], ClientRequest]) -> Served:
    """Return the row of a message with a request id and no version."""

    def read(reader: FieldReader, _version: int) -> ClientRequest:
        return make(reader.integer())

    return Served(read, id_at=0)
