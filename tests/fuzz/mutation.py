"""Hostile bytes: valid messages bent in one or more ways, and plain noise."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from random import Random

NASTY = (
    "",
    "0",
    "-1",
    "1",
    "2147483647",
    "2147483648",
    "-2147483649",
    "9223372036854775807",
    "1.7976931348623157E308",
    "1e400",
    "-1e-400",
    "1e15",
    "0.00000000000000000001",
    "NaN",
    "inf",
    "Infinite",
    "true",
    "0.0",
    "1_000",
    "\u0661\u0662",
    "A" * 5000,
    "9" * 400,
    "\u2603\ud7ff",
    "\n\r\t",
    "20250602 25:61:61",
    "20250602 10:00:00 Nowhere/Land",
    "99999999 99:99:99",
    "1000000 Y",
    "SMART",
    "BAG",
    "BUY",
    "SELL",
    "STP LMT",
    "IOC",
    "DU9999999",
    "%s%n{}${x}",
    "../../etc/passwd",
    "'; --",
)
MAX_ROUNDS = 4


def framed(payload: bytes) -> bytes:
    """Return *payload* behind its length."""
    return struct.pack(">I", len(payload)) + payload


def bent(fields: Sequence[str], chance: Random) -> bytes:
    """Return one message bent in up to four ways, framed; now and then not bent at all."""
    row = list(fields)
    for _ in range(chance.randrange(MAX_ROUNDS + 1)):
        _bend(row, chance)
    payload = "".join(f"{field}\0" for field in row).encode("utf-8", "surrogatepass")
    return _framed_somehow(payload, chance)


def _bend(row: list[str], chance: Random) -> None:
    at = chance.randrange(len(row)) if row else 0
    way = chance.randrange(7)
    if not row or way == 0:
        row.insert(at, chance.choice(NASTY))
    elif way == 1:
        del row[at]
    elif way == 2:
        del row[at:]
    elif way == 3:
        row[at], row[-1] = row[-1], row[at]
    elif way == 4:
        row.extend(row[at : at + chance.randrange(30)])
    elif way == 5:
        row[at] = str(chance.randrange(-5, 120))
    else:
        row[at] = chance.choice(NASTY)


def _framed_somehow(payload: bytes, chance: Random) -> bytes:
    way = chance.randrange(120)
    if way == 0:
        return struct.pack(">I", chance.randrange(1 << 32)) + payload
    if way == 1:
        cut = chance.randrange(len(payload) + 1)
        return framed(payload[:cut])
    if way == 2:
        spoilt = bytearray(payload)
        for _ in range(chance.randrange(1, 6)):
            if spoilt:
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        return framed(bytes(spoilt))
    return framed(payload)


def noise(chance: Random) -> bytes:
    """Return bytes that mean nothing."""
    return chance.randbytes(chance.randrange(1, 200))


def hello(chance: Random) -> bytes:
    """Return a beginning of a connection, mostly a good one."""
    way = chance.randrange(12)
    if way == 0:
        return noise(chance)
    if way == 1:
        return b"API\0" + framed(chance.randbytes(chance.randrange(40)))
    low, high = sorted((chance.randrange(90, 240), chance.randrange(90, 240)))
    versions = f"v{low}..{high}" if way == 2 else f"v100..{chance.choice((157, 163, 176, 178))}"
    return b"API\0" + framed(versions.encode())
