"""Bytes on one way of a connection, and when they come out.

Rules:
1. What comes out is what went in, in the same order; an end comes after the last byte.
2. Latency holds each chunk from the moment it came; jitter is drawn once a chunk and never
   lets one overtake another.
3. Bandwidth and slicer let the next piece go only after the one before has had its time.
4. A limit counts what comes out while it stands; once it is reached the pipe is ``cut``.
5. A pull gives at most ``MAX_PIECES`` pieces and ``MAX_PULL`` bytes, however small the pieces.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Any

from ibelay.control.agenda import NEVER_NS
from ibelay.model.faults import Bandwidth, Latency, Limit, Slicer

SECOND_NS = 1_000_000_000
MAX_PIECES = 256
MAX_PULL = 256 << 10
TURNS_PER_SECOND = 20
Look = Callable[[type[Any]], Any]


class Pipe:
    """One way.

    Args:
        look: Returns the toxic of a kind that counts here now, or None.
        chance: Draws jitter.

    Attributes:
        cut: Whether a limit is reached.
        pending_bytes: What has not come out.
    """

    def __init__(self, look: Look, chance: random.Random) -> None:
        self.cut = False
        self.pending_bytes = 0
        self._look = look
        self._chance = chance
        self._chunks: deque[tuple[int, bytes]] = deque()
        self._offset = 0
        self._last_ns = 0
        self._free_ns = 0
        self._end_ns: int | None = None
        self._limit: Limit | None = None
        self._left = 0

    @property
    def next_ns(self) -> int:
        """When a pull gives something new, beyond all times if never."""
        if self._chunks:
            return max(self._chunks[0][0], self._free_ns)
        return NEVER_NS if self._end_ns is None else self._end_ns

    def clear(self, now_ns: int) -> bool:
        """Return whether bytes that no toxic concerns would come out at once, as they are."""
        waits = self._chunks or self._free_ns > now_ns or self._end_ns is not None
        return not (waits or self.cut or self._limit is not None)

    def ended(self, now_ns: int) -> bool:
        """Return whether the end has come out."""
        return not self._chunks and self._end_ns is not None and self._end_ns <= now_ns

    def push(self, data: bytes, now_ns: int) -> None:
        """Take bytes."""
        latency: Latency | None = self._look(Latency)
        due_ns = now_ns
        if latency is not None:
            stray = int(latency.jitter.ns * (2 * self._chance.random() - 1))
            due_ns = now_ns + max(0, latency.span.ns + stray)
        self._last_ns = max(self._last_ns, due_ns)
        self._chunks.append((self._last_ns, data))
        self.pending_bytes += len(data)

    def finish(self, now_ns: int, slow_ns: int = 0) -> None:
        """Take the end, which comes out after all else and *slow_ns* later."""
        if self._end_ns is None:
            self._end_ns = max(now_ns, self._last_ns) + slow_ns

    def pull(self, now_ns: int) -> list[bytes]:
        """Return the pieces that are to be written now."""
        pieces: list[bytes] = []
        size = 0
        while not self.cut and self.next_ns <= now_ns and self._chunks:
            if len(pieces) == MAX_PIECES or size >= MAX_PULL:
                break
            piece = self._piece()
            pieces.append(piece)
            size += len(piece)
        self.pending_bytes -= size
        return pieces

    def _piece(self) -> bytes:
        due_ns, data = self._chunks[0]
        bandwidth: Bandwidth | None = self._look(Bandwidth)
        slicer: Slicer | None = self._look(Slicer)
        most = len(data) - self._offset
        if slicer is not None:
            most = min(most, slicer.size)
        if bandwidth is not None:
            most = min(most, max(1, bandwidth.rate // TURNS_PER_SECOND))
        piece = self._within_limit(data[self._offset : self._offset + most])
        self._offset += len(piece)
        if self._offset == len(data):
            self._chunks.popleft()
            self._offset = 0
        cost_ns = 0 if slicer is None else slicer.delay.ns
        if bandwidth is not None:
            cost_ns += len(piece) * SECOND_NS // bandwidth.rate
        if cost_ns:
            self._free_ns = max(self._free_ns, due_ns) + cost_ns
        return piece

    def _within_limit(self, piece: bytes) -> bytes:
        limit: Limit | None = self._look(Limit)
        if limit is not self._limit:
            self._limit = limit
            self._left = 0 if limit is None else limit.size
        if limit is None:
            return piece
        piece = piece[: self._left]
        self._left -= len(piece)
        self.cut = not self._left
        return piece
