"""Bytes through toxics: all of them, in order, and not before their time."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ibelay.errors import ConfigurationError
from ibelay.model import faults
from ibelay.model.ids import ClientId
from ibelay.proxy.toxics.pipe import MAX_PIECES, Pipe
from ibelay.proxy.toxics.standing import MAX_TOXICS, Toxic, Toxics

SECOND_NS = 10**9


def piped(*written: str, seed: int = 1) -> tuple[Toxics, Pipe]:
    """Return a pipe to client 7 under some toxics."""
    toxics = Toxics()
    for text in written:
        toxic = faults.read(text)
        assert isinstance(toxic, Toxic)
        toxics.put(toxic)

    def look(kind: type[Any]) -> Any:
        return toxics.look(kind, ClientId(7), "to-client")

    return toxics, Pipe(look, random.Random(seed))  # noqa: S311  # a test's seed


def drained(pipe: Pipe, until_ns: int) -> list[tuple[int, bytes]]:
    """Pull whenever something is due until a time; return when which pieces came."""
    came = []
    while pipe.next_ns <= until_ns and not pipe.cut:
        now_ns = pipe.next_ns
        pieces = pipe.pull(now_ns)
        came += [(now_ns, piece) for piece in pieces]
        if not pieces:
            break
    return came


TOXICS = some.lists(
    some.sampled_from(
        [
            "latency 50ms jitter=80ms",
            "bandwidth 700",
            "slicer 3 delay=2ms",
            "slicer 7",
            "latency 0ms",
        ]
    ),
    max_size=4,
)


@given(
    TOXICS, some.lists(some.tuples(some.binary(min_size=1, max_size=90), some.integers(0, 10**9)))
)
def test_whatever_stands_every_byte_comes_out_in_order_and_then_the_end(
    written: list[str], pushes: list[tuple[bytes, int]]
) -> None:
    _toxics, pipe = piped(*written)
    now_ns = 0
    for data, later_ns in pushes:
        now_ns += later_ns
        pipe.push(data, now_ns)
    pipe.finish(now_ns)
    assert not pushes or not pipe.ended(now_ns)
    came = drained(pipe, 10**15)
    assert b"".join(piece for _at, piece in came) == b"".join(data for data, _later in pushes)
    assert [at for at, _piece in came] == sorted(at for at, _piece in came)
    assert pipe.ended(10**15)
    assert pipe.pending_bytes == 0


def test_without_toxics_bytes_come_out_as_they_went_in() -> None:
    _toxics, pipe = piped()
    pipe.push(b"one", 5)
    pipe.push(b"two", 5)
    assert pipe.pull(5) == [b"one", b"two"]


@given(some.integers(0, 1000))
def test_latency_holds_each_chunk_for_its_time_and_jitter_stays_within_its_bounds(
    seed: int,
) -> None:
    _toxics, pipe = piped("latency 100ms jitter=20ms", seed=seed)
    pipe.push(b"x", 0)
    assert 80 * 10**6 <= pipe.next_ns <= 120 * 10**6
    assert pipe.pull(79 * 10**6) == []


def test_bandwidth_lets_so_many_bytes_pass_in_a_second() -> None:
    _toxics, pipe = piped("bandwidth 1000")
    pipe.push(bytes(5000), 0)
    assert sum(len(piece) for _at, piece in drained(pipe, 2 * SECOND_NS)) in range(2000, 2101)


def test_a_slicer_gives_pieces_one_after_the_other() -> None:
    _toxics, pipe = piped("slicer 4 delay=10ms")
    pipe.push(b"abcdefghij", 0)
    assert drained(pipe, SECOND_NS) == [(0, b"abcd"), (10**7, b"efgh"), (2 * 10**7, b"ij")]


def test_one_pull_is_bounded_however_small_the_pieces() -> None:
    _toxics, pipe = piped("slicer 1")
    pipe.push(bytes(3 * MAX_PIECES), 0)
    assert [len(pipe.pull(0)) for _pull in range(4)] == [MAX_PIECES] * 3 + [0]


def test_a_limit_cuts_in_the_middle_and_a_new_one_counts_anew() -> None:
    toxics, pipe = piped("limit 10")
    pipe.push(b"12345678", 0)
    assert (pipe.pull(0), pipe.cut) == ([b"12345678"], False)
    toxics.put(faults.Limit(3))
    pipe.push(b"abcdef", 1)
    assert (pipe.pull(1), pipe.cut) == ([b"abc"], True)
    assert pipe.pull(2) == []


def test_a_slow_end_comes_so_much_later() -> None:
    _toxics, pipe = piped()
    pipe.push(b"x", 3)
    pipe.finish(5, slow_ns=100)
    pipe.pull(5)
    assert not pipe.ended(104)
    assert pipe.ended(105)


def test_the_latest_toxic_of_a_kind_counts_and_only_for_whom_it_is_meant() -> None:
    toxics, _pipe = piped("latency 1s", "latency 2s client=7", "latency 3s way=to-gateway client=8")
    seven, eight = ClientId(7), ClientId(8)

    def seconds(client_id: ClientId, way: str) -> float:
        toxic = toxics.look(faults.Latency, client_id, way)
        return toxic.span.ns / SECOND_NS if toxic else 0

    assert [seconds(seven, "to-client"), seconds(eight, "to-client")] == [2, 1]
    assert seconds(eight, "to-gateway") == 3
    first = toxics.look(faults.Latency, seven, "to-client")
    assert first is not None
    toxics.put(faults.Latency(faults.Span(0), client=seven))
    toxics.end(first)
    assert seconds(seven, "to-client") == 0
    assert len(toxics.said()) == 3
    toxics.clear()
    assert not toxics


def test_only_so_many_toxics_can_stand() -> None:
    toxics = Toxics()
    for client in range(MAX_TOXICS):
        toxics.put(faults.Slicer(1, client=ClientId(client)))
    with pytest.raises(ConfigurationError, match="toxics stand already"):
        toxics.put(faults.Slicer(2))
