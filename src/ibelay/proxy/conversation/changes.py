"""What a proxy reads in messages, and what it writes in their place.

**Source**: shared IB facts, sections 6a, 6d and 6e.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

from ibelay.control.line.line import COMMISSION, EXECUTION, OPEN_ORDER, ORDER_STATUS, Fields
from ibelay.control.line.troubles import Troubles
from ibelay.model.ids import ClientId
from ibelay.proxy.conversation.dialect import MANAGED_ACCOUNTS, NEXT_VALID_ID, Dialect, whole
from ibelay.proxy.conversation.known import OPEN_ORDER_END
from ibelay.wire.decode import decode
from ibelay.wire.handshake import MAX_SERVER_VERSION
from ibelay.wire.requests import PlaceOrder

READ = frozenset({ORDER_STATUS, OPEN_ORDER, OPEN_ORDER_END, NEXT_VALID_ID, MANAGED_ACCOUNTS})
FILLS = {EXECUTION: 15, COMMISSION: 3}
"""How many fields of them are read: up to the execution's id."""
REMEMBERED = READ | {EXECUTION}
"""What is read even while it is calm; a commission goes the way of its execution."""
_REPLY = re.compile(rb"(\d{1,4})\0[^\0]*\0")
_ORDER_ID_AT = {ORDER_STATUS: 1, OPEN_ORDER: 1}
_SYMBOL_AT = 3


class Order(NamedTuple):
    """As much of placeOrder as is needed here."""

    order_id: int
    symbol: str
    what_if: bool


class Wanted(Protocol):
    """What changes messages."""

    troubles: Troubles
    roll_backs: dict[ClientId, int]


def version_in(payload: bytes) -> int | None:
    """Return the version a gateway's first frame says, None if it says none."""
    match = _REPLY.fullmatch(payload)
    return None if match is None else int(match[1])


def order_in(payload: bytes, dialect: Dialect) -> Order | None:
    """Return the order a client places, None where it cannot be read."""
    if dialect.version <= MAX_SERVER_VERSION:
        request = decode(payload, dialect.version)
        if isinstance(request, PlaceOrder):
            return Order(request.order_id, request.contract.symbol, request.what_if)
    fields = dialect.fields(payload)
    order_id = whole(fields[1]) if len(fields) > _SYMBOL_AT else None
    return None if order_id is None else Order(order_id, fields[_SYMBOL_AT], what_if=False)


def order_id_in(number: int, fields: Fields) -> int:
    """Return the id of the order whose state a message tells, -1 if it tells none."""
    at = _ORDER_ID_AT.get(number)
    order_id = None if at is None or len(fields) <= at else whole(fields[at])
    return -1 if order_id is None else order_id


def changed(
    number: int, fields: Fields, wanted: Wanted, client_id: ClientId | None
) -> list[str] | None:
    """Return the fields after the number that a message is to have instead, None for its own.

    A roll-back is used up by the first nextValidId it changes.
    """
    if number == MANAGED_ACCOUNTS and wanted.troubles.no_accounts:
        return ["1", ""]
    if number == NEXT_VALID_ID and client_id in wanted.roll_backs and len(fields) > 2:
        next_id = whole(fields[2]) or 1
        return ["1", str(max(1, next_id - wanted.roll_backs.pop(client_id)))]
    return None
