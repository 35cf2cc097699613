"""Sizes for clients older than fractional sizes: whole numbers, or their readers die.

Until server version 163 sizes and volumes are integers on the wire. A client that reads
``12.75`` as one throws, and the official one then ends its thread. What is less than one is
cut off. (Until 159 sizes of US stocks are in lots of 100 as well; that is not followed.)

**Source**: the decoder of ibapi 9.81, server version 157; the version table of ibapi 10.51.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ibelay.wire.framing import frame

DECIMAL_SIZES_SINCE = 163
_LENGTH_BYTES = 4
_BID_ASK = b"3"


def _rows(first: int, width: int, *sizes: int) -> Callable[[list[bytes]], list[int]]:
    """Return what finds sizes in rows of *width* fields from *first* on, to the end."""

    def find(fields: list[bytes]) -> list[int]:
        starts = range(first, len(fields) - width + 1, width)
        return [start + size for start in starts for size in sizes]

    return find


def _at(*positions: int) -> Callable[[list[bytes]], list[int]]:
    return lambda _fields: list(positions)


def _tick_by_tick(fields: list[bytes]) -> list[int]:
    if fields[2] in {b"1", b"2"}:
        return [5]
    return [6, 7] if fields[2] == _BID_ASK else []


_SIZES: Mapping[bytes, Callable[[list[bytes]], list[int]]] = MappingProxyType(
    {
        b"1": _at(5),  # tickPrice
        b"2": _at(4),  # tickSize
        b"12": _at(7),  # updateMktDepth
        b"13": _at(8),  # updateMktDepthL2
        b"17": _rows(5, 8, 5),  # historicalData
        b"50": _at(8),  # realtimeBar
        b"89": _rows(3, 2, 1),  # histogramData
        b"90": _at(9),  # historicalDataUpdate
        b"96": _rows(3, 4, 3),  # historicalTicks
        b"97": _rows(3, 6, 4, 5),  # historicalTicksBidAsk
        b"98": _rows(3, 6, 3),  # historicalTicksLast
        b"99": _tick_by_tick,
    }
)


def whole_sizes(message: bytes) -> bytes:
    """Return the framed *message* with whole sizes."""
    kind, _nul, _rest = message[_LENGTH_BYTES : _LENGTH_BYTES + 4].partition(b"\0")
    find = _SIZES.get(kind)
    if find is None or b"." not in message:
        return message
    fields = message[_LENGTH_BYTES:].split(b"\0")
    for position in find(fields):
        fields[position] = fields[position].partition(b".")[0]
    return frame(b"\0".join(fields))
