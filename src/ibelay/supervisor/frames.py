"""What travels between supervisor and bot: one byte of kind, then opaque bytes. Pure."""

from __future__ import annotations

from enum import Enum

FRAME_MAX = 16 * 1024 * 1024


class FrameKind(Enum):
    """The first byte of a frame; the first three come from the bot, the others go to it."""

    STATUS = b"S"
    BEAT = b"B"
    LAST_WORDS = b"W"
    COMMAND = b"C"
    TERMINATE = b"T"


def pack(kind: FrameKind, body: bytes = b"") -> bytes:
    """Return the frame of *kind* carrying *body*.

    Raises:
        ValueError: The frame would be longer than 16 MiB.
    """
    if len(body) >= FRAME_MAX:
        msg = f"a frame of {len(body)} bytes was to be sent; expected fewer than {FRAME_MAX}"
        raise ValueError(msg)
    return kind.value + body


def unpack(frame: bytes) -> tuple[FrameKind, bytes] | None:
    """Return kind and body of *frame*, or None if this version does not know the kind."""
    try:
        return FrameKind(frame[:1]), frame[1:]
    except ValueError:
        return None
