"""Frames: a big-endian length of four bytes, then that many bytes.

A length is believed only up to a limit: a corrupt prefix would otherwise make the reader
wait for gigabytes that never come, which is how ib_async stalls for ever (shared notes on
ib_async, section 2).
"""

from __future__ import annotations

import struct
from collections.abc import Generator

from ibelay.errors import WireError

MAX_CLIENT_FRAME_BYTES = 1 << 20
_LENGTH_BYTES = 4
_LENGTH = struct.Struct(">I")


def frame(payload: bytes) -> bytes:
    """Return *payload* with its length in front."""
    return len(payload).to_bytes(_LENGTH_BYTES, "big") + payload


class FrameDecoder:
    """Cuts a byte stream into frames, whatever the pieces it arrives in.

    Args:
        max_frame_bytes: Longest payload accepted; the buffer never holds much more.
    """

    def __init__(self, max_frame_bytes: int = MAX_CLIENT_FRAME_BYTES) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._buffer: bytes | bytearray = b""  # as it came: most reads are whole frames
        self._wanted = 0

    @property
    def buffered_bytes(self) -> int:
        """Bytes received and not yet handed out."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        if not self._buffer:
            self._buffer = data
            return
        if isinstance(self._buffer, bytes):
            self._buffer = bytearray(self._buffer)  # whatever more comes is appended in place
        self._buffer += data

    def take_prefix(self, prefix: bytes) -> bool:
        """Consume *prefix* if it is all there.

        Returns:
            False while the bytes so far are only the beginning of it.

        Raises:
            WireError: The stream begins with something else.
        """
        seen = bytes(self._buffer[: len(prefix)])
        if not prefix.startswith(seen):
            raise WireError(f"the stream begins with {seen!r}, expected {prefix!r}: no TWS client")
        if len(seen) < len(prefix):
            return False
        self._buffer = self._buffer[len(prefix) :]
        return True

    def frames(self) -> Generator[bytes, None, None]:
        """Yield the payloads that are complete, in order; once closed, forget those handed out.

        Raises:
            WireError: The next length is 0 or above the limit; nothing after it can be read.
        """
        if len(self._buffer) < self._wanted:  # a long frame is looked at again once it is whole
            return
        data, start, end = bytes(self._buffer), 0, len(self._buffer)
        self._buffer = b""
        self._wanted = 0
        try:
            while end - start >= _LENGTH_BYTES:
                begin = start + _LENGTH_BYTES
                (size,) = _LENGTH.unpack_from(data, start)
                if not 0 < size <= self._max_frame_bytes:
                    raise WireError(
                        f"a frame announces {size} bytes, expected 1 to {self._max_frame_bytes}: "
                        "the stream is corrupt, connect again"
                    )
                if end < begin + size:
                    self._wanted = begin + size - start
                    return
                start = begin + size
                yield data[begin:start]
        finally:
            if start < end:  # before what came meanwhile
                self._buffer = data[start:] + self._buffer
