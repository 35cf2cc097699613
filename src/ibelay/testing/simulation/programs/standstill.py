"""Says where the user's code is when a run spends all its time there.

Code that blocks or never awaits keeps the virtual clock from moving, and nothing that is simulated
can notice. So a thread looks from outside, once a second of real time; what the run does is not
touched by it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from traceback import walk_stack

from ibelay.testing.simulation.programs.own import is_of

LOOKS = 10
EVERY_S = 1.0
SAID = (
    "{own} keeps the simulation from going on: at each of the last {looks} looks, {every:g} s "
    "apart, it was in {where}. A strategy must return at once and a script must await: expected no "
    "time.sleep, no request that waits for an answer, no loop without an end"
)


@contextmanager
def watched(
    own: str, say: Callable[[str], None], *, looks: int = LOOKS, every_s: float = EVERY_S
) -> Iterator[None]:
    """Look after the calling thread meanwhile, and say once where it does not get on.

    Args:
        own: ``package.module:function`` of the user's code; nothing is watched if empty.
        say: Takes a sentence, in another thread.
        looks: That must all find the user's code at work.
        every_s: Real seconds between them.
    """
    if not own:
        yield
        return
    over = threading.Event()
    looked_at = threading.get_ident()

    def look() -> None:
        places: list[str] = []
        while not over.wait(every_s):
            place = _place(own, looked_at)
            places = [*places, place] if place else []
            if len(places) == looks:
                where = max(places, key=places.count)
                say(SAID.format(own=own, looks=looks, every=every_s, where=where))
                return

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _place(own: str, thread: int) -> str:
    """Return the line of the user's code that *thread* is in, or an empty string."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001  # documented, whatever its name
    for each, line in walk_stack(frame):
        if is_of(own, each.f_code.co_filename):
            return f"{each.f_code.co_filename}:{line}, {each.f_code.co_name}"
    return ""
