"""Frames survive any cutting of the stream, and lies about their length."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.errors import WireError
from ibelay.wire.framing import FrameDecoder, frame


@given(
    payloads=st.lists(st.binary(min_size=1, max_size=50), max_size=10),
    cuts=st.lists(st.integers(min_value=1, max_value=40), min_size=1, max_size=30),
)
def test_any_cutting_of_the_stream_gives_the_same_frames(
    payloads: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(map(frame, payloads))
    decoder, got, at, turn = FrameDecoder(), [], 0, 0
    while at < len(stream):
        size = cuts[turn % len(cuts)]
        decoder.feed(stream[at : at + size])
        got += list(decoder.frames())
        at, turn = at + size, turn + 1
    assert got == payloads
    assert decoder.buffered_bytes == 0


def test_what_comes_while_frames_are_taken_goes_behind_the_rest() -> None:
    decoder = FrameDecoder()
    decoder.feed(frame(b"one") + frame(b"two"))
    frames = decoder.frames()
    assert next(frames) == b"one"
    decoder.feed(frame(b"three"))
    frames.close()
    assert list(decoder.frames()) == [b"two", b"three"]


def test_a_long_frame_in_tiny_pieces_takes_no_more_room_than_its_bytes() -> None:
    """Otherwise a client that is never done would cost forty times what it sends."""
    decoder, pieces = FrameDecoder(), 100_000
    tracemalloc.start()
    try:
        decoder.feed(frame(bytes(1_000_000))[:4])
        for number in range(pieces):
            decoder.feed(bytes((number % 256, 1)))
            assert list(decoder.frames()) == []
        held_bytes, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert decoder.buffered_bytes == 4 + 2 * pieces
    assert held_bytes < 2 * decoder.buffered_bytes


@pytest.mark.parametrize("length", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"GET "])
def test_an_impossible_length_is_refused_before_its_bytes_arrive(length: bytes) -> None:
    decoder = FrameDecoder(max_frame_bytes=1000)
    decoder.feed(length)
    with pytest.raises(WireError, match="expected 1 to 1000"):
        list(decoder.frames())


def test_frames_before_a_corrupt_length_are_not_lost() -> None:
    decoder = FrameDecoder()
    decoder.feed(frame(b"good") + b"\xff\xff\xff\xff")
    frames = decoder.frames()
    assert next(frames) == b"good"
    with pytest.raises(WireError):
        next(frames)


def test_a_prefix_may_arrive_in_pieces() -> None:
    decoder = FrameDecoder()
    decoder.feed(b"AP")
    assert not decoder.take_prefix(b"API\0")
    decoder.feed(b"I\0" + frame(b"x"))
    assert decoder.take_prefix(b"API\0")
    assert list(decoder.frames()) == [b"x"]


def test_another_prefix_is_no_tws_client() -> None:
    decoder = FrameDecoder()
    decoder.feed(b"GET / HTTP/1.1")
    with pytest.raises(WireError, match="no TWS client"):
        decoder.take_prefix(b"API\0")
