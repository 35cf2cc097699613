r"""How messages are written in a server version, as far as a proxy reads and writes them.

Rules:
1. Up to 200 a message is fields between NULs, and the first is its number. From 201 on the
   number is four bytes, and a number above 200 says that the rest is a protocol buffer: then
   its kind is known, its fields are not.
2. What cannot be read has number 0, which no message has; nothing here raises.
3. A notice has no version field from 194 on, and the time at its end.

**Source**: shared IB facts, sections 6a, 6d and 6f.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from ibelay.wire.encode.message import escaped
from ibelay.wire.framing import frame

ERROR, NEXT_VALID_ID, MANAGED_ACCOUNTS, START_API = 4, 9, 15, 71
BINARY_NUMBERS_SINCE = 201
ERROR_TIME_SINCE = 194
REJECT_TEXT_SINCE = 166
_NUMBER_BYTES = 4
_WHOLE = re.compile(r"-?[0-9]{1,19}")
_BUFFER_SINCE = 200
_CLIENT_ID_TAG = 0x08
_ACCOUNTS_TAG = 0x0A
_MAX_DIGITS = 5
UNKNOWN = 0
ALL = -1


class Dialect:
    """The messages of one connection.

    Args:
        version: What was negotiated.
    """

    def __init__(self, version: int) -> None:
        self.version = version
        self.binary = version >= BINARY_NUMBERS_SINCE

    def number(self, data: bytes, begin: int = 0) -> int:
        """Return the number of the message that begins at *begin*."""
        if self.binary:
            number = int.from_bytes(data[begin : begin + _NUMBER_BYTES], "big")
            return number - _BUFFER_SINCE if number > _BUFFER_SINCE else number
        end = data.find(b"\0", begin, begin + _MAX_DIGITS + 1)
        return _number(data[begin:end]) if end > begin else UNKNOWN

    def heads(self, numbers: Iterable[int]) -> tuple[bytes, ...]:
        """Return how messages with these numbers begin."""
        if self.binary:
            both = [number + more for number in sorted(numbers) for more in (0, _BUFFER_SINCE)]
            return tuple(number.to_bytes(_NUMBER_BYTES, "big") for number in both)
        return tuple(b"%d\0" % number for number in sorted(numbers))

    def fields(self, payload: bytes, most: int = ALL) -> list[str]:
        """Return the fields of a message; its number alone where they cannot be told apart.

        Args:
            payload: The message.
            most: How many are wanted; what comes after may be cut or not.
        """
        number = str(self.number(payload))
        if not self.binary:
            fields = payload.decode("utf-8", "replace").split("\0", most)
            fields[0] = number
            return fields
        if int.from_bytes(payload[:_NUMBER_BYTES], "big") > _BUFFER_SINCE:
            return [number]
        return [number, *payload[_NUMBER_BYTES:].decode("utf-8", "replace").split("\0", most)]

    def message(self, number: int, fields: Sequence[object]) -> bytes:
        """Return a framed message."""
        rest = "".join(f"{field}\0" for field in fields).encode("utf-8", "backslashreplace")
        if self.binary:
            return frame(number.to_bytes(_NUMBER_BYTES, "big") + rest)
        return frame(b"%d\0" % number + rest)

    def notice(self, about: int, code: int, text: str) -> bytes:
        """Return errMsg, framed."""
        said: list[object] = [about, code, escaped(text)]
        if self.version < ERROR_TIME_SINCE:
            said.insert(0, 2)
        if self.version >= REJECT_TEXT_SINCE:
            said.append("")
        if self.version >= ERROR_TIME_SINCE:
            said.append(0)
        return self.message(ERROR, said)

    def client_id(self, payload: bytes) -> int:
        """Return who says startApi; 0 where that cannot be read."""
        fields = self.fields(payload)
        if len(fields) > 2:
            return whole(fields[2]) or 0
        body = payload[_NUMBER_BYTES:]
        return _varint(body[1:]) if body[:1] == bytes([_CLIENT_ID_TAG]) else 0

    def accounts(self, payload: bytes) -> list[str]:
        """Return the accounts that managedAccounts names."""
        fields = self.fields(payload)
        text = fields[2] if len(fields) > 2 else ""
        body = payload[_NUMBER_BYTES:]
        if len(fields) == 1 and body[:1] == bytes([_ACCOUNTS_TAG]):
            begin = 1 + next((at for at, byte in enumerate(body[1:], 1) if byte < 0x80), 0)
            text = body[begin : begin + _varint(body[1:])].decode("utf-8", "replace")
        return [account.strip() for account in text.split(",") if account.strip()]


@lru_cache(maxsize=256)  # the same few over and over
def _number(text: bytes) -> int:
    return int(text) if text.isdigit() else UNKNOWN


def whole(text: str) -> int | None:
    """Return *text* as a whole number of at most 19 digits, None if it is none."""
    return int(text) if _WHOLE.fullmatch(text) else None


def _varint(data: bytes) -> int:
    value = 0
    for place, byte in enumerate(data[:5]):
        value |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            break
    return value & 0x7FFFFFFF
