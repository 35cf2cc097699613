"""Says where the user's code is when a run spends all its time there.

Code that blocks or never awaits keeps the virtual clock from moving, and nothing that is simulated
can notice. So a thread looks from outside, once a second of real time. What a run does that gets
on is not touched by it; one that does not is ended, by an exception in the midst of that code.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from traceback import walk_stack
from types import FrameType
from typing import ClassVar

from ibelay.app.theirs import is_of

LOOKS = 10
EVERY_S = 1.0
_ENDED_AT_MOST = 4
SAID = (
    "{own} keeps the simulation from going on: at each of the last {looks} looks, {every:g} s "
    "apart, it was in {where}. A strategy must return at once and a script must await: expected no "
    "time.sleep, no request that waits for an answer, no loop without an end"
)


class StandstillError(KeyboardInterrupt):
    """The user's code did not get on; *sentence* says where.

    A kind of ``KeyboardInterrupt``, which neither asyncio nor code that catches every ``Exception``
    keeps to itself.
    """

    sentence: ClassVar[str] = ""


@contextmanager
def watched(
    own: str, say: Callable[[str], None], *, looks: int = LOOKS, every_s: float = EVERY_S
) -> Iterator[None]:
    """Look after the calling thread meanwhile, and end in it what does not get on.

    Args:
        own: ``package.module:function`` of the user's code; nothing is watched if empty.
        say: Takes a sentence, in another thread, if the code cannot be ended.
        looks: That must all find the user's code at work.
        every_s: Real seconds between them.

    Raises:
        StandstillError: They did; at whatever line the code was then.
    """
    if not own:
        yield
        return
    over = threading.Event()
    looked_at = threading.get_ident()
    outside = _frames_of(looked_at)

    def look() -> None:
        places: list[str] = []
        ended = 0
        while not over.wait(every_s):
            place = _place(own, looked_at, outside)
            places = [*places, place] if place else []
            if len(places) < looks:
                continue
            where = max(places, key=places.count)
            sentence = SAID.format(own=own, looks=looks, every=every_s, where=where)
            if ended == _ENDED_AT_MOST:
                say(f"{sentence}. It cannot be interrupted there: end it with Ctrl-C")
                return
            _raise(looked_at, sentence)
            places, ended = [], ended + 1  # a process that begins again may get no further

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        outside.clear()  # one of them is ours, and would keep the others alive


def _raise(thread: int, sentence: str) -> None:
    """Raise in *thread*; CPython has no other way to end what a thread is doing."""
    error = type("StandstillError", (StandstillError,), {"sentence": sentence})
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))


def _place(own: str, thread: int, outside: list[FrameType]) -> str:
    """Return the line of the user's code that *thread* is in, or an empty string.

    What is *outside* asked for the run. It may be the user's too, and waits as it should.
    """
    for frame in _frames_of(thread):
        if frame in outside:
            break
        if is_of(own, frame.f_code.co_filename):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}, {frame.f_code.co_name}"
    return ""


def _frames_of(thread: int) -> list[FrameType]:
    """Return what *thread* is in, the innermost first."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001  # documented, whatever its name
    return [each for each, _line in walk_stack(frame)]
