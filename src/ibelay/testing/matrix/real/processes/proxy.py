"""The chaos proxy's process: it writes down what the bot asks, and codes that the bot is told."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

from ibelay.app.clock import SystemClock
from ibelay.model.faults import Command, write
from ibelay.proxy.chaos import ChaosProxy
from ibelay.proxy.conversation.conversation import TO_GATEWAY
from ibelay.proxy.main import serve
from ibelay.proxy.options import ChaosOptions
from ibelay.testing.matrix.real.parts import Did, Notebook, Passed, ProxyPart, told

_TIME, _CODE = b"49\0", b"4\0"


class _Recorder:
    """Looks on at a proxy, whose time is *ahead_ns* behind the wall's."""

    def __init__(self, book: Notebook, ahead_ns: int) -> None:
        self._book = book
        self._ahead_ns = ahead_ns

    def opened(self, at_ns: int, line: int) -> None:
        """A client was accepted; its first message will say who it is."""

    def closed(self, at_ns: int, line: int, by: str) -> None:
        """A client's connection ends; the bot tells how it sees that itself."""

    def message(  # what a message is
        self, at_ns: int, line: int, way: str, payload: bytes, version: int, *, passed: bool
    ) -> None:
        """Write down a request, or a code that is told."""
        asked = way == TO_GATEWAY and not payload.startswith(_TIME)
        if asked or (way != TO_GATEWAY and passed and payload.startswith(_CODE)):
            self._book.write(Passed(at_ns + self._ahead_ns, line, asked, payload, version))

    def done(self, at_ns: int, command: Command) -> None:
        """Write down a command."""
        self._book.write(Did(at_ns + self._ahead_ns, write(command), ""))


async def stand_between(part: ProxyPart) -> None:
    """Serve until SIGTERM."""
    clock = SystemClock()
    with closing(Notebook(Path(part.record))) as book:

        @asynccontextmanager
        async def look_on(proxy: ChaosProxy, _stop: Callable[[], None]) -> AsyncIterator[None]:
            proxy.observers.append(_Recorder(book, clock.wall_ns() - proxy.now_ns()))
            yield

        options = ChaosOptions(
            upstream=("127.0.0.1", part.upstream),
            host=part.host,
            port=0,
            control_port=0,
            control_token_file=Path(part.token),
            beyond_loopback=True,
        )
        await serve(options, announce=_say, wall_ns=clock.wall_ns, guest=look_on)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(stand_between(told(sys.argv[1], ProxyPart)))
