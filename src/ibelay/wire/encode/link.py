"""Messages about the connection, and errMsg."""

from __future__ import annotations

from collections.abc import Sequence

from ibelay.model.ids import OrderId
from ibelay.wire.encode.message import escaped, message
from ibelay.wire.times import SECOND_NS

ADVANCED_REJECT_SINCE = 166


def error(request_id: int, code: int, text: str, server_version: int = 178) -> bytes:
    """Return errMsg; *request_id* is an order's, a request's or -1."""
    rest = [""] if server_version >= ADVANCED_REJECT_SINCE else []
    return message(4, 2, request_id, code, escaped(text), *rest)


def managed_accounts(accounts: Sequence[str]) -> bytes:
    """Return managedAccounts."""
    return message(15, 1, ",".join(accounts))


def next_valid_id(order_id: OrderId) -> bytes:
    """Return nextValidId."""
    return message(9, 1, order_id)


def current_time(at_ns: int) -> bytes:
    """Return currentTime, in whole seconds."""
    return message(49, 1, at_ns // SECOND_NS)
