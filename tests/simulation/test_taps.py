"""Taps: messages are seen whatever the pieces they travel in, and what nobody asks for is not."""

from __future__ import annotations

import pytest

from ibelay.model.ids import ClientId
from ibelay.testing.simulation.observed import Asked, Observation, Told
from ibelay.testing.simulation.taps import SocketTap
from ibelay.wire.framing import frame
from ibelay.wire.requests import RequestPositions

PIECES = (1, 2, 3, 5, 8, 1000)
EXECUTION = b"11\x00-1\x00order\x000001f4e8.1\x00"
ASKED_AGAIN = b"11\x009\x00order\x000001f4e8.1\x00"


def told(stream: bytes, piece: int) -> list[tuple[str, ...]]:
    seen: list[Observation] = []
    tap = SocketTap(ClientId(1), lambda: 0, seen.append)
    for at in range(0, len(stream), piece):
        tap.read(stream[at : at + piece])
    return [one.fields for one in seen if isinstance(one, Told)]


@pytest.mark.parametrize("piece", PIECES)
def test_what_the_bot_is_told_is_seen_but_for_prices_and_the_like(piece: int) -> None:
    messages = [b"1\x006\x00price\x00", b"3\x00status\x00", b"49\x001\x00now\x00", b"62\x001\x00"]
    stream = b"".join(map(frame, messages))
    assert told(stream, piece) == [("3", "status"), ("62", "1")]


@pytest.mark.parametrize("piece", PIECES)
def test_an_execution_is_seen_once_a_connection(piece: int) -> None:
    stream = b"".join(map(frame, [EXECUTION, ASKED_AGAIN, EXECUTION]))
    assert told(stream, piece) == [("11", "-1", "order", "0001f4e8.1")]


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("length", [b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff"])
def test_nothing_is_seen_behind_a_length_that_cannot_be(piece: int, length: bytes) -> None:
    status = frame(b"3\x00status\x00")
    assert told(status + length + status, piece) == [("3", "status")]


@pytest.mark.parametrize("piece", PIECES)
def test_requests_are_seen_behind_the_greeting_but_for_those_of_the_time(piece: int) -> None:
    seen: list[Observation] = []
    tap = SocketTap(ClientId(1), lambda: 5, seen.append)
    stream = b"API\0" + b"".join(
        map(frame, [b"v100..178", b"49\x001\x00", b"61\x001\x00", b"49\x001\x00"])
    )
    for at in range(0, len(stream), piece):
        tap.wrote(stream[at : at + piece])
    assert seen == [Asked(5, ClientId(1), RequestPositions())]
