r"""Cuts one way of a connection into messages, and keeps every byte of them.

Rules:
1. What comes out is what went in, in the same order, whatever the pieces.
2. A client begins with ``API\0`` and a frame, which come out together; all else is frames.
3. After anything that cannot be cut bytes are passed as they come, for good: the connection
   is then no conversation that can be followed, but it goes on.
4. No more is kept than one frame and what came with it.

**Source**: shared IB facts, section 6a.
"""

from __future__ import annotations

import struct

LENGTH_BYTES = 4
MAX_FRAME_BYTES = 8 << 20
_LENGTH = struct.Struct(">I")


class Cutter:
    """One way of a connection.

    Args:
        prefix: What it begins with before the first frame.

    Attributes:
        plain: Why it is no longer cut, empty while it is.
    """

    def __init__(self, prefix: bytes = b"") -> None:
        self.plain = ""
        self._prefix = prefix
        self._buffer = bytearray()
        self._wanted = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; return what is whole, each with its length in front."""
        if self.plain:
            return [data] if data else []
        if self._buffer:  # what is not whole is looked at again only once it can be
            self._buffer += data
            if len(self._buffer) < self._wanted:
                return []
            data = self.rest()
        units, start, broken = self._cut(data)
        if start < len(data):
            self._buffer += data[start:]
        if broken:
            self.plain = broken
            units.append(self.rest())
        return units

    def give_up(self, why: str) -> bytes:
        """Cut no more; return what was not whole."""
        self.plain = self.plain or why
        return self.rest()

    def rest(self) -> bytes:
        """Return what is not whole and forget it."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._wanted = 0
        return rest

    def _cut(self, data: bytes) -> tuple[list[bytes], int, str]:
        """Return what is whole, where it ends, and why the rest cannot be cut."""
        units: list[bytes] = []
        start, head, end = 0, len(self._prefix), len(data)
        if not self._prefix.startswith(data[:head]):
            return units, 0, f"it begins with {data[:head]!r}"
        while end - start >= head + LENGTH_BYTES:
            (size,) = _LENGTH.unpack_from(data, start + head)
            if not 0 < size <= MAX_FRAME_BYTES:
                return units, start, f"a frame announces {size} bytes"
            stop = start + head + LENGTH_BYTES + size
            if stop > end:
                self._wanted = stop - start
                break
            units.append(data[start:stop])
            start, head, self._prefix = stop, 0, b""
        return units, start, ""
