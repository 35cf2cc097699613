"""Messages that are well framed and say something else than was meant. Pure.

They are rewritten as all versions below 201 write them: text fields, each with a NUL behind it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ibelay.errors import WireError
from ibelay.model.faults import Rewrite
from ibelay.wire.framing import frame
from ibelay.wire.times import SECOND_NS, ZONE, parse_moment

LENGTH_BYTES = 4
EXECUTION = 11
_TIME_AT = 15
_MET = ZoneInfo("MET")


def shortened(message: bytes) -> bytes:
    """Return a framed message without the second half of its fields."""
    fields = _fields(message)
    return _framed(fields[: (len(fields) + 1) // 2])


def rewritten(message: bytes, fault: Rewrite) -> bytes:
    """Return a framed message with another text in a field; a field too far is added as last."""
    fields = _fields(message)
    text = fault.text.encode()
    if not 0 < fault.field < len(fields):
        return _framed([*fields, text])
    return _framed([*fields[: fault.field], text, *fields[fault.field + 1 :]])


def retimed(message: bytes, form: str) -> bytes:
    """Return execDetails with its time in another form: ``utc``, ``met`` or ``zoneless``.

    One whose time cannot be read stays as it is.
    """
    fields = _fields(message)
    try:
        at_s = parse_moment(fields[_TIME_AT].decode()) // SECOND_NS
    except (IndexError, UnicodeDecodeError, WireError):
        return message
    match form:
        case "utc":
            text = f"{datetime.fromtimestamp(at_s, UTC):%Y%m%d-%H:%M:%S}"
        case "met":
            text = f"{datetime.fromtimestamp(at_s, _MET):%Y%m%d %H:%M:%S} MET"
        case _:
            text = f"{datetime.fromtimestamp(at_s, ZONE):%Y%m%d  %H:%M:%S}"
    return _framed([*fields[:_TIME_AT], text.encode(), *fields[_TIME_AT + 1 :]])


def _fields(message: bytes) -> list[bytes]:
    return message[LENGTH_BYTES:].split(b"\0")[:-1]


def _framed(fields: list[bytes]) -> bytes:
    return frame(b"\0".join(fields) + b"\0")
