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

LENGTH_BYTES = 4
MAX_FRAME_BYTES = 8 << 20


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
        self._broken = ""
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; return what is whole, each with its length in front."""
        if self.plain:
            return [data] if data else []
        self._buffer += data
        units, start = [], 0
        while True:
            size = self._size_at(start)
            if size is None or len(self._buffer) - start < size:
                break
            units.append(bytes(self._buffer[start : start + size]))
            start += size
            self._prefix = b""
        del self._buffer[:start]
        if self._broken:
            self.plain = self._broken
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
        return rest

    def _size_at(self, start: int) -> int | None:
        """Return how long the message at *start* is, None while that is not known."""
        prefix = self._prefix
        begin = bytes(self._buffer[start : start + len(prefix)])
        if not prefix.startswith(begin):
            self._broken = f"it begins with {begin!r}"
            return None
        head = start + len(prefix)
        if len(self._buffer) < head + LENGTH_BYTES:
            return None
        size = int.from_bytes(self._buffer[head : head + LENGTH_BYTES], "big")
        if not 0 < size <= MAX_FRAME_BYTES:
            self._broken = f"a frame announces {size} bytes"
            return None
        return len(prefix) + LENGTH_BYTES + size
