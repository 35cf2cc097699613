"""One message of a client, whatever its number.

A message that cannot be read is not an exception but a ``Refusal`` that carries IB's code
and the request's id as far as that could be read: 320 for what cannot be parsed, 505 for
unknown numbers. So is what is longer than any client needs: sessions remember some of what
they are asked for, and must not be filled with it.

**Source**: shared IB facts, section 6e.
"""

from __future__ import annotations

from collections.abc import Mapping

from ibelay.errors import WireError
from ibelay.wire.decode import (
    account,
    data,
    history,
    link,
    news,
    options,
    orders,
    reference,
    scanner,
    services,
)
from ibelay.wire.decode.table import Served
from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest, Refusal

CODE_UNREADABLE = 320
CODE_UNKNOWN_MESSAGE = 505
NO_ID = -1
MAX_REQUEST_BYTES = 16_384
_DOCUMENTS = frozenset({19})  # replaceFA carries one, which nobody keeps
_FAMILIES = (link, orders, account, data, history, reference, news, scanner, services, options)


def _all_rows() -> dict[int, Served]:
    rows: dict[int, Served] = {}
    for family in _FAMILIES:
        twice = rows.keys() & family.TABLE.keys()
        if twice:
            raise AssertionError(f"messages {sorted(twice)} are read in two places")
        rows |= family.TABLE
    return rows


SERVED: Mapping[int, Served] = _all_rows()


def decode(payload: bytes, server_version: int) -> ClientRequest:
    """Read one message of a client.

    Args:
        payload: A frame's content.
        server_version: What was negotiated with this client.
    """
    reader = FieldReader(payload)
    try:
        number = reader.integer()
    except WireError as error:
        return Refusal(NO_ID, CODE_UNKNOWN_MESSAGE, f"Unknown message id: {error}")
    row = SERVED.get(number)
    if row is None:
        return Refusal(NO_ID, CODE_UNKNOWN_MESSAGE, f"Unknown message id: {number}")
    if len(payload) > MAX_REQUEST_BYTES and number not in _DOCUMENTS:
        why = f"it has {len(payload)} bytes, at most {MAX_REQUEST_BYTES} are read"
        return _unreadable(number, payload, row, why)
    try:
        return row.read(reader, server_version)
    except WireError as error:
        return _unreadable(number, payload, row, str(error))


def _unreadable(number: int, payload: bytes, row: Served, why: str) -> Refusal:
    text = f"Error reading request {number}: {why}"
    return Refusal(_id_of(payload, row.id_at), CODE_UNREADABLE, text)


def _id_of(payload: bytes, position: int | None) -> int:
    """Return the id a broken message seems to have, -1 if none can be read."""
    if position is None:
        return NO_ID
    reader = FieldReader(payload)
    try:
        reader.skip(1 + position)
        return reader.integer()
    except WireError:
        return NO_ID
