"""The bot's side of the channel, with a real pipe and this test as the supervisor."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection

import pytest

from ibelay.errors import ConfigurationError
from ibelay.supervisor.child import ChildChannel, ChildLimits, load_target
from ibelay.supervisor.frames import FRAME_MAX, FrameKind, pack, unpack

_LIMITS = ChildLimits(beat_s=0.02, dead_man_s=None)


@pytest.fixture
def ends() -> Iterator[tuple[Connection, Connection]]:
    """The supervisor's end and the bot's end."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    yield ours, theirs
    ours.close()
    theirs.close()


def _ignore(_command: bytes = b"") -> None:
    return


async def _frames_until(connection: Connection, body: bytes) -> list[bytes]:
    """Return the bodies of the statuses received, up to and with *body*."""
    bodies = []
    while body not in bodies:
        frame = unpack(await asyncio.to_thread(connection.recv_bytes))
        if frame is not None and frame[0] is FrameKind.STATUS:
            bodies.append(frame[1])
    return bodies


async def test_publishing_never_waits_and_the_latest_status_wins(
    ends: tuple[Connection, Connection],
) -> None:
    """Nobody reads while 1,000 statuses are published, far more than a pipe holds."""
    channel = ChildChannel(ends[1], _LIMITS)
    channel.start(asyncio.get_running_loop(), _ignore, _ignore)
    for number in range(1000):
        channel.publish(str(number).encode() * 100_000)
    last = b"999" * 100_000
    received = await _frames_until(ends[0], last)
    assert len(received) < 1000
    assert received[-1] == last
    channel.close()


async def test_the_loop_beats_by_itself(ends: tuple[Connection, Connection]) -> None:
    channel = ChildChannel(ends[1], _LIMITS)
    channel.start(asyncio.get_running_loop(), _ignore, _ignore)
    for _ in range(3):
        assert await asyncio.to_thread(ends[0].recv_bytes) == b"B"
    channel.close()


async def test_the_end_of_the_supervisor_is_told_on_the_loop(
    ends: tuple[Connection, Connection],
) -> None:
    orphaned = asyncio.Event()
    channel = ChildChannel(ends[1], _LIMITS)
    channel.start(asyncio.get_running_loop(), _ignore, orphaned.set)
    ends[0].close()
    async with asyncio.timeout(10):
        await orphaned.wait()
    channel.publish(b"nobody reads this, and nothing raises")
    channel.close()


async def test_closing_sends_what_is_pending(ends: tuple[Connection, Connection]) -> None:
    channel = ChildChannel(ends[1], _LIMITS)
    channel.publish(b"final state")
    channel.close()
    channel.close()
    assert ends[0].recv_bytes() == b"Sfinal state"


@pytest.mark.skipif(os.name == "nt", reason="uses a POSIX signal handler of the loop")
async def test_a_request_to_terminate_arrives_as_sigterm(
    ends: tuple[Connection, Connection],
) -> None:
    """The way of Windows, where a signal cannot be sent from outside."""
    loop, terminated = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, terminated.set)
    channel = ChildChannel(ends[1], _LIMITS)
    channel.start(loop, _ignore, _ignore)
    ends[0].send_bytes(pack(FrameKind.TERMINATE))
    async with asyncio.timeout(10):
        await terminated.wait()
    loop.remove_signal_handler(signal.SIGTERM)
    channel.close()


def test_a_frame_of_an_unknown_kind_is_passed_over() -> None:
    assert unpack(b"?new") is None
    assert unpack(b"") is None
    assert unpack(pack(FrameKind.COMMAND, b"x")) == (FrameKind.COMMAND, b"x")


def test_a_frame_has_a_limit() -> None:
    with pytest.raises(ValueError, match="expected fewer"):
        pack(FrameKind.STATUS, bytes(FRAME_MAX))


@pytest.mark.parametrize(
    "target", ["no_such_module:f", "ibelay:no_such_function", "ibelay", ":f", ""]
)
def test_a_wrong_target_is_one_clear_sentence(target: str) -> None:
    with pytest.raises(ConfigurationError, match="module:function"):
        load_target(target)
