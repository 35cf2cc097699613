"""Whatever is done to a chain of rows shows, except a loss at its end."""

from __future__ import annotations

import pytest

from ibelay.errors import StoreUnreadableError
from ibelay.journal import chain

BODIES = [b"{}", b'{"a":1}', b"", b"\x00" * 40, b"{}"]


def rows_of(bodies: list[bytes]) -> list[tuple[int, bytes, bytes]]:
    rows = []
    head = chain.ORIGIN
    for body in bodies:
        head = chain.link(head, body)
        rows.append((head.seq, body, head.hash))
    return rows


def flips(data: bytes) -> list[bytes]:
    return [
        bytes([*data[:at], data[at] ^ (1 << bit), *data[at + 1 :]])
        for at in range(len(data))
        for bit in range(8)
    ]


def test_the_hash_is_fixed_for_ever() -> None:
    """A store of today must verify with every later version."""
    assert chain.GENESIS.hex() == "7ef6200d8b6272245039ffad462884b9"
    assert chain.link(chain.ORIGIN, b"{}").hash.hex() == "523ff13b4c448bd34705930b104962c5"


def test_an_untouched_chain_verifies_to_its_last_row() -> None:
    rows = rows_of(BODIES)
    assert chain.verify(rows) == (5, rows[-1][2])
    assert chain.verify([]) == chain.ORIGIN


def test_verification_can_go_on_behind_a_known_head() -> None:
    rows = rows_of(BODIES)
    assert chain.verify(rows[3:], chain.verify(rows[:3])) == chain.verify(rows)


def test_every_single_bit_of_every_body_and_hash_counts() -> None:
    rows = rows_of(BODIES)
    for at, (seq, body, row_hash) in enumerate(rows):
        changed = [(seq, flip, row_hash) for flip in flips(body)]
        changed += [(seq, body, flip) for flip in flips(row_hash)]
        for row in changed:
            with pytest.raises(StoreUnreadableError, match=rf"row {seq} "):
                chain.verify([*rows[:at], row, *rows[at + 1 :]])


def test_a_missing_row_is_named() -> None:
    rows = rows_of(BODIES)
    with pytest.raises(StoreUnreadableError, match="row 3 is missing: after row 2 comes row 4"):
        chain.verify([*rows[:2], *rows[3:]])


def test_rows_that_changed_places_are_found() -> None:
    rows = rows_of(BODIES)
    swapped = [rows[0], (2, *rows[2][1:]), (3, *rows[1][1:]), *rows[3:]]
    with pytest.raises(StoreUnreadableError, match="row 2 fails"):
        chain.verify(swapped)


def test_a_row_of_another_chain_does_not_fit() -> None:
    other = rows_of([b"other", *BODIES[1:]])
    rows = rows_of(BODIES)
    with pytest.raises(StoreUnreadableError, match="row 4 fails"):
        chain.verify([*rows[:3], *other[3:]])
